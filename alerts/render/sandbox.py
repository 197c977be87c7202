"""Sandbox: one template of an operator's, compiled once, rendered within bounds.

Bounds are counted, not timed, so that the same template always ends the same way: 8 kB of template,
64 kB of result, 4 kB of text in between, and `STEPS` parts evaluated, which take a few hundredths
of a second. Jinja2's own sandbox stands behind the grammar, and fields of anything but a plain
mapping are out of reach altogether (jinja.palletsprojects.com/en/stable/sandbox).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, cast

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.render.grammar import (
    COUNTED,
    LARGEST,
    LETTERS,
    TESTS,
    UNDERSCORE,
    TemplateFault,
    checked,
)

SOURCE_LIMIT = 8 * 1024
"""Bytes of a template."""
RESULT_LIMIT = 64 * 1024
"""Bytes of what it renders to."""
VALUE_LIMIT = 4 * 1024
"""Characters of any text on its way through filters."""
STEPS = 20_000
_BUDGET = "_budget"

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""All that a template ever sees: nothing with methods of ours."""


class Budget:
    """What one rendering may still do; `TemplateFault` beyond it."""

    def __init__(self) -> None:
        self.steps = 0
        self.written = 0

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > STEPS:
            raise TemplateFault("too much work; expected shorter loops")

    def write(self, text: str) -> None:
        self.written += len(text)
        if self.written > RESULT_LIMIT:
            raise TemplateFault(f"the result is longer than {RESULT_LIMIT // 1024} kB")


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2 without globals, loaders and extensions; fields are those of plain mappings only."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, finalize=_finalized, optimized=False, autoescape=False
        )
        self.globals.clear()
        self.filters = {name: _bounded(filter) for name, filter in FILTERS.items()}
        self.filters[COUNTED] = _counted
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:  # jinja2's own signature
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # jinja2's own signature
        if isinstance(obj, Undefined):
            return obj[argument]  # says that it is undefined
        if isinstance(argument, str):
            if argument.startswith("_"):
                raise TemplateFault(UNDERSCORE)
            if type(obj) is dict and argument in obj:
                return obj[argument]
            return self.undefined(f'there is no field "{argument[:40]}"', name=argument[:40])
        if type(obj) in (list, str) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(f"there is no item {argument}")
        return self.undefined("there is no such item")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for value in (left, right):
            if type(value) not in (int, float) or not abs(value) < LARGEST:
                raise TemplateFault(f"{operator} takes two numbers")
        return super().call_binop(context, operator, left, right)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise TemplateFault("nothing can be called")  # the grammar lets no call through


def _budget(context: Context) -> Budget:
    return cast(Budget, context.resolve(_BUDGET))


@pass_context
def _finalized(context: Context, value: object) -> str:
    """Return what is printed of a value; lists and mappings have no text of their own."""
    if isinstance(value, Undefined):
        return str(value)  # says that it is undefined
    if isinstance(value, list | dict | tuple):
        raise TemplateFault("a list cannot be printed whole; choose one of it, or join it")
    if value is not None and type(value) not in (str, int, float, bool):
        raise TemplateFault("only texts and numbers can be printed")
    text = "" if value is None else str(value)
    _budget(context).write(text)
    return text


@pass_context
def _counted(context: Context, items: object, cost: int) -> Iterator[Plain]:
    """Yield ``items``, each at ``cost`` steps."""
    if isinstance(items, Undefined):
        iter(items)  # says that it is undefined
    if not isinstance(items, list | dict | tuple):
        raise TemplateFault("a loop goes through a list")
    budget = _budget(context)
    for item in items:
        budget.spend(cost)
        yield item


def _bounded(filter: Callable[..., Plain]) -> Callable[..., Plain]:
    """Return ``filter`` at a cost by the length of what goes in, refusing what comes out too long."""

    @pass_context
    def bounded(context: Context, value: Plain, *arguments: Plain) -> Plain:
        long = sum(len(v) for v in (value, *arguments) if isinstance(v, str))
        _budget(context).spend(1 + long // LETTERS)
        result = filter(value, *arguments)
        if isinstance(result, str) and len(result) > VALUE_LIMIT:
            raise TemplateFault(f"a text in between is longer than {VALUE_LIMIT} characters")
        return result

    return bounded


def _text(value: object) -> str:
    if isinstance(value, Undefined) or type(value) not in (str, int, float, bool):
        raise TemplateFault("this filter takes a text or a number")
    return str(value)


def _number(value: object) -> float:
    if type(value) not in (int, float) or not abs(cast(float, value)) < LARGEST:
        raise TemplateFault("this filter takes a number")
    return cast(float, value)


def _default(value: Plain | Undefined, other: Plain = "") -> Plain:
    return other if isinstance(value, Undefined) or value in ("", None) else value


def _length(value: Plain) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise TemplateFault("length takes a text or a list")


def _item(value: Plain, place: int) -> Plain:
    if isinstance(value, str | list):
        return value[place] if value else ""
    raise TemplateFault("first and last take a text or a list")


def _join(value: Plain, between: Plain = "") -> str:
    if not isinstance(value, list):
        raise TemplateFault("join takes a list of texts")
    parts, mark = [_text(part) for part in value], _text(between)
    if sum(map(len, parts)) + len(mark) * len(parts) > VALUE_LIMIT:
        raise TemplateFault(f"join: longer than {VALUE_LIMIT} characters")
    return mark.join(parts)


def _replace(value: Plain, old: Plain, new: Plain) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if not old:
        raise TemplateFault("replace: there is nothing to look for")
    if len(text) + text.count(old) * len(new) > 2 * VALUE_LIMIT:
        raise TemplateFault(f"replace: longer than {VALUE_LIMIT} characters")
    return text.replace(old, new)


def _truncate(value: Plain, length: Plain = 80) -> str:
    text, limit = _text(value), max(1, int(_number(length)))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _round(value: Plain, digits: Plain = 0) -> float:
    places = int(_number(digits))
    rounded = round(_number(value), min(max(places, 0), 9))
    return rounded if places else int(rounded)


FILTERS: dict[str, Callable[..., Plain]] = {
    "upper": lambda value: _text(value).upper(),
    "lower": lambda value: _text(value).lower(),
    "capitalize": lambda value: _text(value).capitalize(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "replace": _replace,
    "join": _join,
    "default": _default,
    "d": _default,
    "length": _length,
    "count": _length,
    "first": lambda value: _item(value, 0),
    "last": lambda value: _item(value, -1),
    "round": _round,
    "int": lambda value: int(_number(value)),
}
"""All filters there are; each has a bound of its own."""

_ENVIRONMENT = _Environment()


class Sandboxed:
    """One template; ``names`` are those it may use. Raises `TemplateFault` where it cannot be one."""

    def __init__(self, source: str, names: frozenset[str]) -> None:
        if len(source.encode("utf-8", "replace")) > SOURCE_LIMIT:
            raise TemplateFault(f"longer than {SOURCE_LIMIT // 1024} kB")
        try:
            tree = _ENVIRONMENT.parse(source)
            self.nodes = checked(tree, names, FILTERS)
            self._template = _compiled(tree)
        except TemplateFault:
            raise
        except TemplateSyntaxError as error:
            raise TemplateFault(_said(error.message), error.lineno) from None
        except Exception as error:  # whatever a parser may stumble over; its text is not ours
            raise TemplateFault(f"cannot be read ({type(error).__name__})") from None

    def render(self, values: Mapping[str, Plain]) -> str:
        """Return the result, at most `RESULT_LIMIT` bytes; `TemplateFault` for anything else."""
        return self.measured(values)[0]

    def measured(self, values: Mapping[str, Plain]) -> tuple[str, Budget]:
        """Return the result and what it took."""
        budget = Budget()
        budget.spend(self.nodes)
        context = self._template.new_context({**values, _BUDGET: budget})
        try:
            result = "".join(self._template.root_render_func(context))
        except Exception as error:  # a sandbox's edge: nothing of an error's own text gets out
            raise TemplateFault(_why(error), _line(error.__traceback__)) from None
        if len(result.encode("utf-8", "replace")) > RESULT_LIMIT:
            raise TemplateFault(f"the result is longer than {RESULT_LIMIT // 1024} kB")
        return result, budget


def _compiled(tree: nodes.Template) -> Template:
    code = _ENVIRONMENT.compile(tree)
    return Template.from_code(_ENVIRONMENT, code, {})


def _why(error: Exception) -> str:
    if isinstance(error, TemplateFault | UndefinedError):
        return _said(str(error))
    return f"cannot be worked out ({type(error).__name__})"


def _said(text: str | None) -> str:
    """Return a message of the parser in one short line; it quotes nothing but the template."""
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:200]


def _line(trace: TracebackType | None) -> int:
    """Return the template's line in which an error was raised, 0 where it was in none."""
    line = 0
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
