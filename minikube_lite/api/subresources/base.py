"""What a subresource is: a view that can be shown and written, or an action that is created."""

from __future__ import annotations

from typing import Protocol

from minikube_lite.api.registry import WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery.kind import Strategy
from minikube_lite.schema.model import Schema
from minikube_lite.store import Object


class View(Protocol):
    """A form of an object that is read and written in place of it."""

    def shown_as(self, resource: ServedResource) -> ServedResource:
        """The kind in which it is sent and shown."""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        """How writes through it are prepared and checked."""

    def show(self, resource: ServedResource, obj: Object) -> Object:
        """The view of an object; shared where it is the object itself."""

    def merge(self, resource: ServedResource, sent: Object, old: Object | None) -> Object:
        """The new object that a write of the view asks for; may keep `sent`."""

    def show_owned(self, resource: ServedResource, obj: Object) -> Object:
        """The view with the owners of its fields, as an apply needs it."""

    def merge_owned(self, resource: ServedResource, applied: Object, old: Object | None) -> Object:
        """The new object that an apply to the view makes, with the owners of its fields."""


class Action(Protocol):
    """Something that is done to an object by creating a subresource of it."""

    group: str
    version: str
    kind: str
    schema: Schema
    """What is sent."""
    older: tuple[str, ...]
    """Other apiVersions in which it may be sent."""

    async def perform(
        self, resource: ServedResource, namespace: str, name: str, sent: Object, options: WriteOptions
    ) -> Object | None:
        """Do it, or raise ApiError; returns the answer, which is of the kind that is sent, or None for a Status Success."""
