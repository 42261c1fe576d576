"""gRPC health probes: one call of grpc.health.v1.Health/Check over the emulated network; upstream: pkg/probe/grpc."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from minikube_lite.kubelet.asking import within
from minikube_lite.kubelet.host import Host
from minikube_lite.network.switch import Origin
from minikube_lite.store import Object

if TYPE_CHECKING:  # loaded when the first gRPC probe is asked
    from h2.connection import H2Connection

USER_AGENT = "kube-probe/1.36"
ANSWER_BYTES_MAX = 64 << 10
READ_BYTES = 64 << 10
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
CODES = (
    "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
    "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable",
    "DataLoss", "Unauthenticated",
)  # fmt: skip
SERVING, UNIMPLEMENTED, UNAVAILABLE = 1, 12, 14


class RpcError(Exception):
    """The call ended with another code than OK."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


async def check_health(host: Host, address: str, action: Object, timeout: float) -> str | None:
    """What is wrong, in upstream's words; None for a healthy service. `timeout` in emulated seconds."""
    service, port = action.get("service") or "", int(action["port"])
    target = f"{address}:{port}"
    try:
        reader, writer = host.network.switch.connect(Origin(host.name, host.ip), address, port)
    except OSError:
        # gRPC dials again and again until the time is over.
        return f'timeout: failed to connect service "{target}" within {timeout:g}s: context deadline exceeded'
    try:
        status = await within(host.clock, timeout, _call(reader, writer, target, service))
    except TimeoutError:
        return f"timeout: health rpc did not complete within {timeout:g}s"
    except RpcError as error:
        if error.code == UNIMPLEMENTED:
            unknown = "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)"
            return f"{unknown}: {error.message}"
        code = CODES[error.code] if error.code < len(CODES) else f"Code({error.code})"
        return f"error: health rpc probe failed: rpc error: code = {code} desc = {error.message}"
    finally:
        writer.close()
    if status == SERVING:
        return None
    name = STATUSES[status] if status < len(STATUSES) else str(status)
    return f'service unhealthy (responded with "{name}")'


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, service: str) -> int:
    """The status that the server answers. Raises RpcError."""
    from h2.connection import H2Connection
    from h2.exceptions import ProtocolError

    connection = H2Connection()
    try:
        _ask(connection, target, service)
        writer.write(connection.data_to_send())
        headers, body = await _answer(connection, reader, writer)
    except (ProtocolError, OSError) as error:
        raise RpcError(UNAVAILABLE, f"connection error: {error}") from error
    code = int(headers.get("grpc-status", "2"))
    if code:
        raise RpcError(code, headers.get("grpc-message", ""))
    return _status(body)


def _ask(connection: H2Connection, target: str, service: str) -> None:
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    headers = [
        (":method", "POST"), (":scheme", "http"), (":path", "/grpc.health.v1.Health/Check"), (":authority", target),
        ("content-type", "application/grpc"), ("user-agent", USER_AGENT), ("te", "trailers"),
    ]  # fmt: skip
    connection.initiate_connection()
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, headers)
    connection.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)


async def _answer(
    connection: H2Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[dict[str, str], bytes]:
    """The headers and trailers, and the body."""
    from h2.events import (
        ConnectionTerminated,
        DataReceived,
        ResponseReceived,
        StreamEnded,
        StreamReset,
        TrailersReceived,
    )

    headers: dict[str, str] = {}
    body = b""
    while data := await reader.read(READ_BYTES):
        for event in connection.receive_data(data):
            if isinstance(event, ResponseReceived | TrailersReceived):
                headers.update((_text(name), _text(value)) for name, value in event.headers)
            elif isinstance(event, DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if len(body) > ANSWER_BYTES_MAX:
                    raise RpcError(8, f"received message larger than max ({len(body)} vs. {ANSWER_BYTES_MAX})")
            elif isinstance(event, StreamEnded):
                return headers, body
            elif isinstance(event, StreamReset | ConnectionTerminated):
                raise RpcError(UNAVAILABLE, "the server ended the call")
        writer.write(connection.data_to_send())
    raise RpcError(UNAVAILABLE, "connection closed before server preface received" if not headers else "EOF")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _status(body: bytes) -> int:
    """The field `status` (1) of a HealthCheckResponse behind its five bytes of frame; 0 where it is left out."""
    message = body[5:]
    return message[1] if len(message) > 1 and message[0] == 0x08 else 0


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))
