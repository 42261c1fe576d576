"""The cluster's certificate authority; upstream: kubeadm's phase certs. Ed25519, so that one seed gives one certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from minikube_lite.clock import Clock

AUTHORITY_DAYS = 3650


def authority_certificate(clock: Clock) -> str:
    """A new authority's certificate as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    random = clock.random_stream("certificate authority")
    key = Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    begin = datetime.fromtimestamp(int(clock.now()), UTC)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, key_encipherment=True, crl_sign=False, content_commitment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(random.getrandbits(63) | 1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=AUTHORITY_DAYS))
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    return certificate.public_bytes(Encoding.PEM).decode()
