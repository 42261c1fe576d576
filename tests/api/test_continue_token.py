"""Continue tokens say where a page begins, and in upstream's words why one says nothing."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.api.continue_token import LATEST, after, decode, encode
from minikube_lite.machinery.errors import ApiError


def token_of(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def good(**changed: object) -> str:
    return token_of({"v": "meta.k8s.io/v1", "rv": 5, "start": "a\0", **changed})


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("nonsense", ": invalid character '\\u009e' looking for beginning of value"),
        ("!!!", ": illegal base64 data at input byte 0"),
        ("abc=", ": illegal base64 data at input byte 3"),
        ("abcde", ": illegal base64 data at input byte 4"),
        ("é", ": illegal base64 data at input byte 0"),
        (token_of(b""), ": unexpected end of JSON input"),
        (token_of([]), ": json: cannot unmarshal array into Go value of type storage.continueToken"),
        (good(rv="5"), ": json: cannot unmarshal string into Go struct field continueToken.rv of type int64"),
        (good(start=1), ": json: cannot unmarshal number into Go struct field continueToken.start of type string"),
        (good(v="v2"), ": server does not recognize this encoded version v2"),
        (token_of({}), ": server does not recognize this encoded version "),
        (good(rv=0), ": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
        (good(start=""), ": encoded start key empty (version meta.k8s.io/v1)"),
        (good(start="../x"), ": ../x"),
        (good(start="a//b"), ": a//b"),
    ],
)
def test_what_is_no_token(token: str, text: str) -> None:
    with pytest.raises(ApiError) as caught:
        decode(token)
    assert caught.value.code == 400
    assert caught.value.message == f"invalid continue token: continue key is not valid{text}"


segments = st.text("abc-0", min_size=1, max_size=5)


@given(st.integers(min_value=1, max_value=2**62), st.sampled_from(["", "a/", "a-b/"]), segments)
def test_a_token_is_read_as_it_was_written(revision: int, namespace: str, name: str) -> None:
    key = namespace + name
    assert decode(after(key, revision)) == (revision, key + "\0")
    assert decode(encode(key, LATEST)) == (None, key)


@given(
    st.text(max_size=20)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rv", "start", "v"]), inner, max_size=4)
        ),
        max_leaves=6,
    ).map(token_of)
)
def test_a_foreign_token_is_refused_or_harmless(token: str) -> None:
    try:
        found = decode(token)
    except ApiError as error:
        assert error.code == 400
    else:
        assert isinstance(found.start, str)
