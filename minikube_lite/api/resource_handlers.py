"""The methods of HTTP on resources, one function each; upstream: apiserver/pkg/endpoints/handlers/{get,create,update,patch,delete}.go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from minikube_lite.api.applying import APPLY_PATCH, decode_configuration
from minikube_lite.api.bodies import FieldValidation, field_validation
from minikube_lite.api.deletion import DeleteOptions
from minikube_lite.api.list_options import parse_bool, parse_int, parse_list_options
from minikube_lite.api.negotiation import JSON, PROTOBUF, parse_media_type
from minikube_lite.api.patching import check_patch_type, decode_patch
from minikube_lite.api.registry import WriteOptions
from minikube_lite.api.render import Answer, answer, list_answer, object_answer
from minikube_lite.api.request import Request
from minikube_lite.api.scheme import Decodable
from minikube_lite.api.streaming import WatchStream
from minikube_lite.api.verbs import STATUS_SUCCESS, Shown, Verbs
from minikube_lite.api.watch import WATCH_TIMEOUT_SECONDS_MIN, FutureRevision, Watch
from minikube_lite.machinery import errors
from minikube_lite.machinery.metadata import validate_field_manager
from minikube_lite.schema.decode import DecodeError, decode
from minikube_lite.schema.field import FieldError, Path, forbidden, not_supported, required
from minikube_lite.schema.parse import find_kind, parse_json, parse_yaml
from minikube_lite.store import Compacted, Object


class ResourceHandlers:
    """GET, POST, PUT, PATCH and DELETE."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        schema = verbs.scheme.schemas.type_for("", "v1", "DeleteOptions")
        assert schema is not None
        self._delete_options = schema
        self._random = verbs.registry.clock.random_stream("watch timeouts")

    async def handle(self, request: Request) -> Answer:
        """The answer to one request. Raises ApiError."""
        self._check_verb(request)
        warn_of_deprecation(request)
        if request.method == "GET":
            await self._verbs.prepare(request.resource, request.info.namespace, request.info.name)
            return self._get(request) if request.info.name else self._list(request)
        if request.method == "POST":
            return await self._create(request)
        if request.method == "PUT":
            return await self._replace(request)
        if request.method == "PATCH":
            return await self._patch(request)
        return await self._delete(request) if request.info.name else await self._delete_collection(request)

    def _check_verb(self, request: Request) -> None:
        """405 for what the resource cannot do at this path, 404 for a subresource that it does not have."""
        info, resource = request.info, request.resource
        if info.subresource:
            sub = resource.subresources.get(info.subresource)
            if sub is None and resource.custom is not None:
                raise errors.not_found(resource.gvr, info.name)
            if sub is None or info.rest:
                raise errors.page_not_found()
            verbs, table = sub.verbs, SUBRESOURCE_VERBS
        else:
            verbs, table = resource.info.verbs, SINGLE_VERBS if info.name else COLLECTION_VERBS
        verb = table.get(request.method)
        if verb is None or verb not in verbs:
            raise errors.method_not_allowed()
        if verb == "create" and not info.subresource and resource.info.namespaced and not info.namespace:
            raise errors.method_not_allowed()

    # Reading

    def _get(self, request: Request) -> Answer:
        """e.g. GET /api/v1/namespaces/default/pods/kubia-0"""
        info = request.info
        form = request.form
        version = request.query.get("resourceVersion", "")
        shown = self._verbs.get_subresource(request.resource, info.namespace, info.name, info.subresource, version)
        return self._object(request, shown, 200, form)

    def _list(self, request: Request) -> Answer:
        """e.g. GET /api/v1/namespaces/default/pods?labelSelector=app%3Dkubia"""
        form = request.form
        page = self._verbs.reading.list_page(
            request.resource, request.info.namespace, parse_list_options(request.query)
        )
        return list_answer(request.resource, page, form, self._now(), request.query.get("includeObject", ""))

    def watch(self, request: Request) -> WatchStream:
        """e.g. GET /api/v1/pods?watch=true&resourceVersion=5, GET /api/v1/watch/pods"""
        if "watch" not in request.resource.info.verbs:
            raise errors.method_not_allowed()
        warn_of_deprecation(request)
        options = parse_list_options(request.query, watch=True)
        timeout = options.timeout_seconds or WATCH_TIMEOUT_SECONDS_MIN * (1 + self._random.random())
        registry = self._verbs.registry
        watch = Watch(registry.store, registry.clock, request, options, timeout)
        try:
            watch.open()
        except Compacted as error:
            return WatchStream(watch, timeout, request.warnings, watch.error(errors.expired(str(error))))
        except FutureRevision as error:
            too_large = errors.too_large_resource_version(error.asked, error.current)
            return WatchStream(watch, timeout, request.warnings, watch.error(too_large))
        return WatchStream(watch, timeout, request.warnings)

    # Writing

    async def _create(self, request: Request) -> Answer:
        """e.g. POST /api/v1/namespaces/default/configmaps, POST …/pods/kubia-0/binding"""
        info, resource = request.info, request.resource
        form, body_format = request.form, request.body_format
        data = request.body
        options = self._write_options(request, "CreateOptions")
        validation = field_validation(request.query.get("fieldValidation", ""), "CreateOptions")
        if info.subresource:
            action = self._verbs.subresources.action(resource, info.subresource)
            api_version = f"{action.group}/{action.version}" if action.group else action.version
            wanted = Decodable(action.kind, api_version, action.schema, older=action.older)
            sent = self._verbs.bodies.decode(data, body_format, wanted, validation, request.warnings)
            result = await self._verbs.create_subresource(
                resource, info.namespace, info.name, info.subresource, sent, options
            )
            if result is None:
                return answer({"kind": "Status", "apiVersion": "v1", **STATUS_SUCCESS, "code": 201}, form, 201)
            return answer({"kind": action.kind, "apiVersion": api_version, **result}, form, 201)
        obj = self._verbs.bodies.decode(data, body_format, resource.decodable, validation, request.warnings)
        return self._object(request, await self._verbs.create(resource, info.namespace, obj, options), 201, form)

    async def _replace(self, request: Request) -> Answer:
        """e.g. PUT /api/v1/namespaces/default/configmaps/one"""
        info, resource = request.info, request.resource
        form, body_format = request.form, request.body_format
        data = request.body
        options = self._write_options(request, "UpdateOptions")
        validation = field_validation(request.query.get("fieldValidation", ""), "UpdateOptions")
        view = self._verbs.subresources.view(resource, info.subresource)
        sent = self._verbs.bodies.decode(
            data, body_format, view.shown_as(resource).decodable, validation, request.warnings
        )
        namespace = (
            sent.setdefault("metadata", {}).setdefault("namespace", info.namespace) if resource.info.namespaced else ""
        )
        if namespace != info.namespace:
            raise errors.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        shown, created = await self._verbs.replace(resource, info.namespace, info.name, sent, options)
        return self._object(request, shown, 201 if created else 200, form)

    async def _patch(self, request: Request) -> Answer:
        """e.g. PATCH /apis/apps/v1/namespaces/default/statefulsets/kubia/scale"""
        info = request.info
        form = request.form
        patch_type = parse_media_type(request.content_type).name
        check_patch_type(request.resource, patch_type)
        data = request.body
        options = self._write_options(request, "PatchOptions", patch_type=patch_type)
        validation = field_validation(request.query.get("fieldValidation", ""), "PatchOptions")
        if patch_type == APPLY_PATCH:
            shown, created = await self._apply(request, data, options, validation)
        else:
            patch = decode_patch(data, patch_type, validation, request.warnings)
            shown, created = await self._verbs.patch(
                request.resource, info.namespace, info.name, patch, patch_type, options, validation
            )
        return self._object(request, shown, 201 if created else 200, form)

    async def _apply(
        self, request: Request, data: bytes, options: WriteOptions, validation: FieldValidation
    ) -> tuple[Shown, bool]:
        """e.g. PATCH …/configmaps/one?fieldManager=me&force=true of application/apply-patch+yaml"""
        info, force = request.info, parse_bool(request.query.get("force", ""))
        configuration = decode_configuration(data)
        options = replace(options, operation="Apply")
        return await self._verbs.apply(
            request.resource, info.namespace, info.name, configuration, options, validation, force=force
        )

    async def _delete(self, request: Request) -> Answer:
        """e.g. DELETE /api/v1/namespaces/default/pods/kubia-0?gracePeriodSeconds=0"""
        info, resource = request.info, request.resource
        form = request.form
        sent = self._delete_body(request)
        options = DeleteOptions.of(sent)
        write = self._write_options(request, "DeleteOptions", dry_run=sent.get("dryRun", []))
        deleted = await self._verbs.deletion.delete(resource, info.namespace, info.name, options, write)
        await self._verbs.registry.converting.prepare(resource, [deleted.record])
        if deleted.gone and not resource.kind.delete_returns_object:
            details = errors.object_details(
                info.name, resource.info.group, resource.info.name, uid=deleted.record.object["metadata"]["uid"]
            )
            status: Object = {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            }
            return answer(status, form, 200)
        code = 202 if not deleted.gone and options.orphan_dependents is False else 200
        return self._object(request, Shown(resource, deleted.record), code, form)

    async def _delete_collection(self, request: Request) -> Answer:
        """e.g. DELETE /api/v1/namespaces/default/pods?labelSelector=app%3Dkubia"""
        info, resource = request.info, request.resource
        form = request.form
        chosen = parse_list_options(request.query)
        sent = self._delete_body(request)
        write = self._write_options(request, "DeleteOptions", dry_run=sent.get("dryRun", []))
        page = await self._verbs.delete_collection(resource, info.namespace, chosen, DeleteOptions.of(sent), write)
        return list_answer(resource, page, form, self._now(), request.query.get("includeObject", ""))

    def _delete_body(self, request: Request) -> Object:
        """DeleteOptions of the body, or of the query where there is none."""
        data = request.body
        if not data:
            return _delete_query(request.query)
        try:
            api_version, kind, value = self._read_options(data, request.body_format)
            if kind not in ("", "DeleteOptions"):
                scheme = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:40"
                raise DecodeError(f'no kind "{kind}" is registered for version "{api_version}" in scheme "{scheme}"')
            options: Object = decode(self._delete_options, value or {}).value
        except DecodeError as error:
            raise errors.bad_request(str(error)) from None
        return options

    def _read_options(self, data: bytes, body_format: str) -> tuple[str, str, Any]:
        """The body of a DELETE as apiVersion, kind and value; raises DecodeError."""
        if body_format == PROTOBUF:
            return self._verbs.bodies.protobuf.decode_unknown(data, default_kind="DeleteOptions")
        try:
            value, _ = (parse_json if body_format == JSON else parse_yaml)(data)
        except DecodeError as error:
            raise DecodeError(f"couldn't get version/kind; json parse error: {error}") from None
        return *find_kind(value), value

    def _write_options(
        self, request: Request, kind: str, *, patch_type: str = "", dry_run: list[str] | None = None
    ) -> WriteOptions:
        asked = dry_run if dry_run is not None else [request.query["dryRun"]] if "dryRun" in request.query else []
        faults: list[FieldError] = []
        if patch_type == APPLY_PATCH and not request.query.get("fieldManager"):
            faults.append(required(Path("fieldManager"), "is required for apply patch"))
        if patch_type and patch_type != APPLY_PATCH and "force" in request.query:
            faults.append(forbidden(Path("force"), "may not be specified for non-apply patch"))
        faults.extend(validate_field_manager(request.query.get("fieldManager", ""), Path("fieldManager")))
        if any(name != "All" for name in asked):
            faults.append(not_supported(Path("dryRun"), asked, ("All",)))
        if faults:
            raise errors.invalid("meta.k8s.io", kind, "", faults)
        return WriteOptions(
            request.user, request.manager, bool(asked), request.info.subresource, warnings=request.warnings
        )

    def _object(self, request: Request, shown: Shown, code: int, form: Any) -> Answer:
        return object_answer(
            shown.resource, shown.record, form, code, self._now(), request.query.get("includeObject", "")
        )

    def _now(self) -> float:
        return self._verbs.registry.clock.now()


def warn_of_deprecation(request: Request) -> None:
    """Whoever asks for a version that is on its way out is told, whatever is done with it; upstream: endpoints/deprecation."""
    if request.resource.deprecation and not request.info.subresource:
        request.warnings.append(request.resource.deprecation)


COLLECTION_VERBS = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
SINGLE_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
SUBRESOURCE_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


def _delete_query(query: dict[str, str]) -> Object:
    options: Object = {}
    grace = parse_int(query.get("gracePeriodSeconds", ""))
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    if "orphanDependents" in query:
        options["orphanDependents"] = parse_bool(query["orphanDependents"])
    if query.get("propagationPolicy"):
        options["propagationPolicy"] = query["propagationPolicy"]
    if "dryRun" in query:
        options["dryRun"] = [query["dryRun"]]
    return options
