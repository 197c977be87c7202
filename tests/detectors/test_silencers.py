"""What would have silenced it: said of the reasons, and true when judged again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.context import Context
from detectors.detection import WAKE, Assessment, Level, Reason, ReasonCode
from detectors.ensemble import Evidence, judge
from detectors.measures import Measures, negative_share
from detectors.silencers import Change, Lever, Silencer, silencers
from detectors.thresholds import Thresholds
from tests import builders as b

LIMITS = Thresholds()
BUDGET = 30.0


def measures(authors: int = 12, negatives: int = 30, **fields: object) -> Measures:
    values: dict[str, object] = {
        "mentions": 2 * negatives,
        "negatives": negatives,
        "recent": negatives // 4,
        "prior": negatives // 4,
        "authors": authors,
        "threads": authors,
        "sources": ("a", "b"),
        "originals": negatives,
        "share": negative_share(negatives, 0, 2 * negatives),
    }
    return Measures(**(values | fields))  # type: ignore[arg-type]  # fields by name


def evidence(seen: Measures, **fields: object) -> Evidence:
    values: dict[str, object] = {
        "negatives": seen.negatives,
        "unexplained": float(max(seen.negatives, 4 * seen.recent)),
        "measures": seen,
        "median": 4.0,
        "usual": 4.0,
        "negative_days": 22.3,
    }
    return Evidence(**(values | fields))  # type: ignore[arg-type]  # fields by name


def assessed(e: Evidence, limits: Thresholds = LIMITS, budget: float = BUDGET) -> Assessment:
    judged = judge(e, limits, budget)
    return b.assessment(
        judged.social, social=judged.social, interrupt=judged.interrupt, reasons=judged.reasons
    )


def again(e: Evidence, silencer: Silencer, limits: Thresholds = LIMITS) -> Level:
    """Judge ``e`` with every change of a silencer made, and nothing else."""
    budget, seen = BUDGET, e.measures
    assert seen is not None
    for change in silencer.changes:
        n = int(change.value)
        match change.lever:
            case Lever.BUDGET:
                budget = change.value
            case Lever.AUTHORS:
                seen = replace(seen, authors=n)
            case Lever.THREADS:
                seen = replace(seen, threads=n)
            case Lever.REACH:
                seen = replace(seen, reach=n)
            case Lever.TRIPWIRE:
                others = tuple(t for t in seen.tripwires if t[0] != change.text)
                seen = replace(seen, tripwires=(*others, (change.text, n)))
            case Lever.MULTIPLE:
                pace = max(e.negatives, seen.negatives, 4 * seen.recent)
                e = replace(e, median=pace / change.value)
            case Lever.SHARE:
                k = round(change.value * seen.mentions)
                lower = negative_share(k, seen.unread, seen.mentions)
                seen = replace(seen, share=lower, texts=lower)
            case Lever.MEDIA:
                raise AssertionError("the echo is not part of the evidence")
    return judge(replace(e, measures=seen), limits, budget).social


def levers(found: tuple[Silencer, ...]) -> list[tuple[Lever, ...]]:
    return [tuple(c.lever for c in s.changes) for s in found]


def test_the_nearest_comes_first() -> None:
    e = evidence(measures(authors=12), negative_days=4.65)
    found = silencers(assessed(e), LIMITS, BUDGET)
    assert found[0] == Silencer((Change(Lever.AUTHORS, 7, 12),))
    assert Silencer((Change(Lever.BUDGET, 47, 30),)) in found
    assert [s.distance for s in found] == sorted(s.distance for s in found)


def test_below_four_there_is_nothing_to_silence() -> None:
    seen = assessed(evidence(measures(authors=7)))
    assert seen.level == Level.FRESH_BREEZE
    assert silencers(seen, LIMITS, BUDGET) == ()


def test_a_level_that_is_only_held_names_nothing() -> None:
    seen = assessed(evidence(measures()))
    held = replace(seen, reasons=(*seen.reasons, Reason(ReasonCode.HOLD, 2, 6, met=False)))
    assert silencers(held, LIMITS, BUDGET) == ()


def test_a_tripwire_beside_a_burst_needs_both_gone() -> None:
    e = evidence(measures(authors=9, tripwires=(("recall", 3),)))
    found = silencers(assessed(e), LIMITS, BUDGET)
    assert found
    for silencer in found:
        assert Lever.TRIPWIRE in {c.lever for c in silencer.changes}
        assert len(silencer.changes) == 2
        assert again(e, silencer) < WAKE
        half = Silencer(silencer.changes[:1])
        assert again(e, half) >= WAKE


def test_what_perhaps_is_not_ours_wakes_only_by_its_tripwire() -> None:
    seen = measures(authors=12, tripwires=(("recall", 2),))
    e = evidence(seen, slow_days=70.0, context=Context(strange=0.9))
    found = silencers(assessed(e), LIMITS, BUDGET)
    assert found == (Silencer((Change(Lever.TRIPWIRE, 1, 2, "recall"),)),)
    assert again(e, found[0]) < WAKE


def test_a_gross_crowd_is_not_silenced_by_a_longer_budget_alone() -> None:
    e = evidence(measures(authors=60, negatives=90))
    found = silencers(assessed(e), LIMITS, BUDGET)
    assert (Lever.BUDGET,) not in levers(found)
    assert all(again(e, silencer) < WAKE for silencer in found)


def test_a_burst_of_once_in_ever_has_no_budget_that_silences() -> None:
    e = evidence(measures(), negative_days=float("inf"))
    assert all(
        Lever.BUDGET not in found for found in levers(silencers(assessed(e), LIMITS, BUDGET))
    )


def test_an_echo_set_by_hand_is_silenced_only_by_hand() -> None:
    seen = b.assessment(Level.STORM, social=Level.CALM, media=Level.STORM, reasons=())
    assert silencers(seen, LIMITS, BUDGET) == (Silencer((Change(Lever.MEDIA, 3, 5),)),)


def test_a_topics_own_thresholds_are_what_counts() -> None:
    limits = Thresholds({"level4_authors": 4})
    e = evidence(measures(authors=7))
    found = silencers(assessed(e, limits), limits, BUDGET)
    assert Silencer((Change(Lever.AUTHORS, 3, 7),)) in found
    assert all(again(e, silencer, limits) < WAKE for silencer in found)


@pytest.mark.parametrize(
    "e",
    [
        evidence(
            measures(authors=26, share=negative_share(30, 0, 36)), days=0.5
        ),  # a new topic: fixed counts
        evidence(measures(authors=4, reach=900_000)),  # one very wide post
        evidence(measures(authors=40, reach=900_000)),  # ... in a crowd
        evidence(measures(authors=5), negative_days=0.5, slow_days=70.0),  # slow
        evidence(measures(authors=12), slow_days=70.0),  # slow and rare
        evidence(measures(authors=40, negatives=60), negative_days=3.0),  # gross only
        evidence(measures(authors=3, tripwires=(("death", 1), ("injury", 2))), negative_days=0.1),
    ],
)
def test_every_way_to_four_is_silenced_by_what_is_named(e: Evidence) -> None:
    seen = assessed(e)
    assert seen.level >= WAKE
    found = silencers(seen, LIMITS, BUDGET)
    assert found
    assert [again(e, silencer) for silencer in found if again(e, silencer) >= WAKE] == []


@settings(max_examples=300, deadline=None)
@given(
    authors=st.integers(1, 150),
    negatives=st.integers(1, 300),
    threads=st.integers(1, 100),
    reach=st.sampled_from([0, 40_000, 400_000]),
    days=st.sampled_from([0.2, 5.0, 29.9, 30.0, 44.3, 2_000.0, 9_000.0]),
    slow=st.sampled_from([0.0, 5.0, 60.0]),
    known=st.sampled_from([0.4, 5.0, 400.0]),
    usual=st.sampled_from([1.0, 4.0, 30.0]),
    danger=st.integers(0, 3),
)
def test_what_is_named_is_really_silent(
    authors: int,
    negatives: int,
    threads: int,
    reach: int,
    days: float,
    slow: float,
    known: float,
    usual: float,
    danger: int,
) -> None:
    trip = (("recall", danger),) if danger else ()
    authors = min(authors, negatives)
    seen = measures(
        authors, negatives, threads=min(threads, negatives), reach=reach, tripwires=trip
    )
    e = evidence(seen, negative_days=days, slow_days=slow, days=known, usual=usual)
    found = silencers(assessed(e), LIMITS, BUDGET)
    assert [s for s in found if again(e, s) >= WAKE] == []
