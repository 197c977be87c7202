"""Draw the chart of `sturmglas bench sentiment` from docs/bench/sentiment.json.

    python tools/sentiment_chart.py [RECORD.json [FOLDER]]

A panel for each language: macro-F1 with its interval against texts a second, one by one (hollow) and in
batches (filled) where a side knows any. The dashed line is the front: above and to the right of it is nobody.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path
from typing import Any

from charts import GRID, IMAGES, OURS, RECORDS, SOFT, WIDTH, page, text

NAMES = {"de": "German", "en": "English"}
PEER = "#b4532a"
LEFT, GAP, WIDE = 56.0, 52.0, 350.0
TOP, BOTTOM = 92.0, 380.0
F1 = (0.35, 0.75)
RATES = (100.0, 200_000.0)
BESIDE = {"river": (9, 16), "TextBlob-de": (-9, 16), "scikit-learn": (9, 16)}
"""Where names stand from their dot, which would else cross another; left of it and above where not told."""
Dot = tuple[float, float]


def place(left: float, rate: float, f1: float) -> Dot:
    """Return where a speed (texts/s, logarithmic) and a macro-F1 stand on the page."""
    across = log10(rate / RATES[0]) / log10(RATES[1] / RATES[0])
    up = (f1 - F1[0]) / (F1[1] - F1[0])
    return left + across * WIDE, BOTTOM - up * (BOTTOM - TOP)


def dots(side: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Return the speeds of a side, and whether each is of batches."""
    single = (1e6 / float(side["single_us"]), False)
    return [single, (float(side["texts_per_s"]), True)] if side["batches"] else [single]


def axes(left: float, lang: str, found: Mapping[str, Any]) -> list[str]:
    words = f"{NAMES[lang]}, {sum(found['texts'].values()):,} texts"
    out = [text(left, TOP - 16, words, size=14)]
    for f1 in (0.4, 0.5, 0.6, 0.7):
        y = place(left, RATES[0], f1)[1]
        out.append(
            f'<line x1="{left}" x2="{left + WIDE}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        )
        out.append(text(left - 8, y + 4, f"{f1:.1f}", anchor="end", size=12, colour=SOFT))
    for rate in (100, 1_000, 10_000, 100_000):
        x = place(left, rate, F1[0])[0]
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}" stroke="{GRID}"/>')
        out.append(text(x, BOTTOM + 18, f"{rate:,}", anchor="middle", size=12, colour=SOFT))
    middle = left + WIDE / 2
    out.append(text(middle, BOTTOM + 38, "texts a second", anchor="middle", size=12, colour=SOFT))
    return out


def front(left: float, sides: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the dashed line under which every other dot lies."""
    every = [(rate, float(s["macro_f1"])) for s in sides.values() for rate, _ in dots(s)]
    kept = sorted(d for d in every if not any(r > d[0] and f > d[1] for r, f in every))
    steps = [place(left, RATES[0], kept[0][1])]
    for (rate, f1), (_, below) in zip(kept, [*kept[1:], (0.0, F1[0])], strict=True):
        steps += [place(left, rate, f1), place(left, rate, below)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
    return f'<polyline points="{path}" fill="none" stroke="{SOFT}" stroke-dasharray="4 4"/>'


def marks(left: float, name: str, side: Mapping[str, Any]) -> list[str]:
    colour = OURS if name == "ours" else PEER
    low, high = side["macro_f1_95"]
    found = [(place(left, rate, float(side["macro_f1"])), many) for rate, many in dots(side)]
    out = []
    if len(found) > 1:
        (x1, y), (x2, _) = found[0][0], found[1][0]
        out.append(
            f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        )
    for (x, y), many in found:
        top, bottom = place(left, 1, high)[1], place(left, 1, low)[1]
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="{colour}" stroke-opacity="0.5"/>'
        )
        fill = colour if many else "#ffffff"
        out.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
        )
    (x, y), (across, down) = found[0][0], BESIDE.get(name, (-9, -7))
    anchor = "end" if across < 0 else "start"
    words = text(x + across, y + down, name, anchor=anchor, size=13, colour=colour)
    # A white edge, so that lines do not run through the letters.
    edge = '<text stroke="#ffffff" stroke-width="4" paint-order="stroke"'
    return [*out, words.replace("<text", edge, 1)]


def chart(found: Mapping[str, Any]) -> str:
    inside: list[str] = []
    for i, lang in enumerate(NAMES):
        left = LEFT + i * (WIDE + GAP)
        sides = found[lang]["sides"]
        inside += axes(left, lang, found[lang])
        inside.append(front(left, sides))
        for name in sorted(sides, key=lambda n: n == "ours"):  # ours last, on top
            inside += marks(left, name, sides[name])
    note = "macro-F1 (95 %) against speed on one processor; hollow: one by one, filled: in batches; dashed: the front"
    assert LEFT + 2 * WIDE + GAP <= WIDTH
    return page("Tone: speed and macro-F1", note, int(BOTTOM) + 56, inside)


def main(arguments: Sequence[str]) -> None:
    source = Path(arguments[0]) if arguments else RECORDS / "sentiment.json"
    folder = Path(arguments[1]) if len(arguments) > 1 else IMAGES
    path = folder / "bench-sentiment.svg"
    path.write_text(chart(json.loads(source.read_text())))
    print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
