"""The plugin: every binding of every policy that concerns a write is asked; upstream: policy/validating/dispatcher.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.api.admission.webhooks.matching import EXEMPT_GROUP, Matcher
from minikube_lite.api.admission.webhooks.review import admission_request
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.machinery.resources import NAMESPACES, GroupVersionResource
from minikube_lite.machinery.selectors import label_selector_as_selector
from minikube_lite.store import Object

if TYPE_CHECKING:
    from minikube_lite.api.admission.policies.programs import PolicyProgram

POLICIES = GroupVersionResource(EXEMPT_GROUP, "v1", "validatingadmissionpolicies")
BINDINGS = GroupVersionResource(EXEMPT_GROUP, "v1", "validatingadmissionpolicybindings")
CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
NO_PARAMS = "no params found for policy binding with `Deny` parameterNotFoundAction"


class Finding(NamedTuple):
    """What a policy has against a write, and by which binding; "" where the policy itself is in the way."""

    message: str
    reason: str
    policy: str
    binding: str

    @property
    def text(self) -> str:
        """As it is told."""
        by = f" with binding '{self.binding}'" if self.binding else ""
        return f"ValidatingAdmissionPolicy '{self.policy}'{by} denied request: {self.message}"


class ValidatingAdmissionPolicy(Plugin):
    """Refuses what a bound policy finds; the first finding is told."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._matcher = Matcher(scheme)
        self._programs: dict[str, tuple[str, PolicyProgram | str]] = {}

    async def validate(self, attributes: Attributes) -> None:
        reader = attributes.context.reader
        bindings = reader.list_objects(BINDINGS)
        resource = self._scheme.find(attributes.resource)
        if not bindings or attributes.resource.group == EXEMPT_GROUP or resource is None:
            return
        for policy in reader.list_objects(POLICIES):
            bound = [each for each in bindings if each["spec"]["policyName"] == policy["metadata"]["name"]]
            for finding in self._findings(policy, bound, attributes, resource):
                error = forbidden_by_admission(attributes, finding.text, [{"message": finding.text}])
                error.reason = finding.reason or "Invalid"
                error.code = CODES.get(error.reason, 422)
                raise error

    def _findings(
        self, policy: Object, bindings: list[Object], attributes: Attributes, own: ServedResource
    ) -> Iterator[Finding]:
        spec, name = policy["spec"], policy["metadata"]["name"]
        told = self._matcher.told(spec.get("matchConstraints") or {}, "resourceRules", attributes, own)
        if told is None:
            return
        program = self._program(policy)
        for binding in bindings:
            match, bound = binding["spec"].get("matchResources"), binding["metadata"]["name"]
            if match is not None and self._matcher.told(match, "resourceRules", attributes, own) is None:
                continue
            for message, reason, trouble in self._ask(program, policy, binding, attributes, own, told):
                if trouble and spec.get("failurePolicy") == "Ignore":
                    continue
                actions = binding["spec"].get("validationActions") or ()
                if "Warn" in actions:
                    text = f"Validation failed for ValidatingAdmissionPolicy '{name}' with binding '{bound}': {message}"
                    attributes.context.warnings.append(text)
                if "Deny" in actions:
                    yield Finding(message, reason, name, bound)

    def _ask(
        self,
        program: PolicyProgram | str,
        policy: Object,
        binding: Object,
        attributes: Attributes,
        own: ServedResource,
        told: ServedResource,
    ) -> Iterator[tuple[str, str, bool]]:
        if isinstance(program, str):
            yield program, "", True
            return
        request = admission_request(attributes, own, told, attributes.context.clock.uid())
        values: dict[str, Any] = {
            "object": request.pop("object"),
            "oldObject": request.pop("oldObject"),
            "request": request,
        }
        namespace = attributes.context.namespace
        values["namespaceObject"] = attributes.context.reader.get(NAMESPACES, "", namespace) if namespace else None
        params = self._params(policy["spec"].get("paramKind"), binding["spec"].get("paramRef"), attributes)
        if params is None:
            yield f"failed to configure binding: {NO_PARAMS}", "", True
            return
        for each in params:
            yield from program.ask({**values, "params": each})

    def _program(self, policy: Object) -> PolicyProgram | str:
        """The compiled policy, or why it is none; kept for each version of it."""
        from minikube_lite.api.admission.policies.programs import ExpressionError, PolicyProgram

        metadata = policy["metadata"]
        version, known = self._programs.get(metadata["uid"], ("", ""))
        if version != metadata["resourceVersion"]:
            try:
                known = PolicyProgram(policy["spec"])
            except ExpressionError as error:
                known = str(error)
            self._programs[metadata["uid"]] = (metadata["resourceVersion"], known)
        return known

    def _params(
        self, kind: Mapping[str, Any] | None, reference: Mapping[str, Any] | None, attributes: Attributes
    ) -> list[Object | None] | None:
        """The objects by which a policy is parameterised: [None] where it has none, None where they must be there and are not."""
        if kind is None or reference is None:
            return [None]
        group, _, version = kind["apiVersion"].rpartition("/")
        resource = self._scheme.of_kind(group, version, kind["kind"])
        found: list[Object] = []
        if resource is not None:
            namespace = ""
            if resource.info.namespaced:
                namespace = reference.get("namespace") or attributes.context.namespace
            found = self._objects(resource, namespace, reference, attributes)
        if not found:
            return None if reference.get("parameterNotFoundAction") == "Deny" else []
        return [{"apiVersion": kind["apiVersion"], "kind": kind["kind"], **obj} for obj in found]

    def _objects(
        self, resource: ServedResource, namespace: str, reference: Mapping[str, Any], attributes: Attributes
    ) -> list[Object]:
        reader = attributes.context.reader
        if reference.get("name"):
            obj = reader.get(resource.gvr, namespace, reference["name"])
            return [resource.from_store(obj)] if obj is not None else []
        selector = label_selector_as_selector(reference.get("selector") or {})
        items = reader.list_objects(resource.gvr, namespace)
        return [resource.from_store(obj) for obj in items if selector.matches(obj["metadata"].get("labels") or {})]
