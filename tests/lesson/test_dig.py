"""Step 10 of the lesson: the real dig asks the real DNS server, from the host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

SERVICE = "kubia.default.svc.cluster.local"
QUESTIONS = 40
"""So often the order of two records must not always be the same: one chance in 2^39."""


def records(text: str) -> list[list[str]]:
    """The records that dig prints, without their TTL and class."""
    return [[line.split()[0], *line.split()[3:]] for line in text.splitlines() if line and not line.startswith(";")]


def addresses(lesson: Lesson) -> dict[str, str]:
    return {name: row["IP"] for name, row in lesson.table("pods", "-o", "wide").items()}


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_srv_has_one_record_a_pod_and_their_addresses(shown: Lesson, transport: str) -> None:
    printed = shown.dig(transport, "SRV", SERVICE)
    assert re.search(r";; ->>HEADER<<- opcode: QUERY, status: NOERROR", printed)
    assert re.search(r";; flags: qr aa rd; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 3", printed)
    answers = shown.dig(transport, "+noall", "+answer", "SRV", SERVICE)
    assert sorted(records(answers)) == [
        [f"{SERVICE}.", "SRV", "0", "50", "80", f"kubia-{ordinal}.{SERVICE}."] for ordinal in range(2)
    ]
    additional = shown.dig(transport, "+noall", "+additional", "SRV", SERVICE)
    assert sorted(records(additional)) == [
        [f"{name}.{SERVICE}.", "A", ip] for name, ip in sorted(addresses(shown).items())
    ]


def test_srv_by_port_and_protocol(shown: Lesson) -> None:
    name = f"_http._tcp.{SERVICE}"
    assert [row[-1] for row in sorted(records(shown.dig("+noall", "+answer", "SRV", name)))] == [
        f"kubia-0.{SERVICE}.",
        f"kubia-1.{SERVICE}.",
    ]


def test_srv_records_come_in_random_order(shown: Lesson) -> None:
    lines = shown.dig("+short", *["SRV", SERVICE] * QUESTIONS).split("\n")[:-1]
    assert len(lines) == 2 * QUESTIONS
    orders = {(first, second) for first, second in zip(lines[::2], lines[1::2], strict=True)}
    assert len(orders) == 2


def test_every_pod_has_a_name(shown: Lesson) -> None:
    for name, ip in addresses(shown).items():
        assert records(shown.dig("+noall", "+answer", "A", f"{name}.{SERVICE}")) == [[f"{name}.{SERVICE}.", "A", ip]]
        assert shown.dig("+short", "-x", ip) == f"{name}.{SERVICE}.\n"


def test_a_headless_service_has_its_pods_addresses(shown: Lesson) -> None:
    assert sorted(shown.dig("+short", "A", SERVICE).split()) == sorted(addresses(shown).values())


def test_what_is_not_there(shown: Lesson) -> None:
    printed = shown.dig("A", f"kubia-2.{SERVICE}")
    assert "status: NXDOMAIN" in printed
    assert re.search(r"^cluster\.local\.\s+\d+\s+IN\s+SOA\s+ns\.dns\.cluster\.local\. ", printed, re.MULTILINE)
    printed = shown.dig("AAAA", f"kubia-0.{SERVICE}")
    assert "status: NOERROR" in printed
    assert "ANSWER: 0, AUTHORITY: 1" in printed


def test_the_kubernetes_service_itself(shown: Lesson) -> None:
    ip = shown.table("svc", "kubernetes")["kubernetes"]["CLUSTER-IP"]
    assert shown.dig("+short", "A", "kubernetes.default.svc.cluster.local") == f"{ip}\n"
