"""A kubeconfig as a document, and what may be done to it; pure functions. Upstream: client-go/tools/clientcmd/api.

It is kept as the tree of its YAML nodes, so that what is not ours is written back as it was: quotes, numbers and unknown
fields too. Comments go, as with kubectl.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

SECTIONS = ("clusters", "contexts", "users")
CURRENT_CONTEXT = "current-context"
STRING, SEQUENCE, MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))

Collection = TypeVar("Collection", MappingNode, SequenceNode)


class BrokenKubeconfigError(ValueError):
    """The text is no kubeconfig; the message says why, in one line."""


def parse(text: str) -> MappingNode:
    """The document of a text; an empty one is a kubeconfig without entries. Raises BrokenKubeconfigError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise BrokenKubeconfigError(" ".join(str(error).split())) from error
    if root is None or _is_null(root):
        root = _mapping([(_string("apiVersion"), _string("v1")), (_string("kind"), _string("Config"))])
    if not isinstance(root, MappingNode):
        raise BrokenKubeconfigError("it is no mapping of names to values")
    kind = _value(root, "kind")
    if kind is not None and kind.value != "Config":
        raise BrokenKubeconfigError("its kind is not Config")
    for section in SECTIONS:
        for entry in _entries(root, section):
            if not isinstance(entry, MappingNode) or not isinstance(_value(entry, "name"), ScalarNode):
                raise BrokenKubeconfigError(f"an entry of its {section} has no name")
    return root


def text_of(document: MappingNode) -> str:
    """The document as YAML."""
    text: str = yaml.serialize(document, Dumper=yaml.SafeDumper, width=math.inf, allow_unicode=True)
    return text


def names(document: MappingNode) -> list[str]:
    """The names of all entries, of whatever section, each once."""
    found = [_name(entry) for section in SECTIONS for entry in _entries(document, section)]
    return list(dict.fromkeys(found))


def context_names(document: MappingNode) -> list[str]:
    """The names of the contexts."""
    return [_name(entry) for entry in _entries(document, "contexts")]


def server_of(document: MappingNode, name: str) -> str:
    """The server of the cluster entry of that name; "" for none."""
    for entry in _entries(document, "clusters"):
        cluster = _value(entry, "cluster") if _name(entry) == name and isinstance(entry, MappingNode) else None
        server = _value(cluster, "server") if isinstance(cluster, MappingNode) else None
        if isinstance(server, ScalarNode):
            return str(server.value)
    return ""


def current_context(document: MappingNode) -> str:
    """The context that kubectl uses; "" for none."""
    node = _value(document, CURRENT_CONTEXT)
    return str(node.value) if isinstance(node, ScalarNode) and not _is_null(node) else ""


def with_current_context(document: MappingNode, name: str) -> MappingNode:
    """The document with another current context; "" for none."""
    return _with_value(document, CURRENT_CONTEXT, _string(name))


def with_entries(document: MappingNode, other: MappingNode) -> MappingNode:
    """The document with another one's entries, which take the place of those of the same names."""
    for section in SECTIONS:
        added = list(_entries(other, section))
        taken = {_name(entry) for entry in added}
        kept = [entry for entry in _entries(document, section) if _name(entry) not in taken]
        document = _with_section(document, section, [*kept, *added])
    return document


def without_entries(document: MappingNode, name: str) -> MappingNode:
    """The document without the entries of that name."""
    for section in SECTIONS:
        entries = list(_entries(document, section))
        kept = [entry for entry in entries if _name(entry) != name]
        if len(kept) < len(entries):
            document = _with_section(document, section, kept)
    return document


def _entries(document: MappingNode, section: str) -> Iterable[Node]:
    node = _value(document, section)
    if node is None or _is_null(node):
        return ()
    if not isinstance(node, SequenceNode):
        raise BrokenKubeconfigError(f"its {section} are no list")
    return tuple(node.value)


def _name(entry: Node) -> str:
    node = _value(entry, "name") if isinstance(entry, MappingNode) else None
    return str(node.value) if node is not None else ""


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag.endswith(":null")


def _with_section(document: MappingNode, section: str, entries: list[Node]) -> MappingNode:
    old = _value(document, section)
    if isinstance(old, SequenceNode):
        return _with_value(document, section, _like(old, entries))
    return _with_value(document, section, SequenceNode(SEQUENCE, entries, flow_style=not entries))


def _with_value(document: MappingNode, key: str, value: Node) -> MappingNode:
    pairs = [(name, value if name.value == key else old) for name, old in document.value]
    if _value(document, key) is None:
        pairs.append((_string(key), value))
    return _like(document, pairs)


def _like(node: Collection, content: list[Any]) -> Collection:
    """A collection of other content, written as that one is; an empty list can only be written in one way."""
    flow = node.flow_style if node.value and content else not content
    return type(node)(node.tag, content, flow_style=flow)


def _mapping(pairs: list[tuple[Node, Node]]) -> MappingNode:
    return MappingNode(MAPPING, pairs, flow_style=False)


def _string(text: str) -> ScalarNode:
    return ScalarNode(STRING, text)
