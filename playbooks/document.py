"""Document: a YAML file as nodes that know their lines; reading from it collects complaints.

Scalars are taken as they are written (``no`` stays the word "no"), aliases are refused, and
depth and size are bounded, so that no file can cost more than its own length.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from playbooks.complaints import Complaint, nearest, one_of, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12
"""Deeper than any playbook goes; keeps PyYAML's recursion far from its end."""


class _Refused(yaml.MarkedYAMLError):
    """Something that YAML allows and a playbook does not."""


class _Loader(yaml.SafeLoader):
    """Composes nodes only; nothing is ever constructed from tags."""

    _depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(AliasEvent):
            self._refuse("an alias (*name); expected the text itself, written out")
        if self._depth >= MAX_DEPTH:
            self._refuse(f"nested more than {MAX_DEPTH} levels deep")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def _refuse(self, text: str) -> NoReturn:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped in types-PyYAML
        raise _Refused(problem=text, problem_mark=event.start_mark)


class Document:
    """One parsed file. Every reading method returns None, and complains, where things do not fit."""

    def __init__(self, file: str, root: MappingNode) -> None:
        self.file = file
        self.root = root
        self.complaints: list[Complaint] = []

    def complain(self, node: Node, key: str, text: str) -> None:
        self.complaints.append(Complaint(self.file, line_of(node), key, text))

    def mapping(self, node: Node, key: str, known: Collection[str]) -> dict[str, Node] | None:
        """Return the entries of a mapping; unknown and repeated keys are complaints."""
        if not isinstance(node, MappingNode):
            self.complain(node, key, f"expected a mapping with {one_of(known)}")
            return None
        found: dict[str, Node] = {}
        for name_node, value in node.value:
            name = name_node.value if isinstance(name_node, ScalarNode) else None
            if not isinstance(name, str) or name not in known:
                hint = nearest(name, known) if isinstance(name, str) else ""
                what = shown(name) if isinstance(name, str) else ""
                self.complain(name_node, key, f"unknown key {what}; expected {one_of(known)}{hint}")
            elif name in found:
                self.complain(name_node, key, f'"{name}" stands here twice; expected it once')
            else:
                found[name] = value
        return found

    def text(self, node: Node, key: str) -> str | None:
        """Return a scalar that is not blank, without white space around it."""
        if isinstance(node, ScalarNode) and node.value.strip():
            return str(node.value).strip()
        self.complain(node, key, "expected a text that is not empty")
        return None

    def items(self, node: Node, key: str) -> list[Node]:
        """Return the entries of a list."""
        if isinstance(node, SequenceNode):
            return list(node.value)
        self.complain(node, key, "expected a list")
        return []

    def word(self, node: Node, key: str, what: str, known: Collection[str]) -> str | None:
        """Return a scalar that is one of ``known``; ``what`` names the kind in the complaint."""
        value = self.text(node, key)
        if value is None or value in known:
            return value
        hint = nearest(value, known) or f"; expected {one_of(known)}"
        self.complain(node, key, f"unknown {what} {shown(value)}{hint}")
        return None


def line_of(node: Node) -> int:
    """Return the line of a node, from 1."""
    return int(node.start_mark.line) + 1


def parse(data: bytes, file: str) -> Document | Complaint:
    """Return the document in ``data``, or the one complaint that makes it unreadable."""
    if len(data) > MAX_BYTES:
        return Complaint(file, 0, "", f"larger than {MAX_BYTES} bytes; expected one playbook")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Complaint(file, line, "", "not UTF-8; save the file as UTF-8")
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join((error.problem or "cannot be read").split())
        prefix = "" if isinstance(error, _Refused) else "not YAML: "
        return Complaint(file, mark.line + 1 if mark else 0, "", f"{prefix}{problem}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Complaint(file, line, "", f"not YAML: {error.reason}")
    if not isinstance(root, MappingNode):
        return Complaint(file, line_of(root) if root else 0, "", "expected a mapping: id, title, …")
    return Document(file, root)
