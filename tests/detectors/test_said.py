"""Said: texts of the last hours, each counted once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from detectors.measures import firsts
from detectors.said import Said, texts_in
from detectors.score.base import Tone
from detectors.window import COLUMNS, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
SURE = 80


def window(*rows: tuple[int, int, Tone]) -> Window:
    """Return an hour with rows of (minute, cluster, tone)."""
    of = {
        "at": [int(START.timestamp()) + 60 * minute for minute, _, _ in rows],
        "cluster": [cluster for _, cluster, _ in rows],
        "tone": [int(tone) for *_, tone in rows],
        "negative": [SURE if tone is Tone.NEGATIVE else 10 for *_, tone in rows],
    }
    columns = {name: of.get(name, [0] * len(rows)) for name in COLUMNS}
    return Window(START, START + HOUR, **columns)  # type: ignore[arg-type]  # filled by name


def told_of(*rows: tuple[int, int, Tone]) -> list[tuple[int, int]]:
    seen = window(*rows)
    return texts_in(seen, firsts(seen))


def test_of_copies_the_first_is_counted_in_the_bin_where_it_stood() -> None:
    angry, calm = Tone.NEGATIVE, Tone.NEUTRAL
    told = told_of((0, 7, angry), (1, 0, calm), (6, 7, angry), (59, 8, calm), (59, 7, angry))
    assert told[0] == (2, SURE + 10)
    assert told[1] == (0, 0), "a copy"
    assert told[-1] == (1, 10)
    assert len(told) == 12


def test_posts_without_a_cluster_are_texts_of_their_own() -> None:
    told = told_of(*[(3, 0, Tone.NEGATIVE)] * 4)
    assert told[0] == (4, 4 * SURE)


def test_what_could_not_be_read_is_no_text() -> None:
    assert told_of((3, 0, Tone.UNREAD), (3, 0, Tone.NEUTRAL))[0] == (1, 10)


def test_an_hour_that_was_looked_at_replaces_what_was_counted() -> None:
    said = Said()
    for _ in range(12):
        said.append((10, 5))
    hour = [(2, 1)] * 12
    said.append((10, 5), hour)
    for _ in range(12):
        said.append((0, 0))
    assert said.last(1, [(0, 0)] * 12) == (10 + 24, 5 + 12), "one bin had left before"


def test_more_hours_hold_more_and_the_oldest_are_forgotten() -> None:
    said, hour = Said(), [(1, 0)] * 12
    for _ in range(12 * 60):
        said.append((1, 0))
    assert said.last(0, hour) == (12, 0)
    assert said.last(2, hour) == (36, 0)
    assert said.last(23, hour) == (24 * 12, 0)


def test_restoring_is_invisible_and_names_what_does_not_fit() -> None:
    said = Said()
    for n in range(100):
        said.append((n % 5, n % 2))
    again = Said()
    again.restore(json.loads(json.dumps(said.snapshot())))
    said.append((3, 1))
    again.append((3, 1))
    assert again.snapshot() == said.snapshot()
    with pytest.raises(ValueError, match="texts"):
        again.restore({"texts": [1, 2]})
