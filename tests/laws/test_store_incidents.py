"""Incidents in a store: whole, by version, with facts without gaps and their runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from alerts.incident import Outcome, Status
from detectors.detection import Level
from monitor.ports import Store
from tests import builders as b
from tests.laws.failing import Broken, write_everything_and_fail
from tests.laws.filing import OTHER
from tests.threads import together


def test_an_incident_comes_back_as_saved(store: Store) -> None:
    plain = b.incident(topics=(OTHER, b.TOPIC), counter=1)
    full = b.incident(
        counter=2,
        status=Status.RESOLVED,
        acked_level=Level(5),
        acked_at=b.after(1.5),
        acked_by="kim",
        owner="lou",
        outcome=Outcome.REAL,
        resolved_at=b.after(90),
        quiet_since=b.after(80),
        end_proposed=True,
        reasons=(b.reason(value=float("inf")),),
    )
    with store.begin() as tx:
        assert tx.save_incident(plain, 0)
        assert tx.save_incident(full, 0)
    assert store.read.incident(plain.id) == replace(plain, version=1)
    assert store.read.incident(full.ref) == replace(full, version=1)
    assert store.read.incident("none") is None
    assert [i.id for i in store.read.incidents(open_only=True)] == [plain.id]
    assert len(store.read.incidents()) == 2
    assert len(store.read.incidents(limit=1)) == 1


def test_an_incident_belongs_to_all_its_topics(store: Store) -> None:
    with store.begin() as tx:
        both = b.incident(topics=(OTHER, b.TOPIC))
        tx.save_incident(both, 0)
        tx.save_incident(b.incident(counter=2, onset=b.after(hours=1)), 0)
        newest = tx.last_incident(b.TOPIC)
        assert newest is not None
        assert newest.onset == b.after(hours=1)
        assert tx.last_incident(OTHER) == replace(both, version=1)
        assert tx.last_incident("third") is None
        assert (tx.count_incidents(b.TOPIC), tx.count_incidents(OTHER)) == (2, 1)
        assert tx.save_incident(replace(both, topics=(b.TOPIC, "third")), 1)
        grown = tx.incident(both.id)
        assert grown is not None
        assert grown.topics == (b.TOPIC, "third")
        assert tx.count_incidents(OTHER) == 0
        assert tx.open_incidents()[0].id == both.id


def test_only_the_version_one_has_read_can_be_written(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        assert not tx.save_incident(storm, 1), "there is nothing to change yet"
        assert tx.save_incident(storm, 0)
        assert not tx.save_incident(replace(storm, owner="late"), 0)
        assert tx.save_incident(replace(storm, owner="kim"), 1)
        assert not tx.save_incident(replace(storm, owner="late"), 1)
        saved = tx.incident(storm.id)
    assert saved is not None
    assert (saved.owner, saved.version) == ("kim", 2)


def test_of_many_who_acknowledge_at_once_one_is_first(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        tx.save_incident(storm, 0)
    won: list[str] = []

    def claim(who: str) -> Callable[[], None]:
        def run() -> None:
            with store.begin() as tx:
                if tx.save_incident(replace(storm, acked_by=who), 1):
                    won.append(who)

        return run

    together(*(claim(who) for who in "abcdef"))
    saved = store.read.incident(storm.id)
    assert saved is not None
    assert won == [saved.acked_by]


def test_facts_are_numbered_without_gaps_in_the_order_of_writing(store: Store) -> None:
    def write(who: str) -> Callable[[], None]:
        def run() -> None:
            for n in range(5):
                with store.begin() as tx:
                    tx.add_facts("storm", [b.fact(actor=who, n=n), b.fact(actor=who, n=n + 0.5)])
                with pytest.raises(Broken):
                    write_everything_and_fail(store)

        return run

    together(write("a"), write("b"))
    facts = store.read.facts("storm")
    assert len(facts) == 20
    for who in "ab":
        assert [f.payload["n"] for f in facts if f.actor == who] == [n / 2 for n in range(10)]
    assert store.read.facts("other") == []


def test_a_fact_comes_back_as_written(store: Store) -> None:
    given = b.fact(at=b.after(0.000001), actor="kim", level=4, names=["ä"], worst=float("inf"))
    with store.begin() as tx:
        tx.add_facts("storm", [given])
    assert store.read.facts("storm") == [given]


def test_a_run_comes_back_with_its_playbook_frozen_inside(store: Store) -> None:
    run = b.run(why=("level 4",))
    with store.begin() as tx:
        assert tx.run(run.id) is None
        assert not tx.save_run(run, 3)
        assert tx.save_run(run, 0)
        assert not tx.save_run(run, 0), "starting twice is starting once"
        assert tx.save_run(replace(run, finished_at=b.after(60)), 1)
        assert not tx.save_run(run, 1)
        assert tx.run(run.id) == replace(run, finished_at=b.after(60), version=2)
    assert [r.version for r in store.read.runs(run.incident)] == [2]
    assert store.read.runs("other") == []


def test_a_transaction_sees_the_timeline_with_what_it_has_added(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        assert tx.save_incident(storm, 0)
        tx.add_facts(storm.id, [b.fact(text="first")])
    with store.begin() as tx:
        tx.add_facts(storm.id, [b.fact(text="second")])
        assert [f.payload["text"] for f in tx.facts(storm.id)] == ["first", "second"]
        assert tx.facts("nobody") == []
