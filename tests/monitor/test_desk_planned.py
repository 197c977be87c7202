"""What people announce, on the real store: checked, once, by version, and called off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from detectors.planned import Kind
from monitor.desk import calendars, planned
from monitor.desk.calendars import FromCalendar
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.planned import Plan
from monitor.store.database import SqliteStore
from tests.builders import T0, TOPIC, after
from tests.threads import together

KNOWN = {TOPIC: None, "other": None}
HOUR = timedelta(hours=1)
PLAN = Plan("Webinar on fares", (TOPIC,), after(hours=24), after(hours=26), type="Webinar")


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def add(store: SqliteStore, **fields: Any) -> Any:
    return planned.add(store, KNOWN, replace(PLAN, **fields), "kim", T0)


def test_what_is_announced_is_kept_as_it_was_meant(store: SqliteStore) -> None:
    zone = timezone(timedelta(hours=1))
    made = add(store, title=" Webinar\non  fares ", topics=("other", TOPIC, "other"), uplift=8,
               starts=PLAN.starts.astimezone(zone))  # fmt: skip
    assert (made.title, made.topics, made.type) == ("Webinar on fares", ("other", TOPIC), "webinar")
    assert (made.starts.tzinfo, made.uplift, made.actor, made.version) == (UTC, 8, "kim", 1)
    assert store.read.planned_entry(made.id) == made


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": " \t"}, "title: is empty"),
        ({"title": "x" * 201}, "title: has 201 characters; expected at most 200"),
        ({"type": "x" * 41}, "type: has 41 characters"),
        ({"topics": ()}, "topics: is empty"),
        ({"topics": ("acme-bhan",)}, 'unknown topic "acme-bhan"; known: acme-bahn, other'),
        ({"ends": after(hours=23)}, "is not after its start"),
        ({"ends": after(hours=24)}, "is not after its start"),  # an event has a length
        ({"ends": after(days=16)}, r"15.0 days after its start; expected at most 14"),
        ({"starts": datetime(2026, 11, 23)}, "starts: has no zone"),  # noqa: DTZ001
        ({"starts": datetime(1970, 1, 1, tzinfo=UTC)}, "expected a time from 1990 to 2100"),
        ({"uplift": 0.9}, "uplift: 0.9; expected 1 to 1000"),
        ({"uplift": 1001.0}, "expected 1 to 1000"),
        ({"uplift": float("nan")}, "expected 1 to 1000"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_kept(
    store: SqliteStore, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        add(store, **fields)
    assert store.read.totals()["planned"] == 0


def test_a_post_needs_no_end_and_the_past_is_allowed(store: SqliteStore) -> None:
    post = add(store, kind=Kind.POST, ends=PLAN.starts, type="")
    assert post.type == "post"
    assert not planned.is_past(post, T0)
    old = add(store, starts=after(hours=-30), ends=after(hours=-20))
    assert planned.is_past(old, T0)
    assert not planned.is_past(replace(old, ends=after(hours=-3)), T0)  # it has not faded yet


def test_the_same_thing_twice_is_a_conflict_that_names_the_first(store: SqliteStore) -> None:
    add(store)
    with pytest.raises(Conflict, match="announced already") as refused:
        planned.add(store, KNOWN, PLAN, "robin", after(hours=1))
    assert (refused.value.by, refused.value.at) == ("kim", T0)


def test_of_several_who_announce_the_same_at_once_one_does(store: SqliteStore) -> None:
    refused: list[Conflict] = []

    def announce(name: str) -> None:
        try:
            planned.add(store, KNOWN, PLAN, name, T0)
        except Conflict as conflict:
            refused.append(conflict)

    together(*(partial(announce, name) for name in ("kim", "robin", "sasha")))
    assert len(refused) == 2
    assert store.read.totals()["planned"] == 1


def test_a_change_needs_the_version_that_is_there(store: SqliteStore) -> None:
    made = add(store)
    later = replace(PLAN, starts=after(hours=30), ends=after(hours=31), uplift=3.0)
    moved = planned.change(store, KNOWN, made.id, 1, later, "robin", after(hours=1))
    assert (moved.id, moved.version, moved.uplift, moved.actor) == (made.id, 2, 3.0, "robin")
    with pytest.raises(Conflict, match=r"version 2, not 1") as refused:
        planned.change(store, KNOWN, made.id, 1, PLAN, "kim", after(hours=2))
    assert refused.value.by == "robin"
    assert store.read.planned_entry(made.id) == moved
    with pytest.raises(NotFound, match="nothing"):
        planned.change(store, KNOWN, "nothing", 1, PLAN, "kim", T0)


def test_what_is_called_off_is_only_shown_where_asked_for_and_can_come_back(
    store: SqliteStore,
) -> None:
    made = add(store)
    off = planned.cancel(store, made.id, "robin", after(hours=1))
    assert (off.cancelled, off.version) == (after(hours=1), 2)
    assert planned.cancel(store, made.id, "sasha", after(hours=2)) == off  # once is enough
    span = (T0, after(days=3))
    assert planned.announced(store.read, *span) == []
    assert planned.announced(store.read, *span, cancelled=True) == [off]
    again = add(store)
    assert (again.id, again.cancelled, again.version) == (made.id, None, 3)
    with pytest.raises(NotFound):
        planned.cancel(store, "nothing", "kim", T0)


def test_the_list_of_a_topic_leaves_out_the_others(store: SqliteStore) -> None:
    mine = add(store)
    add(store, title="Elsewhere", topics=("other",))
    assert planned.announced(store.read, T0, after(days=3), TOPIC) == [mine]
    assert len(planned.announced(store.read, T0, after(days=3))) == 2


# --- a calendar file --------------------------------------------------------------------------

FILE = [
    FromCalendar("a@x", "Fair", after(hours=10), after(hours=20), "fair", 4.0),
    FromCalendar("b@x", "Post", after(hours=5), after(hours=5)),
    FromCalendar("c@x", "Endless", T0, after(days=30)),
]


def take(store: SqliteStore, events: list[FromCalendar], hours: float = 0) -> calendars.Taken:
    return calendars.take(store, KNOWN, events, (TOPIC,), "kim", after(hours=hours))


def test_a_calendar_is_taken_once_and_one_bad_event_spoils_no_other(store: SqliteStore) -> None:
    first = take(store, FILE)
    assert (first.added, first.same, len(first.refused)) == (2, 0, 1)
    assert "Endless" in first.refused[0]
    kinds = {e.title: e.kind for e in planned.announced(store.read, T0, after(days=1))}
    assert kinds == {"Post": Kind.POST, "Fair": Kind.EVENT}
    again = take(store, FILE, 1)
    assert (again.added, again.moved, again.same, again.changed) == (0, 0, 2, [])


def test_what_moved_in_the_file_moves_here_and_what_is_off_is_called_off(
    store: SqliteStore,
) -> None:
    take(store, FILE)
    later = replace(FILE[0], ends=after(hours=22))
    off = replace(FILE[1], cancelled=True)
    taken = take(store, [later, off], 1)
    assert (taken.moved, taken.cancelled, taken.added) == (1, 1, 0)
    [left] = planned.announced(store.read, T0, after(days=1))
    assert (left.title, left.ends, left.version) == ("Fair", after(hours=22), 2)
    assert take(store, [later, off], 2).same == 2


def test_what_a_person_called_off_stays_so_while_the_file_says_the_same(
    store: SqliteStore,
) -> None:
    [entry, *_] = take(store, FILE[:1]).changed
    planned.cancel(store, entry.id, "kim", T0)
    assert take(store, FILE[:1], 1).same == 1
    assert planned.announced(store.read, T0, after(days=1)) == []
