"""What can be broken in what clients of the API and of DNS ask: their requests, their watches, their questions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from minikube_lite.machinery.fault_specs import DELAY_SECONDS_MAX, FaultTarget, fits

Patterns = tuple[str, ...]
CODE_MIN, CODE_MAX = 400, 599
DNS_TYPE_MAX = 65535


class Call(FaultTarget):
    """What tells one request from another. Each is a list of names or patterns, as web-*; an empty one fits all."""

    verbs: Annotated[
        Patterns,
        Field(description="As in roles: get, list, watch, create, update, patch, delete, deletecollection."),
    ] = ()
    api_groups: Annotated[Patterns, Field(description='As in roles: "" is the core group.')] = ()
    resources: Annotated[Patterns, Field(description="As in roles: pods, pods/log, deployments/*.")] = ()
    namespaces: Annotated[Patterns, Field(description="The namespaces; what has none is not in any.")] = ()
    names: Annotated[Patterns, Field(description="The names of objects, as far as a request's path has one.")] = ()
    users: Annotated[Patterns, Field(description="The users.")] = ()
    user_agents: Annotated[Patterns, Field(description="What clients call themselves, as kubectl/* .")] = ()

    @property
    def shown_target(self) -> str:
        """Verbs and resources."""
        return f"{','.join(self.verbs) or '*'} {','.join(self.resources) or '*'}"

    def fits(self, facts: CallFacts) -> bool:
        """Whether a request is meant."""
        return (
            fits(self.verbs, facts.verb)
            and fits(self.api_groups, facts.group)
            and fits(self.resources, facts.resource)
            and fits(self.namespaces, facts.namespace)
            and fits(self.names, facts.name)
            and fits(self.users, facts.user)
            and fits(self.user_agents, facts.user_agent)
        )


class CallFacts:
    """What a request is, as far as faults look at it. `resource` has its subresource, as pods/log."""

    __slots__ = ("group", "name", "namespace", "resource", "user", "user_agent", "verb")

    def __init__(
        self, verb: str, group: str, resource: str, namespace: str, name: str, user: str, user_agent: str
    ) -> None:
        self.verb = verb
        self.group = group
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.user = user
        self.user_agent = user_agent

    def __str__(self) -> str:
        place = "/".join(part for part in (self.namespace, self.name) if part)
        return f"{self.verb} {self.resource}{f' {place}' if place else ''} by {self.user_agent or self.user}"


class RequestFault(Call):
    """Requests to the API that do not go as they should. The cluster's own parts, discovery and this group are left alone."""

    type: Annotated[
        Literal["Error", "Delay", "Hang", "Disconnect"],
        Field(
            description="Error: an error is answered. Delay: it takes longer. Hang: there is no answer, until the client "
            "leaves. Disconnect: the connection is cut."
        ),
    ]
    code: Annotated[
        int, Field(ge=CODE_MIN, le=CODE_MAX, description="Of an Error: its HTTP status, as 409, 429, 500, 503, 504.")
    ] = 503
    message: Annotated[str, Field(description="Of an Error: its message, if it is to be another than upstream's.")] = ""
    retry_after_seconds: Annotated[
        int | None, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of an Error: when the client may try again.")
    ] = None
    delay_seconds: Annotated[
        float, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of a Delay: so many seconds of emulated time.")
    ] = 1
    after_the_request: Annotated[
        bool, Field(description="Whether the request takes effect first, and only its answer is struck.")
    ] = False


class WatchFault(Call):
    """Watches of clients that do not go on as they should: those that are open, and those that begin."""

    type: Annotated[
        Literal["End", "Cut", "Expire", "Stale", "Late"],
        Field(
            description="End: it ends in order. Cut: its connection is cut. Expire: its revision is said to be too old "
            "(410), so that the client must list again. Stale: nothing is told while the fault is there. Late: each "
            "change is told later."
        ),
    ]
    delay_seconds: Annotated[
        float, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of Late: so many seconds of emulated time.")
    ] = 5


class DnsFault(FaultTarget):
    """Questions to the cluster's DNS server, from pods and from the host, that are not answered as they should."""

    names: Annotated[Patterns, Field(description="The names that are asked for, as *.svc.cluster.local.")] = ()
    query_types: Annotated[Patterns, Field(description="Their types, as A or SRV.")] = ()
    type: Annotated[
        Literal["ServFail", "NxDomain", "Refused", "Silent", "Delay"],
        Field(
            description="ServFail, NxDomain, Refused: that is answered. Silent: nothing is. Delay: the answer comes later."
        ),
    ]
    delay_seconds: Annotated[
        float, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of a Delay: so many seconds of emulated time.")
    ] = 1

    @property
    def shown_target(self) -> str:
        """The names."""
        return ",".join(self.names) or "*"

    def fits(self, name: str, query_type: str) -> bool:
        """Whether a question is meant."""
        return fits(self.names, name.lower().rstrip(".")) and fits(self.query_types, query_type)
