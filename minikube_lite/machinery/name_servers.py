"""DNS servers as an administrator names them; upstream: plugin/forward's `forward . TO…`."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

DNS_PORT, PORT_MAX = 53, 65535
NameServer = tuple[str, int]
"""An address and a port."""


def parse_name_servers(text: str) -> tuple[NameServer, ...]:
    """Addresses with or without a port, or files in the form of resolv.conf, with commas between them. Raises ValueError."""
    found: list[NameServer] = []
    for word in text.split(","):
        found += [(address, DNS_PORT) for address in _nameservers(word)] if word.startswith("/") else [_server(word)]
    return tuple(found)


def _server(word: str) -> NameServer:
    with_port = word.count(":") == 1 or word.startswith("[")
    host, _, port = word.rpartition(":") if with_port and not word.endswith("]") else (word, "", str(DNS_PORT))
    try:
        address = str(ip_address(host.strip("[]")))
    except ValueError:
        address = ""
    if not address or not port.isdecimal() or not 0 < int(port) <= PORT_MAX:
        raise ValueError(
            f"{word!r} is no DNS server: an address, as 1.1.1.1 or 127.0.0.1:5353, or a file, as /etc/resolv.conf"
        )
    return address, int(port)


def _nameservers(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    words = [line.split() for line in lines]
    found = [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"]
    if not found:
        raise ValueError(f"{path} names no nameserver")
    return found
