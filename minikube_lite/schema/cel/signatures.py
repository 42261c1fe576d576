"""Which types functions take and give; upstream: the declarations of cel-go's standard library and apiserver/pkg/cel/library.

`a,b>c` is a call, `a.b>c` a method of a; letters stand for any type.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from minikube_lite.schema.cel.types import CELType, parse_type

_NUMBERS = ("int", "uint", "double")
_ORDERED = " ".join(
    [*(f"{a},{b}>bool" for a in _NUMBERS for b in _NUMBERS),
     *(f"{t},{t}>bool" for t in ("bool", "string", "bytes", "timestamp", "duration"))]
)  # fmt: skip
_QUANTITY, _IP, _CIDR, _URL = "kubernetes.Quantity", "net.IP", "net.CIDR", "kubernetes.URL"
_SEMVER, _FORMAT = "kubernetes.Semver", "kubernetes.NamedFormat"
_TIME = "timestamp.>int timestamp.string>int"
_COMPARED = f"{_QUANTITY}.{_QUANTITY}>%s {_SEMVER}.{_SEMVER}>%s"

CALLS: Mapping[str, str] = {
    "_+_": "int,int>int uint,uint>uint double,double>double string,string>string bytes,bytes>bytes list(A),list(A)>list(A) "
    "timestamp,duration>timestamp duration,timestamp>timestamp duration,duration>duration",
    "_-_": "int,int>int uint,uint>uint double,double>double timestamp,timestamp>duration timestamp,duration>timestamp "
    "duration,duration>duration",
    "_*_": "int,int>int uint,uint>uint double,double>double", "_/_": "int,int>int uint,uint>uint double,double>double",
    "_%_": "int,int>int uint,uint>uint", "-_": "int>int double>double", "!_": "bool>bool",
    "_&&_": "bool,bool>bool", "_||_": "bool,bool>bool", "_?_:_": "bool,A,A>A", "_==_": "A,A>bool", "_!=_": "A,A>bool",
    "_<_": _ORDERED, "_<=_": _ORDERED, "_>_": _ORDERED, "_>=_": _ORDERED,
    "@in": "A,list(A)>bool A,map(A,B)>bool",
    "_[_]": "list(A),int>A map(A,B),A>B optional_type(list(A)),int>optional_type(A) optional_type(map(A,B)),A>optional_type(B)",
    "_[?_]": "list(A),int>optional_type(A) map(A,B),A>optional_type(B) optional_type(list(A)),int>optional_type(A) "
    "optional_type(map(A,B)),A>optional_type(B)",
    "size": "string>int bytes>int list(A)>int map(A,B)>int string.>int bytes.>int list(A).>int map(A,B).>int",
    "string": f"string>string bool>string int>string uint>string double>string bytes>string timestamp>string duration>string {_IP}>string "
    f"{_CIDR}>string",
    "int": "int>int uint>int double>int string>int timestamp>int duration>int", "uint": "uint>uint int>uint double>uint string>uint",
    "double": "double>double int>double uint>double string>double", "bool": "bool>bool string>bool", "bytes": "bytes>bytes string>bytes",
    "dyn": "A>dyn", "type": "A>type", "timestamp": "timestamp>timestamp string>timestamp int>timestamp",
    "duration": "duration>duration string>duration int>duration",
    "matches": "string,string>bool string.string>bool", "startsWith": "string.string>bool", "endsWith": "string.string>bool",
    "contains": "string.string>bool", "charAt": "string.int>string",
    "indexOf": "string.string>int string.string,int>int list(A).A>int",
    "lastIndexOf": "string.string>int string.string,int>int list(A).A>int",
    "substring": "string.int>string string.int,int>string", "lowerAscii": "string.>string", "upperAscii": "string.>string",
    "replace": "string.string,string>string string.string,string,int>string",
    "split": "string.string>list(string) string.string,int>list(string)", "trim": "string.>string",
    "join": "list(string).>string list(string).string>string", "format": "string.list(dyn)>string", "strings.quote": "string>string",
    "reverse": "string.>string",
    "getFullYear": _TIME, "getMonth": _TIME, "getDate": _TIME, "getDayOfMonth": _TIME, "getDayOfWeek": _TIME, "getDayOfYear": _TIME,
    "getHours": f"{_TIME} duration.>int", "getMinutes": f"{_TIME} duration.>int", "getSeconds": f"{_TIME} duration.>int",
    "getMilliseconds": f"{_TIME} duration.>int",
    "optional.of": "A>optional_type(A)", "optional.ofNonZeroValue": "A>optional_type(A)", "optional.none": ">optional_type(A)",
    "hasValue": "optional_type(A).>bool", "value": "optional_type(A).>A", "or": "optional_type(A).optional_type(A)>optional_type(A)",
    "orValue": "optional_type(A).A>A",
    "sets.contains": "list(A),list(A)>bool", "sets.equivalent": "list(A),list(A)>bool", "sets.intersects": "list(A),list(A)>bool",
    "base64.encode": "bytes>string", "base64.decode": "string>bytes",
    "find": "string.string>string", "findAll": "string.string>list(string) string.string,int>list(string)",
    "isSorted": "list(A).>bool", "sum": "list(int).>int list(uint).>uint list(double).>double list(duration).>duration",
    "min": "list(A).>A", "max": "list(A).>A",
    "quantity": f"string>{_QUANTITY}", "isQuantity": "string>bool", "isInteger": f"{_QUANTITY}.>bool", "asInteger": f"{_QUANTITY}.>int",
    "asApproximateFloat": f"{_QUANTITY}.>double", "sign": f"{_QUANTITY}.>int",
    "add": f"{_QUANTITY}.{_QUANTITY}>{_QUANTITY} {_QUANTITY}.int>{_QUANTITY}",
    "sub": f"{_QUANTITY}.{_QUANTITY}>{_QUANTITY} {_QUANTITY}.int>{_QUANTITY}",
    "isLessThan": _COMPARED % ("bool", "bool"), "isGreaterThan": _COMPARED % ("bool", "bool"), "compareTo": _COMPARED % ("int", "int"),
    "ip": f"string>{_IP} {_CIDR}.>{_IP}", "isIP": "string>bool", "ip.isCanonical": "string>bool", "family": f"{_IP}.>int",
    "isUnspecified": f"{_IP}.>bool", "isLoopback": f"{_IP}.>bool", "isLinkLocalMulticast": f"{_IP}.>bool",
    "isLinkLocalUnicast": f"{_IP}.>bool", "isGlobalUnicast": f"{_IP}.>bool",
    "cidr": f"string>{_CIDR}", "isCIDR": "string>bool", "containsIP": f"{_CIDR}.string>bool {_CIDR}.{_IP}>bool",
    "containsCIDR": f"{_CIDR}.string>bool {_CIDR}.{_CIDR}>bool", "masked": f"{_CIDR}.>{_CIDR}", "prefixLength": f"{_CIDR}.>int",
    "url": f"string>{_URL}", "isURL": "string>bool", "getScheme": f"{_URL}.>string", "getHost": f"{_URL}.>string",
    "getHostname": f"{_URL}.>string", "getPort": f"{_URL}.>string", "getEscapedPath": f"{_URL}.>string",
    "getQuery": f"{_URL}.>map(string,list(string))",
    "format.named": f"string>optional_type({_FORMAT})", "validate": f"{_FORMAT}.string>optional_type(list(string))",
    "semver": f"string>{_SEMVER} string,bool>{_SEMVER}", "isSemver": "string>bool string,bool>bool", "major": f"{_SEMVER}.>int",
    "minor": f"{_SEMVER}.>int", "patch": f"{_SEMVER}.>int",
    **{f"format.{name}": f">{_FORMAT}" for name in (
        "dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "dns1123SubdomainPrefix",
        "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime")},
}  # fmt: skip

Signature = tuple[bool, tuple[CELType, ...], CELType]
"""Whether it is a method, what it takes (the receiver first), what it gives."""


@functools.lru_cache(maxsize=512)
def signatures(name: str) -> tuple[Signature, ...]:
    """The overloads of a function; empty where there is none."""
    return tuple(_signature(text) for text in CALLS.get(name, "").split())


def _signature(text: str) -> Signature:
    args, _, result = text.rpartition(">")
    receiver, rest = _receiver(args)
    types = [parse_type(part) for part in _parts(rest)]
    if receiver:
        types.insert(0, parse_type(receiver))
    return bool(receiver), tuple(types), parse_type(result)


def _receiver(args: str) -> tuple[str, str]:
    """What stands before the dot of a method; names of types have dots, too."""
    for name in (_QUANTITY, _IP, _CIDR, _URL, _SEMVER, _FORMAT):
        if args.startswith(f"{name}."):
            return name, args[len(name) + 1 :]
        if args == name:
            return "", args
    head, dot, rest = args.partition(".")
    return (head, rest) if dot and head.count("(") == head.count(")") and "," not in _outside(head) else ("", args)


def _outside(text: str) -> str:
    depth, out = 0, ""
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        out += sign if depth == 0 else ""
    return out


def _parts(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, sign in enumerate(text + ","):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            if position > start:
                parts.append(text[start:position])
            start = position + 1
    return parts
