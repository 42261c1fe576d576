"""A small client of a running cluster's API, for commands that must start at once. Upstream: client-go/rest.

A server is a URL; a password in it is a bearer token.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from minikube_lite.cli.errors import CommandError

READY_SECONDS_MAX = 2.0
"""How long /readyz may take."""
ANSWER_SECONDS_MAX = 120.0
"""How long any other answer may take; a watch may be silent for ever."""


class ApiStatusError(CommandError):
    """The API refused; `code` is the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def answers(server: str) -> bool:
    """Whether the API says that it is ready."""
    try:
        request(server, "GET", "/readyz", seconds=READY_SECONDS_MAX)
    except CommandError:
        return False
    return True


def request(
    server: str, method: str, path: str, body: Any = None, content_type: str = "", seconds: float = ANSWER_SECONDS_MAX
) -> Any:
    """What the API answers, decoded where it is JSON. Raises CommandError, ApiStatusError where the API refuses."""
    with _asked(server, method, path, body, content_type, seconds) as answer:
        text = answer.read().decode()
        decoded = json.loads(text) if answer.headers.get_content_type() == "application/json" else text
    if answer.status >= 400:
        message = decoded.get("message") if isinstance(decoded, dict) else text
        raise ApiStatusError(answer.status, str(message))
    return decoded


def watch(server: str, path: str, name: str, version: str) -> Iterator[Any]:
    """An object as it is after each change that follows a version, while the API tells of them."""
    for event in changes(server, path, version, f"&fieldSelector=metadata.name%3D{name}"):
        yield event["object"]


def changes(server: str, path: str, version: str, selector: str = "") -> Iterator[Any]:
    """The watch events that follow a version, until the API ends them."""
    with _asked(server, "GET", f"{path}?watch=true&resourceVersion={version}{selector}", None, "", None) as answer:
        for line in answer:
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise ApiStatusError(event["object"]["code"], event["object"]["message"])
            yield event


@contextmanager
def _asked(
    server: str, method: str, path: str, body: Any, content_type: str, seconds: float | None
) -> Iterator[http.client.HTTPResponse]:
    where = urlsplit(server)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=seconds)
    try:
        headers = {"Content-Type": content_type} if content_type else {}
        if where.password:
            headers["Authorization"] = f"Bearer {where.password}"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        yield connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise CommandError(
            f"the API at {where.scheme}://{where.hostname}:{where.port} does not answer: {error}"
        ) from error
    finally:
        connection.close()
