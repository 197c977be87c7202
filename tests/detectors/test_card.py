"""The card: what it says of rows, that their order does not matter, and that it survives as JSON."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from detectors.card import (
    Card,
    CardAuthor,
    CardPost,
    Part,
    author_ref,
    card,
    card_json,
    card_of,
    first_negative,
    in_order,
)
from detectors.detection import Level, Reason, ReasonCode
from detectors.measures import negative_share
from detectors.score.base import Tone
from detectors.silencers import Change, Lever
from detectors.thresholds import Thresholds
from detectors.window import COLUMNS, Window
from tests import builders as b

LIMITS = Thresholds()
UNTIL = b.after(minutes=60)
S0 = int(b.T0.timestamp())


def rows(*made: dict[str, object], since: float = 0) -> Window:
    """Return a window of rows, each given by what matters of it."""
    base = {
        "at": S0,
        "source": "forum",
        "author": 0,
        "thread": 0,
        "cluster": 0,
        "tone": int(Tone.NEGATIVE),
        "offensive": False,
        "reach": 100,
        "lang": "de",
        "kind": "post",
        "tripwire": "",
        "certainty": 90,
        "rival": "",
    }
    full = [{**base, "num": n + 1, **row} for n, row in enumerate(made)]
    for row in full:
        row["negative"] = 90 if row["tone"] == Tone.NEGATIVE else 5
    full.sort(key=lambda row: (row["at"], row["num"]))
    columns = {name: [row[name] for row in full] for name in COLUMNS}
    return Window(b.after(minutes=since), UNTIL, **columns)


def storm() -> Window:
    """Thirty negatives by twelve people from minute 12 on, and praise before that."""
    praise = [{"at": S0 + 60 * n, "tone": int(Tone.POSITIVE), "author": 900 + n} for n in range(10)]
    angry = [
        {
            "at": S0 + 732 + 30 * n,
            "author": 1 + n % 12,
            "thread": n,
            "reach": 50 * (n % 12),
            "source": "forum" if n % 3 else "reviews",
            "lang": "de" if n % 2 else "en",
            "cluster": 77 if n < 4 else 0,
        }
        for n in range(30)
    ]
    return rows(*praise, *angry)


REASONS = (
    Reason(ReasonCode.NEGATIVE_AUTHORS, 12, 8),
    Reason(ReasonCode.MULTIPLE, 15, 3),
    Reason(ReasonCode.NEGATIVE_THREADS, 12, 2),
    Reason(ReasonCode.GROWTH, 1.1, 1.5, met=False),
    Reason(ReasonCode.NEGATIVE_BURST, 44.0, 30.0),
    Reason(ReasonCode.NEGATIVE_SHARE, negative_share(30, 0, 40).low, 0.6, met=False),
)
SEEN = b.assessment(at=UNTIL, onset=b.after(minutes=10), reasons=REASONS, return_period_days=44.0)
TEXTS = ["Acme Bahn hat zweimal abgebucht"] * 30 + ["Doppelt abgebucht, ihr Betrüger"] * 15
BEFORE = ["Acme Bahn fährt pünktlich", "Der Zug war voll", "Fahrplan ist da"] * 10


def of(window: Window, **fields: object) -> Card:
    values: dict[str, object] = {
        "texts": TEXTS,
        "before": BEFORE,
        "new_authors": {1, 2, 3, 950},
        "expected": 1.4,
        "limits": LIMITS,
        "budget_days": 30.0,
    }
    return card(window, window, SEEN, **(values | fields))  # type: ignore[arg-type]  # by name


def test_it_says_how_much_of_what_by_whom_and_where() -> None:
    made = of(in_order(storm()))
    assert (made.hour.mentions, made.hour.negatives, made.hour.expected) == (40, 30, 1.4)
    assert (made.days, made.level, made.negatives) == (44.0, 4, 30)
    assert (made.authors_known, made.authors_new, made.new_share) == (12, 3, 0.25)
    assert made.sources == (Part("forum", 20), Part("reviews", 10))
    assert made.languages == (Part("de", 15), Part("en", 15))
    assert made.authors[0] == CardAuthor(author_ref(12), 22, 550, 2, new=False)
    assert [a.reach for a in made.authors] == [550, 500, 450, 400, 350]
    assert made.terms[0].term == "abgebucht"
    assert made.term_posts == 45
    assert len(made.posts) == 12
    assert CardPost(14, 3) in made.posts  # one for the four copies, the widest of them
    assert [r.code for r in made.reasons] == [
        ReasonCode.NEGATIVE_AUTHORS,
        ReasonCode.MULTIPLE,
        ReasonCode.NEGATIVE_THREADS,
        ReasonCode.NEGATIVE_BURST,
    ]


def test_it_says_which_share_of_the_texts_is_critical_copies_counted_once() -> None:
    made = of(in_order(storm()))
    assert made.critical is not None
    assert made.critical.texts == 37, "three of four copies are left out"
    assert made.critical.low < 27 / 37 < made.critical.high
    assert 0.0 < made.critical.low < made.critical.value < made.critical.high <= 1.0


def test_without_a_text_that_was_read_no_share_is_told() -> None:
    unread = rows(*[{"at": S0 + n, "tone": int(Tone.UNREAD), "certainty": 0} for n in range(9)])
    assert of(in_order(unread)).critical is None


def test_of_very_many_texts_some_tell_the_share() -> None:
    many = rows(*[{"at": S0 + n % 3600, "author": n, "thread": n} for n in range(2_500)])
    made = of(in_order(many))
    assert made.critical is not None
    assert 500 < made.critical.texts <= 1_000


def test_the_onset_is_the_first_negative_post_not_the_bins_start() -> None:
    made = of(in_order(storm()))
    assert made.onset == b.after(732)
    assert SEEN.onset == b.after(600)
    assert first_negative(storm(), None) == b.after(732)
    assert first_negative(storm(), b.after(733)) == b.after(762)
    assert first_negative(rows({"tone": int(Tone.POSITIVE)}), None) is None


def test_what_came_before_the_onset_is_looked_at_and_not_counted_since() -> None:
    early = [{"at": S0 + 60, "author": 70, "source": "early"}]
    late = [{"at": S0 + 900 + n, "author": n + 1} for n in range(3)]
    made = of(in_order(rows(*early, *late)))
    assert (made.onset, made.negatives, made.looked_at) == (b.after(900), 3, 4)
    assert made.sources == (Part("forum", 3), Part("early", 1))


def test_an_onset_further_back_than_the_rows_is_taken_as_given() -> None:
    assert of(storm(), onset=b.after(-7200)).onset == b.after(-7200)


def test_without_any_post_there_is_still_a_card() -> None:
    made = of(rows(), texts=(), before=())
    assert (made.onset, made.negatives, made.new_share) == (SEEN.onset, 0, 0.0)
    assert (made.posts, made.authors, made.terms) == ((), (), ())


@pytest.mark.parametrize("seed", range(5))
def test_the_same_rows_give_the_same_card_in_any_order_of_arrival(seed: int) -> None:
    whole = storm()
    order = list(range(len(whole)))
    random.Random(seed).shuffle(order)
    columns = {name: [getattr(whole, name)[i] for i in order] for name in COLUMNS}
    assert of(in_order(Window(whole.since, whole.until, **columns))) == of(in_order(whole))


@pytest.mark.parametrize("seed", range(5))
def test_the_number_that_a_post_got_decides_nothing(seed: int) -> None:
    """Filed in another order posts have other numbers; the same posts stand on the card."""
    whole = storm()
    # All in one second: only what a row says can order them.
    whole = Window(whole.since, whole.until, **{n: list(getattr(whole, n)) for n in COLUMNS})
    whole.at = [S0 + 700] * len(whole)
    whole.thread = list(range(len(whole)))
    numbers = list(whole.num)
    random.Random(seed).shuffle(numbers)
    other = replace(whole, num=numbers)
    was = dict(zip(numbers, whole.num, strict=True))
    one, two = of(in_order(whole)), of(in_order(other))
    assert [was[p.num] for p in two.posts] == [p.num for p in one.posts]
    assert [(a.key, was[a.num]) for a in two.authors] == [(a.key, a.num) for a in one.authors]
    assert replace(two, posts=(), authors=()) == replace(one, posts=(), authors=())


def test_private_messages_are_counted_and_never_named() -> None:
    late = {"at": S0 + 700}
    made = of(rows({**late, "kind": "dm", "author": 5, "reach": 9_000}, {**late, "author": 6}))
    assert made.negatives == 2
    assert [p.num for p in made.posts] == [2]
    assert [a.key for a in made.authors] == [author_ref(6)]


def test_what_would_have_silenced_it_stands_on_it() -> None:
    made = of(in_order(storm()))
    assert made.silent[0].changes == (Change(Lever.AUTHORS, 7, 12),)
    levers = {change.lever for silencer in made.silent for change in silencer.changes}
    assert levers == {Lever.AUTHORS, Lever.BUDGET, Lever.SHARE}


def test_the_share_that_silences_has_its_whole_interval_below_the_low_tone() -> None:
    made = of(in_order(storm()))
    [share] = [c for s in made.silent for c in s.changes if c.lever is Lever.SHARE]
    calm = round(share.value * 40)
    assert negative_share(calm, 0, 40).high < LIMITS["tone_low"]
    assert negative_share(calm + 1, 0, 40).high >= LIMITS["tone_low"]


def test_a_share_that_was_not_the_one_judged_silences_nothing() -> None:
    reasons = [*REASONS[:-1], Reason(ReasonCode.NEGATIVE_SHARE, 0.31, 0.6, met=False)]
    seen = replace(SEEN, reasons=tuple(reasons))
    made = card(
        storm(),
        storm(),
        seen,
        texts=(),
        before=(),
        new_authors=set(),
        expected=1.0,
        limits=LIMITS,
        budget_days=30.0,
    )
    assert Lever.SHARE not in {c.lever for s in made.silent for c in s.changes}


def test_it_survives_as_json_and_holds_no_text_of_a_post() -> None:
    reasons = (*REASONS, Reason(ReasonCode.MENTION_BURST, math.inf, 3.0))
    seen = replace(SEEN, reasons=reasons, return_period_days=math.inf)
    made = card(
        storm(),
        storm(),
        seen,
        texts=TEXTS,
        before=BEFORE,
        new_authors={1},
        expected=1.0,
        limits=LIMITS,
        budget_days=30.0,
    )
    assert made.days is None
    text = json.dumps(card_json(made), allow_nan=False)
    assert card_of(json.loads(text)) == made
    assert "zweimal abgebucht, ihr" not in text.lower()
    assert len(text) < 6_000


def test_a_card_of_the_future_is_refused_by_name() -> None:
    data = card_json(of(storm()))
    with pytest.raises(ValueError, match="level"):
        card_of({**data, "level": "high"})


def test_levels_below_four_have_nothing_to_silence() -> None:
    watch = replace(SEEN, level=Level.FRESH_BREEZE, interrupt=False)
    made = card(
        storm(),
        storm(),
        watch,
        texts=(),
        before=(),
        new_authors=set(),
        expected=1.0,
        limits=LIMITS,
        budget_days=30.0,
        onset=UNTIL - timedelta(minutes=30),
    )
    assert made.silent == ()
