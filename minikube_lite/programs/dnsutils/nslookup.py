"""nslookup, not interactive, in the words of BIND's and of busybox's; upstream: BIND's nslookup, busybox's nslookup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address

from minikube_lite.programs.program import PodContext
from minikube_lite.programs.resolver.message import (
    RECURSION_DESIRED,
    TYPES,
    BadMessage,
    Message,
    Record,
    pack_query,
    rcode_name,
    type_name,
)
from minikube_lite.programs.resolver.resolver import DNS_PORT, NameNotKnown, is_address

NXDOMAIN = 3
AUTHORITATIVE = 0x0400
_SHOWN = {
    "SRV": "service",
    "CNAME": "canonical name",
    "PTR": "name",
    "MX": "mail exchanger",
    "NS": "nameserver",
    "TXT": "text",
}
Ask = Callable[[str, int], Awaitable[Message | None]]


@dataclass
class Asked:
    """What the words ask for."""

    name: str = ""
    server: str = ""
    qtype: str = ""
    port: int = DNS_PORT
    debug: bool = False


class UsageError(Exception):
    """The words are wrong."""


def parse_words(words: list[str]) -> Asked:
    """Read the words. Raises UsageError."""
    asked = Asked()
    operands: list[str] = []
    for word in words:
        if not word.startswith("-"):
            operands.append(word)
            continue
        option, _, value = word[1:].partition("=")
        if option in ("type", "query", "querytype", "q", "t") and value.upper() in TYPES:
            asked.qtype = value.upper()
        elif option == "port" and value.isdecimal():
            asked.port = int(value)
        elif option not in ("debug", "timeout", "retry", "recurse", "norecurse", "search", "nosearch", "vc", "novc"):
            raise UsageError(f"*** Invalid option: {option}")
    if not 1 <= len(operands) <= 2:
        raise UsageError("nslookup: interactive mode is not supported")
    asked.name, asked.server = operands[0], operands[1] if len(operands) > 1 else ""
    return asked


async def nslookup(context: PodContext) -> int:
    """nslookup [-type=TYPE] [-port=PORT] NAME [SERVER]"""
    return await _nslookup(context, busybox=False)


async def busybox_nslookup(context: PodContext) -> int:
    """The same, as busybox prints it."""
    return await _nslookup(context, busybox=True)


async def _nslookup(context: PodContext, *, busybox: bool) -> int:
    try:
        asked = parse_words(list(context.argv[1:]))
    except UsageError as error:
        context.stderr.print(error)
        return 1
    resolver = context.network.resolver
    try:
        servers = await resolver.addresses(asked.server) if asked.server else list(resolver.config.nameservers)
    except NameNotKnown:
        context.stdout.print(f"nslookup: couldn't get address for '{asked.server}': not found")
        return 1
    server = servers[0] if servers else "127.0.0.1"

    async def ask(name: str, qtype: int) -> Message | None:
        for _ in range(resolver.config.attempts):
            try:
                query = pack_query(resolver.random.getrandbits(16), name, qtype, flags=RECURSION_DESIRED)
                return await resolver.exchange(server, query, resolver.config.timeout, port=asked.port)
            except BadMessage:
                return None
            except OSError:
                continue
        return None

    mark = ":" if busybox else "#"
    head = f"Server:\t\t{asked.server or server}\nAddress:\t{server}{mark}{asked.port}\n\n"
    return await _lookup(context, asked, ask, head, busybox=busybox)


async def _lookup(context: PodContext, asked: Asked, ask: Ask, head: str, *, busybox: bool) -> int:
    types = [asked.qtype] if asked.qtype else ["A", "AAAA"]
    names = list(context.network.resolver.config.names(asked.name))
    if is_address(asked.name):
        types, names = ["PTR"], [ip_address(asked.name).reverse_pointer + "."]
    last: Message | None = None
    for name in names:
        first = last = await ask(name, TYPES[types[0]])
        if last is None:
            context.stdout.print(";; connection timed out; no servers could be reached\n")
            return 1
        if last.rcode == NXDOMAIN:
            continue
        context.stdout.write(head)
        if not last.flags & AUTHORITATIVE:
            context.stdout.print("Non-authoritative answer:")
        replies = [first, *[await ask(name, TYPES[one]) for one in types[1:]]]
        records = [record for reply in replies if reply is not None for record in reply.answers]
        if not records and last.rcode == 0:
            context.stdout.print(f"*** Can't find {asked.name}: No answer\n")
            return 0 if busybox else 1
        if not records:
            continue
        context.stdout.write("".join(map(record_text, records)) + "\n")
        return 0
    reason = rcode_name(last.rcode) if last is not None else "SERVFAIL"
    context.stdout.write(head)
    context.stdout.print(
        f"** server can't find {asked.name if not is_address(asked.name) else names[0].rstrip('.')}: {reason}\n"
    )
    return 1


def record_text(record: Record) -> str:
    """A record in nslookup's words."""
    kind, name = type_name(record.type), record.name.rstrip(".")
    if kind in ("A", "AAAA"):
        return f"Name:\t{name}\nAddress: {record.text}\n"
    if kind in _SHOWN:
        return f"{name}\t{_SHOWN[kind]} = {record.text}\n"
    if kind == "SOA":
        primary, mailbox, *numbers = record.text.split()
        names = ("serial", "refresh", "retry", "expire", "minimum")
        shown = "".join(f"\t{key} = {value}\n" for key, value in zip(names, numbers, strict=True))
        return f"{name}\n\torigin = {primary.rstrip('.')}\n\tmail addr = {mailbox.rstrip('.')}\n{shown}"
    return f"{name}\trdata_{record.type} = {record.text}\n"
