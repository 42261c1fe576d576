"""Answers of a kubelet that are errors, in plain text."""

from __future__ import annotations

from aiohttp import web


class Refused(Exception):
    """An error, its HTTP status and what goes with it."""

    def __init__(self, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers or {}

    def answer(self) -> web.Response:
        """As it is sent."""
        headers = {"Content-Type": "text/plain; charset=utf-8", **self.headers}
        return web.Response(status=self.code, body=str(self).encode(), headers=headers)
