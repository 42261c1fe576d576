"""JSON web tokens: signed by the cluster's key, and by nobody else's."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.api.authentication.tokens import (
    VERIFIED_TOKENS_MAX,
    Signer,
    TokenError,
    decode_json,
    decode_part,
    encode_json,
    encode_part,
)
from minikube_lite.clock import Clock

CLAIMS = {"iss": "us", "sub": "x", "exp": 5}
ISSUER = "us"


@pytest.fixture
def signer() -> Signer:
    return Signer(Clock("stepped", seed=1))


def test_what_is_signed_is_read_again(signer) -> None:
    token = signer.sign(CLAIMS)
    assert signer.claims(token, ISSUER) == CLAIMS
    assert signer.claims(token, ISSUER) == CLAIMS


def test_a_seed_gives_the_same_token_again(signer) -> None:
    assert Signer(Clock("stepped", seed=1)).sign(CLAIMS) == signer.sign(CLAIMS)
    assert Signer(Clock("stepped", seed=2)).sign(CLAIMS) != signer.sign(CLAIMS)


def test_any_verifier_can_check_a_token_by_the_key_set(signer) -> None:
    (key,) = signer.key_set()["keys"]
    header, claims, signature = signer.sign(CLAIMS).split(".")
    assert decode_json(header) == {"alg": "ES256", "kid": key["kid"]}
    x, y, raw = (decode_part(text) or b"" for text in (key["x"], key["y"], signature))
    public = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    ).public_key()
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: (parts[0], encode_json({**CLAIMS, "sub": "y"}), parts[2]),
        lambda parts: (parts[0], parts[1], encode_part(b"\0" * 64)),
        lambda parts: (parts[0], parts[1], "short"),
        lambda parts: (parts[0], parts[1], "?"),
        lambda parts: (encode_json({"alg": "none"}), parts[1], ""),
        lambda parts: (encode_json({"alg": "HS256"}), parts[1], parts[2]),
    ],
)
def test_what_was_changed_is_refused(signer, change) -> None:
    with pytest.raises(TokenError, match="error in cryptographic primitive"):
        signer.claims(".".join(change(signer.sign(CLAIMS).split("."))), ISSUER)


def test_the_key_of_another_cluster_is_not_found(signer) -> None:
    with pytest.raises(TokenError, match="invalid signature, no keys found"):
        signer.claims(Signer(Clock("stepped", seed=2)).sign(CLAIMS), ISSUER)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.b.c.d", "{}", "e30.e30.e30", "W10.W10.W10"])
def test_what_is_no_token_of_ours_is_none(signer, token) -> None:
    assert signer.claims(token, ISSUER) is None


def test_another_issuers_token_is_none_of_ours(signer) -> None:
    assert signer.claims(signer.sign({**CLAIMS, "iss": "them"}), ISSUER) is None


def test_no_more_tokens_are_remembered_than_allowed(signer) -> None:
    first = signer.sign({**CLAIMS, "n": 0})
    for number in range(VERIFIED_TOKENS_MAX + 1):
        signer.claims(signer.sign({**CLAIMS, "n": number}), ISSUER)
    assert len(signer._verified) == VERIFIED_TOKENS_MAX
    assert signer.claims(first, ISSUER) == {**CLAIMS, "n": 0}


@given(st.text())
def test_any_text_is_read_without_a_crash(text) -> None:
    assert Signer(Clock("stepped", seed=1)).claims(text, ISSUER) is None
