"""dig, nslookup and host, asking through the pod's resolver; upstream: BIND's tools of the image dnsutils."""

from __future__ import annotations

from minikube_lite.programs.dnsutils.dig import dig
from minikube_lite.programs.dnsutils.host import host
from minikube_lite.programs.dnsutils.nslookup import nslookup

DNS_TOOLS = {"dig": dig, "host": host, "nslookup": nslookup}
