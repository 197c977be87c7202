"""What every log keeps: order, durability, redelivery, resume, trimming."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.clock import SystemClock
from monitor.ports import Entry, EntryKind, Log
from tests import builders as b
from tests.laws.children import killed_after, start
from tests.laws.homes import LOGS, LogHome
from tests.threads import together

CLOCK = SystemClock()


def numbered(*numbers: int) -> list[bytes]:
    return [b"%d" % n for n in numbers]


def append(log: Log, *numbers: int) -> list[str]:
    return log.append([b.entry(payload) for payload in numbered(*numbers)])


def payloads(entries: list[Entry]) -> list[bytes]:
    return [e.payload for e in entries]


def lost(log: Log, limit: int = 1000) -> list[Entry]:
    return log.claim("g", "c", CLOCK.now(), limit)


def drained(log: Log, group: str = "g", consumer: str = "c") -> list[Entry]:
    found: list[Entry] = []
    while got := log.read(group, consumer, 7):
        found += got
    return found


def test_entries_come_in_the_order_of_their_appends(log: Log) -> None:
    append(log, 1, 2)
    append(log, 3)
    append(log, 4, 5)
    assert payloads(log.read("g", "c", 4)) == numbered(1, 2, 3, 4)
    assert payloads(log.read("g", "c", 4)) == numbered(5)


def test_an_entry_comes_back_as_it_was_given(log: Log) -> None:
    given = b.entry(
        b"\x00\xff" * 40_000, kind=EntryKind.DELETED, source="quelle-ä", at=b.after(0.123456)
    )
    [position] = log.append([given])
    [got] = log.read("g", "c", 10)
    assert got == Entry(
        position, EntryKind.DELETED, "quelle-ä", b.after(0.123456), given.payload, redelivered=False
    )


def test_appending_nothing_is_nothing(log: Log) -> None:
    assert log.append([]) == []
    assert log.read("g", "c", 10) == []


def test_each_position_is_another(log: Log) -> None:
    positions = append(log, 1, 2) + append(log, 3)
    assert len(set(positions)) == 3


def test_consumers_of_a_group_never_share_an_entry(log: Log) -> None:
    append(log, *range(6))
    first = log.read("g", "one", 2)
    second = log.read("g", "two", 2)
    third = log.read("g", "one", 9)
    assert payloads(first + second + third) == numbered(*range(6))


def test_every_group_sees_every_entry(log: Log) -> None:
    append(log, 1, 2, 3)
    assert payloads(drained(log, "g")) == numbered(1, 2, 3)
    assert payloads(drained(log, "other")) == numbered(1, 2, 3)


def test_what_was_not_acknowledged_comes_again_and_says_so(log: Log) -> None:
    append(log, 1, 2, 3)
    got = log.read("g", "c", 3)
    log.ack("g", [got[1].position])
    again = lost(log)
    assert payloads(again) == numbered(1, 3)
    assert all(e.redelivered for e in again)
    assert [e.position for e in again] == [got[0].position, got[2].position]
    assert log.read("g", "c", 3) == []


def test_what_was_handed_out_a_moment_ago_is_nobody_elses_yet(log: Log) -> None:
    append(log, 1)
    log.read("g", "one", 1)
    assert log.claim("g", "two", CLOCK.now() - timedelta(hours=1), 10) == []


def test_claiming_respects_its_limit_and_takes_the_oldest(log: Log) -> None:
    append(log, 1, 2, 3)
    log.read("g", "c", 3)
    assert payloads(lost(log, 2)) == numbered(1, 2)


def test_an_acknowledged_entry_never_comes_again(log: Log) -> None:
    append(log, 1)
    got = log.read("g", "c", 1)
    log.ack("g", [got[0].position])
    log.ack("g", [got[0].position])
    assert lost(log) == []
    assert log.backlog("g").entries == 0


def test_acknowledging_for_one_group_leaves_the_other_alone(log: Log) -> None:
    append(log, 1)
    log.read("g", "c", 1)
    [entry] = log.read("other", "c", 1)
    log.ack("other", [entry.position])
    assert payloads(lost(log)) == numbered(1)


def test_after_a_restart_it_goes_on_where_it_was(log_home: LogHome) -> None:
    log = log_home.open()
    append(log, 1, 2, 3, 4)
    done, pending = log.read("g", "c", 2)
    log.ack("g", [done.position])
    log.close()
    log = log_home.open()
    assert payloads(lost(log)) == [pending.payload]
    assert payloads(log.read("g", "c", 9)) == numbered(3, 4)
    log.close()


def test_positions_go_on_rising_after_everything_was_trimmed(log_home: LogHome) -> None:
    log = log_home.open()
    before = append(log, 1, 2)
    log.ack("g", [e.position for e in log.read("g", "c", 9)])
    assert log.trim() == 2
    log.close()
    log = log_home.open()
    after = append(log, 3)
    assert after[0] not in before
    assert payloads(log.read("g", "c", 9)) == numbered(3)
    log.close()


def test_trim_keeps_what_any_group_still_needs(log: Log) -> None:
    append(log, 1, 2, 3)
    assert log.trim() == 0, "nobody has read yet"
    mine = log.read("g", "c", 3)
    theirs = log.read("other", "c", 2)
    log.ack("g", [e.position for e in mine])
    assert log.trim() == 0, "the other group has acknowledged nothing"
    log.ack("other", [theirs[0].position])
    assert log.trim() == 1
    log.ack("other", [theirs[1].position])
    assert log.trim() == 1
    assert payloads(log.read("other", "c", 9)) == numbered(3)


def test_trim_keeps_everything_behind_the_oldest_pending_entry(log: Log) -> None:
    append(log, 1, 2, 3)
    got = log.read("g", "c", 3)
    log.ack("g", [got[1].position, got[2].position])
    log.trim()
    assert payloads(lost(log)) == numbered(1)


def test_backlog_is_what_is_not_acknowledged(log: Log) -> None:
    assert log.backlog("g").entries == 0
    assert log.backlog("g").oldest is None
    log.append([b.entry(b"abc", at=b.after(1)), b.entry(b"defgh", at=b.after(2))])
    assert (log.backlog("g").entries, log.backlog("g").bytes) == (2, 8)
    [first] = log.read("g", "c", 1)
    assert (log.backlog("g").entries, log.backlog("g").oldest) == (2, b.after(1))
    log.ack("g", [first.position])
    behind = log.backlog("g")
    assert (behind.entries, behind.bytes, behind.oldest) == (1, 5, b.after(2))
    log.trim()
    assert log.backlog("g") == behind


def test_the_backlog_of_a_group_that_comes_late_is_what_is_left(log: Log) -> None:
    append(log, 1, 2, 3)
    log.ack("g", [e.position for e in log.read("g", "c", 2)])
    log.trim()
    assert (log.backlog("late").entries, log.backlog("late").bytes) == (1, 1)
    assert payloads(log.read("late", "c", 9)) == numbered(3)
    assert log.backlog("late").entries == 1


def test_threads_appending_together_lose_and_mix_nothing(log: Log) -> None:
    def work(who: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(20):
                positions[who] += log.append(
                    [b.entry(b"%d:%d" % (who, n)), b.entry(b"%d:%d'" % (who, n))]
                )

        return run

    positions: dict[int, list[str]] = {who: [] for who in range(6)}
    together(*map(work, positions))
    found = drained(log)
    for who, mine in positions.items():
        got = [e for e in found if e.payload.startswith(b"%d:" % who)]
        assert [e.position for e in got] == mine
        assert payloads(got) == [b"%d:%d%s" % (who, n, s) for n in range(20) for s in (b"", b"'")]


def test_an_append_wakes_whoever_waits(log: Log) -> None:
    log.wait(0)
    woken: list[bool] = []
    waiting = threading.Thread(target=lambda: woken.append(log.wait(60)))
    waiting.start()
    append(log, 1)
    waiting.join(30)
    assert woken == [True]


def test_an_append_before_the_waiting_is_not_missed(log: Log) -> None:
    append(log, 1)
    assert log.wait(0)


def test_waiting_for_nothing_ends(log: Log) -> None:
    assert not log.wait(0.01)


def test_what_another_process_appends_is_noticed(log: Log, log_home: LogHome) -> None:
    log.wait(0)
    child = start("append", log_home.spec)
    try:
        assert log.wait(60)
    finally:
        killed_after(child, 1)


@pytest.mark.parametrize("lines", [3, 17, 40])
def test_every_append_that_returned_survives_a_kill(log_home: LogHome, lines: int) -> None:
    said = killed_after(start("append", log_home.spec), lines)
    log = log_home.open()
    found = [e.payload.rstrip(b"x").decode() for e in drained(log)]
    log.close()
    assert len(said) >= lines
    assert found == [f"{n}.{part}" for n in range(len(found) // 3) for part in range(3)]
    # One more may have been durable and not said; a part of an append never is.
    assert len(found) // 3 in (len(said), len(said) + 1)


def test_a_killed_consumer_leaves_nothing_out(log_home: LogHome) -> None:
    log = log_home.open()
    everything = [str(n) for n in range(200)]
    log.append([b.entry(n.encode()) for n in everything])
    said = killed_after(start("consume", log_home.spec), 21)
    got = [line.split()[1:] for line in said if line.startswith("got")]
    did = {n for line in said if line.startswith("did") for n in line.split()[1:]}
    again = [e.payload.decode() for e in lost(log)]
    fresh = [e.payload.decode() for e in drained(log)]
    log.close()
    assert not did & {*again, *fresh}, "what was acknowledged came again"
    # The last ones may have been acknowledged without the child living to say so.
    assert set(everything) - did - {*again, *fresh} in (set(), set(got[-1]))


class LogModel(RuleBasedStateMachine):
    """Any order of appends, reads, acknowledgements, claims, trims and restarts."""

    home: LogHome

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = LOGS[self.kind](Path(self.folder.name))
        self.log = self.home.open()
        self.next = 0
        self.waiting: list[bytes] = []
        self.pending: dict[str, bytes] = {}

    kind = "embedded"

    @initialize()
    def register(self) -> None:
        self.log.read("g", "c", 1)

    @rule(n=st.integers(1, 4))
    def appends(self, n: int) -> None:
        new = numbered(*range(self.next, self.next + n))
        self.next += n
        self.log.append([b.entry(payload) for payload in new])
        self.waiting += new

    @rule(limit=st.integers(1, 5), consumer=st.sampled_from(["c", "d"]))
    def reads(self, limit: int, consumer: str) -> None:
        got = self.log.read("g", consumer, limit)
        assert payloads(got) == self.waiting[:limit]
        del self.waiting[:limit]
        self.pending |= {e.position: e.payload for e in got}

    @rule(data=st.data())
    def acknowledges(self, data: st.DataObject) -> None:
        done = data.draw(st.sets(st.sampled_from(sorted(self.pending)))) if self.pending else set()
        self.log.ack("g", sorted(done))
        for position in done:
            del self.pending[position]

    @rule()
    def claims(self) -> None:
        assert {e.position: e.payload for e in lost(self.log)} == self.pending

    @rule()
    def trims(self) -> None:
        self.log.trim()

    @rule()
    def restarts(self) -> None:
        self.log.close()
        self.log = self.home.open()

    @invariant()
    def backlog_agrees(self) -> None:
        left = [*self.pending.values(), *self.waiting]
        behind = self.log.backlog("g")
        assert (behind.entries, behind.bytes) == (len(left), sum(map(len, left)))

    def teardown(self) -> None:
        self.log.close()
        self.folder.cleanup()


@pytest.mark.parametrize("kind", sorted(LOGS))
def test_any_history_keeps_order_and_loses_nothing(kind: str) -> None:
    machine = type(f"Model_{kind}", (LogModel,), {"kind": kind}).TestCase
    machine.settings = settings(
        max_examples=25 if kind == "embedded" else 10,  # a server is asked over a socket
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()
