"""The program of the image luksa/kubia-pet: it says which pod was hit, and keeps what is posted to it in its volume."""

from __future__ import annotations

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
            body = await read_body(receive)
            context.path(DATA_FILE).write_bytes(body)
            context.stdout.print("New data has been received and stored.")
            answer = f"Data stored on pod {context.hostname}\n"
        else:
            answer = f"You've hit {context.hostname}\nData stored on this pod: {stored(context)}\n"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.encode()})

    announce(context)
    return await serve_asgi(application, context, PORT)


def announce(context: PodContext) -> None:
    """Say what the server says when it starts."""
    context.stdout.print("Kubia server starting...")
    context.stdout.print(f"Local hostname is {context.hostname}")
    context.stdout.print(f"Listening on port {PORT}")


async def read_body(receive: Receive) -> bytes:
    """What is posted. Raises ValueError when it is too large."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > BODY_BYTES_MAX:
            raise ValueError("the body is too large")
        if not message.get("more_body"):
            return body


def stored(context: PodContext) -> str:
    """What was posted last."""
    file = context.path(DATA_FILE)
    return file.read_text(errors="replace") if file.exists() else NO_DATA
