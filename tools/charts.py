"""Draw the charts of docs/benchmarks.md from the last records in docs/bench/*.json.

    python tools/charts.py

Each record is the last line of ``sturmglas bench NAME --json``, kept as docs/bench/NAME.json. Plain SVG,
so that a difference can be read in review. A missing record leaves its chart as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "docs" / "bench"
IMAGES = ROOT / "docs" / "img"

WIDTH = 860
LEFT = 270
ROW = 34
INK, SOFT, GRID, OURS, OTHER, FLOOR = (
    "#1d2733",
    "#5a6875",
    "#dfe4e8",
    "#0b6e8f",
    "#b4532a",
    "#8a94a0",
)


@dataclass(frozen=True)
class Bar:
    """One bar: its label, value, least and most, and whose it is."""

    label: str
    value: float
    low: float
    high: float
    colour: str


def text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 14, colour: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def page(title: str, note: str, height: int, inside: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            f' font-family="system-ui, sans-serif"><title>{escape(title)}</title>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            text(16, 28, title, size=17),
            text(16, 48, note, size=13, colour=SOFT),
            *inside,
            "</svg>\n",
        ]
    )


def bars(title: str, note: str, rows: list[Bar], unit: str) -> str:
    """Bars on a logarithmic axis, with their range as a thin line."""
    low = 10 ** int(log10(min(r.low for r in rows)))
    high = max(r.high for r in rows) * 1.6
    span = log10(high) - log10(low)

    def x(value: float) -> float:
        return LEFT + (log10(max(value, low)) - log10(low)) / span * (WIDTH - LEFT - 110)

    height = 76 + ROW * len(rows) + 34
    found = []
    mark = low
    while mark <= high:
        found.append(
            f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="64" y2="{height - 30}" stroke="{GRID}"/>'
        )
        found.append(
            text(x(mark), height - 12, f"{mark:,g}", anchor="middle", size=12, colour=SOFT)
        )
        mark *= 10
    for i, r in enumerate(rows):
        y = 72 + i * ROW
        found.append(text(LEFT - 10, y + 17, r.label, anchor="end"))
        found.append(
            f'<rect x="{LEFT}" y="{y + 3}" width="{x(r.value) - LEFT:.1f}" height="20" fill="{r.colour}"/>'
        )
        found.append(
            f'<line x1="{x(r.low):.1f}" x2="{x(r.high):.1f}" y1="{y + 13}" y2="{y + 13}" stroke="{INK}" stroke-width="2"/>'
        )
        found.append(
            text(
                x(r.high) + 8,
                y + 18,
                f"{r.value:,.0f} {unit}" if r.value >= 10 else f"{r.value:.1f} {unit}",
                size=13,
            )
        )
    return page(title, f"{note}; logarithmic axis", height, found)


def ticks(most: float) -> list[float]:
    """Return round values from 0 up to ``most``, four to eight of them."""
    step = 10.0 ** int(log10(most))
    while most / step < 4:
        step /= 2
    return [step * i for i in range(int(most / step) + 1)]


def lines(
    title: str,
    note: str,
    series: dict[str, tuple[list[tuple[float, float]], str]],
    x_unit: str,
    y_unit: str,
) -> str:
    """Lines over a linear axis that begins at zero; the name stands at the end of each line."""
    points = [p for found, _ in series.values() for p in found]
    most_x, most_y = max(p[0] for p in points), max(p[1] for p in points) * 1.15
    height, bottom, left, right = 330, 286, 70, WIDTH - 190

    def place(p: tuple[float, float]) -> tuple[float, float]:
        return left + p[0] / most_x * (right - left), bottom - p[1] / most_y * (bottom - 66)

    found = []
    for value in ticks(most_y):
        y = place((0, value))[1]
        found.append(f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        found.append(text(left - 8, y + 4, f"{value:,.0f}", anchor="end", size=12, colour=SOFT))
    for value in ticks(most_x):
        x = place((value, 0))[0]
        found.append(text(x, bottom + 20, f"{value:,.0f}", anchor="middle", size=12, colour=SOFT))
    found.append(text(right, bottom + 38, x_unit, anchor="end", size=12, colour=SOFT))
    for name, (dots, colour) in series.items():
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, dots))
        found.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        x, y = place(dots[-1])
        found.append(text(x + 8, y + 4, name, size=13, colour=colour))
    return page(title, f"{y_unit}; {note}", height, found)


def record(name: str) -> dict[str, Any] | None:
    path = RECORDS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def draw(name: str, svg: str) -> None:
    (IMAGES / f"bench-{name}.svg").write_text(svg)
    print(f"docs/img/bench-{name}.svg")


def main() -> None:
    for name, make in (("pipeline", pipeline), ("http", http), ("insert", insert), ("soak", soak)):
        found = record(name)
        if found is not None:
            draw(name, make(found))


def spread(found: dict[str, Any], name: str) -> tuple[float, float, float]:
    """Return value, least and most of a figure of a record."""
    value = float(found[f"{name}"])
    return value, float(found.get(f"{name}_min", value)), float(found.get(f"{name}_max", value))


def pipeline(found: dict[str, Any]) -> str:
    rows = [
        Bar("naive service (VADER + py3langid)", *spread(found, "naive_us"), OTHER),
        Bar("ours, the same models", *spread(found, "same_models_us"), OURS),
        Bar("ours, shipped models", *spread(found, "ours_us"), OURS),
        Bar("floor: verify, decode, store the rows", *spread(found, "pipeline_floor_us"), FLOOR),
    ]
    note = f"CPU microseconds a mention, {found['mentions']:,} real posts, median {found['median_characters']:.0f} characters"
    return bars("The whole pipeline in process", note, rows, "us")


def http(found: dict[str, Any]) -> str:
    rows = []
    for kind, words in (("batch", "batches of 100"), ("single", "one by one")):
        rows.append(Bar(f"naive service, {words}", *spread(found, f"naive_{kind}_us"), OTHER))
        rows.append(Bar(f"ours, {words}", *spread(found, f"ours_{kind}_us"), OURS))
    return bars(
        "Over HTTP until stored", "CPU microseconds a mention of the server process", rows, "us"
    )


def insert(found: dict[str, Any]) -> str:
    series = {}
    for name, colour in (("sqlite", OURS), ("postgresql", OTHER)):
        parts = found[name]["parts"]
        series[name] = ([(float(p["until"]), float(p["rows_per_s"])) for p in parts], colour)
    return lines(
        "Rows a second while a store grows",
        "one mention with its topics, authors and counts; commits of 1,000",
        series,
        "mentions stored",
        "mentions/s",
    )


def soak(found: dict[str, Any]) -> str:
    looks = found["rss_mib"]
    step = found["stored"] / max(1, len(looks) - 1)
    curve = [(step * i, float(mib)) for i, mib in enumerate(looks)]
    return lines(
        "Memory during an hour of steady load",
        f"{found['per_s']:g} mentions a second into one process on one file",
        {"resident": (curve, OURS)},
        "mentions stored",
        "MiB",
    )


if __name__ == "__main__":
    main()
