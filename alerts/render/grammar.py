"""Grammar: what an operator's template may be made of, told from its syntax tree before it runs.

Only what is listed here is let through: no call, no assignment, no macro, no import, no name but
those given, no field that begins with "_". So nothing of Python is in reach, whatever a value is.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

from jinja2 import nodes

DEPTH_LIMIT = 40
"""How deep expressions and blocks may be nested; far below what Python's own stack holds."""
LOOP_LIMIT = 3
"""Loops in loops. Python itself takes 20, and reads a file named like the template to say so."""
NODE_LIMIT = 2000
UNDERSCORE = 'no field begins with "_"'
COUNTED = "_counted"
"""The filter that each loop is led through; its name is not one that a template may use."""

_BLOCKS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For)
_LOGIC = (nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Test)
_NUMBERS = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos)
_VALUES = (nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Slice)
_WAYS_IN = (nodes.Getattr, nodes.Getitem, nodes.Filter)
ALLOWED = frozenset([*_BLOCKS, *_LOGIC, *_NUMBERS, *_VALUES, *_WAYS_IN])
TESTS = frozenset(
    {"defined", "undefined", "none", "number", "string", "odd", "even", "in"}
    | {"eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">=", "equalto"}
)
_INSTEAD: dict[type[nodes.Node], str] = {
    nodes.Call: "nothing can be called; there are filters, such as {{ topic|upper }}",
    nodes.Concat: "~ joins nothing here; write the two beside each other",
    nodes.Assign: "nothing can be set",
    nodes.AssignBlock: "nothing can be set",
    nodes.Macro: "there are no macros",
    nodes.Include: "nothing can be included",
    nodes.Import: "nothing can be imported",
    nodes.FromImport: "nothing can be imported",
    nodes.Extends: "nothing can be extended",
    nodes.Pow: "** is not there; numbers are added, subtracted, multiplied and divided",
    nodes.Mod: "% is not there; numbers are added, subtracted, multiplied and divided",
}


class TemplateFault(Exception):
    """A template that cannot be used. ``line`` counts from 1, 0 where none can be told."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.line = line


def checked(tree: nodes.Template, names: Collection[str], filters: Collection[str]) -> int:
    """Return how many nodes ``tree`` has; raises `TemplateFault` for anything that is not allowed."""
    return _Check(names, filters).node(tree, frozenset(), 0)


class _Check:
    def __init__(self, names: Collection[str], filters: Collection[str]) -> None:
        self._names = frozenset(names)
        self._filters = frozenset(filters)
        self._seen = 0
        self._loops = 0

    def node(self, node: nodes.Node, local: frozenset[str], depth: int) -> int:
        """Check ``node`` and all in it; ``local`` are the names of the loops around it."""
        self._seen += 1
        if depth > DEPTH_LIMIT:
            raise TemplateFault(f"nested more than {DEPTH_LIMIT} deep", node.lineno)
        if self._seen > NODE_LIMIT:
            raise TemplateFault(f"more than {NODE_LIMIT} parts", node.lineno)
        if type(node) not in ALLOWED:
            said = _INSTEAD.get(type(node), f"{type(node).__name__.lower()} is not there")
            raise TemplateFault(said, node.lineno)
        self._by_kind(node, local)
        if isinstance(node, nodes.For):
            return self._loop(node, local, depth + 1)
        return 1 + sum(self.node(inner, local, depth + 1) for inner in node.iter_child_nodes())

    def _by_kind(self, node: nodes.Node, local: frozenset[str]) -> None:
        if isinstance(node, nodes.Name):
            self._name(node, local)
        elif isinstance(node, nodes.Getattr):
            _field(node.attr, node.lineno)
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            _field(node.arg.value, node.lineno)
        elif isinstance(node, nodes.Filter):
            self._known("filter", node.name, self._filters, node)
            if node.node is None:
                raise TemplateFault("a filter stands behind a value", node.lineno)
        elif isinstance(node, nodes.Test):
            self._known("test", node.name, TESTS, node)
        elif isinstance(node, nodes.Const) and not _small(node.value):
            raise TemplateFault("a number too large", node.lineno)

    def _name(self, node: nodes.Name, local: frozenset[str]) -> None:
        if node.ctx == "store":
            if node.name.startswith("_") or node.name in self._names or node.name == "loop":
                raise TemplateFault(f'"{node.name}" cannot be the name in a loop', node.lineno)
        elif node.name not in self._names | local:
            hint = _nearest(node.name, self._names)
            raise TemplateFault(f'there is no "{node.name[:40]}"{hint}', node.lineno)

    def _known(
        self, what: str, name: str, known: Collection[str], node: nodes.Filter | nodes.Test
    ) -> None:
        if name not in known:
            hint = _nearest(name, known)
            raise TemplateFault(f'there is no {what} "{name[:40]}"{hint}', node.lineno)
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateFault(f"{name}: its arguments have no names", node.lineno)

    def _loop(self, node: nodes.For, local: frozenset[str], depth: int) -> int:
        """Check a loop, and lead it through `COUNTED` with what one round of it costs."""
        if node.recursive:
            raise TemplateFault("a loop cannot call itself", node.lineno)
        self._loops += 1
        if self._loops > LOOP_LIMIT:
            raise TemplateFault(f"more than {LOOP_LIMIT} loops in each other", node.lineno)
        count = 1 + self.node(node.iter, local, depth) + self.node(node.target, local, depth)
        inside = local | {name.name for name in node.target.find_all(nodes.Name)}
        if isinstance(node.target, nodes.Name):
            inside |= {node.target.name}
        tests = [node.test] if node.test is not None else []
        once = sum(self.node(inner, inside, depth) for inner in (*tests, *node.body))
        otherwise = sum(self.node(inner, local, depth) for inner in node.else_)
        self._loops -= 1
        cost = nodes.Const(1 + once + _text(node), lineno=node.lineno)
        node.iter = nodes.Filter(node.iter, COUNTED, [cost], [], None, None, lineno=node.lineno)
        return count + once + otherwise


LARGEST = 10.0**15
"""Beyond this no number here has a meaning."""
LETTERS = 64
"""Characters that count as much as one part of a template."""


def _small(value: object) -> bool:
    return not isinstance(value, int | float) or abs(value) < LARGEST


def _text(node: nodes.For) -> int:
    """Return what the plain text in a loop costs."""
    return sum(len(data.data) for data in node.find_all(nodes.TemplateData)) // LETTERS


def _field(name: object, line: int) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise TemplateFault(UNDERSCORE, line)


def _nearest(word: str, known: Collection[str]) -> str:
    found = difflib.get_close_matches(word[:40], sorted(known), n=1)
    return f'; did you mean "{found[0]}"?' if found else ""
