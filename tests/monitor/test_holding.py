"""What a worker has in hand: shards that change, acknowledgements that are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.clock import ManualClock
from monitor.pipeline.filing import Taken
from monitor.pipeline.holding import CLAIM_EVERY, STALE, Hand
from monitor.ports import GROUP, Entry
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b


class Bench:
    """A hand over a real log, and what it filed."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(b.T0)
        self.store = SqliteStore.open(f"sqlite:///{folder / 'store.db'}")
        self.log = EmbeddedLog.open(folder / "store.db", clock=self.clock)
        self.filed: list[str] = []
        self.hand = Hand(self.take, self.store, self.log, self.clock, group=GROUP, consumer="me")

    def take(self, entries: Sequence[Entry]) -> Taken:
        self.filed += [entry.position for entry in entries]
        return Taken(mentions=len(entries))

    def turn(self) -> bool:
        busy = self.hand.fill()
        if busy:
            self.hand.file()
        return busy


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.log.close()
    made.store.close()


def test_an_acknowledgement_that_was_lost_is_made_up_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    [position] = bench.log.append([b.entry(b"[]")])
    with monkeypatch.context() as patched:
        patched.setattr(bench.log, "ack", lambda group, positions: None)
        assert bench.turn()
    assert not bench.turn()
    bench.clock.move(CLAIM_EVERY)
    assert not bench.turn(), "what was handed out a minute ago may still be under way"
    bench.clock.move(STALE)
    assert bench.turn()
    assert bench.filed == [position, position]
    assert bench.log.backlog(GROUP).entries == 0


def test_a_worker_without_shards_reads_nothing(bench: Bench) -> None:
    bench.log.append([b.entry(b"[]")])
    bench.hand.own([])
    assert not bench.turn()
    bench.hand.own([0])
    assert bench.turn()


def test_what_is_somebody_elses_now_is_dropped_and_claimed_when_it_comes_back(
    bench: Bench,
) -> None:
    bench.log.append([b.entry(b"[]"), b.entry(b"[]")])
    assert bench.hand.fill()
    assert bench.hand.busy
    bench.hand.drop()
    assert not bench.hand.busy
    bench.clock.move(timedelta(seconds=1))
    assert not bench.turn()
    bench.hand.own([0])
    assert bench.turn()
    assert len(bench.filed) == 2
    assert bench.log.backlog(GROUP).entries == 0
