"""CertificateSigningRequests."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KIND_MODULE = "certificates.certificatesigningrequest"


@pytest.fixture(scope="session")
def request_pem() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jane")])
    signed = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"request": "bm8="}, 'spec.request: Invalid value: "bm8=": PEM block type must be CERTIFICATE REQUEST'),
        ({"usages": []}, "spec.usages: Required value"),
        ({"usages": ["signing", "signing"]}, 'spec.usages[1]: Duplicate value: "signing"'),
        ({"usages": ["sing"]}, 'spec.usages[0]: Unsupported value: "sing": supported values: "any", '),
        ({"signerName": ""}, "spec.signerName: Required value"),
        (
            {"signerName": "kubernetes.io/legacy-unknown"},
            'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed',
        ),
        ({"signerName": "a.b"}, 'spec.signerName: Invalid value: "a.b": must be a fully qualified domain and path'),
        ({"signerName": "a/b"}, 'spec.signerName: Invalid value: "a": should be a domain with at least two segments'),
        ({"signerName": "a.B/c"}, 'spec.signerName: Invalid value: "a.B": validating label "B": a lowercase'),
        ({"signerName": "a.b/C"}, 'spec.signerName: Invalid value: "C": validating label "C": a lowercase'),
        (
            {"expirationSeconds": 599},
            "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than",
        ),
    ],
)
def test_faults(bench, request_pem: bytes, change: dict[str, Any], fault: str) -> None:
    spec = {
        "request": base64.b64encode(request_pem).decode(),
        "signerName": "example.com/one",
        "usages": ["client auth"],
        **change,
    }
    faults = bench.faults({"metadata": {"name": "x"}, "spec": spec})
    assert len(faults) == bool(fault)
    assert all(text.startswith(fault) for text in faults)
