"""Bins and clocks: no bin closed early, none held for ever, whatever a source's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.window import (
    AHEAD,
    BIN,
    COLUMNS,
    HOLD,
    Counts,
    Dated,
    SourceClock,
    Window,
    bin_start,
    closable_until,
    event_time,
    silent_sources,
)

NOW = datetime(2026, 11, 22, 12, 3, tzinfo=UTC)
S = timedelta(seconds=1)


def lively(
    name: str, until: datetime, *, lag: timedelta = 2 * S, every: timedelta = 10 * S, n: int = 60
) -> SourceClock:
    """Return the clock of a source that sent something ``every`` so often up to ``until``."""
    clock = SourceClock(name)
    for i in reversed(range(n)):
        observed = until - i * every
        clock = clock.saw(observed - lag, observed)
    return clock


@pytest.mark.parametrize(
    ("at", "start"),
    [
        ("2026-11-22T12:04:59.999+00:00", "2026-11-22T12:00:00+00:00"),
        ("2026-11-22T12:05:00+00:00", "2026-11-22T12:05:00+00:00"),
        ("2026-11-22T13:07:00+01:00", "2026-11-22T12:05:00+00:00"),
        ("1969-12-31T23:59:59.5+00:00", "1969-12-31T23:55:00+00:00"),
    ],
)
def test_a_time_falls_into_the_bin_that_starts_at_or_before_it(at: str, start: str) -> None:
    found = bin_start(datetime.fromisoformat(at))
    assert found == datetime.fromisoformat(start)
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("published", "dated"),
    [
        (datetime(2099, 1, 1, tzinfo=UTC), Dated.FUTURE),
        (NOW + AHEAD + S, Dated.FUTURE),
        (NOW + AHEAD, Dated.PUBLISHED),  # clocks run a little ahead
        (datetime(1970, 1, 1, tzinfo=UTC), Dated.ANCIENT),
        (datetime(1990, 1, 1, tzinfo=UTC), Dated.PUBLISHED),
        (NOW - timedelta(hours=10), Dated.PUBLISHED),
        (NOW.astimezone(timezone(timedelta(hours=14))), Dated.PUBLISHED),
    ],
)
def test_a_date_that_cannot_be_is_replaced_and_told(published: datetime, dated: Dated) -> None:
    at, how = event_time(published, NOW)
    assert how == dated
    assert at == (published if dated is Dated.PUBLISHED else NOW)


def test_a_bare_date_counts_when_it_was_seen() -> None:
    midnight = NOW.replace(hour=0, minute=0)
    assert event_time(midnight, NOW, date_only=True) == (NOW, Dated.DATE_ONLY)


def test_counts_add_and_cancel() -> None:
    one = Counts(mentions=3, negatives=2, reach=50, deleted=1)
    assert one + Counts(mentions=1, unread=1) == Counts(
        mentions=4, negatives=2, unread=1, reach=50, deleted=1
    )
    assert one + -one == Counts()


# --- closing ------------------------------------------------------------------------------------


def test_a_finished_bin_closes_at_once_when_prompt_sources_have_passed_it() -> None:
    now = NOW.replace(minute=5, second=8)
    assert closable_until(now, [lively("a", now)]) == NOW.replace(minute=5)


def test_a_finished_bin_waits_for_a_prompt_source_that_has_not_passed_it() -> None:
    now = NOW.replace(minute=5, second=8)
    slow = lively("b", now - 20 * S)
    assert closable_until(now, [lively("a", now), slow]) == NOW.replace(minute=0)
    assert closable_until(now + HOLD, [lively("a", now), slow]) == NOW.replace(minute=5)


def test_a_post_from_2099_closes_no_bin_early() -> None:
    clock = lively("a", NOW).saw(datetime(2099, 1, 1, tzinfo=UTC), NOW)
    assert clock.watermark is not None
    assert clock.watermark <= NOW + AHEAD
    assert closable_until(NOW, [clock]) == NOW.replace(minute=0)


def test_a_post_from_1970_turns_no_clock_back() -> None:
    before = lively("a", NOW)
    after = before.saw(datetime(1970, 1, 1, tzinfo=UTC), NOW)
    assert after.watermark == before.watermark


def test_a_source_ten_hours_late_holds_nobody() -> None:
    now = NOW.replace(minute=5, second=8)
    late = lively("late", now, lag=timedelta(hours=10))
    assert not late.prompt(now)
    assert closable_until(now, [late, lively("a", now)]) == NOW.replace(minute=5)


def test_a_source_that_stops_is_told_silent_and_holds_nobody() -> None:
    stopped, alive = lively("stopped", NOW), lively("alive", NOW + timedelta(minutes=20))
    clocks = {"stopped": stopped, "alive": alive}
    assert silent_sources(clocks, NOW + timedelta(minutes=9)) == []
    assert silent_sources(clocks, NOW + timedelta(minutes=11)) == ["stopped"]
    later = NOW + timedelta(minutes=17, seconds=5)
    assert closable_until(later, [stopped, lively("alive", later)]) == bin_start(later)


def test_a_slow_feed_is_silent_only_after_twice_its_usual_gap() -> None:
    feed = lively("feed", NOW, every=timedelta(hours=1))
    assert not feed.silent(NOW + timedelta(hours=5))
    assert feed.silent(NOW + timedelta(hours=7))


def test_a_source_never_heard_of_is_silent() -> None:
    assert silent_sources({"new": SourceClock("new")}, NOW) == ["new"]


def test_a_repeated_delivery_moves_no_clock_back() -> None:
    clock = lively("a", NOW)
    again = clock.saw(NOW - timedelta(hours=1), NOW - timedelta(minutes=30))
    assert (again.watermark, again.seen_at) == (clock.watermark, clock.seen_at)
    assert again.gap_s >= 0
    assert again.lag_s >= 0


clocks = st.builds(
    lambda mark, seen, gap, lag: SourceClock(
        "x",
        None if mark is None else NOW + mark * S,
        None if seen is None else NOW + seen * S,
        gap,
        lag,
        9,
    ),
    st.none() | st.integers(-90_000, 120),
    st.none() | st.integers(-90_000, 0),
    st.floats(0, 1e5),
    st.floats(0, 1e5),
)


@given(known=st.lists(clocks, max_size=5), after=st.integers(0, 600))
def test_no_bin_is_closed_early_and_none_is_held_for_ever(
    known: list[SourceClock], after: int
) -> None:
    """Never beyond now; always a boundary; at most one bin behind, and none a minute later."""
    now = NOW + after * S
    until = closable_until(now, known)
    assert until <= now
    assert until == bin_start(until)
    assert bin_start(now) - until <= BIN
    if now - bin_start(now) >= HOLD:
        assert until == bin_start(now)


@given(known=st.lists(clocks, max_size=4), steps=st.lists(st.integers(0, 200), max_size=12))
def test_what_was_closed_stays_closed_while_time_goes_on(
    known: list[SourceClock], steps: list[int]
) -> None:
    now, until = NOW, closable_until(NOW, known)
    for step in steps:
        now += step * S
        later = closable_until(now, known)
        assert later >= until
        until = later


@given(
    at=st.lists(st.integers(0, 7200), max_size=30).map(sorted),
    since=st.integers(0, 7200),
    length=st.integers(0, 3600),
)
def test_a_part_of_a_window_holds_exactly_the_rows_between_its_ends(
    at: list[int], since: int, length: int
) -> None:
    n, day = range(len(at)), int(NOW.timestamp())
    columns = {"num": list(n), "tone": [i % 3 - 1 for i in n], "kind": [f"k{i}" for i in n]}
    empty = {name: [""] * len(at) for name in COLUMNS if name not in {"at", *columns}}
    whole = Window(NOW, NOW + 9000 * S, at=[day + s for s in at], **columns, **empty)  # type: ignore[arg-type]
    part = whole.part(NOW + since * S, NOW + (since + length) * S)
    inside = [i for i, s in enumerate(at) if since <= s < since + length]
    assert (part.since, part.until) == (NOW + since * S, NOW + (since + length) * S)
    assert part.num == inside
    assert part.at == [day + at[i] for i in inside]
    assert part.kind == [f"k{i}" for i in inside]
    assert {len(getattr(part, name)) for name in COLUMNS} == {len(inside)}
