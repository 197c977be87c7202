"""Correcting a tone at the desk: rows, counts and windows follow at once, and the machine stays honest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import pytest

from detectors.mention import Kind
from detectors.score.base import Tone
from detectors.topic import Query, Topic
from detectors.window import Counts
from monitor.desk import corrections as desk
from monitor.desk.corrections import LEAST_NEGATIVES, WEEKLY, Honesty, Part
from monitor.desk.errors import Invalid, NotFound
from monitor.pipeline.filing import Rescored
from monitor.pipeline.misreading import Misreading
from monitor.ports import EntryKind
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.laws.filing import OTHER, counted, file_batch
from tests.monitor.cascade_line import Line, Positive, said

TOPICS = {id: Topic(id, id, Query(any=("acme",))) for id in (TOPIC, OTHER)}


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def nums(store: SqliteStore) -> list[int]:
    return store.read.window(TOPIC, T0 - timedelta(days=30), T0 + timedelta(days=30)).num


def say(store: SqliteStore, num: int, label: Tone, *, drawn: bool = False) -> None:
    desk.correct(store, TOPICS, TOPIC, num, label, "kim", b.after(hours=1), drawn=drawn)


def tones(store: SqliteStore) -> tuple[int, int, int, int]:
    now: Counts = counted(store)
    return now.mentions, now.negatives, now.neutrals, now.positives


def test_a_corrected_tone_stands_in_row_window_and_counts(store: SqliteStore) -> None:
    file_batch(store, [b.filed(n, topics=(TOPIC, OTHER)) for n in (1, 2)])
    say(store, nums(store)[0], Tone.NEUTRAL)
    assert [p.tone for p in store.read.posts(nums(store))] == [Tone.NEUTRAL, Tone.NEGATIVE]
    assert tones(store) == (2, 1, 1, 0)
    both = counted(store, OTHER)
    assert (both.negatives, both.neutrals, both.negativity) == (1, 1, 80)
    window = store.read.window(OTHER, T0, b.after(hours=1))
    assert (window.tone, window.negative) == ([0, -1], [0, 80])


def test_the_same_word_again_changes_nothing(store: SqliteStore) -> None:
    file_batch(store, [b.filed(1)])
    for _ in range(3):
        say(store, nums(store)[0], Tone.POSITIVE)
    assert tones(store) == (1, 0, 0, 1)
    assert len(store.read.corrections(withdrawn=True)) == 1


def test_a_second_word_replaces_the_first_and_remembers_the_machine(store: SqliteStore) -> None:
    file_batch(store, [b.filed(1)])
    num = nums(store)[0]
    say(store, num, Tone.POSITIVE)
    say(store, num, Tone.NEUTRAL)
    kept = store.read.correction_of(num)
    assert kept is not None
    assert (kept.label, kept.was, kept.was_negative) == (Tone.NEUTRAL, Tone.NEGATIVE, 0.8)
    assert (kept.model, tones(store)) == ("test-1", (1, 0, 1, 0))


def test_taken_back_the_machines_word_stands_again(store: SqliteStore) -> None:
    file_batch(store, [b.filed(1)])
    before, num = counted(store), nums(store)[0]
    say(store, num, Tone.POSITIVE)
    say(store, num, Tone.NEUTRAL)
    desk.take_back(store, TOPICS, TOPIC, num, b.after(hours=2))
    assert counted(store) == before
    assert store.read.window(TOPIC, T0, b.after(hours=1)).negative == [80]
    assert store.read.corrections() == []
    with pytest.raises(NotFound, match="correction of post"):
        desk.take_back(store, TOPICS, TOPIC, num, b.after(hours=2))


@pytest.mark.parametrize("kind", [Kind.DM, Kind.MAIL])
def test_nobody_says_anything_of_a_private_message(store: SqliteStore, kind: Kind) -> None:
    file_batch(store, [b.filed(1, kind=kind)])
    with pytest.raises(NotFound):
        say(store, nums(store)[0], Tone.NEUTRAL)
    assert desk.asked(store.read, TOPIC, b.after(hours=1)) == []


def test_what_cannot_be_said_is_refused_and_changes_nothing(store: SqliteStore) -> None:
    file_batch(store, [b.filed(1), b.filed(2, topics=(OTHER,))])
    with pytest.raises(NotFound, match="post 4711"):
        say(store, 4711, Tone.NEUTRAL)
    with pytest.raises(NotFound):  # a post of another topic
        say(store, nums(store)[0] + 1, Tone.NEUTRAL)
    with pytest.raises(Invalid, match="expected negative, neutral or positive"):
        say(store, nums(store)[0], Tone.UNREAD)
    with pytest.raises(NotFound, match="nothing"):
        desk.correct(store, TOPICS, "nothing", 1, Tone.NEUTRAL, "kim", T0)
    assert store.read.corrections(withdrawn=True) == []


# --- edits, second models and deletions ---------------------------------------------------------


def test_an_edit_of_the_same_words_keeps_what_was_said(store: SqliteStore) -> None:
    line = Line(store, Positive())
    line.file(said(1, "sure"))
    say(store, nums(store)[0], Tone.NEUTRAL)
    line.take(EntryKind.UPDATED, [said(1, "sure", views=500)])
    assert line.tones() == [0]
    assert tones(store) == (1, 0, 1, 0)
    desk.take_back(store, TOPICS, TOPIC, nums(store)[0], b.after(hours=2))
    assert tones(store) == (1, 1, 0, 0)


def test_other_words_are_read_anew(store: SqliteStore) -> None:
    line = Line(store, Positive())
    line.file(said(1, "sure"))
    say(store, nums(store)[0], Tone.NEUTRAL)
    line.take(EntryKind.UPDATED, [said(1, "half")])
    assert line.tones() == [-1]
    assert tones(store) == (1, 1, 0, 0)
    desk.take_back(store, TOPICS, TOPIC, nums(store)[0], b.after(hours=2))
    assert tones(store) == (1, 1, 0, 0)


def test_a_second_model_does_not_overwrite_a_person(store: SqliteStore) -> None:
    line = Line(store, Positive())
    row = b.filed(1, text="acme")
    file_batch(store, [row])
    say(store, nums(store)[0], Tone.NEUTRAL)
    score = msgspec.structs.replace(row.score, tone=Tone.POSITIVE, p=(0.1, 0.1, 0.8))
    assert line.pipeline.filing.rescore([Rescored(row, score, "second-1")]) == 0
    assert tones(store) == (1, 0, 1, 0)


def test_a_deleted_post_can_no_longer_be_corrected(store: SqliteStore) -> None:
    row = b.filed(1)
    file_batch(store, [row])
    with store.begin() as tx:
        tx.mark_deleted(row.id, b.after(minutes=5))
    with pytest.raises(NotFound):
        say(store, nums(store)[0], Tone.NEUTRAL)


# --- the week's posts -----------------------------------------------------------------------------


def test_thirty_of_the_week_are_drawn_the_same_for_everybody(store: SqliteStore) -> None:
    week = [b.filed(n, at=T0 - timedelta(minutes=n)) for n in range(200)]
    unread = [b.filed(f"u{n}", tone=Tone.UNREAD) for n in range(50)]
    old = [b.filed(f"o{n}", at=T0 - timedelta(days=8)) for n in range(50)]
    file_batch(store, [*week, *unread, *old])
    drawn = [one.post for one in desk.asked(store.read, TOPIC, T0)]
    assert len({post.num for post in drawn}) == WEEKLY
    assert all(post.tone != Tone.UNREAD and post.at > T0 - timedelta(days=7) for post in drawn)
    again = [one.post.num for one in desk.asked(store.read, TOPIC, T0)]
    assert again == [post.num for post in drawn]


def test_only_drawn_posts_are_taken_for_drawn(store: SqliteStore) -> None:
    file_batch(store, [b.filed(n, at=b.after(minutes=n % 50)) for n in range(100)])
    drawn = {one.post.num for one in desk.asked(store.read, TOPIC, b.after(hours=1))}
    other = next(num for num in nums(store) if num not in drawn)
    with pytest.raises(Invalid, match="not drawn this week"):
        say(store, other, Tone.NEGATIVE, drawn=True)
    some = min(drawn)
    say(store, some, Tone.NEGATIVE)  # first picked, then asked about all the same
    assert all(one.said is None for one in desk.asked(store.read, TOPIC, b.after(hours=1)))
    say(store, some, Tone.NEGATIVE, drawn=True)
    say(store, some, Tone.NEUTRAL)
    kept = store.read.correction_of(some)
    assert kept is not None
    assert (kept.drawn, kept.label) == (True, Tone.NEUTRAL)
    found = [one.said for one in desk.asked(store.read, TOPIC, b.after(hours=1)) if one.said]
    assert found == [kept]


@pytest.mark.parametrize(
    ("hits", "misses", "unreliable"),
    [
        (3, 6, False),  # nine negative posts: nothing is said yet
        (5, 5, True),
        (6, 4, False),  # six of ten are enough
    ],
)
def test_recall_below_six_tenths_is_said(
    store: SqliteStore, hits: int, misses: int, unreliable: bool
) -> None:
    file_batch(
        store,
        [
            b.filed(n, tone=Tone.NEGATIVE if n < hits else Tone.NEUTRAL)
            for n in range(hits + misses)
        ],
    )
    for num in nums(store):
        say(store, num, Tone.NEGATIVE, drawn=True)
    told = desk.honesty(store.read, TOPIC, b.after(hours=1))
    assert told == Honesty(Part(hits, hits + misses), Part(hits, hits + misses), Part(hits, hits))
    assert told.unreliable is unreliable
    assert told.known is (hits + misses >= LEAST_NEGATIVES)
    later = desk.honesty(store.read, TOPIC, b.after(days=91))
    assert not later.known


def test_picked_posts_say_nothing_of_how_well_tones_are_read(store: SqliteStore) -> None:
    file_batch(store, [b.filed(n, tone=Tone.NEUTRAL) for n in range(20)])
    for num in nums(store):
        say(store, num, Tone.NEGATIVE)
    assert desk.honesty(store.read, TOPIC, b.after(hours=1)).all.n == 0


def test_a_worker_looks_up_unreliable_topics_when_something_was_said(store: SqliteStore) -> None:
    file_batch(store, [b.filed(n, tone=Tone.NEUTRAL) for n in range(LEAST_NEGATIVES)])
    misreading = Misreading()

    def look(now: datetime = T0) -> float:
        with store.begin() as tx:
            misreading.look(tx, [TOPIC, OTHER], now)
        return misreading.of(TOPIC)

    assert look() == 0.0
    for num in nums(store):
        say(store, num, Tone.NEGATIVE, drawn=True)
    assert look() == 1.0
    assert misreading.of(OTHER) == 0.0
    assert look(b.after(days=91)) == 0.0  # words grow old
    desk.take_back(store, TOPICS, TOPIC, nums(store)[0], b.after(hours=2))
    assert look() == 0.0, "nine are too few"
