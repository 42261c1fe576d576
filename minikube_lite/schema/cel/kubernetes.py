"""Kubernetes' functions beside the language's; upstream: apiserver/pkg/cel/library."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from minikube_lite.schema.cel.errors import CELError
from minikube_lite.schema.cel.values import NONE, Opaque, Optional, is_number
from minikube_lite.schema.custom.formats import STRING_FORMATS
from minikube_lite.schema.custom.regex import PatternError, compile_go
from minikube_lite.schema.quantity import Quantity, QuantityError

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_FORMAT_PATTERNS = {
    "dns1123Label": (_LABEL, 63),
    "dns1123Subdomain": (rf"{_LABEL}(\.{_LABEL})*", 253),
    "dns1035Label": ("[a-z]([-a-z0-9]*[a-z0-9])?", 63),
    "qualifiedName": (rf"({_LABEL}(\.{_LABEL})*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", 317),
    "dns1123LabelPrefix": ("[a-z0-9]([-a-z0-9]*)?", 63),
    "dns1123SubdomainPrefix": (r"[a-z0-9][-.a-z0-9]*", 253),
    "dns1035LabelPrefix": ("[a-z][-a-z0-9]*", 63),
    "labelValue": ("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", 63),
}

_OTHER_FORMATS = ("uri", "uuid", "byte", "date", "datetime")


def pattern(text: str) -> re.Pattern[str]:
    """A compiled regular expression; CELError where it is none."""
    try:
        return compile_go(text)
    except PatternError as error:
        raise CELError(str(error)) from None


def _quantity(text: str) -> Opaque:
    try:
        return Opaque("quantity", Quantity.parse(text))
    except QuantityError as error:
        raise CELError(str(error)) from None


def _is(make: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        if not isinstance(text, str):
            raise TypeError
        try:
            make(text)
        except CELError:
            return False
        return True

    return check


def _of(kind: str, value: Any) -> Any:
    if not isinstance(value, Opaque) or value.kind != kind:
        raise TypeError
    return value.content


def _operand(value: Any) -> Quantity:
    return Quantity.of(value) if isinstance(value, int) and not isinstance(value, bool) else _of("quantity", value)


def _compare(left: Opaque, right: Opaque) -> int:
    if left.kind == "semver":
        return int(left.content > right.content) - int(left.content < right.content)
    return int((_of("quantity", left) - _of("quantity", right)).sign)


def _ip(text: str) -> Opaque:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise CELError(
            f'IP Address "{text}" parse error during conversion from string: ParseAddr("{text}"): unable to parse IP'
        ) from None
    if "%" in text:
        raise CELError(f'IP address "{text}" with zone value is not allowed')
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise CELError(f"IPv4-mapped IPv6 address {text!r} is not allowed")
    return Opaque("ip", address)


def _cidr(text: str) -> Opaque:
    try:
        if "/" not in text:
            raise ValueError
        return Opaque("cidr", ipaddress.ip_interface(text))
    except ValueError:
        raise CELError(
            f"network address parse error during conversion from string: netip.ParsePrefix(\"{text}\"): no '/'"
        ) from None


def _contains_ip(cidr: Opaque, address: Any) -> bool:
    found = _of("ip", _ip(address) if isinstance(address, str) else address)
    network = _of("cidr", cidr).network
    return found.version == network.version and found in network


def _contains_cidr(cidr: Opaque, other: Any) -> bool:
    inner, outer = _of("cidr", _cidr(other) if isinstance(other, str) else other).network, _of("cidr", cidr).network
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def _url(text: str) -> Opaque:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it checks it
    except ValueError as error:
        raise CELError(f'URL parse error during conversion from string: parse "{text}": {error}') from None
    if not (parts.scheme or text.startswith("/")) or " " in text:
        raise CELError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return Opaque("url", parts)


def _url_part(read: Callable[[SplitResult], Any]) -> Callable[[Any], Any]:
    return lambda value: read(_of("url", value))


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _hostname(parts: SplitResult) -> str:
    return _host(parts).rpartition(":")[0] or _host(parts) if not _host(parts).endswith("]") else _host(parts)[1:-1]


def _ordered(items: list[Any]) -> None:
    for item in items:
        if isinstance(item, list | dict | Opaque) or item is None:
            raise TypeError


def _is_sorted(items: list[Any]) -> bool:
    _ordered(items)
    return all(before <= after for before, after in zip(items, items[1:], strict=False))


def _sum(items: list[Any]) -> Any:
    if not all(is_number(item) for item in items):
        raise TypeError
    return sum(items)


def _edge(choose: Callable[[list[Any]], Any], name: str) -> Callable[[list[Any]], Any]:
    def edge(items: list[Any]) -> Any:
        _ordered(items)
        if not items:
            raise CELError(f"{name} called on empty list")
        return choose(items)

    return edge


def _named_format(name: str) -> Optional:
    known = name in _FORMAT_PATTERNS or name in _OTHER_FORMATS
    return Optional(True, Opaque("format", name)) if known else NONE


def _validate(form: Any, text: str) -> Optional:
    name = _of("format", form)
    if name in _FORMAT_PATTERNS:
        expression, length = _FORMAT_PATTERNS[name]
        faults = [] if len(text) <= length else [f"must be no more than {length} characters"]
        if not re.fullmatch(expression, text):
            faults.append(f"must match the regex {expression}")
    else:
        faults = [] if STRING_FORMATS[name](text) else [f"invalid {name}"]
    return Optional(True, faults) if faults else NONE


_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")


def _semver(text: str, normalize: bool = False) -> Opaque:
    if normalize:
        text = text.removeprefix("v")
        numbers, mark, rest = text.partition("-")
        text = ".".join([*numbers.split("."), "0", "0"][:3]) + mark + rest
    found = _SEMVER.fullmatch(text)
    if found is None:
        raise CELError(
            "No Major.Minor.Patch elements found"
            if "." not in text
            else f"Invalid character(s) found in version {text}"
        )
    stage = found.group(4)
    steps = tuple((0, int(step), "") if step.isdigit() else (1, 0, step) for step in stage.split(".")) if stage else ()
    return Opaque("semver", (int(found.group(1)), int(found.group(2)), int(found.group(3)), stage is None, steps))


def _find(text: str, expression: str) -> str:
    found = pattern(expression).search(text)
    return found.group() if found else ""


def _find_all(text: str, expression: str, count: int = -1) -> list[str]:
    found = [match.group() for match in pattern(expression).finditer(text)]
    return found if count < 0 else found[:count]


KUBERNETES_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "find": _find, "findAll": _find_all,
    "isSorted": _is_sorted, "sum": _sum, "min": _edge(min, "min"), "max": _edge(max, "max"),
    "quantity": _quantity, "isQuantity": _is(_quantity), "isInteger": lambda value: _of("quantity", value).nano % 10**9 == 0,
    "asInteger": lambda value: _of("quantity", value).value,
    "asApproximateFloat": lambda value: _of("quantity", value).nano / 10**9,
    "sign": lambda value: _of("quantity", value).sign,
    "add": lambda left, right: Opaque("quantity", _of("quantity", left) + _operand(right)),
    "sub": lambda left, right: Opaque("quantity", _of("quantity", left) - _operand(right)),
    "isLessThan": lambda left, right: _compare(left, right) < 0, "isGreaterThan": lambda left, right: _compare(left, right) > 0,
    "compareTo": _compare,
    "ip": lambda value: Opaque("ip", _of("cidr", value).ip) if isinstance(value, Opaque) else _ip(value),
    "isIP": _is(_ip), "ip.isCanonical": lambda text: str(_ip(text).content) == text,
    "family": lambda value: _of("ip", value).version, "isUnspecified": lambda value: _of("ip", value).is_unspecified,
    "isLoopback": lambda value: _of("ip", value).is_loopback,
    "isLinkLocalMulticast": lambda value: _of("ip", value).is_multicast and _of("ip", value).is_link_local,
    "isLinkLocalUnicast": lambda value: _of("ip", value).is_link_local and not _of("ip", value).is_multicast,
    "isGlobalUnicast": lambda value: not any(
        (value.content.is_unspecified, value.content.is_loopback, value.content.is_multicast, value.content.is_link_local)),
    "cidr": _cidr, "isCIDR": _is(_cidr), "containsIP": _contains_ip, "containsCIDR": _contains_cidr,
    "masked": lambda value: Opaque("cidr", ipaddress.ip_interface(_of("cidr", value).network)),
    "prefixLength": lambda value: _of("cidr", value).network.prefixlen,
    "url": _url, "isURL": _is(_url), "getScheme": _url_part(lambda parts: parts.scheme), "getHost": _url_part(_host),
    "getHostname": _url_part(_hostname),
    "getPort": _url_part(lambda parts: str(parts.port) if parts.port is not None else ""),
    "getEscapedPath": _url_part(lambda parts: parts.path),
    "getQuery": _url_part(lambda parts: parse_qs(parts.query, keep_blank_values=True)),
    "format.named": _named_format, "validate": _validate,
    **{f"format.{name}": (lambda name=name: Opaque("format", name)) for name in (*_FORMAT_PATTERNS, *_OTHER_FORMATS)},
    "semver": _semver, "isSemver": _is(_semver), "major": lambda value: _of("semver", value)[0],
    "minor": lambda value: _of("semver", value)[1], "patch": lambda value: _of("semver", value)[2],
}  # fmt: skip
