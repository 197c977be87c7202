"""Nothing gets out of an operator's template: no attribute, no file, no object's text, no minute.

An escape would be a result, or a complaint, that shows anything of Python; a file opened, a process
or a connection begun while a template is read or rendered; more work, or a longer result, than the
bounds allow. Work is counted and not timed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import jinja2.debug  # else the first syntax error imports it, and that would be heard
import pytest

from alerts.render import sandbox
from alerts.render.grammar import TemplateFault
from alerts.render.own import NAMES, Own, values
from alerts.render.sandbox import RESULT_LIMIT, STEPS, Budget, Sandboxed
from alerts.trial import sample_deliveries
from tests.alerts.escapes import generated, known
from tests.alerts.samples import delivery

VALUES = values(delivery(), "en")
SHOWS_PYTHON = re.compile(
    r"<class|<function|<module|<bound|<built-in|<generator|object at 0x|Undefined\b|__\w+__"
    r"|\buid=\d|root:|Traceback|\bfile \"|/usr/|/etc/|site-packages|jinja2"
)
TOUCHES = ("open", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "import", "pty.")
FAMILIES = known()
assert jinja2.debug


class Watch:
    """Hears what the interpreter does while a template is at work (PEP 578)."""

    def __init__(self) -> None:
        self.on = False
        self.heard: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event.startswith(TOUCHES):
            self.heard.append(event)

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        self.heard, self.on = [], True
        try:
            yield self.heard
        finally:
            self.on = False


WATCH = Watch()


def escaped(source: str) -> str:
    """Return how ``source`` got out, "" where it did not."""
    told, budget = "", Budget()
    with WATCH.listening() as heard:
        try:
            told, budget = Sandboxed(source, NAMES).measured(VALUES)
        except TemplateFault as fault:
            told = str(fault)
    if heard:
        return f"touched {heard[0]}"
    if budget.steps > STEPS:
        return f"took {budget.steps} steps"
    if len(told.encode("utf-8", "replace")) > RESULT_LIMIT:
        return f"gave {len(told)} characters"
    return shown(told, source)


def shown(told: str, source: str) -> str:
    """Return what ``told`` shows of Python, but for what the template itself had in it."""
    found = [one for one in SHOWS_PYTHON.findall(told) if one not in source]
    return f"showed {found[0]!r}" if found else ""


def test_there_are_more_than_three_hundred_and_no_two_are_alike() -> None:
    all_of_them = [payload for family in FAMILIES.values() for payload in family]
    assert len(all_of_them) == len(set(all_of_them))
    assert len(all_of_them) >= 300
    assert min(len(family) for family in FAMILIES.values()) >= 30


@pytest.mark.parametrize("family", FAMILIES)
def test_no_known_escape_gets_out(family: str) -> None:
    out = {payload: how for payload in FAMILIES[family] if (how := escaped(payload))}
    assert out == {}


def test_none_of_a_thousand_thrown_together_gets_out() -> None:
    out = {payload: how for payload in generated(1000, seed=7) if (how := escaped(payload))}
    assert out == {}


@pytest.mark.parametrize("family", ["walks", "globals", "whole", "formats", "statements"])
def test_behind_the_grammar_stands_a_second_wall(family: str) -> None:
    """The environment alone, without the grammar: still no attribute and no object's text."""
    out = {}
    for payload in FAMILIES[family]:
        if "* 9" in payload or "**" in payload:
            continue  # work without end is the grammar's to refuse
        with WATCH.listening() as heard:
            try:
                template = sandbox._ENVIRONMENT.from_string(payload)
                told = template.render({**VALUES, "_budget": Budget()})
            except Exception:
                told = ""
        if how := shown(told, payload) or ", ".join(heard):
            out[payload] = how
    assert out == {}


def test_the_watch_hears_what_it_is_there_for() -> None:
    with WATCH.listening() as heard, open(__file__):
        pass
    assert "open" in heard


@pytest.mark.parametrize("family", FAMILIES)
def test_no_escape_hinders_an_alert(family: str) -> None:
    """At send time each either says something or gives way to the built-in words."""
    for payload in FAMILIES[family]:
        try:
            own = Own("", payload)
        except TemplateFault:
            continue
        for one in sample_deliveries():
            said = own.words(one, "de")
            assert not (said.fault and said.text)
