"""From records of single streams to the figures that are told, each with its interval."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from detectors.measures import wilson
from monitor.bench.figures import poisson_interval

Record = dict[str, Any]
ENOUGH = 20
"""Storm mentions in the first hour from which a cell belongs to the headline."""


def storms(records: Sequence[Record]) -> Record:
    """Return the headline of the grid, the other cells, and a line for each cell."""
    loud = [r for r in records if r["first_hour"] >= ENOUGH]
    quiet = [r for r in records if r["first_hour"] < ENOUGH]
    return {
        "cells_with_20_in_the_first_hour": summary(loud),
        "other_cells": summary(quiet),
        "by_cell": [
            {**dict(zip(CELL, key, strict=True)), **summary(found)}
            for key, found in sorted(_grouped(records, lambda r: tuple(r[c] for c in CELL)).items())
        ],
        "missed": [{k: r[k] for k in (*CELL, "seed", "level")} for r in loud if not r["found"]],
    }


CELL = ("rate", "peak", "doubling_min", "negative", "several")


def summary(records: Sequence[Record]) -> Record:
    """Return how many were found, and the delays in minutes; what was missed counts as endless.

    Storms whose stream had a page shortly before are left out, and counted.
    """
    known = [r for r in records if not r["early"]]
    found = sum(r["found"] for r in known)
    low, high = wilson(found, len(known), z=1.96)
    delays = sorted(r["delay_min"] if r["found"] else math.inf for r in known)
    return {
        "storms": len(known),
        "left_out": len(records) - len(known),
        "found": round(found / len(known), 4) if known else None,
        "found_95": [round(low, 4), round(high, 4)],
        "delay_min_p50": quantile(delays, 0.5),
        "delay_min_p90": quantile(delays, 0.9),
    }


def scenes(records: Sequence[Record]) -> Record:
    """Return what is told of harmless scenes, of the other storms, and of fortnights."""
    tell = {"harmless": harmless, "slow": others, "four": again}
    return {part: tell[part](found) for part, found in _grouped(records, _part).items()}


def _part(record: Record) -> str:
    return str(record["part"])


def harmless(records: Sequence[Record]) -> Record:
    """Return the pages of each kind of harmless scene, with what was said for each page.

    Counted are pages within two days of the scene's beginning, where the same stream without the scene
    brings none. Beside them: those of them that come without any flare in these two days as well; streams
    that page without the scene and not with it; all pages of these two days, those of the same streams
    without the scene (what the budget allows), and those while the scene was on or in the hour after.
    """
    out: Record = {}
    for scene, found in _grouped(records, lambda r: r["scene"]).items():
        paged = [r for r in found if r["page"] and not r["page_alone"]]
        low, high = wilson(len(paged), len(found), z=1.96)
        out[str(scene)] = {
            "scenes": len(found),
            "pages": len(paged),
            "share_95": [round(low, 4), round(high, 4)],
            "by_itself": sum(r["page_by_itself"] for r in paged),
            "only_without_the_scene": sum(r["page_alone"] and not r["page"] for r in found),
            "within_two_days": sum(r["page"] for r in found),
            "without_the_scene": sum(r["page_alone"] for r in found),
            "while_on": sum(_while_on(r) for r in found),
            "of": [
                {k: r[k] for k in ("rate", "seed", "after_min", "lasts_min", "reasons")}
                for r in paged
            ],
        }
    return out


def _while_on(record: Record) -> bool:
    return bool(record["page"]) and record["after_min"] <= record["lasts_min"] + 60


def others(records: Sequence[Record]) -> Record:
    """Return the summary of each kind of storm beside the grid, and by rate."""
    return {
        str(kind): {
            **summary(found),
            "by_rate": {
                f"{rate:g}": summary(some)
                for rate, some in sorted(_grouped(found, lambda r: r["rate"]).items())
            },
        }
        for kind, found in _grouped(records, lambda r: r["kind"]).items()
    }


def again(records: Sequence[Record]) -> Record:
    """Return how often the fourth equal storm paged and had the level of the first."""
    felt = [r for r in records if r["paged"][0]]
    same = sum(r["paged"][3] and r["levels"][3] >= r["levels"][0] for r in felt)
    return {"fortnights": len(felt), "fourth_as_loud_as_first": same}


def nulls(records: Sequence[Record]) -> Record:
    """Return pages against the budget asked for, by budget and by rate."""
    out: Record = {}
    for budget, found in sorted(_grouped(records, lambda r: r["budget_days"]).items()):
        by_rate = _grouped(found, lambda r: r["rate"])
        out[f"{budget:g}"] = {
            **_budget(found),
            "by_rate": {f"{rate:g}": _budget(some) for rate, some in sorted(by_rate.items())},
        }
    return out


def _budget(records: Sequence[Record]) -> Record:
    pages = sum(r["pages"] for r in records)
    expected = sum(r["days"] / r["budget_days"] for r in records)
    low, high = poisson_interval(pages)
    return {
        "pages": pages,
        "budget": round(expected, 1),
        "ratio": round(pages / expected, 3),
        "ratio_95": [round(low / expected, 3), round(high / expected, 3)],
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the quantile of ordered delays; None where it falls among the missed."""
    if not ordered:
        return None
    value = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return None if math.isinf(value) else value


def _grouped(records: Iterable[Record], key: Callable[[Record], Any]) -> dict[Any, list[Record]]:
    out: dict[Any, list[Record]] = defaultdict(list)
    for record in records:
        out[key(record)].append(record)
    return dict(out)
