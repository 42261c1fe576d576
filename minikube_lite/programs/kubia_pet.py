"""The program of the image luksa/kubia-pet: it says which pod was hit, and keeps what is posted to it in its volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minikube_lite.programs.asgi import Receive, Send, serve_asgi
from minikube_lite.programs.program import PodContext

IMAGE = "luksa/kubia-pet"
PORT = 8080
DATA_FILE = "/var/data/kubia.txt"
NO_DATA = "No data posted yet"
BODY_BYTES_MAX = 1 << 20


async def kubia_pet(context: PodContext) -> int:
    """Serve until stopped."""

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = await _body(receive)
            _write(context.path(DATA_FILE), body)
            context.stdout.print("New data has been received and stored.")
            answer = f"Data stored on pod {context.hostname}\n"
        else:
            stored = _read(context.path(DATA_FILE))
            answer = f"You've hit {context.hostname}\nData stored on this pod: {stored}\n"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.encode()})

    context.stdout.print("Kubia server starting...")
    context.stdout.print(f"Local hostname is {context.hostname}")
    context.stdout.print(f"Listening on port {PORT}")
    return await serve_asgi(application, context, PORT)


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > BODY_BYTES_MAX:
            raise ValueError("the body is too large")
        if not message.get("more_body"):
            return body


def _read(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else NO_DATA


def _write(file: Path, body: bytes) -> None:
    file.write_bytes(body)
