"""Planned: the shape of an uplift, what overlaps, and what past ones teach."""

from __future__ import annotations

import doctest
from datetime import timedelta

import pytest

from detectors import planned
from detectors.planned import Brought, Kind, Uplift, learned, ratio, shape, uplift
from detectors.window import BIN
from tests import builders as b

HOUR = timedelta(hours=1)


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(planned)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize(
    ("hours", "whole"),
    [
        (-1.0, 0.0),
        (-0.5, 0.0),  # half an hour before the first arrive
        (-0.25, 0.5),
        (0.0, 1.0),
        (2.0, 1.0),  # to the end, as announced
        (3.0, 0.75),
        (6.0, 0.0),  # four hours after nobody talks of it any more
    ],
)
def test_an_event_begins_a_little_before_and_fades_after(hours: float, whole: float) -> None:
    assert shape(b.planned(hours=2), b.T0 + hours * HOUR) == pytest.approx(whole)


def test_a_post_has_no_lead_and_lasts_an_hour_before_it_fades() -> None:
    post = b.planned(kind=Kind.POST, hours=0)
    found = [shape(post, b.T0 + h * HOUR) for h in (-0.1, 0.1, 1.0, 3.0, 5.0)]
    assert found == pytest.approx([0.0, 1.0, 1.0, 0.5, 0.0])


def test_of_several_the_largest_counts_and_they_never_multiply() -> None:
    small, large = b.planned("a", title="Small"), b.planned("b", title="Large")
    assert uplift([(small, 3.0), (large, 10.0)], b.T0 + HOUR) == Uplift(10.0, "Large")
    # Where the large one has faded below the small one, the small one names it.
    long = b.planned("a", title="Long", hours=12)
    assert uplift([(long, 3.0), (large, 10.0)], b.T0 + 5.9 * HOUR) == Uplift(3.0, "Long")


def test_an_uplift_of_one_changes_nothing_and_says_nothing() -> None:
    assert uplift([(b.planned(), 1.0)], b.T0) == planned.NOTHING


def bins(count: int, mentions: int, expected: float) -> list[Brought]:
    return [Brought(b.T0 + n * BIN, mentions, expected) for n in range(count)]


def test_what_a_past_one_brought_is_seen_over_its_span_alone() -> None:
    event = b.planned(hours=1)
    around = [Brought(b.T0 - BIN, 900, 1.0), *bins(12, 8, 2.0), Brought(b.T0 + HOUR, 900, 1.0)]
    assert ratio(event, around) == pytest.approx(4.0)


def test_what_is_learned_while_it_runs_does_not_belittle_it() -> None:
    growing = [Brought(b.T0 + n * BIN, 12, 2.0 + n / 4) for n in range(12)]
    assert ratio(b.planned(hours=1), growing) == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (bins(9, 8, 2.0), None),  # three of twelve bins were never judged
        (bins(10, 8, 2.0), 4.0),
        (bins(12, 0, 2.0), 1.0),  # nobody came: no less than usual is ever expected
        (bins(12, 5, 0.0), 60.0),  # nothing was usual: as against one post
        (bins(12, 9000, 0.0), planned.LARGEST),
    ],
)
def test_what_a_past_one_brought_has_bounds(found: list[Brought], expected: float | None) -> None:
    assert ratio(b.planned(hours=1), found) == expected


def test_few_past_ones_are_drawn_towards_half_again_the_usual() -> None:
    assert learned([]) == 1.5
    assert 1.5 < learned([8.0]) < learned([8.0, 8.0]) < learned([8.0, 8.0, 8.0]) == 8.0
    assert learned([2.0, 300.0, 4.0]) == 4.0  # one that went wrong does not decide
