"""ClusterRoles that gather the rules of others."""

from __future__ import annotations

from minikube_lite.controllers.clusterroleaggregation import ClusterRoleAggregationController
from minikube_lite.machinery.aggregation import aggregated_rules
from minikube_lite.machinery.resources import CLUSTER_ROLES


def rule(resource: str) -> dict:
    return {"verbs": ["get"], "apiGroups": [""], "resources": [resource]}


def role(name: str, *resources: str, into: str = "", gathers: str = "") -> dict:
    made: dict = {"metadata": {"name": name}, "rules": [rule(one) for one in resources]}
    if into:
        made["metadata"]["labels"] = {"into": into}
    if gathers:
        made["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"into": one}} for one in gathers.split()]}
    return made


def test_rules_come_in_order_of_selectors_and_names_each_once() -> None:
    roles = [role("c", "x", into="a"), role("b", "y", "x", into="a"), role("d", "z", into="b"), role("e", "w")]
    gathering = role("all", "old", into="a", gathers="b a")
    assert aggregated_rules(gathering, [*roles, gathering]) == [rule("z"), rule("y"), rule("x")]


async def test_rules_follow_the_roles_through_several_steps(world) -> None:
    await world.start(ClusterRoleAggregationController)
    await world.create(CLUSTER_ROLES, role("admin", gathers="admin"), "")
    await world.create(CLUSTER_ROLES, role("edit", into="admin", gathers="edit"), "")
    await world.create(CLUSTER_ROLES, role("mine", "pods", into="edit"), "")
    await world.settle()
    assert (await world.get(CLUSTER_ROLES, "admin", ""))["rules"] == [rule("pods")]

    await world.change(CLUSTER_ROLES, "mine", lambda obj: obj.update(rules=[rule("pods"), rule("nodes")]), namespace="")
    await world.settle()
    admin = await world.get(CLUSTER_ROLES, "admin", "")
    assert admin["rules"] == [rule("pods"), rule("nodes")]
    managers = {entry["manager"]: entry["operation"] for entry in admin["metadata"]["managedFields"]}
    assert managers["clusterrole-aggregation-controller"] == "Apply"

    await world.client.delete(CLUSTER_ROLES, "", "mine")
    await world.settle()
    assert not (await world.get(CLUSTER_ROLES, "admin", "")).get("rules")


async def test_what_somebody_writes_into_it_is_put_right(world) -> None:
    await world.start(ClusterRoleAggregationController)
    await world.create(CLUSTER_ROLES, role("all", gathers="all"), "")
    await world.create(CLUSTER_ROLES, role("mine", "pods", into="all"), "")
    await world.settle()
    await world.change(CLUSTER_ROLES, "all", lambda obj: obj.update(rules=[rule("secrets")]), namespace="")
    await world.settle()
    assert (await world.get(CLUSTER_ROLES, "all", ""))["rules"] == [rule("pods")]
