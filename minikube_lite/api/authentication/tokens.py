"""JSON web tokens, signed with ES256 by a key of the cluster; upstream: pkg/serviceaccount/{jwt,openidmetadata}.go.

The key comes from the cluster's seed and signatures are deterministic, so that a seeded run gives the same tokens again.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from minikube_lite.clock import Clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM = "ES256"
COORDINATE_BYTES = 32
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
VERIFIED_TOKENS_MAX = 1024
"""How many tokens are remembered whose signature was found to be good."""
TOKEN_BYTES_MAX = 16 << 10


class TokenError(Exception):
    """A token that is ours, or says so, but is not good; the text is for who presents it."""


class Signer:
    """Signs claims and checks signatures."""

    def __init__(self, clock: Clock) -> None:
        self._random = clock.random_stream("service account key")
        self._verified: OrderedDict[str, dict[str, Any]] = OrderedDict()

    @functools.cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        number = int.from_bytes(self._random.randbytes(2 * COORDINATE_BYTES), "big") % (P256_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    @functools.cached_property
    def key_id(self) -> str:
        """The name of the key: the hash of its public half."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return encode_part(hashlib.sha256(der).digest())

    def sign(self, claims: dict[str, Any]) -> str:
        """A token that says these claims."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        header = encode_json({"alg": ALGORITHM, "kid": self.key_id})
        signed = f"{header}.{encode_json(claims)}"
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        pair = decode_dss_signature(self._key.sign(signed.encode(), algorithm))
        return f"{signed}.{encode_part(b''.join(half.to_bytes(COORDINATE_BYTES, 'big') for half in pair))}"

    def claims(self, token: str, issuer: str) -> dict[str, Any] | None:
        """What a token says, if its signature is good; None where it is none of that issuer's. Raises TokenError."""
        known = self._verified.get(token)
        if known is not None:
            self._verified.move_to_end(token)
            return known
        parts = token.split(".")
        if len(parts) != 3 or len(token) > TOKEN_BYTES_MAX:
            return None
        header, claims = decode_json(parts[0]), decode_json(parts[1])
        if header is None or claims is None or claims.get("iss") != issuer:
            return None
        if header.get("kid", self.key_id) != self.key_id:
            raise TokenError("invalid signature, no keys found")
        if header.get("alg") != ALGORITHM or not self._is_signed(f"{parts[0]}.{parts[1]}", parts[2]):
            raise TokenError("go-jose/go-jose: error in cryptographic primitive")
        self._verified[token] = claims
        if len(self._verified) > VERIFIED_TOKENS_MAX:
            self._verified.popitem(last=False)
        return claims

    def _is_signed(self, signed: str, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        raw = decode_part(signature)
        if raw is None or len(raw) != 2 * COORDINATE_BYTES:
            return False
        halves = (int.from_bytes(half, "big") for half in (raw[:COORDINATE_BYTES], raw[COORDINATE_BYTES:]))
        try:
            self._key.public_key().verify(encode_dss_signature(*halves), signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def key_set(self) -> dict[str, Any]:
        """The public keys as a JSON web key set."""
        numbers = self._key.public_key().public_numbers()
        x, y = (encode_part(number.to_bytes(COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
        key = {"use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": ALGORITHM, "x": x, "y": y}
        return {"keys": [key]}


def encode_part(data: bytes) -> str:
    """Bytes in the alphabet of tokens."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value: dict[str, Any]) -> str:
    """An object as a part of a token."""
    return encode_part(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def decode_part(text: str) -> bytes | None:
    """The bytes of a part of a token; None where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None


def decode_json(text: str) -> dict[str, Any] | None:
    """The object in a part of a token; None where there is none."""
    try:
        value = json.loads(decode_part(text) or b"")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
