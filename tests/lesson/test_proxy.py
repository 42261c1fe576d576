"""Steps 6 to 8 of the lesson: pods answer through `kubectl proxy`, keep what they are told, and stand behind a Service."""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

SECONDS_MAX = 60
PUBLIC = """\
apiVersion: v1
kind: Service
metadata: {name: kubia-public}
spec:
  selector: {app: kubia}
  ports: [{port: 80, targetPort: 8080}]
"""


def ask(url: str, body: bytes | None = None) -> str:
    """What curl prints."""
    with urllib.request.urlopen(url, data=body, timeout=SECONDS_MAX) as answer:
        return str(answer.read().decode())


def test_steps_6_to_8_pods_answer_through_the_proxy(lesson: Lesson) -> None:
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml", "-f", "statefulset.yaml")
    lesson.rolled_out()
    with lesson.follow([lesson.kubectl_path, "proxy", "--port=0"], lesson.environment) as lines:
        found = re.search(r"127.0.0.1:\d+", next(lines))
        assert found
        namespace = f"http://{found[0]}/api/v1/namespaces/default"
        pod = f"{namespace}/pods/kubia-0/proxy/"
        assert ask(pod) == "You've hit kubia-0\nData stored on this pod: No data posted yet\n"
        greeting = b"Hey there! This greeting was submitted to kubia-0."
        assert ask(pod, greeting) == "Data stored on pod kubia-0\n"
        assert ask(pod) == f"You've hit kubia-0\nData stored on this pod: {greeting.decode()}\n"
        assert "No data posted yet" in ask(pod.replace("kubia-0", "kubia-1"))
        lesson.kubectl("delete", "pod", "kubia-0")
        lesson.rolled_out()
        assert ask(pod) == f"You've hit kubia-0\nData stored on this pod: {greeting.decode()}\n"
        lesson.kubectl("apply", "-f", "-", stdin=PUBLIC)
        lesson.kubectl(
            "wait", "endpoints/kubia-public", "--for=jsonpath={.subsets[0].addresses[1]}", f"--timeout={SECONDS_MAX}s"
        )
        answers = [ask(f"{namespace}/services/kubia-public/proxy/").splitlines()[0] for _ in range(24)]
        assert set(answers) == {"You've hit kubia-0", "You've hit kubia-1"}
    log = lesson.kubectl("logs", "kubia-0")
    assert "Kubia server starting..." in log
