"""Records what a real kubectl (1.32 or newer) sends as protobuf, for tests/schema/protobuf_bodies:

    python tools/record_bodies.py SERVER

SERVER is the URL of a fresh cluster. Beside every body stands the same object in JSON, as `--dry-run=client -o json` tells it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "schema" / "protobuf_bodies"
PROTOBUF = "application/vnd.kubernetes.protobuf"
COMMANDS = {
    "namespace": "create namespace kubia-space",
    "deployment": "create deployment kubia --image=luksa/kubia --replicas=0 --port=8080",
    "deployment-command": "create deployment shell --image=busybox --replicas=3 -- sh -c 'sleep 1'",
    "configmap": "create configmap settings --from-literal=a=1 --from-literal=empty= --from-file=blob=/dev/stdin",
    "secret": "create secret generic password --from-literal=user=ü --type=example.com/own",
    "secret-docker": "create secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p",
    "job": "create job once --image=busybox -- date",
    "cronjob": "create cronjob nightly --image=busybox --schedule='0 3 * * *' --restart=Never -- date",
    "ingress": "create ingress web --class=own --rule=kubia.example.com/a*=kubia:80,tls=cert --default-backend=kubia:http",
    "quota": "create quota limits --hard=cpu=1500m,memory=1Gi,pods=0 --scopes=NotTerminating",
    "pdb": "create poddisruptionbudget half --selector=app=kubia --min-available=50%",
    "pdb-number": "create poddisruptionbudget none --selector=app=kubia --max-unavailable=0",
    "role": "create role reader --verb=get,list --resource=pods,deployments.apps --resource-name=kubia",
    "clusterrole": "create clusterrole health --verb=get --non-resource-url=/healthz",
    "clusterrole-aggregated": "create clusterrole all --aggregation-rule=rbac.example.com/all=true",
    "rolebinding": "create rolebinding readers --role=reader --user=jane --group=devs --serviceaccount=default:bot",
    "clusterrolebinding": "create clusterrolebinding admins --clusterrole=cluster-admin --user=jane",
    "serviceaccount": "create serviceaccount bot",
    "service-clusterip": "create service clusterip kubia --tcp=80:8080",
    "service-headless": "create service clusterip headless --clusterip=None",
    "service-nodeport": "create service nodeport outside --tcp=80:http --node-port=30080",
    "service-externalname": "create service externalname elsewhere --external-name=example.com",
    "service-loadbalancer": "create service loadbalancer balanced --tcp=443",
    "priorityclass": "create priorityclass low --value=-5 --description=last --preemption-policy=Never",
    "autoscale": "autoscale deployment kubia --min=1 --max=5 --cpu-percent=80",
}
INPUTS = {"configmap": b"\xff\x00\n"}


class Recorder(BaseHTTPRequestHandler):
    """Passes every request on, and keeps the protobuf bodies."""

    target = ""
    bodies: list[bytes] = []

    def _pass_on(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Type") == PROTOBUF:
            self.bodies.append(data)
        headers = {name: self.headers[name] for name in ("Accept", "Content-Type") if self.headers[name]}
        request = urllib.request.Request(self.target + self.path, data or None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        self.send_response(answer.status or 0)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _pass_on

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def main() -> None:
    """Runs every command twice: for its JSON, and for what it sends."""
    Recorder.target = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubectl = [os.environ.get("MINIKUBE_LITE_KUBECTL") or "kubectl", "--kubeconfig=/dev/null"]
    kubectl.append(f"--server=http://127.0.0.1:{server.server_port}")
    FOLDER.mkdir(exist_ok=True)
    for name, command in COMMANDS.items():
        words, given = [*kubectl, *shlex.split(command)], INPUTS.get(name)
        options = ["--dry-run=client", "--output=json"]
        place = words.index("--") if "--" in words else len(words)
        shown = subprocess.run([*words[:place], *options, *words[place:]], input=given, capture_output=True, check=True)
        Recorder.bodies.clear()
        subprocess.run(words, input=given, check=True)
        [body] = Recorder.bodies
        (FOLDER / f"{name}.bin").write_bytes(body)
        (FOLDER / f"{name}.json").write_bytes(shown.stdout)
    server.shutdown()


if __name__ == "__main__":
    main()
