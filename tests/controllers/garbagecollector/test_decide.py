"""What the garbage collector does with an item, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.garbagecollector.decide import (
    Delete,
    ForgetOwners,
    FreeDependents,
    LookAtDependents,
    Nothing,
    RemoveFinalizer,
    decide,
)
from minikube_lite.controllers.garbagecollector.graph import Item
from minikube_lite.machinery.resources import PODS

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


def item(uid: str = "i", *, owners: Any = (), finalizers: Any = (), deleting: bool = False, block: bool = True) -> Item:
    references = tuple(
        {"apiVersion": "v1", "kind": "Pod", "name": owner, "uid": owner, "blockOwnerDeletion": block}
        for owner in owners
    )
    return Item(PODS, "Pod", "default", uid, uid, references, tuple(finalizers), deleting)


WAITING = item("d", owners=["i"], finalizers=[FOREGROUND], deleting=True)
PLAIN = item("d", owners=["i"])


@pytest.mark.parametrize(
    ("subject", "owners", "dependents", "expected"),
    [
        (item(), {}, [], Nothing()),
        (item(owners="a"), {"a": "solid"}, [], Nothing()),
        (item(owners="a"), {"a": "unknown"}, [], Nothing()),
        (item(owners="a"), {"a": "dangling"}, [], Delete("Background")),
        (item(owners="ab"), {"a": "dangling", "b": "dangling"}, [], Delete("Background")),
        (item(owners="ab"), {"a": "dangling", "b": "solid"}, [], ForgetOwners(("a",))),
        (item(owners="ab"), {"a": "waiting", "b": "solid"}, [], ForgetOwners(("a",))),
        (item(owners="ab"), {"a": "dangling", "b": "unknown"}, [], Nothing()),
        (item(owners="a"), {"a": "waiting"}, [], Delete("Background")),
        (item(owners="a"), {"a": "waiting"}, [PLAIN], Delete("Foreground")),
        (item(owners="a"), {"a": "waiting"}, [WAITING], Delete("Foreground", unblock=True)),
        (item(owners="a", finalizers=[ORPHAN]), {"a": "dangling"}, [], Delete("Orphan")),
        (item(owners="a", finalizers=[FOREGROUND]), {"a": "dangling"}, [], Delete("Foreground")),
        (item(owners="a", deleting=True), {"a": "dangling"}, [], Nothing()),
        (item(finalizers=[FOREGROUND], deleting=True), {}, [], RemoveFinalizer(FOREGROUND)),
        (item(finalizers=[FOREGROUND], deleting=True), {}, [PLAIN], LookAtDependents(("d",))),
        (item(finalizers=[FOREGROUND], deleting=True), {}, [WAITING], LookAtDependents(())),
        (
            item(finalizers=[FOREGROUND], deleting=True),
            {},
            [item("d", owners="i", block=False)],
            RemoveFinalizer(FOREGROUND),
        ),
        (item(finalizers=[ORPHAN], deleting=True), {}, [PLAIN], FreeDependents((PLAIN,))),
    ],
)
def test_decision(subject, owners, dependents, expected):
    assert decide(subject, owners, dependents) == expected
