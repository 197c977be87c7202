"""Silences: kept once, found while they stand and a while after, ended by one of two."""

from __future__ import annotations

from dataclasses import replace

from alerts.alert import Broke, NotifyReason
from alerts.matching import parse
from alerts.silences import Silence, SilenceKind
from detectors.detection import Level
from monitor.ports import Store
from tests import builders as b

SILENCE = Silence(
    key="press-1",
    matchers=parse('topic=acme-bahn level<=4 term="double charge"'),
    since=b.T0,
    until=b.after(hours=4),
    author="kim",
    reason="known outage",
    kind=SilenceKind.SLEEP,
    level=Level.STORM,
    incident="abc",
    authors=12,
    terms=("hotline",),
)


def add(store: Store, silence: Silence) -> Silence | None:
    with store.begin() as tx:
        return tx.add_silence(silence)


def test_a_silence_comes_back_as_it_was_kept_and_its_key_is_kept_once(store: Store) -> None:
    kept = add(store, SILENCE)
    assert kept == SILENCE
    assert kept is not None
    assert kept.version == 1
    assert add(store, replace(SILENCE, reason="another")) is None
    assert store.read.silence(kept.id) == SILENCE
    assert store.read.silence_of("press-1") == SILENCE
    assert store.read.silence(kept.id + 1) is None
    assert store.read.silence_of("press-2") is None


def test_those_that_stand_are_found_the_next_to_end_first(store: Store) -> None:
    later = replace(SILENCE, key="later", until=b.after(hours=9))
    for one in (later, SILENCE):
        add(store, one)
    assert [s.key for s in store.read.silences(b.T0)] == ["press-1", "later"]
    assert [s.key for s in store.read.silences(b.after(hours=4))] == ["later"]
    with store.begin() as tx:
        assert [s.key for s in tx.silences(b.after(hours=4))] == ["later"]


def test_those_that_stopped_are_found_for_as_long_as_asked(store: Store) -> None:
    kept = add(store, SILENCE)
    other = add(store, replace(SILENCE, key="broken"))
    assert kept is not None
    assert other is not None
    ended = replace(other, ended_at=b.after(hours=1), ended_by="lee", broken=Broke.TRIPWIRE)
    with store.begin() as tx:
        assert tx.save_silence(ended, other.version)
    assert [s.key for s in store.read.silences(b.after(hours=2))] == ["press-1"]

    def found(hours: int) -> set[str]:
        return {s.key for s in store.read.silences(b.after(hours=9), b.after(hours=hours))}

    assert (found(1), found(2), found(5)) == ({"press-1", "broken"}, {"press-1"}, set())
    assert store.read.silence(other.id) == ended


def test_a_silence_is_ended_by_one_of_two(store: Store) -> None:
    kept = add(store, SILENCE)
    assert kept is not None
    with store.begin() as tx:
        assert tx.save_silence(replace(kept, ended_at=b.T0, ended_by="kim"), 1)
        assert not tx.save_silence(replace(kept, ended_at=b.T0, ended_by="lee"), 1)
    stored = store.read.silence(kept.id)
    assert stored is not None
    assert (stored.ended_by, stored.version) == ("kim", 2)


def test_what_was_told_is_found_with_its_targets_and_what_was_held_back_too(store: Store) -> None:
    storm = b.incident()
    first = b.alert(storm, at=b.T0)
    held = b.alert(storm, reason=NotifyReason.ESCALATED, at=b.after(hours=1))
    over = b.alert(storm, reason=NotifyReason.RESOLVED, at=b.after(hours=2))
    late = b.alert(storm, at=b.after(days=3))
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.enqueue(first, ["pager", "mail/kim"], b.T0)
        tx.enqueue(held, [], b.after(hours=1))
        tx.enqueue(over, ["pager"], b.after(hours=2))
        tx.enqueue(late, ["pager"], b.after(days=3))
    found = store.read.told(b.T0, b.after(days=3))
    assert [(t.alert.id, t.targets) for t in found] == [
        (first.id, ("pager", "mail/kim")),
        (held.id, ()),
    ]
