"""The tables of `against`: everybody at as many false pages as ours, and at what their makers say.

Delays are quantiles over all storms, what was missed counting as endless. Intervals of delays come
from drawing streams anew (bootstrap): the storms of one stream are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.measures import wilson
from monitor.bench.detection.against import HEADLINE, SWEPT
from monitor.bench.detection.peers import PEERS, Peaks, episodes, reached, threshold_for
from monitor.bench.detection.report import quantile
from monitor.bench.detection.tone import Floats
from monitor.bench.figures import poisson_interval

Record = dict[str, Any]
MONTH_DAYS = 30.4
DRAWS = 400
MINUTES = tuple(range(-120, 725, 5))
"""The chart of found against delay is told at these minutes after a storm's first 5 %."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Minutes to the page of each storm, from its beginning; endless where it was missed.

    ``onset``: when its first 5 % had come; ``stream``: into which stream it was put.
    """

    minutes: Floats
    onset: Floats
    stream: tuple[object, ...]

    def found(self) -> int:
        return int(np.isfinite(self.minutes).sum())

    def share_by(self) -> list[list[float]]:
        """Return [minutes after the first 5 %, share found by then]."""
        after = self.minutes - self.onset
        n = max(1, len(after))
        return [[m, round(float((after <= m).sum()) / n, 4)] for m in MINUTES]

    def row(self) -> Record:
        """Return how many were found and how late, with intervals."""
        low, high = wilson(self.found(), len(self.minutes), z=1.96)
        after: list[float] = np.sort(self.minutes - self.onset).tolist()
        start: list[float] = np.sort(self.minutes).tolist()
        return {
            "found": round(self.found() / max(1, len(start)), 4),
            "found_95": [round(low, 4), round(high, 4)],
            "delay_min_p50": quantile(after, 0.5),
            "delay_min_p50_95": self.interval(lambda d: median(d.minutes - d.onset)),
            "delay_min_p90": quantile(after, 0.9),
            "from_start_min_p50": quantile(start, 0.5),
            "from_start_min_p90": quantile(start, 0.9),
        }

    def interval(self, of: Callable[[Delays], float]) -> list[float | None]:
        return bootstrap([self], lambda drawn: of(drawn[0]))

    def take(self, places: Sequence[int]) -> Delays:
        at = list(places)
        return Delays(self.minutes[at], self.onset[at], tuple(self.stream[i] for i in at))


def median(minutes: Floats) -> float:
    """Return the median; endless where half are missed."""
    return float(np.sort(minutes)[len(minutes) // 2]) if len(minutes) else math.inf


def bootstrap(
    sides: Sequence[Delays], of: Callable[[Sequence[Delays]], float]
) -> list[float | None]:
    """Return the 95 % interval of a figure of all sides, the same streams drawn for each."""
    groups: dict[object, list[int]] = {}
    for place, stream in enumerate(sides[0].stream):
        groups.setdefault(stream, []).append(place)
    known = list(groups.values())
    if not known:
        return [None, None]
    rng = np.random.default_rng(20)
    figures = []
    for _ in range(DRAWS):
        drawn = [i for g in rng.integers(0, len(known), len(known)).tolist() for i in known[g]]
        figures.append(of([side.take(drawn) for side in sides]))
    figures.sort()
    ends = figures[int(0.025 * DRAWS)], figures[int(0.975 * DRAWS) - 1]
    return [None if math.isinf(x) or math.isnan(x) else round(x, 3) for x in ends]


@dataclass(frozen=True, slots=True)
class Board:
    """The records of some rates and one budget: null streams and storms that all sides know."""

    storms: Sequence[Record]
    ours_null: Sequence[Record]
    peers_null: Sequence[Record]
    budget: float

    @classmethod
    def of(cls, records: Sequence[Record], budget: float, rates: Sequence[float]) -> Board:
        some = [r for r in records if r["rate"] in rates]
        return cls(
            [r for r in some if r["kind"] == "storm" and r["ours"][budget] is not None],
            [r for r in some if r["kind"] == "ours null" and r["budget"] == budget],
            [r for r in some if r["kind"] == "peers null"],
            budget,
        )

    @property
    def pages(self) -> int:
        """How often ours paged for nothing."""
        return sum(r["pages"] for r in self.ours_null)

    @property
    def months(self) -> float:
        """Brand-months of the null streams, after what only taught."""
        return sum(float(r["days"]) for r in self.peers_null) / MONTH_DAYS

    def rated(self, rate: float) -> Board:
        """Return the part of one rate."""
        storms, ours, peers = (
            [r for r in side if r["rate"] == rate]
            for side in (self.storms, self.ours_null, self.peers_null)
        )
        return Board(storms, ours, peers, self.budget)

    def ours(self) -> Delays:
        return self._delays(lambda r: float(r["ours"][self.budget]) + 5.0 * r["onset"])

    def theirs(self, name: str, threshold: float) -> Delays:
        def minutes(record: Record) -> float:
            at = reached(record["peers"][name], threshold)
            return math.inf if at is None else 5.0 * (at + 1)

        return self._delays(minutes)

    def _delays(self, minutes: Callable[[Record], float]) -> Delays:
        return Delays(
            np.array([minutes(r) for r in self.storms], dtype=np.float64),
            np.array([5.0 * r["onset"] for r in self.storms], dtype=np.float64),
            tuple(r["stream"] for r in self.storms),
        )

    def peaks(self, name: str) -> list[Peaks]:
        return [r["peaks"][name] for r in self.peers_null]

    def paged(self, pages: int) -> Record:
        """Return so many false pages as a rate, with its interval."""
        low, high = poisson_interval(pages)
        months = max(self.months, 1e-9)
        return {
            "false_pages": pages,
            "false_pages_a_month": round(pages / months, 3),
            "false_pages_a_month_95": [round(low / months, 3), round(high / months, 3)],
        }


def tell(records: Sequence[Record]) -> Record:
    """Return every table of `against`."""
    rates = sorted({r["rate"] for r in records})
    board = Board.of(records, HEADLINE, rates)
    equal = {p.name: threshold_for(board.peaks(p.name), board.pages) for p in PEERS}
    sides = {name: board.theirs(name, at) for name, at in equal.items()}
    ours = board.ours()
    best = best_vendor(sides)
    return {
        "rates": rates,
        "storms": len(board.storms),
        "null_brand_months": round(board.months, 1),
        "ours": {**board.paged(board.pages), **ours.row()},
        "at_equal_false_pages": [
            {"name": p.name, "vendor": p.vendor, **_equal(board, p.name, equal[p.name])}
            for p in PEERS
        ],
        "best_vendor_rule": best,
        "against_best_vendor_rule": compared(ours, sides[best]),
        "harmless_scenes_paged": _scenes(records, equal),
        "at_equal_pages_with_scenes": _with_scenes(records, board),
        "a_threshold_for_each_rate": _by_rate(board, rates),
        "at_documented_thresholds": _documented(board),
        "over_budgets": _swept(records, [r for r in rates if r in SWEPT]),
        "found_by_minute": {
            "ours": ours.share_by(),
            **{name: side.share_by() for name, side in sides.items()},
        },
    }


def best_vendor(sides: Mapping[str, Delays]) -> str:
    """Return the vendors' rule that finds most; of equals the one that is quicker."""
    names = [p.name for p in PEERS if p.vendor]
    return min(names, key=lambda n: (-sides[n].found(), median(sides[n].minutes)))


def compared(ours: Delays, other: Delays) -> Record:
    """Return our median delay as a share of the other's, and how much more is found.

    From the storm's beginning, because a delay after its first 5 % may be below zero.
    """

    def ratio(both: Sequence[Delays]) -> float:
        mine, their = median(both[0].minutes), median(both[1].minutes)
        return 0.0 if math.isinf(their) else mine / their

    def more(both: Sequence[Delays]) -> float:
        return (both[0].found() - both[1].found()) / max(1, len(both[0].minutes))

    sides = (ours, other)
    either = np.isfinite(ours.minutes) & np.isfinite(other.minutes)
    earlier = other.minutes[either] - ours.minutes[either]
    return {
        "delay_ratio": round(ratio(sides), 3) if math.isfinite(median(other.minutes)) else None,
        "delay_ratio_95": bootstrap(sides, ratio),
        "more_found": round(more(sides), 4),
        "more_found_95": bootstrap(sides, more),
        "found_by_both": int(either.sum()),
        "earlier_min_p50_where_both_found": round(median(earlier), 1) if len(earlier) else None,
    }


def _equal(board: Board, name: str, at: float) -> Record:
    pages = sum(len(episodes(s, at)) for s in board.peaks(name))
    threshold = None if math.isinf(at) else round(at, 6)
    return {"threshold": threshold, **board.paged(pages), **board.theirs(name, at).row()}


def _scenes(records: Sequence[Record], equal: Mapping[str, float]) -> Record:
    """Return how many of each harmless scene page: ours, and each peer at its equal threshold.

    Scenes are not among the null streams, so these pages come on top of the equal ones.
    """

    def paged(record: Record, name: str) -> bool:
        there, without = record["peers"][name]
        at = equal[name]
        return reached(there, at) is not None and reached(without, at) is None

    out: Record = {}
    for scene in sorted({r["scene"] for r in records if r["kind"] == "scene"}):
        same = [r for r in records if r["kind"] == "scene" and r["scene"] == scene]
        out[scene] = {
            "scenes": len(same),
            "ours": sum(r["ours"] for r in same),
            **{p.name: sum(paged(r, p.name) for r in same) for p in PEERS},
        }
    return out


def _with_scenes(records: Sequence[Record], board: Board) -> Record:
    """Return all sides when pages for harmless scenes count as false ones too, as they do for whoever
    is woken: each peer may page in all as often as ours does."""
    scenes = [r for r in records if r["kind"] == "scene"]
    if not scenes:
        return {}
    pages = board.pages + sum(r["ours"] for r in scenes)
    sides, rows = {}, {}
    for peer in PEERS:
        heights = [_height(*r["peers"][peer.name]) for r in scenes]
        loud = [Peaks(np.zeros(1, dtype=np.int64), np.array([h])) for h in heights if h > -math.inf]
        at = threshold_for([*board.peaks(peer.name), *loud], pages)
        sides[peer.name] = board.theirs(peer.name, at)
        rows[peer.name] = {
            "threshold": None if math.isinf(at) else round(at, 6),
            "null_pages": sum(len(episodes(s, at)) for s in board.peaks(peer.name)),
            "scenes_paged": sum(h >= at for h in heights),
            **sides[peer.name].row(),
        }
    best = best_vendor(sides)
    return {
        "pages": pages,
        "scenes": len(scenes),
        "peers": rows,
        "best_vendor_rule": best,
        "against_best_vendor_rule": compared(board.ours(), sides[best]),
        "found_by_minute": {
            "ours": board.ours().share_by(),
            **{name: side.share_by() for name, side in sides.items()},
        },
    }


def _height(there: Sequence[tuple[int, float]], without: Sequence[tuple[int, float]]) -> float:
    """Return how high a scene drives a score, where it is higher than without the scene."""
    high = max((score for _, score in there), default=-math.inf)
    alone = max((score for _, score in without), default=-math.inf)
    return high if high > alone else -math.inf


def _by_rate(board: Board, rates: Sequence[float]) -> Record:
    """Return all sides rate by rate; each peer with a threshold of its own there, which no vendor's
    default could have."""
    out: Record = {}
    for rate in rates:
        part = board.rated(rate)
        rows = {
            p.name: _equal(part, p.name, threshold_for(part.peaks(p.name), part.pages))
            for p in PEERS
        }
        out[f"{rate:g}"] = {"ours": {**part.paged(part.pages), **part.ours().row()}, **rows}
    return out


def _documented(board: Board) -> list[Record]:
    """Return the peers at the thresholds their makers document, with the pages these make."""
    return [
        {
            "name": p.name,
            "threshold": p.default,
            **board.paged(sum(r["defaults"][p.name] for r in board.peers_null)),
            **board.theirs(p.name, p.default).row(),
        }
        for p in PEERS
        if p.default is not None
    ]


def _swept(records: Sequence[Record], rates: Sequence[float]) -> Record:
    """Return all sides over the budgets, at the rates where all budgets were tried."""
    out: Record = {}
    for budget in sorted({r["budget"] for r in records if r["kind"] == "ours null"}):
        board = Board.of(records, budget, rates)
        if not board.ours_null:
            continue
        rows = {"ours": {**board.paged(board.pages), **board.ours().row()}}
        for peer in PEERS:
            at = threshold_for(board.peaks(peer.name), board.pages)
            rows[peer.name] = _equal(board, peer.name, at)
        out[f"{budget:g}"] = rows
    return out
