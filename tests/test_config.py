"""Durations as Go writes them, and options that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from minikube_lite.config import Options, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("0s", 0.0),
        ("300ms", 0.3),
        ("1.5s", 1.5),
        ("40s", 40.0),
        ("5m", 300.0),
        ("1m30s", 90.0),
        ("24h", 86400.0),
        ("1h0m0.5s", 3600.5),
        ("250us", 0.00025),
        ("5", 5.0),
        (2, 2.0),
        (0.25, 0.25),
    ],
)
def test_durations(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5x", "1d", "1m 30s", "m5", "5m-", "--5s", "five", "1..5s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_parts_add_up(hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    total = hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    assert parse_duration(f"{hours}h{minutes}m{seconds}s{milliseconds}ms") == pytest.approx(total)


def test_defaults() -> None:
    options = Options()
    assert (options.nodes, options.clock, options.default_storage_class) == (3, "real", "standard")
    assert (options.node_monitor_grace_period, options.event_ttl) == (50.0, 3600.0)
    assert options.default_unreachable_toleration_seconds == 300


@pytest.mark.parametrize(
    "chosen",
    [
        {"nodes": -1},
        {"nodes": 1001},
        {"api_port": 65536},
        {"clock": "fast"},
        {"clock_rate": 0},
        {"dns_ttl": -1},
        {"pod_start_delay": "-1s"},
        {"event_ttl": "soon"},
        {"cluster_cidr": "10.244.0.1/16"},
        {"service_cluster_ip_range": "10.96.0.0/29"},
        {"service_cluster_ip_range": "10.0.0.0/8", "cluster_cidr": "10.244.0.0/16"},
        {"default_storage_class": "Not A Name"},
        {"token_auth_file": Path("nowhere.csv")},
        {"no_such_option": 1},
    ],
)
def test_refused(chosen: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**chosen)


def test_options_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Options().nodes = 5


@pytest.mark.parametrize(
    "given", ["OwnerReferencesPermissionEnforcement", ("OwnerReferencesPermissionEnforcement",), ","]
)
def test_admission_plugins_are_named_in_one_text_or_several(given: Any) -> None:
    expected = ("OwnerReferencesPermissionEnforcement",) if given != "," else ()
    assert Options(enable_admission_plugins=given).enable_admission_plugins == expected
    with pytest.raises(ValidationError):
        Options(enable_admission_plugins=("NoSuchPlugin",))  # type: ignore[arg-type]
