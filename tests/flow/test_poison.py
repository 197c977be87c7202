"""A poisonous entry: what cannot be filed is put aside with its reason, and the rest goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from detectors.mention import Mention
from detectors.score.base import Scorer, Scores
from monitor.clock import ManualClock
from monitor.pipeline import Pipeline, Taken, holding
from monitor.pipeline.work import work
from monitor.ports import GROUP, Entry, EntryKind, NewEntry, NoSignals, Unavailable
from monitor.stream.embedded import EmbeddedLog
from tests.flow.conftest import TOPIC, Flow
from tests.flow.installed import LONG, soon
from tests.flow.scenes import MONDAY, post

POISON = "acme bahn: \N{SKULL AND CROSSBONES}"


@dataclass
class Choking:
    """The shipped scorer, but one text makes it raise, as a bug would."""

    scorer: Scorer
    chokes_on: str = POISON
    calls: int = 0

    @property
    def version(self) -> str:
        return self.scorer.version

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        self.calls += 1
        if any(self.chokes_on in text for text in texts):
            raise ZeroDivisionError("a secret in a text")
        return self.scorer.score(texts, langs)

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        return self.scorer.reasons(text, lang, limit)


@dataclass
class Working:
    """A worker in a thread over a real log, and what it told."""

    made: Flow
    log: EmbeddedLog
    clock: ManualClock
    told: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def append(self, *batches: Sequence[Mention]) -> None:
        self.log.append(
            [
                NewEntry(EntryKind.CREATED, "forum", self.clock.now(), msgspec.json.encode(batch))
                for batch in batches
            ]
        )

    def stored(self) -> int:
        return self.made.store.read.totals()["mention"]

    def parked(self) -> int:
        return self.made.store.read.parked_count()

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(
            target=work,
            args=(self.made.pipeline, self.log, self.clock, stop),
            kwargs={"on_trouble": self.trouble.append, "on_parked": self.told.append},
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(LONG)
            assert not thread.is_alive()


@pytest.fixture
def working(flow: Callable[..., Flow], tmp_path: Path) -> Iterator[Working]:
    made = flow()
    clock = ManualClock(MONDAY)
    made.pipeline.begin_at(MONDAY)
    log = EmbeddedLog.open(tmp_path / "log.db", synchronous="OFF", clock=clock)
    yield Working(made, log, clock)
    log.close()


def choke(working: Working, on: str = POISON) -> Choking:
    """Start the pipeline anew with a scorer that raises for one text."""
    choking = Choking(working.made.parts.scorer, on)
    scored = replace(working.made.parts, scorer=choking)
    working.made.pipeline = Pipeline(working.made.store, scored, NoSignals())
    return choking


def cure(working: Working) -> None:
    """Start the pipeline anew with the shipped scorer, as the next version would."""
    working.made.pipeline = Pipeline(working.made.store, working.made.parts, NoSignals())


def good(n: int | str) -> Mention:
    return post(n, MONDAY, f"Bin mit der Acme Bahn gefahren ({n})")


BAD = post("bad", MONDAY, POISON)


def test_one_text_that_chokes_the_scorer_costs_nobody_else(working: Working) -> None:
    choke(working)
    working.append([good(1)], [good(2), BAD, good(3)], [good(4)])
    with working.running():
        assert soon(lambda: working.stored() == 4 and len(working.told) == 2)
        assert soon(lambda: working.log.backlog(GROUP).entries == 0)  # nothing comes again
    [parked] = working.made.store.read.parked(10)
    assert msgspec.json.decode(parked.entry.payload, type=list[Mention]) == [BAD]
    assert parked.error.startswith("ZeroDivisionError at test_poison.py:")
    assert parked.at == MONDAY
    assert working.told[0] == ""
    assert working.told[1].startswith("1 batch could not be filed: ZeroDivisionError at ")
    assert "secret" not in working.told[1]  # /readyz is open to everybody
    assert working.made.counted() == (4, 4)


def test_the_next_start_files_it_where_the_bug_is_gone(working: Working) -> None:
    choke(working)
    working.append([good(1), BAD])
    with working.running():
        assert soon(lambda: working.parked() == 1 and working.stored() == 1)
    choke(working)
    working.told.clear()
    with working.running():
        assert soon(lambda: len(working.told) == 1)
    assert working.told[0].startswith("1 batch")  # still there, still told
    cure(working)
    working.told.clear()
    with working.running():
        assert soon(lambda: working.told == [""])
    assert working.parked() == 0
    assert working.made.counted() == (2, 2)


def test_of_what_was_parked_the_part_that_can_be_filed_is(working: Working) -> None:
    choke(working, on="acme")  # both of them choke ...
    working.append([post("a", MONDAY, "acme bahn, eins"), BAD])
    with working.running():
        assert soon(lambda: working.parked() == 1)
    assert working.stored() == 0
    choke(working)  # ... and now only one
    with working.running():
        assert soon(lambda: working.stored() == 1)
    [parked] = working.made.store.read.parked(10)
    assert msgspec.json.decode(parked.entry.payload, type=list[Mention]) == [BAD]


def test_an_entry_that_is_no_json_is_parked_whole(working: Working) -> None:
    working.log.append([NewEntry(EntryKind.CREATED, "forum", MONDAY, b"[{]")])
    working.append([good(1)])
    with working.running():
        assert soon(lambda: working.stored() == 1 and working.parked() == 1)
    [parked] = working.made.store.read.parked(10)
    assert parked.entry.payload == b"[{]"


def test_a_failure_that_passes_parks_nothing(working: Working) -> None:
    choking = choke(working)
    working.append([BAD])
    with working.running():
        assert soon(lambda: choking.calls == 2)
        choking.chokes_on = "something else"
        assert soon(lambda: working.stored() == 1)
    assert working.parked() == 0


def test_when_everything_fails_it_stands_still_and_says_so(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "PARKED_IN_A_ROW", 3)
    choke(working, on="Acme")
    working.append(*([good(n)] for n in range(10)))
    with working.running():
        assert soon(lambda: working.parked() == 3)
        assert soon(lambda: working.trouble[-1:] == ["ZeroDivisionError: a secret in a text"])
    assert working.parked() == 3
    assert working.log.backlog(GROUP).entries == 7  # the door says 503 before the disk is full
    cure(working)
    with working.running():
        assert soon(lambda: working.stored() == 10)
    assert working.made.counted() == (10, 10)


def test_a_full_disk_parks_nothing(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    take = working.made.pipeline.take

    def full(entries: Sequence[Entry]) -> Taken:
        tries.append(len(entries))
        if len(tries) <= 2:
            raise Unavailable("full")
        return take(entries)

    monkeypatch.setattr(holding, "PATIENCE", 1)
    monkeypatch.setattr(working.made.pipeline, "take", full)
    working.append([good(1)], [good(2)])
    with working.running():
        assert soon(lambda: working.stored() == 2)
    assert tries == [2, 2, 2]
    assert working.parked() == 0


def test_a_log_that_hands_out_and_then_fails_loses_nothing(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = working.log.read, [Unavailable("the answer got lost")]

    def lossy(group: str, consumer: str, limit: int, shards: list[int]) -> list[Entry]:
        got = read(group, consumer, limit, shards)
        if got and failures:
            raise failures.pop()
        return got

    monkeypatch.setattr(working.log, "read", lossy)
    working.append([good(1)])
    with working.running():
        assert soon(lambda: working.stored() == 1)


def test_a_start_while_the_log_cannot_answer_is_no_end(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = working.log.claim, [Unavailable("full")]

    def failing(
        group: str, consumer: str, older_than: datetime, limit: int, shards: list[int]
    ) -> list[Entry]:
        if failures:
            raise failures.pop()
        return claim(group, consumer, older_than, limit, shards)

    monkeypatch.setattr(working.log, "claim", failing)
    working.append([good(1)])
    with working.running():
        assert soon(lambda: working.stored() == 1)
        assert soon(lambda: working.trouble == ["Unavailable: full", ""])


def test_after_a_commit_that_failed_nothing_counts_as_late(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, end = working.made, MONDAY + timedelta(minutes=5)
    made.take([good(1)], MONDAY)

    def full(topic: str, id: str, version: int) -> None:
        raise Unavailable("full")

    with monkeypatch.context() as patched:
        patched.setattr(NoSignals, "publish", staticmethod(full))  # the last step of a tick
        assert made.pipeline.tick(end + timedelta(minutes=2)) == []
    assert made.pipeline.trouble == "Unavailable: full"
    assert made.take([good(2)], end).late == 0  # the store has not closed that bin
    made.tick(end + timedelta(minutes=3))
    assert made.pipeline.trouble == ""
    [result] = made.store.read.results(TOPIC.id, MONDAY, end)
    assert (result.revision, result.mentions) == (0, 2)
