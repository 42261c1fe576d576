"""The texts that may be names, and what is said of those that may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery import addresses, names

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
DNS1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is"
    " '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("check", "value", "errors"),
    [
        (names.is_dns1123_label, "kubia-0", []),
        (names.is_dns1123_label, "a.b", ["must not contain dots"]),
        (names.is_dns1123_label, "a\n", [LABEL]),
        (names.is_dns1123_label, "A", [LABEL]),
        (names.is_dns1123_label, "a" * 64, ["must be no more than 63 characters"]),
        (names.is_dns1123_subdomain, "a.b-c.d", []),
        (names.is_dns1123_subdomain, "", [SUBDOMAIN]),
        (names.is_dns1123_subdomain, "a..b", [SUBDOMAIN]),
        (names.is_dns1123_subdomain, "a" * 254, ["must be no more than 253 characters"]),
        (names.is_dns1035_label, "abc-1", []),
        (names.is_dns1035_label, "1a", [DNS1035]),
        (names.is_qualified_name, "app.kubernetes.io/name", []),
        (names.is_qualified_name, "bad key", [KEY]),
        (names.is_qualified_name, "", ["name part must be non-empty", KEY]),
        (names.is_qualified_name, "/x", ["prefix part must be non-empty"]),
        (names.is_qualified_name, "A.b/x", [f"prefix part {SUBDOMAIN}"]),
        (names.is_qualified_name, "a" * 64, ["name part must be no more than 63 bytes"]),
        (
            names.is_qualified_name,
            "a/b/c",
            [f"a valid label key {KEY[10:]} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"],
        ),
        (names.is_valid_label_value, "", []),
        (names.is_valid_label_value, "a b", [VALUE]),
        (names.is_valid_label_value, "a" * 64, ["must be no more than 63 bytes"]),
        (names.is_valid_label_value, "é" * 40, ["must be no more than 63 bytes", VALUE]),
        (names.is_config_map_key, "a_b.C-1", []),
        (names.is_config_map_key, "..", ["must not be '..'"]),
        (names.is_config_map_key, "..a", ["must not start with '..'"]),
        (
            names.is_config_map_key,
            "a/b",
            [
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
                " 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            ],
        ),
        (names.is_relaxed_env_var_name, "1 a!", []),
        (names.is_relaxed_env_var_name, "", ["environment variable name must be non-empty"]),
        (
            names.is_relaxed_env_var_name,
            "a=b",
            ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
        ),
        (names.is_valid_port_num, 65535, []),
        (names.is_valid_port_num, 0, ["must be between 1 and 65535, inclusive"]),
        (names.is_valid_port_name, "http-1", []),
        (names.is_valid_port_name, "-1--", [
            "must contain at least one letter (a-z)",
            "must not contain consecutive hyphens",
            "must not begin or end with a hyphen",
        ]),
        (names.is_valid_port_name, "", [
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
            "must contain at least one letter (a-z)",
        ]),
        (names.is_valid_percent, "25%", []),
        (names.is_valid_percent, "25", [
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex"
            " used for validation is '[0-9]+%')"
        ]),
        (names.path_segment_name, "system:node", []),
        (names.path_segment_name, "..", ["may not be '..'"]),
        (names.path_segment_name, "a/b%", ["may not contain '/'", "may not contain '%'"]),
        (addresses.is_valid_ip, "10.0.0.1", []),
        (addresses.is_valid_ip, "2001:DB8::1", ['must be in canonical form ("2001:db8::1")']),
        (addresses.is_valid_ip, "10.0.0.01", ["must not have leading 0s"]),
        (addresses.is_valid_ip, "::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"]),
        (addresses.is_valid_ip, "fe80::1%eth0", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
        (addresses.is_valid_ip_for_legacy_field, "2001:DB8::1", []),
        (addresses.is_valid_cidr, "10.0.0.0/8", []),
        (addresses.is_valid_cidr, "10.0.0.1/8", ["must not have bits set beyond the prefix length"]),
        (addresses.is_valid_cidr, "10.0.0.0/08", ["must not have leading 0s in IP or prefix length"]),
        (addresses.is_valid_cidr, "10.0.0.0", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        (addresses.is_valid_cidr, "10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
    ],
)  # fmt: skip
def test_texts(check, value, errors):
    assert check(value) == errors


@pytest.mark.parametrize(
    ("check", "prefix", "good"),
    [
        (names.name_is_dns_subdomain, "kubia-", True),
        (names.name_is_dns_subdomain, "a.", False),
        (names.name_is_dns_label, "a.b-", False),
        (names.name_is_dns_subdomain, "-", False),
        (names.path_segment_name, "..", True),
    ],
)
def test_prefixes(check, prefix, good):
    assert (check(prefix, True) == []) is good


@given(st.text(alphabet="ab1-._/A \n", max_size=70))
def test_a_label_is_a_subdomain_and_both_are_label_values(text):
    if not names.is_dns1035_label(text):
        assert not names.is_dns1123_label(text)
    if not names.is_dns1123_label(text):
        assert not names.is_dns1123_subdomain(text)
        assert not names.is_valid_label_value(text)
        assert not names.is_qualified_name(text)
