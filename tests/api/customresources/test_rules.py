"""Rules of schemas, asked about new objects and about changes."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.errors import ApiError
from tests.api.customresources.conftest import WIDGETS, definition


def ruled(rules: list[dict[str, Any]], **properties: Any) -> dict[str, Any]:
    """A definition whose spec has these rules and fields."""
    spec = {"type": "object", "x-kubernetes-validations": rules, "properties": properties}
    schema = {"type": "object", "properties": {"spec": spec}}
    return definition(versions=[{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}])


NUMBER, TEXT = {"type": "integer"}, {"type": "string"}


async def fault(world: Any, spec: dict[str, Any], *, name: str = "one") -> str:
    """What is told of a create that is refused."""
    with pytest.raises(ApiError) as error:
        await world.client.create(WIDGETS, "default", {"metadata": {"name": name}, "spec": spec})
    return str(error.value).partition(" is invalid: ")[2]


async def test_a_rule_and_its_message(world) -> None:
    await world.define(
        ruled(
            [
                {
                    "rule": "self.low <= self.high",
                    "messageExpression": "'low is %d'.format([self.low])",
                    "fieldPath": ".low",
                },
                {"rule": "self.low != 3", "message": "three is taken", "reason": "FieldValueForbidden"},
                {"rule": "!has(self.name) || self.name != 'x'"},
            ],
            low=NUMBER,
            high=NUMBER,
            name=TEXT,
        )  # fmt: skip
    )
    assert await fault(world, {"low": 2, "high": 1}) == "spec.low: Invalid value: low is 2"
    assert await fault(world, {"low": 3, "high": 4}) == "spec: Forbidden: three is taken"
    assert await fault(world, {"low": 1, "high": 4, "name": "x"}) == (
        "spec: Invalid value: failed rule: !has(self.name) || self.name != 'x'"
    )
    assert "no such key: high evaluating rule: self.low <= self.high" in await fault(world, {"low": 1})
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"low": 1, "high": 1}})


async def test_rules_that_look_back(world) -> None:
    fixed = {**TEXT, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "may not change"}]}
    once = {"rule": "oldSelf.hasValue() || self.start == 'a'", "optionalOldSelf": True, "message": "starts with a"}
    await world.define(ruled([once], fixed=fixed, start=TEXT))
    assert await fault(world, {"start": "b"}) == "spec: Invalid value: starts with a"
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"start": "a", "fixed": "x"}})
    await world.client.patch(WIDGETS, "default", "one", {"spec": {"start": "b"}})
    with pytest.raises(ApiError, match='spec.fixed: Invalid value: "y": may not change'):
        await world.client.patch(WIDGETS, "default", "one", {"spec": {"fixed": "y"}})


async def test_what_breaks_a_new_rule_may_stay(world) -> None:
    await world.define(ruled([], size=NUMBER, other=NUMBER))
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"size": 9}})
    small = {**NUMBER, "x-kubernetes-validations": [{"rule": "self < 5", "message": "too large"}]}
    await world.change(
        "widgets.example.com", {"spec": {"versions": ruled([], size=small, other=NUMBER)["spec"]["versions"]}}
    )
    await world.client.patch(WIDGETS, "default", "one", {"spec": {"other": 1}})
    with pytest.raises(ApiError, match="spec.size: Invalid value: 10: too large"):
        await world.client.patch(WIDGETS, "default", "one", {"spec": {"size": 10}})


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"rule": "self.nosuch > 1"}, "compilation failed: ERROR: <input>:1:5: undefined field 'nosuch'"),
        ({"rule": "self.size"}, "cel expression must evaluate to a bool"),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression must evaluate to a string"),
        ({"rule": "true", "optionalOldSelf": True}, "may not be set if oldSelf is not used in rule"),
        ({"rule": "true", "fieldPath": ".none"}, "must be a valid path"),
        ({"rule": "true", "reason": "Nope"}, 'Unsupported value: "Nope"'),
    ],
)
async def test_rules_that_are_none(world, rule, told) -> None:
    with pytest.raises(ApiError) as error:
        await world.define(ruled([rule], size=NUMBER))
    assert told in str(error.value)


async def test_items_of_a_list_without_keys_cannot_look_back(world) -> None:
    items = {**NUMBER, "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
    with pytest.raises(ApiError, match="oldSelf cannot be used on the uncorrelatable portion of the schema"):
        await world.define(ruled([], sizes={"type": "array", "items": items}))
