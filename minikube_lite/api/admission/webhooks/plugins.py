"""The two plugins: one lets webhooks change an object, the other lets them refuse it; upstream: webhook/{mutating,validating}."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.api.admission.webhooks.conditions import ConditionError, conditions_hold
from minikube_lite.api.admission.webhooks.matching import Invocation, Matcher
from minikube_lite.api.admission.webhooks.review import (
    API_VERSION,
    InvalidResponse,
    Response,
    admission_request,
    denial,
    read_response,
    told_object,
)
from minikube_lite.api.bodies import read_typed
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.api.webhook_calls import CallError, call
from minikube_lite.machinery import errors
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.decode import DecodeError
from minikube_lite.schema.json_patch import PatchError, PatchFormatError, apply_json_patch
from minikube_lite.store import Object

GROUP = "admissionregistration.k8s.io"
MUTATING = GroupVersionResource(GROUP, "v1", "mutatingwebhookconfigurations")
VALIDATING = GroupVersionResource(GROUP, "v1", "validatingwebhookconfigurations")


class _Caller:
    """Asks one webhook after the other."""

    def __init__(self, scheme: Scheme, *, mutating: bool) -> None:
        self._scheme = scheme
        self._mutating = mutating
        self._matcher = Matcher(scheme)

    def invocations(self, attributes: Attributes) -> list[Invocation]:
        """The webhooks that a write concerns."""
        return list(self._matcher.invocations(attributes, MUTATING if self._mutating else VALIDATING))

    def own(self, attributes: Attributes) -> ServedResource:
        """The resource that is written."""
        resource = self._scheme.find(attributes.resource)
        assert resource is not None
        return resource

    async def ask(self, invocation: Invocation, attributes: Attributes) -> Response | None:
        """What a webhook answers; None where it is not asked, or failed and may. Raises ApiError where it refuses."""
        hook, context = invocation.hook, attributes.context
        request = admission_request(attributes, self.own(attributes), invocation.resource, context.clock.uid())
        try:
            if not conditions_hold(hook.get("matchConditions") or (), request):
                return None
        except ConditionError as error:
            if hook.get("failurePolicy") == "Ignore":
                return None
            raise forbidden_by_admission(attributes, str(error)) from None
        if context.dry_run and hook.get("sideEffects") not in ("None", "NoneOnDryRun"):
            raise errors.bad_request(f'admission webhook "{hook["name"]}" does not support dry run')
        try:
            response = await self._post(hook, request, attributes)
        except (CallError, InvalidResponse) as error:
            if hook.get("failurePolicy") == "Ignore":
                return None
            what = "failed to call webhook" if isinstance(error, CallError) else "received invalid webhook response"
            raise errors.internal(f'failed calling webhook "{hook["name"]}": {what}: {error}') from None
        context.warnings.extend(response.warnings)
        if not response.allowed:
            raise denial(hook["name"], response.status)
        return response

    async def _post(self, hook: Any, request: Object, attributes: Attributes) -> Response:
        body = orjson.dumps({"kind": "AdmissionReview", "apiVersion": API_VERSION, "request": request})
        seconds = hook.get("timeoutSeconds") or 10
        answer = await call(hook["clientConfig"], body, seconds, attributes.context.clock.transport)
        return read_response(answer, request["uid"], mutating=self._mutating)


class ValidatingAdmissionWebhook(Plugin):
    """Asks all at once; the first in order that refuses is told."""

    def __init__(self, scheme: Scheme) -> None:
        self._caller = _Caller(scheme, mutating=False)

    async def validate(self, attributes: Attributes) -> None:
        invocations = self._caller.invocations(attributes)
        if not invocations:
            return
        asked = [self._caller.ask(invocation, attributes) for invocation in invocations]
        for result in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result


class MutatingAdmissionWebhook(Plugin):
    """Asks one after the other; those that want it are asked again where a later one changed the object."""

    def __init__(self, scheme: Scheme) -> None:
        self._caller = _Caller(scheme, mutating=True)

    async def admit(self, attributes: Attributes) -> None:
        invocations = self._caller.invocations(attributes)
        seen: list[tuple[Invocation, Object | None]] = []
        for invocation in invocations:
            await self._let_change(invocation, attributes)
            seen.append((invocation, copy_object(attributes.new)))
        for invocation, left in seen:
            if invocation.hook.get("reinvocationPolicy") == "IfNeeded" and left != attributes.new:
                await self._let_change(invocation, attributes)

    async def _let_change(self, invocation: Invocation, attributes: Attributes) -> None:
        response = await self._caller.ask(invocation, attributes)
        if response is None or not response.patch:
            return
        name, new = invocation.hook["name"], attributes.new
        if new is None:
            text = (
                f'admission webhook "{name}" attempted to modify the object, which is not supported for this operation'
            )
            raise errors.internal(text)
        own, told = self._caller.own(attributes), invocation.resource
        shown = told_object(new, own, told) or {}
        try:
            patched = apply_json_patch(shown, response.patch)
            read, _ = read_typed(patched, told.schema)
        except (PatchError, PatchFormatError, DecodeError) as error:
            raise errors.internal(str(error)) from None
        changed = own.hooked(read) if told is own else own.hooked(own.from_store(told.to_store(read)))
        own.strategy.default(changed)
        _replace(new, changed)


def _replace(new: Object, changed: Object) -> None:
    """Put the changed object in the place of the new one, whose metadata others hold on to."""
    metadata: Object = new["metadata"]
    kept = changed.get("metadata") or {}
    metadata.clear()
    metadata.update(kept)
    new.clear()
    new.update({**changed, "metadata": metadata})
