"""The bench of detection itself: what it draws, how it counts, and that it tells careless twins."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from detectors.burst import EXCEEDANCE
from detectors.measures import wilson
from detectors.score.linear import LinearScorer
from monitor.bench.detection import report
from monitor.bench.detection.brand import DAY_BINS, Brand, brand, calm
from monitor.bench.detection.honest import bursts
from monitor.bench.detection.storm import Cell, cells, shape, storm
from monitor.bench.detection.stream import Hours, Stream
from monitor.bench.detection.tone import LABELLED, Reading, readings, sharpened
from monitor.bench.figures import poisson_interval

READING = Reading(
    tone=np.array([0, 0, 1, 2, 3]),
    negative=np.array([90, 55, 20, 5, 0]),
    seen=np.array(
        [[0.5, 0.2, 0.2, 0.05, 0.05], [0.04, 0.06, 0.8, 0.05, 0.05], [0.01, 0.04, 0.1, 0.8, 0.05]]
    ),
    sure=np.full((3, 5), 0.8),
    offensive=0.2,
    texts=300,
)
KNOWN = Brand(rate=60.0, negative=0.2, sources=(0.5, 0.3, 0.2), swing=0.6, lang="de")
LOUD = Cell(rate=2000.0, peak=10.0, doubling_min=60.0, negative=0.85, several=True)


def told(found: bool, delay: float | None = None, *, early: bool = False) -> dict[str, object]:
    return {"found": found, "delay_min": delay, "early": early}


def test_what_was_missed_is_a_late_one_and_no_one_less() -> None:
    """Dropped instead, the median of these would be 10 minutes and the share found one."""
    seen = report.summary([told(True, 5), told(True, 15), told(False), told(False)])
    assert seen["found"] == 0.5
    assert seen["delay_min_p50"] is None
    seen = report.summary([told(True, 5), told(True, 10), told(True, 20), told(False)])
    assert (seen["delay_min_p50"], seen["delay_min_p90"]) == (20, None)


def test_a_storm_with_a_page_just_before_it_is_left_out_and_counted() -> None:
    seen = report.summary([told(True, 5), told(False, early=True)])
    assert (seen["storms"], seen["left_out"], seen["found"]) == (1, 1, 1.0)


def test_nothing_known_is_no_figure() -> None:
    seen = report.summary([])
    assert (seen["found"], seen["found_95"], seen["delay_min_p50"]) == (None, [0.0, 1.0], None)


def test_intervals_are_those_of_the_books() -> None:
    assert wilson(8, 10, z=1.96) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert poisson_interval(0) == pytest.approx((0.0, 3.6889), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.7954, 18.3904), abs=1e-3)
    # Of many events it is nearly the mean and two deviations (Garwood's own table ends at 50).
    assert poisson_interval(2500) == pytest.approx((2500 - 97.0, 2500 + 100.0), abs=1.0)


def test_pages_are_told_against_the_budget_with_their_interval() -> None:
    records = [
        {"rate": 20.0, "budget_days": 30.0, "days": 90, "pages": pages} for pages in (4, 0, 5, 1)
    ]
    seen = report.nulls(records)["30"]
    assert (seen["pages"], seen["budget"], seen["ratio"]) == (10, 12.0, 0.833)
    assert seen["ratio_95"] == [
        pytest.approx(4.7954 / 12, abs=1e-3),
        pytest.approx(1.533, abs=1e-3),
    ]
    assert seen["by_rate"]["20"]["pages"] == 10


def test_a_careless_twin_that_never_pages_or_always_does_is_told_apart() -> None:
    def twin(pages: int) -> float:
        record = {"rate": 20.0, "budget_days": 30.0, "days": 90, "pages": pages}
        return float(report.nulls([record] * 20)["30"]["ratio"])

    assert twin(0) == 0.0
    assert twin(90) == 30.0


# --- what is drawn --------------------------------------------------------------------------------


def test_rows_are_the_same_in_whatever_order_they_are_asked_for() -> None:
    def made() -> Stream:
        stream = calm(KNOWN, READING, 3, 7)
        stream.add(storm(LOUD, 300, KNOWN.sources))
        return stream

    forth, back = made(), made()
    ahead = {bin: forth.rows(bin, bin) for bin in range(290, 330)}
    behind = {bin: back.rows(bin, bin) for bin in reversed(range(290, 330))}
    for bin, columns in ahead.items():
        assert all(np.array_equal(a, b) for a, b in zip(columns, behind[bin], strict=True)), bin


def test_rows_fit_the_counts_of_their_bin() -> None:
    stream = calm(KNOWN, READING, 2, 7)
    hours, last = Hours(stream), 400
    window = hours.window(last)
    counts = [stream.counts(bin) for bin in range(last - 11, last + 1)]
    assert len(window.tone) == sum(c.mentions for c in counts)
    assert window.tone.count(-1) == sum(c.negatives for c in counts)
    assert sum(window.negative) == sum(c.negativity for c in counts)
    assert sum(p * p for p in window.negative) == sum(c.negativity_squares for c in counts)


def test_another_seed_is_another_stream_and_the_same_seed_the_same() -> None:
    def heard(seed: int) -> list[int]:
        stream = calm(KNOWN, READING, 2, seed)
        return [stream.counts(bin).mentions for bin in range(2 * DAY_BINS)]

    one, same, other = heard(7), heard(7), heard(8)
    assert one == same
    assert one != other


def test_a_storm_adds_what_its_cell_says_and_the_calm_stays_as_it_was() -> None:
    calm_one = calm(KNOWN, READING, 6, 7)
    stormy = calm_one.forked(99)
    part = storm(LOUD, 3 * DAY_BINS, KNOWN.sources)
    stormy.add(part)
    added = np.array(
        [
            stormy.counts(part.first + i).mentions - calm_one.counts(part.first + i).mentions
            for i in range(len(part.rates))
        ]
    )
    assert all(stormy.counts(b) == calm_one.counts(b) for b in range(part.first))
    assert added.sum() == pytest.approx(shape(LOUD).sum(), rel=0.01)
    assert added[:12].sum() == pytest.approx(LOUD.first_hour, rel=0.05)
    assert shape(LOUD).max() == pytest.approx(LOUD.rate * LOUD.peak / 12, rel=1e-6)
    negative = sum(stormy.counts(part.first + i).negatives for i in range(len(part.rates)))
    # 85 % are negative, of which 70 % are read so; of the neutral others a tenth are too.
    assert negative / added.sum() == pytest.approx(0.85 * 0.7 + 0.12 * 0.1 + 0.03 * 0.05, abs=0.04)


@pytest.mark.parametrize("doubling", [10.0, 60.0, 360.0])
def test_a_storm_doubles_as_fast_as_its_cell_says(doubling: float) -> None:
    rates = shape(Cell(2000.0, 10.0, doubling, 0.6, False))
    later = int(doubling // 5)
    assert rates[later] / rates[0] == pytest.approx(2.0, rel=0.02)


def test_the_grid_has_every_cell_once() -> None:
    known = list(cells())
    assert len(known) == len(set(known)) == 5 * 3 * 3 * 2 * 2


def test_onset_is_where_five_of_a_hundred_had_come() -> None:
    stream = calm(KNOWN, READING, 6, 7)
    part = storm(LOUD, 3 * DAY_BINS, KNOWN.sources)
    stream.add(part)
    expected = np.searchsorted(np.cumsum(part.rates), 0.05 * part.rates.sum())
    assert abs(stream.share_at("storm", 0.05) - int(expected)) <= 1


def test_brands_are_as_loud_as_asked() -> None:
    known = brand(200.0, 5)
    stream = calm(known, READING, 28, 5, flares=False)
    heard = sum(stream.counts(bin).mentions for bin in range(28 * DAY_BINS))
    # Moods move a month by some percent; what is asked for is the mean.
    assert heard / (28 * 24) == pytest.approx(200.0, rel=0.15)


def test_readings_are_probabilities(tmp_path: Path) -> None:
    lines = [
        "negative\tso ein mieser laden, nie wieder",
        "neutral\tder laden hat bis acht offen",
        "positive\tsehr nett und schnell, danke",
    ]
    for names in LABELLED.values():
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("label\ttext\n" + "\n".join(lines * 2) + "\n")
    read = readings(tmp_path, LinearScorer.load())
    for known in (*read.values(), *sharpened(read).values()):
        assert known.seen.sum(axis=1) == pytest.approx([1.0, 1.0, 1.0])
        assert ((known.sure >= 0.0) & (known.sure <= 1.0)).all()
        assert known.shares((0.2, 0.5, 0.3)).sum() == pytest.approx(1.0)
        assert len(known.tone) == len(known.negative) == known.seen.shape[1]
        assert ((known.negative >= 0) & (known.negative <= 100)).all()
        kinds = np.eye(len(known.tone), dtype=np.int64)
        assert (known.tones(kinds).sum(axis=1) == 1).all()
    assert sharpened(read)["de"].negatives() == [1.0, 0.0, 0.0]


# --- bursts ---------------------------------------------------------------------------------------


def test_a_burst_ends_after_two_hours_without_one() -> None:
    quiet = [0.0]
    assert bursts(quiet * 100) == []
    assert bursts([1.0, 5.0, *(quiet * 24), 3.0]) == [5.0]
    assert bursts([1.0, 5.0, *(quiet * 25), 3.0]) == [5.0, 3.0]
    assert math.log(2.5) == EXCEEDANCE
