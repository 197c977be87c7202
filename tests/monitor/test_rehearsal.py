"""Rehearsal: the stored past, watched again, calls when the pipeline called; reading it is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from alerts.alert import NotifyReason
from alerts.incident import Outcome
from detectors.detection import Level
from detectors.mention import Mention
from detectors.topic import Topic
from detectors.window import BIN, HOLD
from monitor.app.recorded import watching
from monitor.app.replaying import replay
from monitor.pipeline import Line, Pipeline
from monitor.pipeline.backtest import NoPast, backtest, tried
from monitor.pipeline.past import Bounded, TooMuch, begun, stored
from monitor.pipeline.rehearsal import Past, Rehearsal, Rehearsed, rehearse
from monitor.pipeline.work import Parts
from monitor.ports import NoSignals
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.flow.scenes import MONDAY, calm, in_order, storm

DAYS = 5
END = MONDAY + timedelta(days=DAYS)
STORMS = (MONDAY + timedelta(days=2, hours=9), MONDAY + timedelta(days=4, hours=8))
Calls = list[tuple[datetime, str, int]]


@dataclass
class Recorded:
    """Posts replayed into a store, and what the replay told."""

    store: SqliteStore
    parts: Parts
    lines: list[Line]

    @property
    def topic(self) -> Topic:
        return next(iter(self.parts.topics.values()))

    @property
    def until(self) -> datetime:
        latest = self.store.read.latest(self.topic.id)
        assert latest is not None
        return latest.start + BIN

    def pages(self) -> Calls:
        return pages_of(self.lines)

    def bins(self) -> Iterator[Past]:
        first = begun(self.store.read, self.topic.id, MONDAY, self.until)
        assert first is not None
        return stored(self.store.read, self.topic.id, first, self.until)

    def levels(self) -> list[tuple[datetime, int]]:
        """Return what each bin was judged, by the replay."""
        found = self.store.read.results(self.topic.id, MONDAY, self.until)
        return [(r.start, r.level) for r in found]

    def levels_again(self) -> list[tuple[datetime, int]]:
        """Return what each bin is judged, by a rehearsal."""
        rehearsal = Rehearsal(self.topic)
        return [(past.bin.start, int(rehearsal.close(past).level)) for past in self.bins()]

    def again(self, topic: Topic | None = None, count_from: datetime = MONDAY) -> Rehearsed:
        return rehearse(topic or self.topic, self.bins(), count_from=count_from)


def posts() -> list[Mention]:
    return in_order(
        calm(MONDAY, END, per_hour=4),
        storm(STORMS[0], 100, 0.5, 30),
        storm(STORMS[1], 100, 0.4, 25, seed=2),
    )


def pages_of(lines: Sequence[Line]) -> Calls:
    return [
        (line.at, str(line.data["reason"]), int(line.data["level"]))
        for line in lines
        if line.type == "alert" and line.data["reason"] in ("first", "reopened")
    ]


def calls_of(found: Rehearsed) -> Calls:
    return [(c.at, c.reason.value, int(c.seen.level)) for c in found.called]


def settings_parts(budget: float = 7.0, **thresholds: float) -> Parts:
    parts = watching(Settings(), ["acme bahn"], budget)
    (topic,) = parts.topics.values()
    return replace(parts, topics={topic.id: replace(topic, thresholds=thresholds)})


def recorded_of(parts: Parts) -> Recorded:
    store = SqliteStore.open("sqlite://")
    return Recorded(store, parts, list(replay(posts(), parts, store)))


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    made = recorded_of(settings_parts())
    yield made
    made.store.close()


# --- the same pages ---------------------------------------------------------------------------


def test_the_stored_past_calls_when_the_replay_of_the_same_posts_called(
    recorded: Recorded,
) -> None:
    assert calls_of(recorded.again()) == recorded.pages()
    assert len(recorded.pages()) == 2  # both storms; otherwise nothing is compared


def test_every_bin_has_the_level_that_the_replay_gave_it(recorded: Recorded) -> None:
    levels = recorded.levels()
    assert recorded.levels_again() == levels
    assert len(levels) > 280 * DAYS
    assert {level for _, level in levels} >= {0, 4, 6}


def test_what_was_announced_is_expected_again(recorded: Recorded) -> None:
    """Also where the entry is changed since: as it stood then."""
    parts, store = settings_parts(), SqliteStore.open("sqlite://")
    (topic,) = parts.topics
    event = MONDAY + timedelta(days=1, hours=13)
    entry = b.planned(starts=event, hours=2, uplift=10.0, topics=(topic,))
    with store.begin() as tx:
        assert tx.save_planned(entry, 0)
    end = event + timedelta(hours=4)
    crowd = calm(event, event + timedelta(hours=2), per_hour=80, seed=9)
    announced = Recorded(
        store, parts, list(replay(in_order(calm(MONDAY, end, per_hour=6), crowd), parts, store))
    )
    with store.begin() as tx:
        assert tx.save_planned(replace(entry, uplift=1.0), 1)
    known = {past.bin.start: past.context.uplift for past in announced.bins()}
    levels, again = announced.levels(), announced.levels_again()
    store.close()
    assert again == levels
    assert known[event + timedelta(hours=1)] == 10.0
    assert known[event - timedelta(hours=2)] == 1.0


def test_the_peaks_and_ends_are_those_of_the_incidents_that_the_replay_stored(
    recorded: Recorded,
) -> None:
    # A recording ends its incidents as a rehearsal does, one minute of `HOLD` after the bin.
    kept = sorted(recorded.store.read.incidents(), key=lambda i: i.opened_at)
    found = recorded.again()
    woke = [i for i in kept if i.outcome is Outcome.REAL]
    assert [int(c.peak) for c in found.called] == [int(i.peak) for i in woke]
    assert [c.until and c.until + HOLD for c in found.called] == [i.resolved_at for i in woke]
    assert found.peak == max(i.peak for i in kept)


def test_other_settings_call_as_a_replay_with_those_settings_would(recorded: Recorded) -> None:
    other = recorded_of(settings_parts(60.0, level4_authors=30, level5_authors=60))
    with_other = recorded.again(other.topic)
    other.store.close()
    assert calls_of(with_other) == other.pages()
    assert calls_of(with_other) != recorded.pages()  # later at least: thirty authors take longer


def test_a_longer_budget_never_calls_more_often(recorded: Recorded) -> None:
    counts = [
        len(recorded.again(tried(recorded.topic, days, {})).called) for days in (1, 14, 60, 365)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 0


def test_an_echo_set_by_hand_calls_again_as_it_did() -> None:
    parts, store = settings_parts(), SqliteStore.open("sqlite://")
    pipeline = Pipeline(store, parts, NoSignals(), live=False)
    (topic,) = parts.topics.values()
    end, by_hand = MONDAY + timedelta(hours=12), MONDAY + timedelta(hours=6)
    quiet = in_order(calm(MONDAY, end, per_hour=4))
    pipeline.begin_at(MONDAY)
    pipeline.filing.create([(m, m.published_utc) for m in quiet])
    lines = pipeline.tick(by_hand + HOLD)
    with store.begin() as tx:
        tx.set_media(topic.id, 5, "kim", by_hand)
    lines += pipeline.tick(end + HOLD)
    made = Recorded(store, parts, lines)
    found = made.again()
    store.close()
    assert calls_of(found) == made.pages() == [(by_hand + BIN, "first", 5)]


# --- counting and going on --------------------------------------------------------------------


def test_what_lies_before_the_count_teaches_and_is_not_counted(recorded: Recorded) -> None:
    second = recorded.again(count_from=STORMS[1])
    assert calls_of(second) == recorded.pages()[1:]
    assert second.since == STORMS[1]
    assert second.first <= MONDAY + timedelta(hours=1)
    assert second.days == pytest.approx((recorded.until - STORMS[1]) / timedelta(days=1))


def test_a_rehearsal_taken_up_goes_on_as_if_it_had_never_stopped(recorded: Recorded) -> None:
    """Also in the middle of a storm, whose incident is open."""
    whole, first = Rehearsal(recorded.topic), Rehearsal(recorded.topic)
    middle = recorded.pages()[0][0] + timedelta(minutes=30)
    levels, other_levels = [], []
    second: Rehearsal | None = None
    for past in recorded.bins():
        levels.append(whole.close(past).level)
        if past.bin.start < middle:
            other_levels.append(first.close(past).level)
            continue
        second = second or first.taken_up()
        other_levels.append(second.close(past).level)
    assert second is not None
    assert other_levels == levels
    assert first.called + second.called == [replace(c) for c in first.called] + whole.called[1:]
    assert [c.reason for c in first.called] == [NotifyReason.FIRST]


def test_nothing_to_watch_is_told() -> None:
    with pytest.raises(ValueError, match="no bins to rehearse over"):
        rehearse(settings_parts().topics["everything"], [], count_from=MONDAY)


# --- reading the past -------------------------------------------------------------------------


def test_rows_that_are_kept_no_more_leave_counts_and_are_told(recorded: Recorded) -> None:
    made = recorded_of(settings_parts())
    made.store.housekeep(made.until, 1)
    found = made.again()
    made.store.close()
    # The first storm cannot be seen again; what is usual has not learned it all the same.
    assert calls_of(found) == made.pages()[1:]
    assert found.without_rows > 0
    assert recorded.again().without_rows == 0


def test_a_stray_post_of_long_ago_is_no_history(recorded: Recorded) -> None:
    parts, store = settings_parts(), SqliteStore.open("sqlite://")
    stray = in_order(calm(MONDAY - timedelta(days=90), MONDAY - timedelta(days=89), per_hour=0.2))
    list(replay([*stray[:1], *in_order(calm(MONDAY, MONDAY + BIN * 40, 6))], parts, store))
    (topic,) = parts.topics
    first = begun(store.read, topic, MONDAY, MONDAY + BIN * 40)
    store.close()
    assert stray
    assert first is not None
    assert MONDAY <= first < MONDAY + timedelta(hours=2)


def test_long_silences_are_leaped_over_and_called_alike() -> None:
    parts, store = settings_parts(), SqliteStore.open("sqlite://")
    late = END + timedelta(days=12)
    more = in_order(
        iter(posts()),
        calm(late, late + timedelta(days=1), per_hour=4),
        storm(late + timedelta(hours=9), 100, 0.5, 30, seed=3),
    )
    made = Recorded(store, parts, list(replay(more, parts, store)))
    found, bins = made.again(), sum(1 for _ in made.bins())
    days = (made.until - MONDAY) / timedelta(days=1)
    store.close()
    assert calls_of(found) == made.pages()
    assert len(found.called) == 3
    assert bins < (days - 10) * 288


def test_more_rows_than_may_be_read_are_refused_at_once(recorded: Recorded) -> None:
    read = recorded.store.read
    rows = Bounded(read, 200)
    bins = stored(read, recorded.topic.id, MONDAY, recorded.until, rows=rows)
    with pytest.raises(TooMuch, match="more than 200 rows") as stopped:
        rehearse(recorded.topic, bins, count_from=MONDAY)
    assert MONDAY < stopped.value.until < recorded.until


# --- beside what really happened --------------------------------------------------------------


def test_each_page_stands_beside_the_incident_of_its_time(recorded: Recorded) -> None:
    found = backtest(recorded.store.read, recorded.topic, 30)
    refs = [page.incident.ref if page.incident else None for page in found.pages]
    assert refs == [i.ref for i in found.then]
    assert len(set(refs)) == 2
    assert found.lost == ()


def test_real_incidents_that_nobody_would_be_called_for_are_lost(recorded: Recorded) -> None:
    deaf = {f"level{n}_authors": 1e6 for n in (4, 5, 6)}
    found = backtest(recorded.store.read, tried(recorded.topic, None, deaf), 30)
    assert found.pages == ()
    assert found.rehearsed.peak == Level.FRESH_BREEZE
    assert found.lost == found.then
    assert len(found.lost) == 2


def test_how_much_of_the_span_is_missing_new_or_only_taught_is_told(recorded: Recorded) -> None:
    known = (recorded.until - begun_at(recorded)) / timedelta(days=1)
    long = backtest(recorded.store.read, recorded.topic, 30)
    assert long.warm_days == 0
    assert long.short_days == pytest.approx(30 - known)
    assert long.young_days == pytest.approx(known)
    short = backtest(recorded.store.read, recorded.topic, 2)
    assert short.warm_days == pytest.approx(known - 2)
    assert short.short_days == 0
    assert short.young_days == pytest.approx(2)


def begun_at(recorded: Recorded) -> datetime:
    first = begun(recorded.store.read, recorded.topic.id, MONDAY, recorded.until)
    assert first is not None
    return first


def test_a_topic_that_nothing_is_stored_of_has_no_past(recorded: Recorded) -> None:
    with pytest.raises(NoPast, match="nothing of the topic 'another' is stored yet"):
        backtest(recorded.store.read, replace(recorded.topic, id="another"), 30)


@pytest.mark.parametrize(
    ("budget", "thresholds", "said"),
    [
        (0, {}, "a budget of 0 days"),
        (400, {}, "at most 365"),
        (None, {"level4_autors": 3}, "unknown threshold 'level4_autors'"),
        (None, {"level4_authors": -1}, "must be 0 or more"),
    ],
)
def test_settings_that_cannot_hold_are_refused(
    recorded: Recorded, budget: float | None, thresholds: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        tried(recorded.topic, budget, thresholds)
