"""The real kubectl's generators: `kubectl create …`, which send protobuf from 1.32 on, make what was asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kubectls import Kubectl as Program

    from minikube_lite.testing import RunningCluster

KUBECTL_SECONDS_MAX = 60
"""How long one run of kubectl may take on a busy machine."""

pytestmark = pytest.mark.minikube_lite(nodes=1, clock="stepped")

Run = Callable[..., str]


@pytest.fixture
def kubectl(cluster: RunningCluster, kubectl_program: Program) -> Run:
    """Run kubectl with these words, which must succeed; what it prints."""
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "HOME": str(cluster.directory)}

    def run(*words: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            [kubectl_program.path, *words],
            capture_output=True,
            env=environment,
            input=stdin,
            timeout=KUBECTL_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


def parts(expected: Any, found: Any) -> Any:
    """As much of what was found as is expected: dicts may hold more."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: parts(value, found.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [parts(value, item) for value, item in zip(expected, found, strict=True)]
    return found


SELECTOR = {"app": "kubia"}
IMAGE = {"name": "kubia", "image": "luksa/kubia"}
CREATED = {
    "namespace kubia": {"metadata": {"name": "kubia"}, "status": {"phase": "Active"}},
    "deployment kubia --image=luksa/kubia --replicas=0 --port=8080": {
        "metadata": {"labels": SELECTOR, "generation": 1},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": SELECTOR},
            "template": {
                "metadata": {"labels": SELECTOR},
                "spec": {"containers": [{**IMAGE, "ports": [{"containerPort": 8080, "protocol": "TCP"}]}]},
            },
        },
    },
    "deployment kubia --image=luksa/kubia -- sh -c true": {
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{**IMAGE, "command": ["sh", "-c", "true"]}]}}}
    },
    "configmap kubia --from-literal=a=1 --from-literal=empty= --from-file=blob=/dev/stdin": {
        "data": {"a": "1", "empty": ""},
        "binaryData": {"blob": "/wAK"},
    },
    "secret generic kubia --from-literal=user=ü --type=example.com/own": {
        "type": "example.com/own",
        "data": {"user": "w7w="},
    },
    "job kubia --image=luksa/kubia -- date": {
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{**IMAGE, "command": ["date"]}]}}}
    },
    "cronjob kubia --image=luksa/kubia --schedule=@daily --restart=OnFailure": {
        "spec": {
            "schedule": "@daily",
            "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "OnFailure", "containers": [IMAGE]}}}},
        }
    },
    "ingress kubia --class=own --rule=kubia.example.com/a*=kubia:80,tls=cert --default-backend=kubia:http": {
        "spec": {
            "ingressClassName": "own",
            "defaultBackend": {"service": {"name": "kubia", "port": {"name": "http"}}},
            "tls": [{"hosts": ["kubia.example.com"], "secretName": "cert"}],
            "rules": [
                {
                    "host": "kubia.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/a",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "kubia", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ],
        }
    },
    "quota kubia --hard=cpu=1500m,memory=1Gi,pods=0 --scopes=NotTerminating": {
        "spec": {"hard": {"cpu": "1500m", "memory": "1Gi", "pods": "0"}, "scopes": ["NotTerminating"]}
    },
    "poddisruptionbudget kubia --selector=app=kubia --min-available=50%": {
        "spec": {"minAvailable": "50%", "maxUnavailable": None, "selector": {"matchLabels": SELECTOR}}
    },
    "poddisruptionbudget kubia --selector=app=kubia --max-unavailable=0": {
        "spec": {"minAvailable": None, "maxUnavailable": 0}
    },
    "role kubia --verb=get,list --resource=pods,deployments.apps --resource-name=one": {
        "rules": [
            {"apiGroups": [""], "resources": ["pods"], "resourceNames": ["one"], "verbs": ["get", "list"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["one"], "verbs": ["get", "list"]},
        ]
    },
    "clusterrole kubia --verb=get --non-resource-url=/healthz": {
        "rules": [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]
    },
    "rolebinding kubia --role=reader --user=jane --group=devs --serviceaccount=default:bot": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"},
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "devs"},
            {"kind": "ServiceAccount", "name": "bot", "namespace": "default"},
        ],
    },
    "clusterrolebinding kubia --clusterrole=admin --user=jane": {"roleRef": {"kind": "ClusterRole", "name": "admin"}},
    "serviceaccount kubia": {"metadata": {"name": "kubia", "namespace": "default"}},
    "service clusterip kubia --tcp=80:8080": {
        "spec": {
            "type": "ClusterIP",
            "selector": SELECTOR,
            "ports": [{"name": "80-8080", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
        }
    },
    "service clusterip kubia --clusterip=None": {"spec": {"clusterIP": "None", "clusterIPs": ["None"]}},
    "service nodeport kubia --tcp=80:http --node-port=30080": {
        "spec": {"type": "NodePort", "ports": [{"port": 80, "targetPort": "http", "nodePort": 30080}]}
    },
    "service externalname kubia --external-name=example.com": {
        "spec": {"type": "ExternalName", "externalName": "example.com", "clusterIP": None}
    },
    "priorityclass kubia --value=-5 --description=last --preemption-policy=Never": {
        "value": -5,
        "description": "last",
        "preemptionPolicy": "Never",
        "globalDefault": None,
    },
}


NEWER = {"cronjob": 21, "poddisruptionbudget": 21}
"""The minor version of kubectl from which on it writes these kinds in versions that Kubernetes still serves."""


@pytest.mark.parametrize("command", CREATED)
def test_create(kubectl: Run, kubectl_program: Program, command: str) -> None:
    needed = NEWER.get(command.split(maxsplit=1)[0], 0)
    if kubectl_program.minor < needed:
        pytest.skip(f"kubectl {kubectl_program} is found; this needs 1.{needed}")
    stdin = b"\xff\x00\n" if "/dev/stdin" in command else b""
    printed = kubectl("create", *command.split(), stdin=stdin)
    assert re.fullmatch(r"[\w.]+/kubia created\n", printed)
    resource = printed.partition("/")[0]
    found = json.loads(kubectl("get", resource, "kubia", "--output=json"))
    assert parts(CREATED[command], found) == CREATED[command]


def test_autoscale(kubectl: Run) -> None:
    kubectl("create", "deployment", "kubia", "--image=luksa/kubia")
    kubectl("autoscale", "deployment", "kubia", "--min=1", "--max=5")
    found = json.loads(kubectl("get", "hpa", "kubia", "--output=json"))
    assert found["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "kubia"}
    assert (found["spec"]["minReplicas"], found["spec"]["maxReplicas"]) == (1, 5)


def test_what_is_wrong_is_told(kubectl: Run) -> None:
    kubectl("create", "namespace", "kubia")
    with pytest.raises(AssertionError, match='namespaces "kubia" already exists'):
        kubectl("create", "namespace", "kubia")
    with pytest.raises(AssertionError, match=r'Service "kubia" is invalid: spec.ports\[0\].nodePort'):
        kubectl("create", "service", "nodeport", "kubia", "--tcp=80", "--node-port=1")


def test_the_manager_of_fields_is_kubectl_create(kubectl: Run) -> None:
    kubectl("create", "configmap", "kubia", "--from-literal=a=1")
    found = json.loads(kubectl("get", "--raw", "/api/v1/namespaces/default/configmaps/kubia"))
    [entry] = found["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("kubectl-create", "Update")
    assert entry["fieldsV1"] == {"f:data": {".": {}, "f:a": {}}}
