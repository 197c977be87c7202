"""A nursery of the benches: children are forked, ended and reaped, and none outlives it."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.bench.machine import alive
from monitor.bench.nursery import Nursery, last_words
from tests.flow.installed import soon

LIVES = """
    import signal, sys
    from pathlib import Path
    from monitor.bench.nursery import obey

    def live(plan):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        Path(plan["sign"]).write_text(plan["word"])
        if plan["word"] != "go":
            signal.pause()

    obey(live)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module ``lives`` that a nursery can run."""
    (tmp_path / "lives.py").write_text(textwrap.dedent(LIVES))
    paths = [str(tmp_path), *filter(None, sys.path)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return tmp_path


@pytest.fixture
def nursery(home: Path) -> Iterator[Nursery]:
    made = Nursery("lives", home / "notes")
    yield made
    made.close()


def born(nursery: Nursery, home: Path, word: str) -> int:
    """Start a child that stays; return its pid once it lives by its plan."""
    sign = home / word
    pid = nursery.start({"sign": str(sign), "word": word})
    assert soon(lambda: sign.exists() and sign.read_text() == word), last_words(home / "notes")
    return pid


def test_children_live_side_by_side_and_each_is_ended_by_itself(
    nursery: Nursery, home: Path
) -> None:
    first, second = born(nursery, home, "first"), born(nursery, home, "second")
    assert nursery.end(first, signal.SIGKILL) == -signal.SIGKILL
    assert not alive(first)
    assert alive(second)
    assert born(nursery, home, "third") not in (first, second)


def test_one_that_ended_by_itself_tells_its_code_when_it_is_asked_for(
    nursery: Nursery, home: Path
) -> None:
    pid = nursery.start({"sign": str(home / "go"), "word": "go"})
    assert soon(lambda: not alive(pid))
    assert nursery.end(pid, signal.SIGKILL) == 0


def test_what_broke_a_child_is_in_the_notes_and_the_nursery_goes_on(
    nursery: Nursery, home: Path
) -> None:
    pid = nursery.start({"word": "lost"})
    assert soon(lambda: not alive(pid))
    assert nursery.end(pid, signal.SIGKILL) == 1
    assert "KeyError: 'sign'" in last_words(home / "notes")
    assert alive(born(nursery, home, "next"))


def test_whoever_still_lives_ends_with_the_nursery(home: Path) -> None:
    nursery = Nursery("lives", home / "notes")
    pids = [born(nursery, home, "one"), born(nursery, home, "two")]
    nursery.close()
    assert soon(lambda: not any(alive(pid) for pid in pids))


def test_a_nursery_that_cannot_start_says_why(home: Path) -> None:
    with pytest.raises(RuntimeError, match=r"missing ended by itself: .*No module named '?missing"):
        Nursery("missing", home / "notes")
