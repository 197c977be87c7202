"""The cascade's queue: bounded, weightiest first, nothing that is too old."""

from __future__ import annotations

import math
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.score.base import Marks, Tone
from detectors.score.cascade import CascadeQueue, Dropped, priority, replaced, uncertainty
from detectors.score.heads import MORE, NO_CLAIM
from tests import builders as b

LATER = b.after(60)


def put(queue: CascadeQueue[str], *named: tuple[str, float], until: datetime = LATER) -> None:
    for name, weight in named:
        queue.offer(name.encode(), name, weight, until)


def test_the_weightiest_come_first_and_among_equals_who_came_first() -> None:
    queue = CascadeQueue[str](10)
    put(queue, ("light", 1.0), ("first", 2.0), ("second", 2.0), ("heavy", 3.0))
    assert queue.take(3, b.T0) == (["heavy", "first", "second"], 0)
    assert queue.take(3, b.T0) == (["light"], 0)
    assert queue.take(3, b.T0) == ([], 0)


def test_a_full_queue_drops_the_lightest_even_if_it_is_the_new_one() -> None:
    queue = CascadeQueue[str](2)
    put(queue, ("a", 1.0), ("b", 2.0))
    assert queue.offer(b"c", "c", 3.0, LATER) is Dropped.FULL
    assert queue.offer(b"d", "d", 0.5, LATER) is Dropped.FULL
    assert queue.offer(b"e", "e", 2.0, LATER) is Dropped.FULL
    assert queue.take(5, b.T0)[0] == ["c", "b"]


def test_what_is_too_old_is_not_given_and_is_counted() -> None:
    queue = CascadeQueue[str](10)
    put(queue, ("old", 9.0), until=b.after(10))
    put(queue, ("fresh", 1.0), until=b.after(11))
    assert queue.take(5, b.after(10)) == (["fresh"], 1)
    assert len(queue) == 0


def test_the_same_key_again_replaces_what_waits() -> None:
    queue = CascadeQueue[str](2)
    queue.offer(b"k", "before the edit", 5.0, LATER)
    assert queue.offer(b"k", "after it", 1.0, LATER) is None
    put(queue, ("other", 2.0))
    assert queue.take(5, b.T0)[0] == ["other", "after it"]


def test_a_queue_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a queue of 0; expected at least 1"):
        CascadeQueue[str](0)


@given(
    size=st.integers(1, 5),
    offers=st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(1, 6)), max_size=30
    ),
    at=st.integers(0, 6),
)
def test_it_gives_what_sorting_all_of_them_gives(
    size: int, offers: list[tuple[int, int, int]], at: int
) -> None:
    queue = CascadeQueue[tuple[int, int]](size)
    kept: list[tuple[int, int, int, int]] = []
    for n, (key, weight, until) in enumerate(offers):
        queue.offer(bytes([key]), (key, n), weight, b.after(until))
        kept = [one for one in kept if one[2] != key] + [(-weight, n, key, until)]
        kept = sorted(kept)[:size]
    given_, expired = queue.take(99, b.after(at))
    assert given_ == [(key, n) for _, n, key, until in kept if until > at]
    assert expired == sum(until <= at for *_, until in kept)


@pytest.mark.parametrize(
    ("p", "open_"),
    [
        ((1.0, 0.0, 0.0), 0.0),
        ((0.5, 0.5, 0.0), 0.75),
        ((1 / 3, 1 / 3, 1 / 3), 1.0),
    ],
)
def test_tone_is_as_open_as_its_best_label_leaves(
    p: tuple[float, float, float], open_: float
) -> None:
    score = msgspec.structs.replace(b.score(), p=p)
    assert uncertainty(score, "sentiment") == pytest.approx(open_)


@pytest.mark.parametrize(("offensive", "open_"), [(0.0, 0.0), (0.5, 1.0), (0.75, 0.5), (1.0, 0.0)])
def test_a_yes_is_as_open_as_it_is_near_to_a_half(offensive: float, open_: float) -> None:
    assert uncertainty(b.score(offensive=offensive), "offensive") == pytest.approx(open_)


def test_what_was_not_read_or_not_claimed_is_open() -> None:
    unread = b.score(Tone.UNREAD, offensive=0.0)
    assert uncertainty(unread, "sentiment") == uncertainty(unread, "offensive") == 1.0
    silent = msgspec.structs.replace(b.score(), more=(NO_CLAIM,) * len(MORE))
    assert uncertainty(silent, "insult") == uncertainty(b.score(), "insult") == 1.0
    sure = msgspec.structs.replace(b.score(), more=(0.9,) * len(MORE))
    assert uncertainty(sure, "insult") == pytest.approx(0.2)


def test_reach_counts_by_its_logarithm_and_unknown_reach_as_one() -> None:
    assert priority(0.5, 0) == 0.5
    assert priority(0.5, 1022) == pytest.approx(5.0)
    assert priority(1.0, 10_000) > priority(0.6, 1_000_000)
    assert priority(0.0, 10**9) == 0.0
    assert math.isfinite(priority(1.0, -5))


def test_an_answer_replaces_its_own_head_and_nothing_else() -> None:
    before = b.score(Tone.NEGATIVE, offensive=0.4)
    tone = replaced(before, "sentiment", [0.1, 0.2, 0.7])
    assert (tone.tone, tone.p, tone.offensive) == (Tone.POSITIVE, (0.1, 0.2, 0.7), 0.4)
    assert tone.score == pytest.approx(0.6)
    harm = replaced(before, "offensive", [0.1, 0.9])
    assert harm == msgspec.structs.replace(before, offensive=0.9)
    more = replaced(before, "bug", [0.3, 0.7])
    assert more.more[MORE.index("bug")] == 0.7
    assert more.more.count(NO_CLAIM) == len(MORE) - 1
    assert replaced(b.score(Tone.UNREAD), "sentiment", [0.1, 0.8, 0.1]).tone is Tone.NEUTRAL


def test_what_a_word_list_decided_no_model_overrules() -> None:
    banned = msgspec.structs.replace(b.score(offensive=1.0), marks=Marks(banned="idiot"))
    assert uncertainty(banned, "offensive") == 0.0
    assert replaced(banned, "offensive", [0.99, 0.01]) == banned


def test_an_unsure_offensive_answer_is_read_again_and_its_doubt_goes_with_a_no() -> None:
    marks = Marks(suspect="acme", unsure="quoted")
    unsure = msgspec.structs.replace(b.score(offensive=0.99), marks=marks)
    assert uncertainty(unsure, "offensive") == 1.0
    assert uncertainty(unsure, "sentiment") < 1.0
    no = replaced(unsure, "offensive", [0.9, 0.1])
    assert (no.offensive, no.marks) == (0.1, Marks(suspect="acme"))
    assert replaced(unsure, "offensive", [0.2, 0.8]).marks == marks
