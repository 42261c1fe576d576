"""Calls of webhooks, which an administrator has configured, over HTTPS; upstream: apiserver/pkg/util/webhook/client.go."""

from __future__ import annotations

import base64
import errno
import ssl
from collections.abc import Mapping
from typing import Any

from minikube_lite.clock import TransportTime

RESPONSE_BYTES_MAX = 16 << 20
"""What a webhook may answer."""
OK = 200


class CallError(Exception):
    """The webhook could not be asked; the text is as Go's."""


async def call(config: Mapping[str, Any], body: bytes, seconds: int, transport: TransportTime) -> bytes:
    """Post a review to where a clientConfig says; raises CallError. `seconds` are real ones."""
    if config.get("url") is None:
        service = config["service"]
        url = f"https://{service['name']}.{service['namespace']}.svc:{service.get('port') or 443}{service.get('path') or '/'}"
        raise CallError(
            f'Post "{url}?timeout={seconds}s": webhooks behind a Service are not emulated; use clientConfig.url'
        )
    # The client is imported with the first call.
    import aiohttp

    url = f"{config['url']}?timeout={seconds}s"
    prefix = f'Post "{url}": '
    try:
        async with transport.timeout(seconds), aiohttp.ClientSession() as session:
            context = _trust(config.get("caBundle"))
            headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
            async with session.post(url, data=body, headers=headers, ssl=context, allow_redirects=False) as answer:
                content = await answer.content.read(RESPONSE_BYTES_MAX + 1)
                if answer.status != OK:
                    raise CallError(_status_text(answer.status, content))
    except TimeoutError:
        raise CallError(f"{prefix}context deadline exceeded") from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise CallError(f"{prefix}tls: failed to verify certificate: x509: {error.certificate_error}") from None
    except aiohttp.ClientConnectorError as error:
        refused = error.os_error.errno == errno.ECONNREFUSED
        why = "connect: connection refused" if refused else str(error.os_error)
        raise CallError(f"{prefix}dial tcp {error.host}:{error.port}: {why}") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CallError(f"{prefix}{error}") from None
    if len(content) > RESPONSE_BYTES_MAX:
        raise CallError(f"{prefix}http: response body too large")
    return bytes(content)


def _trust(bundle: str | None) -> ssl.SSLContext:
    if not bundle:
        return ssl.create_default_context()
    return ssl.create_default_context(cadata=base64.b64decode(bundle).decode())


def _status_text(status: int, content: bytes) -> str:
    if status == 404:
        return "the server could not find the requested resource"
    text = content[:2048].decode(errors="replace").strip()
    if status >= 500:
        return f'an error on the server ("{text}") has prevented the request from succeeding'
    return (
        f"the server rejected our request for an unknown reason: {text}" if text else "the server rejected our request"
    )
