"""Pods as they are made: what is filled in, what is refused, what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.kinds.core.pod_defaults import image_tag, pull_policy


def pod(spec: dict[str, Any] | None = None, **container: Any) -> dict[str, Any]:
    """A pod with one container and what is asked for."""
    containers = [{"name": "c", "image": "nginx", **container}]
    return {"metadata": {"name": "p"}, "spec": {"containers": containers, **(spec or {})}}


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:1.27", "1.27"),
        ("docker.io/library/nginx:latest", "latest"),
        ("localhost:5000/a/b_c", "latest"),
        ("localhost:5000/a/b:v1", "v1"),
        ("nginx@sha256:" + "0" * 64, ""),
        ("nginx:1@sha256:" + "0" * 64, "1"),
        ("NGINX", ""),
        ("Registry/nginx", "latest"),
        ("a b", ""),
        ("", ""),
    ],
)
def test_the_tag_of_an_image(image, tag):
    assert image_tag(image) == tag
    assert pull_policy(image) == ("Always" if tag == "latest" else "IfNotPresent")


def test_a_small_pod_is_filled_in(pods):
    made = pods.made(pod())
    assert made["spec"] == {
        "containers": [
            {
                "name": "c",
                "image": "nginx",
                "resources": {},
                "imagePullPolicy": "Always",
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert pods.faults(pod()) == []


def test_requests_follow_limits(pods):
    made = pods.made(pod(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}))
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}


def test_amounts_are_rounded_up_to_thousandths(pods):
    made = pods.made(pod(resources={"requests": {"cpu": "1500u"}}))
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "2m"}


def test_the_nodes_network_takes_the_containers_ports(pods):
    body = pod({"hostNetwork": True}, ports=[{"containerPort": 80}])
    assert pods.made(body)["spec"]["containers"][0]["ports"] == [
        {"containerPort": 80, "hostPort": 80, "protocol": "TCP"}
    ]
    assert pods.faults(body) == []


def test_the_old_name_of_the_service_account_is_kept_the_same(pods):
    spec = pods.made(pod({"serviceAccount": "db"}))["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("db", "db")


def test_a_gated_pod_says_so(pods):
    conditions = pods.made(pod({"schedulingGates": [{"name": "wait"}]}))["status"]["conditions"]
    assert [(c["type"], c["status"], c["reason"]) for c in conditions] == [("PodScheduled", "False", "SchedulingGated")]


def test_label_keys_become_part_of_the_spread_selector(pods):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "x"}},
        "matchLabelKeys": ["rev", "absent"],
    }
    body = pod({"topologySpreadConstraints": [constraint]})
    body["metadata"]["labels"] = {"rev": "1"}
    made = pods.made(body)["spec"]["topologySpreadConstraints"][0]
    assert made["labelSelector"]["matchExpressions"] == [{"key": "rev", "operator": "In", "values": ["1"]}]
    assert pods.faults(body) == []


TCP = {"containerPort": 80}

FAULTS = [
    ({"metadata": {"name": "p"}}, [("spec.containers", "Required value")]),
    (
        pod({"restartPolicy": "Sometimes", "dnsPolicy": "x"}, name="Not_OK"),
        [
            ("spec.containers[0].name", "Invalid value: "),
            ("spec.restartPolicy", 'Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'),
            ("spec.dnsPolicy", "Unsupported value: "),
        ],
    ),
    (pod(image=" x"), [("spec.containers[0].image", 'Invalid value: " x": must not have leading or trailing')]),
    (pod(ports=[{}]), [("spec.containers[0].ports[0].containerPort", "Required value")]),
    (
        pod(ports=[{**TCP, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]),
        [("spec.containers[0].ports[1].hostPort", 'Duplicate value: "TCP//80"')],
    ),
    (
        pod(volumeMounts=[{"name": "v", "mountPath": "/a"}]),
        [("spec.containers[0].volumeMounts[0].name", 'Not found: "v"')],
    ),
    (
        pod({"volumes": [{"name": "v", "hostPath": {"path": "/a"}, "emptyDir": {}}]}),
        [("spec.volumes[0].hostPath", "Forbidden: may not specify more than 1 volume type")],
    ),
    (
        pod({"volumes": [{"name": "v", "configMap": {"name": "a", "items": [{"key": "k", "path": "../x"}]}}]}),
        [("spec.volumes[0].configMap.items[0].path", "Invalid value: \"../x\": must not contain '..'")],
    ),
    (
        pod(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        [("spec.containers[0].resources.requests", 'Invalid value: "2": must be less than or equal to cpu limit of 1')],
    ),
    (
        pod(resources={"requests": {"gpu": "1"}}),
        [
            ("spec.containers[0].resources.requests[gpu]", 'Invalid value: "gpu": must be a standard resource type'),
            ("spec.containers[0].resources.requests[gpu]", 'Invalid value: "gpu": must be a standard resource for'),
        ],
    ),
    (
        pod(resources={"limits": {"example.com/gpu": "500m"}}),
        [
            ("spec.containers[0].resources.limits[example.com/gpu]", "Invalid value: "),
            ("spec.containers[0].resources.requests[example.com/gpu]", "Invalid value: "),
        ],
    ),
    (pod(livenessProbe={}), [("spec.containers[0].livenessProbe", "Required value: must specify a handler type")]),
    (
        pod(livenessProbe={"httpGet": {"port": 80}, "successThreshold": 2}),
        [("spec.containers[0].livenessProbe.successThreshold", "Invalid value: 2: must be 1")],
    ),
    (
        pod(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}}}]),
        [("spec.containers[0].env[0].valueFrom.fieldRef", 'Invalid value: "a b": name part must consist')],
    ),
    (
        pod(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}}]),
        [("spec.containers[0].env[0].valueFrom.fieldRef.fieldPath", 'Unsupported value: "status.phase"')],
    ),
    (
        pod({"initContainers": [{"name": "i", "image": "x", "readinessProbe": {"exec": {"command": ["a"]}}}]}),
        [("spec.initContainers[0].readinessProbe", "Forbidden: may not be set for init containers without")],
    ),
    (
        pod({"initContainers": [{"name": "c", "image": "x", "restartPolicy": "Always"}]}),
        [("spec.initContainers[0].name", 'Duplicate value: "c"')],
    ),
    (
        pod({"tolerations": [{"operator": "Equal", "value": "x"}, {"key": "a", "tolerationSeconds": 1}]}),
        [
            ("spec.tolerations[0].operator", 'Invalid value: "Equal": operator must be Exists when'),
            ("spec.tolerations[1].effect", "Invalid value: \"\": effect must be 'NoExecute' when"),
        ],
    ),
    (
        pod({"dnsPolicy": "None"}),
        [("spec.dnsConfig", "Required value: must provide `dnsConfig` when `dnsPolicy` is None")],
    ),
    (
        pod({"hostUsers": False, "hostPID": True}),
        [("spec.HostPID", "Forbidden: when `hostUsers` is false")],
    ),
    (
        pod({"os": {"name": "windows"}, "securityContext": {"runAsUser": 1}}),
        [("spec.securityContext.runAsUser", "Forbidden: cannot be set for a windows pod")],
    ),
    (
        pod({"ephemeralContainers": [{"name": "d", "image": "x"}]}),
        [("spec.ephemeralContainers", "Forbidden: cannot be")],
    ),
    (
        pod({"nodeName": "n", "schedulingGates": [{"name": "wait"}]}),
        [("spec.nodeName", "Forbidden: cannot be set until all schedulingGates have been cleared")],
    ),
    (
        pod({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ""}]}}}),
        [
            (
                "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey",
                "Required value: can not be empty",
            ),
            ("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey", "Invalid"),
            ("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey", "Invalid"),
        ],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_what_is_refused(pods, body, expected):
    found = pods.faults(body)
    assert [path for path, _ in found] == [path for path, _ in expected]
    for (_, text), (_, beginning) in zip(found, expected, strict=True):
        assert text.startswith(beginning)


WARNINGS = [
    (pod(), []),
    (
        pod({"nodeSelector": {"beta.kubernetes.io/os": "linux"}}),
        ["spec.nodeSelector[beta.kubernetes.io/os]: deprecated"],
    ),
    (
        pod(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        ['spec.containers[0].env[1]: hides previous definition of "A"'],
    ),
    (
        pod(ports=[TCP, TCP]),
        ["spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"],
    ),
    (pod({"terminationGracePeriodSeconds": -1}), ["spec.terminationGracePeriodSeconds: must be >= 0"]),
    (
        pod(resources={"limits": {"memory": "100m"}}),
        [
            'spec.containers[0].resources.limits[memory]: fractional byte value "100m"',
            'spec.containers[0].resources.requests[memory]: fractional byte value "100m"',
        ],
    ),
    ({**pod(), "metadata": {"name": "a.b"}}, ["metadata.name: this is used in the Pod's hostname"]),
]


@pytest.mark.parametrize(("body", "expected"), WARNINGS)
def test_what_is_warned_of(pods, body, expected):
    found = pods.warnings(body)
    assert len(found) == len(expected)
    assert all(text.startswith(beginning) for text, beginning in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("node", "phase", "asked", "period"),
    [
        ("n1", "Running", None, 30),
        ("n1", "Running", 5, 5),
        ("n1", "Running", 0, 0),
        ("n1", "Running", -1, 1),
        ("", "Pending", None, 0),
        ("", "Pending", 60, 0),
        ("n1", "Succeeded", None, 0),
        ("n1", "Failed", 60, 0),
    ],
)
def test_the_time_to_stop(pods, node, phase, asked, period):
    running = pods.made(pod({"nodeName": node} if node else {}))
    running["status"]["phase"] = phase
    assert pods.kind.strategy.check_graceful_delete(pods.context("delete"), running, asked) == period


def test_what_field_selectors_may_ask(pods):
    fields = pods.kind.selectable(pods.made(pod({"nodeName": "n1", "hostNetwork": True})))
    assert fields["spec.nodeName"] == "n1"
    assert fields["spec.hostNetwork"] == "true"
    assert fields["status.phase"] == "Pending"
    assert set(fields) <= set(pods.kind.selectable_names)
