"""The formats of strings that schemas of custom resources can ask for; upstream: kube-openapi/pkg/validation/strfmt."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from email.utils import parseaddr

from minikube_lite.schema.times import TimeError, canonical_time, parse_duration

_UUID = "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_HOSTNAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?")
_DURATION_PART = re.compile(r"(\d+)\s*([A-Za-zµ]+)")
_DURATION_UNITS = (
    ("ns", "nano"), ("us", "µs", "micro"), ("ms", "milli"), ("s", "sec"), ("m", "min"), ("h", "hr", "hour"), ("d", "day"),
    ("w", "wk", "week"),
)  # fmt: skip
_CREDIT_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|"
    r"(?:2131|1800|35\d{3})\d{11}"
)
_RGB = r"(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])"
HOSTNAME_LENGTH_MAX = 255
LABEL_LENGTH_MAX = 63


def _matches(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern).fullmatch
    return lambda text: match(text) is not None


def _hostname(text: str) -> bool:
    labels_fit = all(len(label) <= LABEL_LENGTH_MAX for label in text.split("."))
    return bool(_HOSTNAME.fullmatch(text)) and len(text) <= HOSTNAME_LENGTH_MAX and labels_fit


def _ip(version: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return "%" not in text and ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return check


def _cidr(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "/" in text and text.rpartition("/")[2].isdigit()


def _date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2006-01-02")


def _date_time(text: str) -> bool:
    try:
        canonical_time(text)
    except (TimeError, ValueError):
        return False
    return True


def _duration(text: str) -> bool:
    try:
        parse_duration(text)
    except (TimeError, ValueError):
        pass
    else:
        return True
    found = False
    for _, unit in _DURATION_PART.findall(text):
        name = unit.lower()
        found = found or any(name in names or name.startswith(names[-1]) for names in _DURATION_UNITS)
    return found


def _byte(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _email(text: str) -> bool:
    address = parseaddr(text)[1]
    return bool(re.fullmatch(r"[^@\s]+@[^@\s]+", address))


def _uri(text: str) -> bool:
    return bool(re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S|/", text)) and " " not in text


def _luhn(text: str) -> bool:
    digits = re.sub(r"[^0-9]", "", text)
    if not _CREDIT_CARD.fullmatch(digits):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    return sum((position + 1) * (10 if digit == "X" else int(digit)) for position, digit in enumerate(digits)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]", "", text)
    return (
        bool(re.fullmatch(r"[0-9]{13}", digits))
        and not sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits)) % 10
    )


def _short_name(text: str) -> bool:
    return len(text) <= LABEL_LENGTH_MAX and bool(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", text))


def _long_name(text: str) -> bool:
    return len(text) <= 253 and bool(
        re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", text)
    )


STRING_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches("[0-9a-fA-F]{24}"),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ip(4),
    "ipv6": _ip(6),
    "cidr": _cidr,
    "mac": _matches(
        r"([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}|([0-9a-fA-F]{2}[:-]){7}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}"
    ),
    "uuid": _matches(_UUID % ("[0-9a-f]", "[0-9a-f]")),
    "uuid3": _matches(_UUID % ("3", "[0-9a-f]")),
    "uuid4": _matches(_UUID % ("4", "[89ab]")),
    "uuid5": _matches(_UUID % ("5", "[89ab]")),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": _luhn,
    "ssn": _matches(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _matches("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _matches(rf"rgb\(\s*{_RGB}\s*,\s*{_RGB}\s*,\s*{_RGB}\s*\)"),
    "byte": _byte,
    "password": lambda text: True,
    "date": _date,
    "duration": _duration,
    "datetime": _date_time,
    "k8sshortname": _short_name,
    "k8slongname": _long_name,
}
"""By upstream's normalised names, which have no dashes."""
_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def known_format(schema_type: str, name: str) -> bool:
    """Whether values of that type are checked for that format."""
    if schema_type in ("", "string"):
        return name.replace("-", "") in STRING_FORMATS
    return name in _NUMBER_FORMATS.get(schema_type, ())
