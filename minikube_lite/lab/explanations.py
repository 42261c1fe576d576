"""Explanations: why something is as it is, for whoever creates one; the answer is not stored. No counterpart upstream.

In form it is a review, as a SubjectAccessReview is one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from minikube_lite.machinery.kind import Kind, Strategy
from minikube_lite.machinery.own_kind import Model, OwnKind
from minikube_lite.machinery.resources import EXPLANATIONS
from minikube_lite.schema.resources import ResourceInfo


class ExplanationSpec(Model):
    """What is asked about."""

    resource: Annotated[
        str, Field(min_length=1, description="As kubectl takes it: pod, sts, deployments, or name.group.")
    ]
    namespace: Annotated[
        str, Field(description="Its namespace, if the resource is namespaced; default if not given.")
    ] = ""
    name: Annotated[str, Field(min_length=1, description="Its name. It need not be there.")]


class Reason(Model):
    """What one part of the cluster has to say about it."""

    component: Annotated[str, Field(description="Who says so, as statefulset-controller, or what shows it, as status.")]
    reason: Annotated[str, Field(description="In a word, where there is one.")] = ""
    message: Annotated[str, Field(description="In a sentence.")]
    since: Annotated[
        datetime | None,
        Field(
            description="Since when, in emulated time.",
            json_schema_extra={"type": "string", "format": "date-time"},
        ),
    ] = None


class ExplanationStatus(Model):
    """Why it is as it is."""

    sentence: Annotated[str, Field(description="All of it in a sentence.")] = ""
    reasons: Annotated[list[Reason], Field(description="The reasons, what counts most first.")] = []


class Explanation(Model):
    """Tells why an object is as it is, or why it is not there. Create one to ask; it is answered and not stored."""

    spec: Annotated[ExplanationSpec, Field(description="What is asked about.")]
    status: Annotated[ExplanationStatus, Field(description="The answer.")] = ExplanationStatus()


class ExplanationStrategy(Strategy):
    """Nothing is stored."""

    manages_generation = False
    tracks_fields = False


EXPLANATION = OwnKind(
    ResourceInfo(
        group=EXPLANATIONS.group,
        version=EXPLANATIONS.version,
        preferred_version=EXPLANATIONS.version,
        name=EXPLANATIONS.resource,
        singular="explanation",
        kind="Explanation",
        namespaced=False,
        verbs=("create",),
    ),
    Explanation.model_json_schema(),
    Kind(group=EXPLANATIONS.group, plural=EXPLANATIONS.resource, strategy=ExplanationStrategy()),
)
