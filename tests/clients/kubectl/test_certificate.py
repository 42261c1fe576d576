"""kubectl certificate: requests are approved and denied."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@pytest.mark.parametrize(("verb", "decision"), [("approve", "Approved"), ("deny", "Denied")])
def test_a_request_is_decided(kubectl: Kube, verb: str, decision: str) -> None:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane")])
    key = ec.generate_private_key(ec.SECP256R1())
    pem = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    encoded = base64.b64encode(pem.public_bytes(serialization.Encoding.PEM)).decode()
    spec = {"request": encoded, "signerName": "example.com/one", "usages": ["client auth"], "expirationSeconds": 3600}
    name = f"csr-{kubectl.namespace}"
    request = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name}}
    kubectl("create", "-f", kubectl.write("csr.yaml", {**request, "spec": spec}))
    assert kubectl("get", "csr", name, "--no-headers").split()[2:] == [
        "example.com/one",
        "kubernetes-admin",
        "60m",
        "Pending",
    ]
    kubectl("certificate", verb, name)
    assert kubectl("get", "csr", name, "--no-headers").split()[-1] == decision
    assert "jane" in kubectl("describe", "csr", name)
    condition = kubectl.object("csr", name)["status"]["conditions"][0]
    assert condition["lastUpdateTime"] and condition["lastTransitionTime"]
