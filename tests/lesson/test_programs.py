"""Step 9 of the lesson: a pod asks the cluster's DNS with dig; and the chapter's last program, whose pods find each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.lesson.test_dig import SERVICE, records

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

RUN = ("run", "srvlookup", "--rm", "--restart=Never")


@pytest.mark.parametrize("image", ["dnsutils", "tutum/dnsutils"])
def test_dig_in_a_pod_finds_the_peers(shown: Lesson, image: str) -> None:
    printed = shown.kubectl(*RUN, "-i", f"--image={image}", "--", "dig", "SRV", SERVICE)
    assert f"<<>> SRV {SERVICE}\n" in printed
    assert ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: " in printed
    assert re.search(r"^;; flags: qr aa rd.*; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 3$", printed, re.MULTILINE)
    answers = printed[printed.index(";; ANSWER SECTION:") : printed.index(";; Query time")]
    found = [row for row in records(answers) if row[1] in ("SRV", "A")]
    names = [f"kubia-{ordinal}.{SERVICE}." for ordinal in range(2)]
    assert sorted(row[-1] for row in found if row[1] == "SRV") == names
    pods = shown.table("pods", "-o", "wide")
    assert sorted(row[0::2] for row in found if row[1] == "A") == [
        [name, pods[name.partition(".")[0]]["IP"]] for name in names
    ]
    assert 'pod "srvlookup" deleted' in printed
    assert "srvlookup" not in shown.table("pods")


def test_what_dig_prints_in_a_pod_is_what_dig_prints(shown: Lesson) -> None:
    """Line by line, but for what tells one run from another."""
    words = ("+noedns", "A", f"kubia-0.{SERVICE}")
    inside = shown.kubectl(*RUN, "-i", "--image=dnsutils", "--quiet", "--", "dig", *words)
    outside = shown.dig(*words)

    def sections(text: str) -> list[str]:
        lines = [
            line
            for line in text.splitlines()
            if not re.match(r"; ?<<>>|; \(|;; (WARN|You|global|Got|->>|SERVER|WHEN|Query)", line)
        ]
        return [line for line in lines if line and not line.startswith("pod ")]

    def body(text: str) -> list[str]:
        return [re.sub(r"^;; flags: .*?;", ";; flags:", line) for line in sections(text)]

    assert body(inside) == body(outside)


def test_nslookup_and_host_in_a_pod(shown: Lesson) -> None:
    looked = shown.kubectl(*RUN, "-i", "--image=dnsutils", "--quiet", "--", "nslookup", "kubia-0.kubia")
    ip = shown.table("pods", "-o", "wide")["kubia-0"]["IP"]
    assert f"Name:\tkubia-0.{SERVICE}\nAddress: {ip}\n" in looked
    told = shown.kubectl(*RUN, "-i", "--image=dnsutils", "--quiet", "--", "host", "-t", "SRV", SERVICE)
    assert f"{SERVICE} has SRV record 0 50 80 kubia-0.{SERVICE}.\n" in told
