"""host: names and addresses in sentences; upstream: BIND's host."""

from __future__ import annotations

from ipaddress import ip_address

from minikube_lite.programs.applets.applet import Call, UsageError, applet
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
_SAID = {
    "A": "has address", "AAAA": "has IPv6 address", "CNAME": "is an alias for", "PTR": "domain name pointer",
    "SRV": "has SRV record", "NS": "name server", "MX": "mail is handled by", "TXT": "descriptive text", "SOA": "has SOA record",
}  # fmt: skip
DEFAULT_TYPES = ("A", "AAAA", "MX")


@applet("t:p:avW:R:sTr4")
async def host(call: Call) -> int:
    """host [-t TYPE] [-p PORT] NAME [SERVER]"""
    if not 1 <= len(call.operands) <= 2:
        raise UsageError("usage: host [-t type] [-p port] {hostname} [server]")
    name, *servers = call.operands
    port = call.number("p", DNS_PORT)
    resolver = call.context.network.resolver
    wanted = call.value("t").upper()
    if wanted and wanted not in TYPES:
        raise UsageError(f"invalid type: {call.value('t')}")
    try:
        server = (await resolver.addresses(servers[0]))[0] if servers else resolver.config.nameservers[0]
    except (NameNotKnown, IndexError):
        await call.write(f"host: couldn't get address for '{servers[0] if servers else 'server'}': not found\n")
        return 1
    if servers:
        await call.write(f"Using domain server:\nName: {servers[0]}\nAddress: {server}#{port}\nAliases: \n\n")
    types = ("PTR",) if is_address(name) else (wanted,) if wanted else DEFAULT_TYPES
    names = [ip_address(name).reverse_pointer + "."] if is_address(name) else list(resolver.config.names(name))
    return await _answer(call, names, types, server, port)


async def _answer(call: Call, names: list[str], types: tuple[str, ...], server: str, port: int) -> int:
    message: Message | None = None
    for name in names:
        message = await _ask(call, name, types[0], server, port)
        if message is None:
            await call.write(";; connection timed out; no servers could be reached\n")
            return 1
        if message.rcode:
            continue
        replies = [message, *[await _ask(call, name, one, server, port) for one in types[1:]]]
        records = [record for reply in replies if reply is not None for record in reply.answers]
        if not records:
            shown = types[0] if len(types) == 1 else "A"
            await call.write(f"{name.rstrip('.')} has no {shown} record\n")
            return 0 if len(types) == 1 else 1
        await call.write("".join(map(_sentence, records)))
        return 0
    rcode = message.rcode if message is not None else NXDOMAIN
    await call.write(f"Host {names[-1].rstrip('.')} not found: {rcode}({rcode_name(rcode)})\n")
    return 1


async def _ask(call: Call, name: str, qtype: str, server: str, port: int) -> Message | None:
    resolver = call.context.network.resolver
    for _ in range(resolver.config.attempts):
        try:
            query = pack_query(resolver.random.getrandbits(16), name, TYPES[qtype], flags=RECURSION_DESIRED)
            return await resolver.exchange(server, query, resolver.config.timeout, port=port, tcp=call.has("T"))
        except (BadMessage, OSError):
            continue
    return None


def _sentence(record: Record) -> str:
    kind = type_name(record.type)
    return f"{record.name.rstrip('.')} {_SAID.get(kind, f'has {kind} record')} {record.text}\n"
