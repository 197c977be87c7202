"""Draw the charts of `sturmglas bench detection` from docs/bench/detection-*.json, a record a part.

    python tools/detection_charts.py [RECORD.json [FOLDER]]

Found against delay and found against false pages (part ``against``), and the grid of storms cell by
cell (part ``grid``). A part that the record does not hold leaves its chart as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charts import GRID, IMAGES, INK, OURS, RECORDS, SOFT, WIDTH, page, text, ticks

BEST, REST = "#b4532a", "#a3adb8"
LAST_MIN = 360
LABEL_GAP = 15.0


@dataclass(frozen=True)
class Frame:
    """A plot's place on the page and its axes."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            self.left + across * (self.right - self.left),
            self.bottom - up * (self.bottom - self.top),
        )

    def axes(
        self, xs: Sequence[float], ys: Sequence[float], x_words: str, *, percent: bool
    ) -> list[str]:
        """Return grid lines and numbers; ``percent``: of the upward axis."""
        out = []
        for value in ys:
            y = self.at(self.x[0], value)[1]
            words = f"{value:.0%}" if percent else f"{value:,.0f}"
            out.append(
                f'<line x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
            )
            out.append(text(self.left - 8, y + 4, words, anchor="end", size=12, colour=SOFT))
        for value in xs:
            x = self.at(value, self.y[0])[0]
            out.append(
                text(x, self.bottom + 18, f"{value:g}", anchor="middle", size=12, colour=SOFT)
            )
        middle = (self.left + self.right) / 2
        out.append(text(middle, self.bottom + 38, x_words, anchor="middle", size=12, colour=SOFT))
        return out

    def line(self, dots: Sequence[tuple[float, float]], colour: str, width: float) -> str:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*dot) for dot in dots))
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def spread_out(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """Return places near the wanted ones, `LABEL_GAP` apart and as far as can be within bounds."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    out = list(wanted)
    last = low - LABEL_GAP
    for i in order:
        out[i] = last = max(wanted[i], last + LABEL_GAP)
    below = high + LABEL_GAP
    for i in reversed(order):
        out[i] = below = min(out[i], below - LABEL_GAP)
    return out


def style(name: str, best: str) -> tuple[str, float]:
    """Return colour and width: ours, the best vendors' rule, and everybody else."""
    if name == "ours":
        return OURS, 3.5
    return (BEST, 2.5) if name == best else (REST, 1.5)


def labels(x: float, at: dict[str, float], best: str, low: float, high: float) -> list[str]:
    places = spread_out(list(at.values()), low, high)
    return [
        text(
            x,
            y + 4,
            name,
            size=12,
            colour=SOFT if style(name, best)[0] == REST else style(name, best)[0],
        )
        for name, y in zip(at, places, strict=True)
    ]


def delay(found: dict[str, Any]) -> str:
    """Found against delay, at equal false pages on streams to which nothing happens."""
    note = (
        f"share of {found['storms']} storms found, everybody at {found['ours']['false_pages']}"
        f" false pages in {found['null_brand_months']:g} brand-months"
    )
    return curves("Found, and how soon", note, found)


def scenes(found: dict[str, Any]) -> str:
    """The same when pages for harmless scenes count as well."""
    part = found["at_equal_pages_with_scenes"]
    note = (
        f"share of {found['storms']} storms found, everybody at {part['pages']} false pages in"
        f" {found['null_brand_months']:g} brand-months and {part['scenes']} harmless scenes"
    )
    return curves("Found, and how soon, when surges, jokes and bots count too", note, part)


def curves(title: str, note: str, found: dict[str, Any]) -> str:
    """Lines of the share found by each minute after a storm's first 5 %."""
    best = found["best_vendor_rule"]
    frame = Frame(60, 72, WIDTH - 250, 400, (-60, LAST_MIN), (0, 1))
    out = frame.axes(
        range(-60, LAST_MIN + 1, 60),
        [0, 0.25, 0.5, 0.75, 1],
        "minutes after the first 5 % of a storm had come",
        percent=True,
    )
    x = frame.at(0, 0)[0]
    out.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top}" y2="{frame.bottom}" stroke="{SOFT}" stroke-dasharray="3 4"/>'
    )
    ends = {}
    # Ours is drawn last, on top.
    for name, dots in sorted(found["found_by_minute"].items(), key=lambda d: style(d[0], best)[1]):
        seen = [(m, share) for m, share in dots if -60 <= m <= LAST_MIN]
        out.append(frame.line(seen, *style(name, best)))
        ends[name] = frame.at(*seen[-1])[1]
    out += labels(frame.right + 8, ends, best, frame.top, frame.bottom)
    return page(title, note, 456, out)


def budget(found: dict[str, Any]) -> str:
    """Found and median delay against false pages, from budget to budget; a dot for each of ours.

    Where the median is endless, or longer than the axis, a line is not drawn.
    """
    best = found["best_vendor_rule"]
    swept = found["over_budgets"]
    names = [n for n in next(iter(swept.values())) if n != "ours"] + ["ours"]
    most = max(row["ours"]["false_pages_a_month"] for row in swept.values()) * 1.1 or 1.0
    delays = [row[name]["from_start_min_p50"] for row in swept.values() for name in ("ours", best)]
    slow = max([d for d in delays if d is not None], default=60.0) * 1.6
    left = Frame(60, 88, 310, 330, (0, most), (0, 1))
    right = Frame(370, 88, 610, 330, (0, most), (0, slow))
    steps = ticks(most)
    words = "false pages in a brand-month"
    out = left.axes(steps, [0, 0.25, 0.5, 0.75, 1], words, percent=True)
    out += right.axes(steps, ticks(slow), words, percent=False)
    out.append(text(left.left, 76, "found", size=12, colour=SOFT))
    out.append(
        text(right.left, 76, "median minutes from a storm's beginning", size=12, colour=SOFT)
    )
    ends = {}
    for name in sorted(names, key=lambda n: style(n, best)[1]):
        colour, width = style(name, best)
        rows = [of[name] for of in swept.values()]  # from the shortest budget to the longest
        shares = [(r["false_pages_a_month"], r["found"]) for r in rows]
        waits = [
            (r["false_pages_a_month"], r["from_start_min_p50"])
            for r in rows
            if r["from_start_min_p50"] is not None and r["from_start_min_p50"] <= slow
        ]
        out.append(left.line(shares, colour, width))
        if waits:
            out.append(right.line(waits, colour, width))
            ends[name] = right.at(*waits[0])[1]
        if name == "ours":
            out += [_dot(left, dot) for dot in shares] + [_dot(right, dot) for dot in waits]
    out += labels(right.right + 8, ends, best, right.top, right.bottom)
    note = "alarm budgets of " + ", ".join(swept) + " days; streams of 20 and 200 mentions an hour"
    return page("False pages, and what they buy", note, 390, out)


def _dot(frame: Frame, dot: tuple[float, float]) -> str:
    x, y = frame.at(*dot)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{OURS}"/>'


def cells(found: dict[str, Any]) -> str:
    """The grid of storms: share found and median delay of each cell, sources taken together."""
    grid = [r for r in found["by_cell"] if r["found"] is not None]
    rows = sorted({(r["rate"], r["doubling_min"]) for r in grid})
    columns = sorted({(r["peak"], r["negative"]) for r in grid})
    wide, high, left, top = 92, 30, 280, 104
    out = []
    for i, (peak, negative) in enumerate(columns):
        x = left + i * wide + wide / 2
        out.append(text(x, top - 24, f"{peak:g}x", anchor="middle", size=13))
        out.append(
            text(x, top - 8, f"{negative:.0%} negative", anchor="middle", size=11, colour=SOFT)
        )
    for j, (rate, doubling) in enumerate(rows):
        y = top + j * high
        words = f"{rate:g} an hour, doubling in {_minutes(doubling)}"
        out.append(text(left - 12, y + 20, words, anchor="end", size=13))
        for i, (peak, negative) in enumerate(columns):
            same = [
                r
                for r in grid
                if (r["rate"], r["doubling_min"]) == (rate, doubling)
                and (r["peak"], r["negative"]) == (peak, negative)
            ]
            out += _cell(left + i * wide, y, wide, high, same)
    height = top + len(rows) * high + 20
    note = "share found, and median minutes from the first 5 % to the page; one and three sources together"
    return page("The grid of storms", note, height, out)


def _cell(
    x: float, y: float, wide: float, high: float, same: Sequence[dict[str, Any]]
) -> list[str]:
    storms = sum(r["storms"] for r in same)
    if not storms:
        return []
    share = sum(r["found"] * r["storms"] for r in same) / storms
    delays = [r["delay_min_p50"] for r in same]
    known = [d for d in delays if d is not None]
    wait = f" {sum(known) / len(known):+.0f}" if len(known) == len(delays) else ""
    # From white to our blue; dark cells have white words.
    part = [round(255 + (c - 255) * share**2) for c in (0x0B, 0x6E, 0x8F)]
    ink = "#ffffff" if share > 0.75 else INK
    return [
        f'<rect x="{x + 1}" y="{y + 1}" width="{wide - 2}" height="{high - 2}" fill="rgb({part[0]},{part[1]},{part[2]})" stroke="{GRID}"/>',
        text(x + wide / 2, y + 20, f"{share:.0%}{wait}", anchor="middle", size=13, colour=ink),
    ]


def _minutes(minutes: float) -> str:
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"


def main(arguments: Sequence[str]) -> None:
    sources = [Path(arguments[0])] if arguments else sorted(RECORDS.glob("detection-*.json"))
    folder = Path(arguments[1]) if len(arguments) > 1 else IMAGES
    found: dict[str, Any] = {}
    for source in sources:
        found |= json.loads(source.read_text())
    drawn = [("cells", "grid", cells), ("delay", "against", delay), ("budget", "against", budget)]
    if found.get("against", {}).get("at_equal_pages_with_scenes"):
        drawn.append(("scenes", "against", scenes))
    for name, part, make in drawn:
        if part in found:
            path = folder / f"bench-detection-{name}.svg"
            path.write_text(make(found[part]))
            print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
