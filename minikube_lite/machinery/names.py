"""Which texts may be names, keys and values, with upstream's messages.

Upstream: apimachinery's util/validation, api/validate/content and api/validation (the NameIs... functions).
Every check returns the list of what is wrong, empty when all is well.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NameCheck = Callable[[str, bool], list[str]]
"""Judges a name, or with True the prefix of one that is still to be completed (generateName)."""

DNS1123_LABEL_BYTES_MAX = 63
DNS1123_SUBDOMAIN_BYTES_MAX = 253
DNS1035_LABEL_BYTES_MAX = 63
LABEL_KEY_NAME_BYTES_MAX = 63
LABEL_VALUE_BYTES_MAX = 63
PORT_NAME_BYTES_MAX = 15
PORT_NUMBER_MAX = 65535
USER_ID_MAX = 2**31 - 1

_DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS1123_SUBDOMAIN = f"{_DNS1123_LABEL}(\\.{_DNS1123_LABEL})*"
_DNS1123_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_DNS1123_SUBDOMAIN_UNDERSCORE = f"{_DNS1123_LABEL_UNDERSCORE}(\\.{_DNS1123_LABEL_UNDERSCORE})*"
_DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD_SUBDOMAIN = f"\\*\\.{_DNS1123_SUBDOMAIN}"
_LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_LABEL_KEY})?"
_PERCENT = "[0-9]+%"
_HTTP_HEADER_NAME = "[-A-Za-z0-9]+"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_CONFIG_MAP_KEY = "[-._a-zA-Z0-9]+"

_match_dns1123_label = re.compile(_DNS1123_LABEL).fullmatch
_match_dns1123_subdomain = re.compile(_DNS1123_SUBDOMAIN).fullmatch
_match_dns1123_subdomain_underscore = re.compile(_DNS1123_SUBDOMAIN_UNDERSCORE).fullmatch
_match_dns1035_label = re.compile(_DNS1035_LABEL).fullmatch
_match_wildcard_subdomain = re.compile(_WILDCARD_SUBDOMAIN).fullmatch
_match_label_key = re.compile(_LABEL_KEY).fullmatch
_match_label_value = re.compile(_LABEL_VALUE).fullmatch
_match_percent = re.compile(_PERCENT).fullmatch
_match_http_header_name = re.compile(_HTTP_HEADER_NAME).fullmatch
_match_http_path = re.compile(_HTTP_PATH).fullmatch
_match_config_map_key = re.compile(_CONFIG_MAP_KEY).fullmatch
_match_port_characters = re.compile("[-a-z0-9]+").fullmatch
_search_port_letter = re.compile("[a-z]").search

_DNS1123_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
    " and must start and end with an alphanumeric character"
)
_DNS1123_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
    " and must start and end with an alphanumeric character"
)
_DNS1123_SUBDOMAIN_UNDERSCORE_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.',"
    " and must start and end with an alphanumeric character"
)
_DNS1035_LABEL_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-',"
    " start with an alphabetic character, and end with an alphanumeric character"
)
_WILDCARD_SUBDOMAIN_TEXT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain,"
    " which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_LABEL_KEY_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
    " and must start and end with an alphanumeric character"
)
_RELAXED_ENV_VAR_NAME_TEXT = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)
_CONFIG_MAP_KEY_TEXT = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
_PERCENT_TEXT = "a valid percent string must be a numeric string followed by an ending '%'"
_HTTP_HEADER_NAME_TEXT = "a valid HTTP header must consist of alphanumeric characters or '-'"


def byte_length(text: str) -> int:
    """The length as Go counts it, in bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def regex_text(message: str, pattern: str, *examples: str) -> str:
    """What is said of a text that does not match a pattern."""
    if not examples:
        return f"{message} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


def max_length_text(length: int) -> str:
    """What is said of a text that is too long; upstream says characters and counts bytes."""
    return f"must be no more than {length} characters"


def max_bytes_text(length: int) -> str:
    """The newer words for a text that is too long, used for label keys and values."""
    return f"must be no more than {length} bytes"


def range_text(low: int, high: int) -> str:
    """What is said of a number outside a range."""
    return f"must be between {low} and {high}, inclusive"


def is_dns1123_label(value: str) -> list[str]:
    """One label of a DNS name, as RFC 1123 has it."""
    errors = []
    if byte_length(value) > DNS1123_LABEL_BYTES_MAX:
        errors.append(max_length_text(DNS1123_LABEL_BYTES_MAX))
    if not _match_dns1123_label(value):
        if _match_dns1123_subdomain(value):
            errors.append("must not contain dots")
        else:
            errors.append(regex_text(_DNS1123_LABEL_TEXT, _DNS1123_LABEL, "my-name", "123-abc"))
    return errors


def is_dns1123_subdomain(value: str) -> list[str]:
    """A DNS name in lower case, as RFC 1123 has it."""
    errors = []
    if byte_length(value) > DNS1123_SUBDOMAIN_BYTES_MAX:
        errors.append(max_length_text(DNS1123_SUBDOMAIN_BYTES_MAX))
    if not _match_dns1123_subdomain(value):
        errors.append(regex_text(_DNS1123_SUBDOMAIN_TEXT, _DNS1123_SUBDOMAIN, "example.com"))
    return errors


def is_dns1123_subdomain_with_underscore(value: str) -> list[str]:
    """A DNS name whose labels may hold underscores (search domains)."""
    errors = []
    if byte_length(value) > DNS1123_SUBDOMAIN_BYTES_MAX:
        errors.append(max_length_text(DNS1123_SUBDOMAIN_BYTES_MAX))
    if not _match_dns1123_subdomain_underscore(value):
        errors.append(regex_text(_DNS1123_SUBDOMAIN_UNDERSCORE_TEXT, _DNS1123_SUBDOMAIN_UNDERSCORE, "example.com"))
    return errors


def is_wildcard_dns1123_subdomain(value: str) -> list[str]:
    """A DNS name whose first label is an asterisk."""
    errors = []
    if byte_length(value) > DNS1123_SUBDOMAIN_BYTES_MAX:
        errors.append(max_length_text(DNS1123_SUBDOMAIN_BYTES_MAX))
    if not _match_wildcard_subdomain(value):
        errors.append(regex_text(_WILDCARD_SUBDOMAIN_TEXT, _WILDCARD_SUBDOMAIN, "*.example.com"))
    return errors


def is_dns1035_label(value: str) -> list[str]:
    """One label of a DNS name that starts with a letter, as RFC 1035 has it."""
    errors = []
    if byte_length(value) > DNS1035_LABEL_BYTES_MAX:
        errors.append(max_length_text(DNS1035_LABEL_BYTES_MAX))
    if not _match_dns1035_label(value):
        errors.append(regex_text(_DNS1035_LABEL_TEXT, _DNS1035_LABEL, "my-name", "abc-123"))
    return errors


def is_qualified_name(value: str) -> list[str]:
    """The key of a label or annotation: a name, after a DNS prefix and a slash or not."""
    prefix, slash, name = value.partition("/")
    if not slash:
        prefix, name = "", value
    elif "/" in name:
        text = regex_text(_LABEL_KEY_TEXT, _LABEL_KEY, "MyName", "my.name", "123-abc")
        return [f"a valid label key {text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    errors = []
    if slash:
        if not prefix:
            errors.append("prefix part must be non-empty")
        else:
            errors.extend(_prefix_errors(prefix))
    if not name:
        errors.append("name part must be non-empty")
    elif byte_length(name) > LABEL_KEY_NAME_BYTES_MAX:
        errors.append(f"name part {max_bytes_text(LABEL_KEY_NAME_BYTES_MAX)}")
    if not _match_label_key(name):
        errors.append("name part " + regex_text(_LABEL_KEY_TEXT, _LABEL_KEY, "MyName", "my.name", "123-abc"))
    return errors


def _prefix_errors(prefix: str) -> list[str]:
    errors = []
    if byte_length(prefix) > DNS1123_SUBDOMAIN_BYTES_MAX:
        errors.append(f"prefix part {max_bytes_text(DNS1123_SUBDOMAIN_BYTES_MAX)}")
    if not _match_dns1123_subdomain(prefix):
        errors.append("prefix part " + regex_text(_DNS1123_SUBDOMAIN_TEXT, _DNS1123_SUBDOMAIN, "example.com"))
    return errors


def is_valid_label_value(value: str) -> list[str]:
    """The value of a label."""
    errors = []
    if byte_length(value) > LABEL_VALUE_BYTES_MAX:
        errors.append(max_bytes_text(LABEL_VALUE_BYTES_MAX))
    if not _match_label_value(value):
        errors.append(regex_text(_LABEL_VALUE_TEXT, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return errors


def is_config_map_key(value: str) -> list[str]:
    """A key of a ConfigMap's or Secret's data."""
    errors = []
    if byte_length(value) > DNS1123_SUBDOMAIN_BYTES_MAX:
        errors.append(max_length_text(DNS1123_SUBDOMAIN_BYTES_MAX))
    if not _match_config_map_key(value):
        errors.append(regex_text(_CONFIG_MAP_KEY_TEXT, _CONFIG_MAP_KEY, "key.name", "KEY_NAME", "key-name"))
    return errors + _parent_directory_errors(value)


def is_relaxed_env_var_name(value: str) -> list[str]:
    """The name of an environment variable: any printable ASCII but the equals sign."""
    errors = [] if value else ["environment variable name must be non-empty"]
    if not value.isascii() or not value.isprintable() or "=" in value:
        errors.append(_RELAXED_ENV_VAR_NAME_TEXT)
    return errors


def _parent_directory_errors(value: str) -> list[str]:
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def is_in_range(value: int, low: int, high: int) -> list[str]:
    """A number of a range, both ends included."""
    return [] if low <= value <= high else [range_text(low, high)]


def is_valid_port_num(port: int) -> list[str]:
    """A port's number."""
    return is_in_range(port, 1, PORT_NUMBER_MAX)


def is_valid_user_id(user: int) -> list[str]:
    """A Unix user's number; groups have the same range."""
    return is_in_range(user, 0, USER_ID_MAX)


def is_valid_port_name(port: str) -> list[str]:
    """A port's name: an IANA service name in lower case."""
    errors = []
    if byte_length(port) > PORT_NAME_BYTES_MAX:
        errors.append(max_length_text(PORT_NAME_BYTES_MAX))
    if not _match_port_characters(port):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _search_port_letter(port):
        errors.append("must contain at least one letter (a-z)")
    if "--" in port:
        errors.append("must not contain consecutive hyphens")
    if port.startswith("-") or port.endswith("-"):
        errors.append("must not begin or end with a hyphen")
    return errors


def is_valid_percent(value: str) -> list[str]:
    """A percentage such as `25%`."""
    return [] if _match_percent(value) else [regex_text(_PERCENT_TEXT, _PERCENT, "1%", "93%")]


def is_http_header_name(value: str) -> list[str]:
    """The name of an HTTP header."""
    if _match_http_header_name(value):
        return []
    return [regex_text(_HTTP_HEADER_NAME_TEXT, _HTTP_HEADER_NAME, "X-Header-Name")]


def is_http_path(value: str) -> list[str]:
    """The path of a URL, as the tail of a domain-prefixed path."""
    return [] if _match_http_path(value) else [regex_text("Invalid path", _HTTP_PATH)]


def path_segment_name(name: str, prefix: bool = False) -> list[str]:
    """A name that can stand in a URL's path; all that RBAC asks of names."""
    if not prefix and name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def name_is_dns_subdomain(name: str, prefix: bool = False) -> list[str]:
    """A name that is a DNS name: what most kinds ask for."""
    return is_dns1123_subdomain(_mask_trailing_dash(name) if prefix else name)


def name_is_dns_label(name: str, prefix: bool = False) -> list[str]:
    """A name that is one label of a DNS name."""
    return is_dns1123_label(_mask_trailing_dash(name) if prefix else name)


def _mask_trailing_dash(name: str) -> str:
    # Upstream drops the character before the dash too; no rule can tell the difference.
    return name[:-2] + "a" if len(name) > 1 and name.endswith("-") else name
