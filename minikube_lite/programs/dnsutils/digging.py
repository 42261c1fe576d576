"""What `dig` is asked: servers, names, types and its many options, for one question or several; upstream: BIND's dig."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from minikube_lite.programs.resolver.message import CLASSES, EDNS_BYTES, TYPES

PORT_MAX = 65535
SECTIONS = ("question", "answer", "authority", "additional")
SHOWN = frozenset({*SECTIONS, "cmd", "comments", "stats"})
TIME_SECONDS, TRIES = 5, 3


class BadUsage(Exception):
    """The words are no question, in dig's own words."""


@dataclass(frozen=True)
class Question:
    """One question, and how it is asked and shown."""

    name: str = "."
    qtype: int = TYPES["A"]
    qclass: int = CLASSES["IN"]
    server: str = ""
    port: int = 53
    shown: frozenset[str] = SHOWN
    short: bool = False
    tcp: bool = False
    search: bool = False
    recurse: bool = True
    edns: bool = True
    dnssec: bool = False
    size: int = EDNS_BYTES
    time: int = TIME_SECONDS
    tries: int = TRIES
    named: bool = False
    """Whether a name was given."""
    typed: bool = False


_FLAGS = {
    "tcp": "tcp",
    "vc": "tcp",
    "search": "search",
    "defname": "search",
    "recurse": "recurse",
    "rec": "recurse",
    "edns": "edns",
    "dnssec": "dnssec",
    "short": "short",
}
_SHOWS = {"cmd", "comments", "stats", *SECTIONS}
_NUMBERS = {"time": "time", "timeout": "time", "tries": "tries", "bufsize": "size"}
_WITHOUT_EFFECT = frozenset(
    {
        "ttlid",
        "cookie",
        "adflag",
        "cdflag",
        "ignore",
        "fail",
        "identify",
        "qr",
        "ednsflags",
        "aaonly",
        "nssearch",
        "badcookie",
        "idnin",
        "idnout",
    }
)


def parse_words(words: list[str]) -> list[Question]:
    """The questions. What stands before the first name holds for all. Raises BadUsage."""
    common = Question()
    current = common
    questions: list[Question] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and len(word) > 1:
            changed = _dashed(current, word, rest)
        elif word.startswith("+"):
            changed = _plus(current, word[1:])
        elif word.startswith("@"):
            changed = replace(current, server=word[1:])
        elif word.upper() in TYPES and not current.typed:
            changed = replace(current, qtype=TYPES[word.upper()], typed=True)
        elif word.upper() in CLASSES and word.upper() != "ANY":
            changed = replace(current, qclass=CLASSES[word.upper()])
        elif (number := re.fullmatch(r"(?i)type(\d{1,5})", word)) and int(number.group(1)) <= PORT_MAX:
            changed = replace(current, qtype=int(number.group(1)), typed=True)
        else:
            changed = replace(current, name=word, named=True)
        if changed.named and current.named and changed.name != current.name:
            questions.append(current)
            kept = common if not common.typed else replace(common, typed=False)
            changed = replace(kept, name=changed.name, named=True, server=current.server, port=current.port)
        current = changed
        if not current.named:
            common = current
    if not current.named and not current.typed:
        current = replace(current, qtype=TYPES["NS"])
    return [*questions, current]


def _dashed(question: Question, word: str, rest: list[str]) -> Question:
    letter, value = word[1], word[2:]
    if letter in "46umv" and not value:
        return question
    if letter not in "xtcpqbk":
        raise BadUsage(f"Invalid option: {word}")
    value = value or (rest.pop(0) if rest else "")
    match letter:
        case "x":
            try:
                name = ip_address(value).reverse_pointer + "."
            except ValueError:
                raise BadUsage(f"Invalid IP address {value}") from None
            return replace(question, name=name, qtype=TYPES["PTR"], named=True, typed=True)
        case "t":
            if value.upper() not in TYPES:
                raise BadUsage(f";; Warning, ignoring invalid type {value}")
            return replace(question, qtype=TYPES[value.upper()], typed=True)
        case "q":
            return replace(question, name=value, named=True)
        case "p":
            if not value.isdecimal() or not 0 < int(value) <= PORT_MAX:
                raise BadUsage(f"dig: Couldn't parse port number '{value}': bad number")
            return replace(question, port=int(value))
        case "c":
            return replace(question, qclass=CLASSES.get(value.upper(), question.qclass))
    raise BadUsage(f"Invalid option: {word}")


def _plus(question: Question, word: str) -> Question:
    name, _, value = word.partition("=")
    negated = name.startswith("no") and name not in ("nottlid",)
    name = name.removeprefix("no") if negated else name
    if name == "all":
        return replace(question, shown=frozenset() if negated else SHOWN)
    if name in _SHOWS:
        return replace(question, shown=question.shown - {name} if negated else question.shown | {name})
    if name in _FLAGS:
        changes: dict[str, Any] = {_FLAGS[name]: not negated}
        return replace(question, **changes)
    if name in ("retry", "tries", "time", "timeout", "bufsize"):
        if not value.isdecimal():
            raise BadUsage(f"Couldn't parse {name} '{value}': bad number")
        number = int(value) + (name == "retry")
        changes = {_NUMBERS.get(name, "tries"): max(number, 1)}
        return replace(question, **changes)
    if name in _WITHOUT_EFFECT:
        return question
    raise BadUsage(f"Invalid option: +{word}")
