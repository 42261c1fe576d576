"""A bearer token among the protocols of a WebSocket: browsers cannot set other headers.

Upstream: apiserver/pkg/authentication/request/websocket/protocol.go.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from minikube_lite.machinery import errors

PROTOCOLS = "Sec-WebSocket-Protocol"
TOKEN_PREFIX = "base64url.bearer.authorization.k8s.io."
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def websocket_token(headers: Mapping[str, str]) -> str:
    """The token that a WebSocket's handshake presents, "" for none. Raises 401 where it cannot be read."""
    if headers.get("Upgrade", "").lower() != "websocket":
        return ""
    protocols = _protocols([headers.get(PROTOCOLS, "")])
    presented = [one.removeprefix(TOKEN_PREFIX) for one in protocols if one.startswith(TOKEN_PREFIX)]
    if not presented:
        return ""
    # Upstream demands another protocol, too: the answer must name one, and it will not be the token.
    if len(presented) > 1 or len(protocols) == 1:
        raise errors.unauthorized()
    return _decoded(presented[0])


def without_token(headers: Iterable[str]) -> str:
    """The protocols that a handshake's headers name, less what presents a token."""
    return ", ".join(one for one in _protocols(headers) if not one.startswith(TOKEN_PREFIX))


def _protocols(headers: Iterable[str]) -> list[str]:
    return [word for header in headers for one in header.split(",") if (word := one.strip())]


def _decoded(text: str) -> str:
    if not _BASE64URL.fullmatch(text):
        raise errors.unauthorized()
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise errors.unauthorized() from None
