"""resolv.conf and hosts, as resolvers read them; upstream: resolv.conf(5), hosts(5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NDOTS_MAX = 15
ATTEMPTS_MAX = 5
TIMEOUT_SECONDS_MAX = 30
NAMESERVERS_MAX = 3


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """What resolv.conf says; `timeout` in seconds of emulated time."""

    nameservers: Sequence[str] = ()
    search: Sequence[str] = ()
    ndots: int = 1
    timeout: int = 5
    attempts: int = 2

    def names(self, name: str) -> Iterator[str]:
        """The full names to ask for, in turn."""
        if name.endswith("."):
            yield name
            return
        enough = name.count(".") >= self.ndots
        if enough:
            yield f"{name}."
        for domain in self.search:
            yield f"{name}.{domain.strip('.')}."
        if not enough:
            yield f"{name}."


def parse_resolv_conf(text: str) -> ResolverConfig:
    """Read resolv.conf. What is not understood is passed over, as resolvers do."""
    nameservers: list[str] = []
    search: list[str] = []
    options = {"ndots": 1, "timeout": 5, "attempts": 2}
    limits = {"ndots": NDOTS_MAX, "timeout": TIMEOUT_SECONDS_MAX, "attempts": ATTEMPTS_MAX}
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        match words:
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search" | "domain", *domains]:
                search = domains
            case ["options", *chosen]:
                for option in chosen:
                    name, _, value = option.partition(":")
                    if name in options and value.isdecimal():
                        options[name] = min(int(value), limits[name])
    return ResolverConfig(tuple(nameservers[:NAMESERVERS_MAX]), tuple(search), **options)


def parse_hosts(text: str) -> dict[str, list[str]]:
    """The addresses of each name, in lower case."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.split("#")[0].split() or [""]
        for name in names:
            found.setdefault(name.lower(), []).append(address)
    return found
