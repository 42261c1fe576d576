"""Quantities are written as upstream writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema.quantity import (
    FORMAT_WRONG,
    SUFFIX_WRONG,
    Quantity,
    QuantityError,
    add,
    canonical,
    compare,
    sub,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("00", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("0Mi", "0"),
        (".", "0"),
        ("1", "1"),
        ("1.5", "1500m"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("100000", "100k"),
        ("1500", "1500"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000Ki", "1000Ki"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("0.5Mi", "512Ki"),
        ("1e3", "1e3"),
        ("1000e3", "1e6"),
        ("12E", "12E"),
        ("1E3", "1E3"),
        ("0.1m", "100u"),
        ("0.1n", "1n"),
        ("0.0000000001", "1n"),
        ("-1.5", "-1500m"),
        ("-2048Ki", "-2Mi"),
        ("1.500", "1.500"),
        ("001Mi", "001Mi"),
        ("9223372036854775807Ki", "9223372036854775807"),
        ("1.1Ki", "1126400m"),
        ("128974848", "128974848"),
        ("123Mi", "123Mi"),
        ("5G", "5G"),
        ("+5", "+5"),
    ],
)
def test_canonical_text(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FORMAT_WRONG),
        ("abc", FORMAT_WRONG),
        ("1.5.5", FORMAT_WRONG),
        ("1Z", FORMAT_WRONG),
        ("1 Gi", FORMAT_WRONG),
        ("1mm", SUFFIX_WRONG),
        ("1Gii", SUFFIX_WRONG),
        ("1e", SUFFIX_WRONG),
        ("1e99999999", SUFFIX_WRONG),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(QuantityError, match="^" + re.escape(message) + "$"):
        canonical(text)


def test_arithmetic_keeps_the_first_format() -> None:
    assert add("1Gi", "1G") == "2073741824"
    assert add("1Gi", "512Mi") == "1536Mi"
    assert sub("1", "250m") == "750m"
    assert add("0", "1Gi") == "1Gi"
    assert compare("1000m", "1") == 0
    assert compare("1Ki", "1k") == 1
    assert Quantity.parse("1.2").value == 2
    assert Quantity.parse("1.2").milli == 1200
    assert Quantity.parse("-1.2").value == -2


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi", "e3", "u"]))
def test_canonical_text_means_the_same(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"
    written = canonical(text)
    assert Quantity.parse(written) == Quantity.parse(text)
    assert canonical(written) == written
