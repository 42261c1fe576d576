"""docs/api-coverage.md says what is served now."""

from __future__ import annotations

import api_coverage
import pytest


def test_the_page_is_up_to_date() -> None:
    assert api_coverage.PAGE.read_text() == api_coverage.page(), "run python tools/api_coverage.py"


@pytest.mark.parametrize(
    ("request_line", "resource"),
    [
        ("GET /api/v1/namespaces/{ns}/pods?watch=true", ("", "pods")),
        ("GET /api/v1/namespaces", ("", "namespaces")),
        ("GET /api/v1/namespaces/{ns}", ("", "namespaces")),
        ("PUT /api/v1/namespaces/{ns}/finalize", ("", "namespaces")),
        ("PATCH /apis/apps/v1/namespaces/{ns}/deployments/web/scale", ("apps", "deployments")),
        ("GET /version", ("", "")),
    ],
)
def test_what_a_recorded_request_is_about(request_line: str, resource: tuple[str, str]) -> None:
    assert api_coverage.asked(request_line) == resource
