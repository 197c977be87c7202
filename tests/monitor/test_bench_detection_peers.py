"""Peers in the bench: the same law for each, thresholds, and ours beside theirs."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from river import anomaly

from monitor.bench import nab
from monitor.bench.data import NoData
from monitor.bench.detection import against, arrivals, equal, whole
from monitor.bench.detection.brand import DAY_BINS, Brand, calm
from monitor.bench.detection.equal import Board, Delays, bootstrap, compared, median
from monitor.bench.detection.harmless import SCENES
from monitor.bench.detection.peers import (
    PEERS,
    QUANTILE,
    WEEK,
    Peaks,
    Peer,
    Quantile,
    Taught,
    episodes,
    hour_against_half_day,
    reached,
    rises,
    share_of_week,
    sigmas,
    threshold_for,
)
from monitor.bench.detection.run import Past
from monitor.bench.detection.storm import Cell
from monitor.bench.detection.stream import Floats
from monitor.bench.detection.watching import Watching
from tests.monitor.test_bench_detection import READING

DAYS = 9
KNOWN = Brand(rate=20.0, negative=0.2, sources=(1.0,), swing=0.5, lang="de")


def noise(seed: int, bins: int = DAYS * DAY_BINS) -> Floats:
    return np.random.default_rng(seed).poisson(3.0, bins).astype(np.float64)


@pytest.mark.parametrize("peer", PEERS, ids=lambda p: p.name)
def test_no_peer_sees_what_is_to_come(peer: Peer) -> None:
    values = noise(1, 600)
    other = values.copy()
    other[500:] = 90.0
    assert np.array_equal(peer.scores(values)[:500], peer.scores(other)[:500])


@pytest.mark.parametrize("peer", PEERS, ids=lambda p: p.name)
def test_a_peer_goes_on_as_if_it_had_never_been_interrupted(peer: Peer) -> None:
    values = noise(2, 800)
    taught = Taught(peer, values[:700])
    first = taught.on(values[700:])
    assert np.allclose(first, peer.scores(values)[700:], equal_nan=True)
    assert np.array_equal(first, taught.on(values[700:])), "trying one storm must not teach another"


@pytest.mark.parametrize("peer", PEERS, ids=lambda p: p.name)
def test_every_peer_scores_a_plain_storm_above_the_noise_before(peer: Peer) -> None:
    values = noise(3)
    storm = np.full(12, 60.0)
    scores = Taught(peer, values).on(storm)
    assert scores.max() > np.median(peer.scores(values))
    assert len(scores) == 12


def test_the_vendors_rules_are_what_their_pages_say() -> None:
    values = np.full(WEEK + 24, 2.0)
    values[-12:] = 3.0
    assert share_of_week(values)[-1] == pytest.approx((36 + 1) / (24 + 1))
    assert hour_against_half_day(values)[-1] == pytest.approx((36 + 1) / (24 + 1))
    hours = np.tile(np.repeat([1.0, 3.0], 144), 9)
    sums = np.convolve(hours, np.ones(12))[: len(hours)]
    past = sums[-12 - WEEK : -12]
    assert sigmas(hours)[-1] == pytest.approx((sums[-1] - past.mean()) / past.std())


def test_the_quantile_filter_alarms_where_river_says_so() -> None:
    values = noise(4, 1500)
    values[1400:1404] = 40.0
    ours, theirs = (
        Quantile(),
        anomaly.QuantileFilter(
            anomaly.GaussianScorer(window_size=WEEK, grace_period=12), q=QUANTILE
        ),
    )
    said, known = [], []
    for value in values.tolist():
        log = math.log1p(value)
        known.append(bool(theirs.classify(theirs.score_one(None, log))))
        theirs.learn_one(None, log)
        said.append(ours.step(value) >= 0.0)
    assert said == known
    assert any(said[1400:1404])


# --- thresholds -----------------------------------------------------------------------------------


def test_a_second_alarm_within_a_day_is_the_same_page() -> None:
    scores = np.zeros(5 * DAY_BINS)
    scores[[10, 12, 10 + DAY_BINS - 1, 10 + DAY_BINS, 900]] = 5.0
    assert episodes(Peaks.of(scores), 1.0) == [10, 10 + DAY_BINS, 900]


@pytest.mark.parametrize("pages", [0, 1, 3, 10, 40])
def test_a_threshold_makes_at_most_the_pages_asked_and_a_lower_one_makes_more(pages: int) -> None:
    null = [Peaks.of(np.random.default_rng(seed).random(30 * DAY_BINS)) for seed in range(3)]
    at = threshold_for(null, pages)

    def made(threshold: float) -> int:
        return sum(len(episodes(s, threshold)) for s in null)

    assert made(at) <= pages
    if pages:
        assert made(math.nextafter(at, 0.0)) > pages


def test_where_everything_pages_too_often_only_what_was_never_seen_may_page() -> None:
    null = [Peaks.of(np.ones(20 * DAY_BINS))]
    at = threshold_for(null, 2)
    assert 1.0 < at < 1.000001, "a storm that is higher than all noise is found all the same"
    assert episodes(null[0], at) == []
    assert threshold_for([], 2) == math.inf


def test_the_gap_up_to_the_next_false_page_belongs_to_the_peer() -> None:
    scores = np.zeros(20 * DAY_BINS)
    scores[[1000, 3000, 5000]] = [2.0, 5.0, 9.0]
    assert threshold_for([Peaks.of(scores)], 1) == pytest.approx(5.0)
    assert threshold_for([Peaks.of(scores)], 1) > 5.0
    assert threshold_for([Peaks.of(scores)], 2) == pytest.approx(2.0)


def test_where_a_threshold_is_first_reached_is_told_by_the_rises_alone() -> None:
    scores = np.random.default_rng(6).normal(size=300)
    for threshold in (-9.0, 0.0, 1.5, 2.5, 9.0):
        over = np.flatnonzero(scores >= threshold)
        assert reached(rises(scores), threshold) == (int(over[0]) if len(over) else None)
    assert rises(np.zeros(0)) == []


# --- tables ---------------------------------------------------------------------------------------


def record(rate: float, seed: int, ours: float, offset: int | None) -> dict[str, object]:
    """One storm, found by ours after so many minutes, by every peer with a score of 2 at an offset."""
    seen = [] if offset is None else [(offset, 2.0)]
    return {
        "kind": "storm",
        "stream": (rate, seed, False),
        "rate": rate,
        "onset": 6,
        "ours": {30.0: ours},
        "peers": {p.name: seen for p in PEERS},
    }


def null(rate: float, seed: int, pages: int, scores: Floats) -> list[dict[str, object]]:
    peaks = {p.name: Peaks.of(scores) for p in PEERS}
    defaults = {p.name: 5 for p in PEERS if p.default is not None}
    told = {"rate": rate, "seed": seed, "days": 60}
    return [
        {**told, "kind": "ours null", "budget": 30.0, "pages": pages},
        {**told, "kind": "peers null", "peaks": peaks, "defaults": defaults},
    ]


def test_the_table_holds_everybody_to_our_pages_and_counts_from_the_same_beginning() -> None:
    calm_scores = [np.random.default_rng(s).random(60 * DAY_BINS) for s in (1, 2)]
    records = [*null(20.0, 1, 1, calm_scores[0]), *null(20.0, 2, 1, calm_scores[1])]
    records += [record(20.0, 1, -15.0, 9), record(20.0, 2, 0.0, 5), record(20.0, 2, math.inf, None)]
    seen = equal.tell(records)
    assert seen["ours"]["false_pages"] == 2
    assert seen["ours"]["found"] == pytest.approx(2 / 3, abs=1e-3)
    assert seen["ours"]["from_start_min_p50"] == 30.0  # 15, 30, endless
    for row in seen["at_equal_false_pages"]:
        # Below 1 there is as much noise as it takes; the storms' own 2 is above all of it.
        assert row["false_pages"] == 2
        assert 0.99 < row["threshold"] < 1.0, row["name"]
        assert row["found"] == pytest.approx(2 / 3, abs=1e-3)
        assert row["from_start_min_p50"] == 50.0  # 30, 50, endless
        assert row["delay_min_p50"] == 20.0
    assert seen["at_documented_thresholds"][0]["false_pages"] == 10


def test_twins_that_never_or_always_page_stand_out_in_the_table() -> None:
    onset, stream = np.full(4, 30.0), tuple(range(4))
    never = Delays(np.full(4, math.inf), onset, stream).row()
    assert (never["found"], never["delay_min_p50"], never["from_start_min_p50"]) == (0, None, None)
    # Always on: the score is 2 in every bin, storm or not, so what keeps to ours finds nothing.
    records = [*null(20.0, 1, 2, np.full(60 * DAY_BINS, 2.0)), record(20.0, 1, 5.0, 3)]
    board = Board.of(records, 30.0, [20.0])
    at = threshold_for(board.peaks(PEERS[0].name), board.pages)
    assert board.theirs(PEERS[0].name, at).found() == 0
    assert board.ours().found() == 1


def test_half_the_delay_is_half_the_delay() -> None:
    onset, stream = np.zeros(6), (1, 1, 2, 2, 3, 3)
    ours = Delays(np.full(6, 10.0), onset, stream)
    other = Delays(np.array([20.0, 20.0, 20.0, 20.0, 20.0, math.inf]), onset, stream)
    seen = compared(ours, other)
    assert seen["delay_ratio"] == 0.5
    assert seen["more_found"] == pytest.approx(1 / 6, abs=1e-3)
    assert seen["earlier_min_p50_where_both_found"] == 10.0
    assert seen["found_by_both"] == 5


def test_intervals_are_drawn_over_streams_not_over_storms() -> None:
    """Two streams of fifty equal storms each are two observations, however many storms they hold."""
    minutes = np.repeat([10.0, 50.0], 50)
    seen = Delays(minutes, np.zeros(100), tuple(np.repeat([1, 2], 50).tolist()))
    assert bootstrap([seen], lambda d: median(d[0].minutes)) == [10.0, 50.0]
    single = Delays(minutes, np.zeros(100), tuple(range(100)))
    low, high = bootstrap([single], lambda d: float(np.mean(d[0].minutes)))
    assert low is not None
    assert high is not None
    assert 20 < low < 30 < high < 40


def test_the_same_storm_is_put_before_ours_and_before_the_peers() -> None:
    stream = calm(KNOWN, READING, DAYS + 4, 11, flares=False)
    watched = Watching(stream)
    first = DAYS * DAY_BINS
    watched.run(0, first)
    before = Past(KNOWN, stream, watched, first, 0)
    cell = Cell(rate=20.0, peak=50.0, doubling_min=10.0, negative=0.85, several=False)
    [seen] = against.judged({against.HEADLINE: before}, 11, [cell])
    assert seen["ours"][against.HEADLINE] + 5 * seen["onset"] <= 60
    for peer in PEERS:
        heights = [score for _, score in seen["peers"][peer.name]]
        assert heights == sorted(heights)
        assert reached(seen["peers"][peer.name], -math.inf) in (0, None)
    scenes = against.scenes_of(before, 11)
    assert len(scenes) == len(SCENES)
    surge = next(r for r in scenes if r["scene"] == "attention surge")
    there, without = surge["peers"]["mean + k sd of 7 days, mentions"]
    assert there[-1][1] > 6.0 > without[-1][1], "a surge is loud for who only counts mentions"
    sigma = seen["peers"]["mean + k sd of 7 days, negatives"]
    assert reached(sigma, 6.0) is not None


def test_a_scene_is_blamed_only_for_pages_that_do_not_come_without_it() -> None:
    def scene(there: float, without: float) -> dict[str, object]:
        peers = {p.name: ([(3, there)], [(2, without)]) for p in PEERS}
        return {"kind": "scene", "scene": "joke", "rate": 20.0, "ours": there > 8, "peers": peers}

    noise_scores = np.random.default_rng(3).random(60 * DAY_BINS)
    records = [*null(20.0, 1, 1, noise_scores), record(20.0, 1, 5.0, 3)]
    records += [scene(9.0, 0.1), scene(2.0, 0.1), scene(9.0, 2.0), scene(0.1, 0.1)]
    told = equal.tell(records)
    seen = told["harmless_scenes_paged"]["joke"]
    assert (seen["scenes"], seen["ours"]) == (4, 2)
    assert [seen[p.name] for p in PEERS] == [2] * len(PEERS)
    # Ours pages once on the null stream and for two scenes; with three pages in all, a peer pages for
    # the two highest scenes and for the third, and then has none left for the null stream.
    together = told["at_equal_pages_with_scenes"]
    assert (together["pages"], together["scenes"]) == (3, 4)
    for row in together["peers"].values():
        assert (row["scenes_paged"], row["null_pages"]) == (3, 0)
        assert row["threshold"] < 1.0


def test_loud_cells_are_those_with_twenty_mentions_in_the_first_hour() -> None:
    known = against.loud(20.0, several=True)
    assert known
    assert all(c.first_hour >= 20 and c.rate == 20.0 and c.several for c in known)
    assert against.loud(0.2, several=True) == []


# --- real arrivals --------------------------------------------------------------------------------


def test_windows_are_cut_out_in_whole_days_and_the_hour_of_the_day_stays() -> None:
    days = 10
    series = [float(i % DAY_BINS) for i in range(days * DAY_BINS + 7)]
    for at in range(400, 700):
        series[at] = 9_999.0
    kept = arrivals.without_windows(series, [(400, 699), (2000, 2100)])
    assert len(kept) == (days - 3) * DAY_BINS
    assert (kept == np.arange(len(kept)) % DAY_BINS).all()
    at_the_end = arrivals.without_windows(series, [(days * DAY_BINS - 20, days * DAY_BINS + 6)])
    assert len(at_the_end) == (days - 1) * DAY_BINS


def test_intervals_over_series_do_not_take_copies_for_observations() -> None:
    records = [
        {"series": name, "days": 30, "budget_days": 30.0, "pages": pages}
        for name, pages in (("A", 0), ("B", 4))
        for _ in range(50)
    ]
    assert arrivals.over_series(records, arrivals._ratio) == [0.0, 4.0]
    assert arrivals.over_series(records[:50], arrivals._ratio) == [None, None]


DATA = Path(
    os.environ.get("STURMGLAS_DATA")
    or Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
)


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "nab").exists(), reason="NAB series are not beside the checkout")
def test_real_arrivals_keep_their_bursts_and_lose_their_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STURMGLAS_DATA", str(DATA))
    files = nab.load(DATA / "nab")
    for name, values in arrivals.series().items():
        whole = next(f for n, f in files.items() if n.endswith(f"_{name}.csv"))
        lost = len(whole.values) - len(values)
        assert len(values) % DAY_BINS == 0
        assert 0 < lost <= (len(whole.windows) * 4 + 1) * DAY_BINS
        assert max(values) <= max(whole.values)
        assert len(values) >= (28 + arrivals.AHEAD_DAYS) * DAY_BINS, "room for what a storm needs"
    assert "CVS" not in arrivals.dense(20.0), "what is not there cannot be thinned to that"
    _, made = arrivals.stream("AAPL", 20.0, 5)
    days = len(arrivals.series()["AAPL"]) // DAY_BINS
    heard = [made.counts(bin).mentions for bin in range(days * DAY_BINS)]
    assert np.mean(heard) * 12 == pytest.approx(20.0, rel=0.05)
    assert max(heard) > 20 * np.mean(heard), "bursts as real companies have them"


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "nab").exists(), reason="NAB series are not beside the checkout")
def test_every_part_of_the_bench_has_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STURMGLAS_DATA", str(DATA))
    for part in whole.PARTS:
        todo, tell = whole._part(part, 12, 3)
        assert todo, part
        assert callable(tell)
    budgets = {job.args[3] for job in arrivals.jobs([3, 4]) if job.func is arrivals.null_of}
    assert budgets == {7.0, 30.0, 90.0}


def test_without_the_series_it_says_where_they_were_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STURMGLAS_DATA", str(tmp_path))
    arrivals.series.cache_clear()
    with pytest.raises(NoData, match="labels"):
        arrivals.series()
