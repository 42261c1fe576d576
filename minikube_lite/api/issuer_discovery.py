"""Where others find the keys that check tokens of service accounts; upstream: pkg/routes/openidmetadata.go.

The keys' address is the one by which the API was asked, so that who follows it finds them.
"""

from __future__ import annotations

import orjson

from minikube_lite.api.authentication.service_account import ServiceAccountTokens
from minikube_lite.api.authentication.tokens import ALGORITHM
from minikube_lite.api.render import Answer
from minikube_lite.machinery import errors

CONFIGURATION_PATH = "/.well-known/openid-configuration"
KEY_SET_PATH = "/openid/v1/jwks"
CACHE = {"Cache-Control": "public, max-age=3600"}


def issuer_answer(method: str, path: str, host: str, tokens: ServiceAccountTokens) -> Answer | None:
    """e.g. GET /openid/v1/jwks; None for other paths. `host` is the API's, as the client calls it."""
    path = path.rstrip("/")
    if path not in (CONFIGURATION_PATH, KEY_SET_PATH):
        return None
    if method != "GET":
        raise errors.method_not_allowed()
    if path == KEY_SET_PATH:
        return Answer(200, orjson.dumps(tokens.signer.key_set()), "application/jwk-set+json", CACHE)
    configuration = {
        "issuer": tokens.issuer,
        "jwks_uri": f"http://{host}{KEY_SET_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
    return Answer(200, orjson.dumps(configuration), "application/json", CACHE)
