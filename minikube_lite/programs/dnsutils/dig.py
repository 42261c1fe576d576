"""dig: asks, and prints the whole message as BIND 9.9's does; upstream: BIND's dig, dighost.c and masterdump.c."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikube_lite.programs.dates import dated
from minikube_lite.programs.dnsutils.digging import BadUsage, Question, parse_words
from minikube_lite.programs.program import PodContext
from minikube_lite.programs.resolver.message import (
    AUTHENTIC_DATA,
    NXDOMAIN,
    OPCODES,
    RECURSION_DESIRED,
    BadMessage,
    Edns,
    Message,
    Record,
    class_name,
    flag_names,
    pack_query,
    rcode_name,
    type_name,
)
from minikube_lite.programs.resolver.resolver import NameNotKnown

VERSION = "9.9.5-9+deb8u19-Debian"
TAB = 8
TTL_COLUMN, CLASS_COLUMN, TYPE_COLUMN, DATA_COLUMN = 24, 32, 40, 48
NOT_ASKED, NO_SERVER, USAGE = 10, 9, 1
RECURSION_AVAILABLE = 0x0080


async def dig(context: PodContext) -> int:
    """dig [@server] [name] [type] [+option]…"""
    if list(context.argv[1:]) == ["-v"]:
        context.stderr.print(f"DiG {VERSION}")
        return 0
    try:
        questions = parse_words(list(context.argv[1:]))
    except BadUsage as error:
        context.stderr.print(f"{error}\nUsage:  dig [@global-server] [domain] [q-type] [q-class] {{q-opt}}")
        context.stderr.print("            {global-d-opt} host [@local-server] {local-d-opt}")
        return USAGE
    status = 0
    for index, question in enumerate(questions):
        status = await _ask(context, question, first=index == 0) or status
        await context.stdout.drain()
    return status


async def _ask(context: PodContext, question: Question, *, first: bool) -> int:
    resolver = context.network.resolver
    config = resolver.config
    try:
        servers = await resolver.addresses(question.server) if question.server else list(config.nameservers)
    except NameNotKnown:
        context.stderr.print(f"dig: couldn't get address for '{question.server}': not found")
        return NOT_ASKED
    header = _Banner(context, question, len(servers)) if first else None
    names = list(config.names(question.name)) if question.search else [question.name.rstrip(".") + "."]
    for place, name in enumerate(names):
        asked = await _first_reply(context, question, name, servers)
        if isinstance(asked, str):
            _show_banner(header)
            context.stdout.print(asked)
            return NOT_ASKED if asked.startswith("dig:") else NO_SERVER
        message, server, seconds = asked
        if message.rcode == NXDOMAIN and place < len(names) - 1:
            continue
        _show_banner(header)
        _show(context, question, message, server, seconds)
        return 0
    return 0


class _Banner:
    """What stands before the first answer."""

    def __init__(self, context: PodContext, question: Question, servers: int) -> None:
        self._context = context
        self._question = question
        self._servers = servers

    def show(self) -> None:
        if self._question.short or "cmd" not in self._question.shown:
            return
        words = " ".join(self._context.argv[1:])
        self._context.stdout.print(f"\n; <<>> DiG {VERSION} <<>> {words}")
        if self._question.server:
            self._context.stdout.print(f"; ({self._servers} server{'s' if self._servers > 1 else ''} found)")
        self._context.stdout.print(";; global options: +cmd")


def _show_banner(banner: _Banner | None) -> None:
    if banner is not None:
        banner.show()


async def _first_reply(
    context: PodContext, question: Question, name: str, servers: Sequence[str]
) -> tuple[Message, str, float] | str:
    """The first reply with the server and how long it took, else what is printed."""
    resolver = context.network.resolver
    edns = Edns(dnssec_ok=question.dnssec, size=question.size) if question.edns else None
    flags = (RECURSION_DESIRED if question.recurse else 0) | AUTHENTIC_DATA
    for _ in range(question.tries):
        for server in servers:
            number = resolver.random.getrandbits(16)
            begun = context.clock.now()
            try:
                query = pack_query(
                    number,
                    name,
                    question.qtype,
                    flags=flags,
                    edns=edns,
                    qclass=question.qclass,
                )
                reply = await resolver.exchange(server, query, question.time, port=question.port, tcp=question.tcp)
                return reply, server, context.clock.now() - begun
            except BadMessage as error:
                return f"dig: '{name}' is not a legal name ({error})"
            except ConnectionRefusedError:
                continue
            except OSError:
                continue
    return ";; connection timed out; no servers could be reached"


def _show(context: PodContext, question: Question, message: Message, server: str, seconds: float) -> None:
    if question.short:
        for record in message.answers:
            context.stdout.print(record.text)
        return
    lines = list(_lines(question, message))
    if "stats" in question.shown:
        when = dated("%a %b %d %H:%M:%S UTC %Y", context.clock.now())
        lines += [
            f";; Query time: {int(seconds * 1000)} msec",
            f";; SERVER: {server}#{question.port}({server})",
            f";; WHEN: {when}",
            f";; MSG SIZE  rcvd: {message.size}",
            "",
        ]
    context.stdout.write("".join(f"{line}\n" for line in lines))


def _lines(question: Question, message: Message) -> Iterable[str]:
    comments = "comments" in question.shown
    if comments:
        yield from _header(message)
    if "question" in question.shown:
        if comments:
            yield ";; QUESTION SECTION:"
        for name, qtype, qclass in message.questions:
            yield ";" + _columns((name, 0), (class_name(qclass), CLASS_COLUMN), (type_name(qtype), TYPE_COLUMN))
        yield ""
    sections = (("answer", message.answers), ("authority", message.authorities), ("additional", message.additionals))
    for name, records in sections:
        if name not in question.shown or not records:
            continue
        if comments:
            yield f";; {name.upper()} SECTION:"
        yield from map(record_line, records)
        if comments:
            yield ""


def _header(message: Message) -> Iterable[str]:
    opcode, status = OPCODES[message.opcode % len(OPCODES)], rcode_name(message.rcode)
    yield ";; Got answer:"
    yield f";; ->>HEADER<<- opcode: {opcode}, status: {status}, id: {message.id}"
    additional = len(message.additionals) + (message.edns is not None)
    yield (
        f";; flags: {' '.join(flag_names(message.flags))}; QUERY: {len(message.questions)}, ANSWER: {len(message.answers)}, "
        f"AUTHORITY: {len(message.authorities)}, ADDITIONAL: {additional}"
    )
    if message.flags & RECURSION_DESIRED and not message.flags & RECURSION_AVAILABLE:
        yield ";; WARNING: recursion requested but not available"
    yield ""
    if message.edns is not None:
        yield ";; OPT PSEUDOSECTION:"
        flags = " do" if message.edns.dnssec_ok else ""
        yield f"; EDNS: version: {message.edns.version}, flags:{flags}; udp: {message.edns.size}"


def record_line(record: Record) -> str:
    """A record as a line of a zone file, in dig's columns."""
    return _columns(
        (record.name, 0),
        (str(record.ttl), TTL_COLUMN),
        (class_name(record.record_class), CLASS_COLUMN),
        (type_name(record.type), TYPE_COLUMN),
        (record.text, DATA_COLUMN),
    )


def _columns(*texts: tuple[str, int]) -> str:
    """Texts, each from its column on: by tabs, or by one blank where the line is longer already."""
    line, column = "", 0
    for text, target in texts:
        if line:
            if column >= target:
                line, column = line + " ", column + 1
            while column < target:
                line, column = line + "\t", (column // TAB + 1) * TAB
        line, column = line + text, column + len(text)
    return line
