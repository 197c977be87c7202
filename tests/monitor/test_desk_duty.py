"""Taking over, being away, taking back: what is refused, what holds, and that pages obey at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.book import Book
from alerts.duty import DutyChange, DutyKind, absences, overrides
from alerts.rota import shifts
from monitor.app.wiring import book_of
from monitor.desk import duty as desk
from monitor.desk.duty import Asked
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from tests.builders import T0

HOUR = timedelta(hours=1)
PEOPLE = ("kim", "lee", "ben")
SETTINGS = Settings.model_validate(
    {
        "channel": {"push": {"type": "console"}},
        "person": {p: {"name": p.title(), "methods": [{"channel": "push"}]} for p in PEOPLE},
        "rota": {
            "community": {
                "people": ["kim", "lee"],
                "since": "2026-11-16",
                "timezone": "Europe/Berlin",
                "deputy": "ben",
            }
        },
    }
)
ROTAS = SETTINGS.to_rotas()
ROTA = "community"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(f"sqlite:///{tmp_path / 'one.db'}")
    yield opened
    opened.close()


def take_over(
    store: SqliteStore, person: str, since: float, until: float, now: datetime = T0
) -> DutyChange:
    asked = Asked(person, T0 + since * HOUR, T0 + until * HOUR)
    return desk.take_over(store, ROTAS, PEOPLE, ROTA, asked, "lee", now)


def away(store: SqliteStore, person: str, since: float, until: float) -> DutyChange:
    asked = Asked(person, T0 + since * HOUR, T0 + until * HOUR)
    return desk.away(store, PEOPLE, asked, "lee", T0)


def called(book: Book, hours: float) -> str:
    """Return whom the rota's targets go to so many hours after T0."""
    [target] = book.reach(T0 + hours * HOUR)("rota.community") or ("/",)
    return target.partition("/")[2]


def test_a_page_goes_to_whoever_took_over_at_that_moment_also_from_another_process(
    store: SqliteStore, tmp_path: Path
) -> None:
    book = book_of(SETTINGS, store.read)
    assert called(book, 1) == "kim"
    other = SqliteStore.open(f"sqlite:///{tmp_path / 'one.db'}")
    change = take_over(other, "ben", 0, 4)
    assert [called(book, h) for h in (0, 3, 4)] == ["ben", "ben", "kim"]
    desk.take_back(other, change.id, "kim", T0 + HOUR)
    assert called(book, 2) == "kim"
    other.close()


def test_the_later_of_two_holds_and_who_is_away_is_never_called(store: SqliteStore) -> None:
    book = book_of(SETTINGS, store.read)
    take_over(store, "lee", 0, 10)
    take_over(store, "ben", 2, 4, now=T0 + HOUR)
    assert [called(book, h) for h in (1, 3, 5)] == ["lee", "ben", "lee"]
    gone = away(store, "lee", 0, 10)
    assert [called(book, h) for h in (1, 5)] == ["ben", "ben"]  # the deputy
    away(store, "ben", 5, 6)
    assert book.reach(T0 + 5 * HOUR)("rota.community") == ()
    desk.take_back(store, gone.id, "lee", T0 + HOUR)
    assert called(book, 5) == "lee"


def test_one_page_looks_at_the_table_once_and_only_where_a_rota_is_called(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[datetime] = []
    real = store.read.duty_at

    def counted(at: datetime) -> list[DutyChange]:
        seen.append(at)
        return real(at)

    monkeypatch.setattr(store.read, "duty_at", counted)
    reach = book_of(SETTINGS, store.read).reach(T0)
    assert reach("channel.push") == ("push",)
    assert reach("person.kim") == ("push/kim",)
    assert seen == []
    for _ in range(3):
        assert reach("rota.community") == ("push/kim",)
    assert seen == [T0]


def test_a_start_that_is_past_counts_as_now(store: SqliteStore) -> None:
    assert take_over(store, "ben", -5, 4).since == T0
    asked = Asked("ben", None, T0 + HOUR)
    assert desk.take_over(store, ROTAS, PEOPLE, ROTA, asked, "lee", T0).since == T0


@pytest.mark.parametrize(
    ("person", "since", "until", "told"),
    [
        ("nobody", 0, 4, 'person: unknown "nobody"; known: kim, lee, ben'),
        ("kim", 0, -1, "until: 2026-11-22 11:00 UTC is past"),
        ("kim", 5, 5, "until: 2026-11-22 17:00 UTC is not after its start"),
        ("kim", 24 * 400, 24 * 401, "expected at most 366 days ahead"),
        ("kim", 0, 24 * 400, "400 days after its start; expected at most 366"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    store: SqliteStore, person: str, since: float, until: float, told: str
) -> None:
    with pytest.raises(Invalid) as error:
        take_over(store, person, since, until)
    assert told in str(error.value)
    assert store.read.totals()["duty"] == 0


def test_an_unknown_rota_a_naive_time_and_a_long_note_are_refused(store: SqliteStore) -> None:
    soon = Asked("kim", None, T0 + HOUR)
    with pytest.raises(NotFound, match="rota"):
        desk.take_over(store, ROTAS, PEOPLE, "nights", soon, "lee", T0)
    naive = Asked("kim", None, datetime(2026, 11, 23))  # noqa: DTZ001 - this is the point
    with pytest.raises(Invalid, match="until: has no zone"):
        desk.away(store, PEOPLE, naive, "lee", T0)
    with pytest.raises(Invalid, match="note: has 201 characters"):
        desk.away(store, PEOPLE, Asked("kim", None, T0 + HOUR, "x" * 201), "lee", T0)


def test_taking_back_is_done_once_and_what_is_over_stays(store: SqliteStore) -> None:
    change = take_over(store, "ben", 0, 4)
    back = desk.take_back(store, change.id, "kim", T0 + HOUR)
    again = desk.take_back(store, change.id, "lee", T0 + 2 * HOUR)
    assert (back.ended_by, again.ended_by, again.held_until) == ("kim", "kim", T0 + HOUR)
    over = take_over(store, "ben", 0, 4)
    with pytest.raises(Conflict, match="is over"):
        desk.take_back(store, over.id, "kim", T0 + 4 * HOUR)
    with pytest.raises(NotFound):
        desk.take_back(store, 99, "kim", T0)


def test_what_was_taken_back_is_shown_as_long_as_it_held(store: SqliteStore) -> None:
    desk.take_back(store, take_over(store, "ben", 0, 8).id, "kim", T0 + 3 * HOUR)
    desk.take_back(store, take_over(store, "lee", 5, 8).id, "kim", T0 + 3 * HOUR)  # never began
    known = desk.changes(store.read, T0, T0 + 8 * HOUR)
    held = shifts(ROTAS[ROTA], known.overrides, T0, T0 + 8 * HOUR, known.absences)
    assert [(s.person, s.since, s.until) for s in held] == [
        ("ben", T0, T0 + 3 * HOUR),
        ("kim", T0 + 3 * HOUR, T0 + 8 * HOUR),
    ]


hours = st.integers(0, 48)
made = st.tuples(st.sampled_from(DutyKind), st.sampled_from(PEOPLE), hours, hours)


@given(st.lists(made.filter(lambda m: m[2] < m[3]), max_size=8), st.integers(0, 47))
def test_one_instant_and_the_calendar_say_the_same(
    given: list[tuple[DutyKind, str, int, int]], at: int
) -> None:
    """What a page asks (only what holds then) and what a page shows (all of it) never differ."""
    all = [
        DutyChange(k, ROTA if k is DutyKind.OVERRIDE else "", who, T0 + a * HOUR, T0 + b * HOUR, T0)
        for k, who, a, b in given
    ]

    class Kept:
        def duty_at(self, at: datetime) -> list[DutyChange]:
            return [c for c in all if c.since <= at < c.until]

    then = T0 + at * HOUR
    asked = desk.roster(ROTAS, Kept())(then)(ROTA)  # type: ignore[arg-type]
    whole = shifts(ROTAS[ROTA], overrides(all), T0, T0 + 48 * HOUR, absences(all))
    [shown] = [s.person for s in whole if s.since <= then < s.until]
    assert asked == shown
