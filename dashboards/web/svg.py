"""Charts as inline SVG: drawn on the server, coloured by CSS classes, no script and no inline style.

Wide and narrow screens get drawings of their own, so that axis text never shrinks. Every column
has a `<title>`, which is the hover text; the table beside the chart holds the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from markupsafe import Markup

from dashboards.web.curve import Curve, Point, Spark
from dashboards.web.curve_words import Words, mark_text, point_text

HEADROOM = 2.4
"""A quiet curve fills less than half: the axis reaches at least so many times the expected."""
ALL_LIMIT = 4.0
"""The line of all posts is left out where it would press the negatives flat."""
CHAR_PX = 6.2
"""Mean width of a character at 11 px, to keep labels apart."""
TICKS = tuple(timedelta(minutes=m) for m in (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880))


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing's size and margins in px; ``rows`` label rows above the plot."""

    width: int
    height: int
    left: int
    right: int
    ticks: int
    rows: int

    @property
    def top(self) -> int:
        return 8 + self.rows * 15

    @property
    def base(self) -> int:
        return self.height - 46

    @property
    def plot(self) -> int:
        return self.width - self.left - self.right


def chart(curve: Curve, words: Words, name: str) -> Markup:
    """Return the wide and the narrow drawing of a curve; one of them is hidden by CSS.

    ``name`` prefixes the ids inside. Needs at least two points.
    """
    label = f"{name}-sum"
    wide = _drawing(
        curve, words, Frame(744, 300, 30, 56, 8, _rows(curve, 3)), f"{name}-w", label, "wide"
    )
    narrow = _drawing(
        curve, words, Frame(358, 260, 26, 44, 4, _rows(curve, 4)), f"{name}-n", label, "narrow"
    )
    return Markup("{}{}").format(wide, narrow)


def spark(line: Spark) -> Markup:
    """Return a curve of 88 by 20 px with its expected band; unknown steps are hatched."""
    top = _ceiling([v for v in line.values if v is not None], line.high)
    step = 84 / max(1, len(line.values) - 1)

    def y(value: float) -> str:
        return _n(18 - 15 * value / top)

    parts = []
    if line.high:
        edge = [f"{_n(1 + i * step)},{y(high)}" for i, high in enumerate(line.high)]
        parts.append(f'<polygon class="c-band" points="1,18 {" ".join(edge)} 85,18"/>')
    for run in _known_runs(line.values):
        points = " ".join(f"{_n(1 + i * step)},{y(v)}" for i, v in run)
        parts.append(f'<polyline class="c-line" points="{points}"/>')
    last = len(line.values) - 1
    if line.values and line.values[last] is not None:
        parts.append(
            f'<circle class="c-mark" cx="{_n(1 + last * step)}" cy="{y(line.values[last] or 0)}" r="2"/>'
        )
    for i, value in enumerate(line.values):
        if value is None and i % 2 == 0:
            x = 1 + i * step
            parts.append(f'<path class="c-hatch" d="M{_n(x - 2)} 18l6-14"/>')
    body = Markup("".join(parts))  # noqa: S704 -- numbers only
    return Markup('<svg class="spark" viewBox="0 0 88 20" aria-hidden="true">{}</svg>').format(body)


def bar(share: float) -> Markup:
    """Return a horizontal bar of ``share`` in [0, 1]."""
    width = round(100 * min(1.0, max(0.0, share)), 1)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="c-track" width="100" height="8"/><rect class="c-bar" width="{}" height="8"/></svg>'
    ).format(width)


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _known_runs(values: Sequence[int | None]) -> Iterable[list[tuple[int, int]]]:
    for known, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if known:
            yield [(i, v or 0) for i, v in run]


def _ceiling(values: Sequence[int], high: Sequence[int]) -> float:
    return float(max([5, *values, *(HEADROOM * h for h in high)]))


def _rows(curve: Curve, most: int) -> int:
    return min(most, max(1, len(curve.marks)))


def _nice(top: float) -> int:
    """Return an axis step that gives three to five lines below ``top``."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000):
        if top / step <= 5:
            return step
    return int(top / 5)


def _drawing(curve: Curve, words: Words, frame: Frame, name: str, label: str, kind: str) -> Markup:
    points = curve.points
    closed = [p for p in points if not p.open]
    highs = [p.expected.high for p in points if p.expected]
    negatives = [p.negatives for p in closed]
    top = _ceiling(negatives, highs)
    show_all = max((p.mentions for p in closed), default=0) <= ALL_LIMIT * top
    if show_all:
        top = max(top, *(p.mentions for p in closed), 5) if closed else top
    if any(p.capped for p in closed):
        top *= 1.25  # room above the highest of them to be open into
    column = frame.plot / max(1, len(points))

    def x(index: float) -> float:
        return frame.left + (index + 0.5) * column

    def y(value: float) -> float:
        return frame.base - (frame.base - frame.top) * value / (top * 1.04)

    parts = [_defs(name), *_stretches(curve, frame, column)]
    parts += [*_grid(frame, top, y, words), *_band(points, x, y)]
    parts += _open(points, frame, column, name)
    parts += _upward(points, frame, column, y)
    if show_all:
        parts += _lines(points, x, y, "c-line2", lambda p: p.mentions)
    parts += _lines(points, x, y, "c-line", lambda p: p.negatives)
    parts += _end_labels(points, frame, x, y, words, show_all)
    parts += _marks(curve, frame, column, words)
    parts += _strip(points, frame, column, words, name)
    parts += _time_axis(curve, frame, column, words)
    parts += _columns(curve, frame, column, words)
    body = Markup("").join(parts)
    return Markup(
        '<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}">{}</svg>'
    ).format(kind, frame.width, frame.height, label, body)


def _defs(name: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}-h" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="c-hatch" x1="0" y1="0" x2="0" y2="6"/>'
        "</pattern></defs>"
    ).format(name)


def _grid(frame: Frame, top: float, y: Callable[[float], float], words: Words) -> Iterable[Markup]:
    step = _nice(top)
    for value in range(0, int(top) + 1, step):
        yield Markup(
            '<line class="c-grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(
            frame.left, frame.width - frame.right, _n(y(value)), _n(y(value)),
            frame.left - 6, _n(y(value) + 4), words.formats.number(value),
        )  # fmt: skip


def _band(
    points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float]
) -> Iterable[Markup]:
    for known, run in groupby(enumerate(points), key=lambda pair: pair[1].expected is not None):
        if not known:
            continue
        ranges = [(i, p.expected) for i, p in run]
        upper = [f"{_n(x(i))},{_n(y(r.high))}" for i, r in ranges if r]
        lower = [f"{_n(x(i))},{_n(y(r.low))}" for i, r in reversed(ranges) if r]
        yield Markup('<polygon class="c-band" points="{}"/>').format(" ".join(upper + lower))


def _open(points: Sequence[Point], frame: Frame, column: float, name: str) -> Iterable[Markup]:
    count = sum(p.open for p in points)
    if count:
        yield Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="url(#{}-h)"/>').format(
            _n(frame.left + (len(points) - count) * column), frame.top,
            _n(count * column), frame.base - frame.top, name,
        )  # fmt: skip


def _upward(
    points: Sequence[Point], frame: Frame, column: float, y: Callable[[float], float]
) -> Iterable[Markup]:
    """Leave steps of which only a part was seen open at the top: there were at least so many."""
    for capped, run in groupby(enumerate(points), key=lambda p: p[1].capped and not p[1].open):
        if not capped:
            continue
        steps = list(run)
        for i, point in steps:
            height = max(0.0, y(point.negatives) - frame.top)
            yield Markup('<rect class="c-more" x="{}" y="{}" width="{}" height="{}"/>').format(
                _n(frame.left + i * column), frame.top, _n(column), _n(height)
            )
        middle = frame.left + (steps[0][0] + len(steps) / 2) * column
        yield Markup('<path class="c-up" d="M{} {}l5-5 5 5"/>').format(
            _n(middle - 5), frame.top + 8
        )


def _lines(
    points: Sequence[Point],
    x: Callable[[float], float],
    y: Callable[[float], float],
    style: str,
    value: Callable[[Point], int],
) -> Iterable[Markup]:
    path = " ".join(f"{_n(x(i))},{_n(y(value(p)))}" for i, p in enumerate(points) if not p.open)
    yield Markup('<polyline class="{}" points="{}"/>').format(style, path)


def _end_labels(
    points: Sequence[Point],
    frame: Frame,
    x: Callable[[float], float],
    y: Callable[[float], float],
    words: Words,
    show_all: bool,
) -> Iterable[Markup]:
    closed = [(i, p) for i, p in enumerate(points) if not p.open]
    if not closed:
        return
    index, last = closed[-1]
    edge = frame.width - frame.right + 6
    here = y(last.negatives)
    yield Markup('<circle class="c-dot" cx="{}" cy="{}" r="3.5"/>').format(_n(x(index)), _n(here))
    yield Markup('<text class="t-ink" x="{}" y="{}">{}</text>').format(
        edge, _n(here + 4), words.formats.number(last.negatives)
    )
    if show_all and last.mentions > last.negatives:
        there = min(y(last.mentions), here - 14)
        yield Markup('<text x="{}" y="{}">{}</text>').format(
            edge, _n(there + 4), words.t("curve.all.n", n=last.mentions)
        )


def _at(curve: Curve, at: datetime) -> float:
    """Return the place of a moment in steps from the left edge, possibly outside."""
    return (at - curve.points[0].at).total_seconds() / curve.step_s


def _stretches(curve: Curve, frame: Frame, column: float) -> Iterable[Markup]:
    """Draw what lasted as a ground behind everything; its title says what it was."""
    for mark in curve.marks:
        if mark.until is None:
            continue
        start = max(0.0, _at(curve, mark.at))
        end = min(float(len(curve.points)), _at(curve, mark.until))
        if end > start:
            yield Markup(
                '<rect class="c-plan" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
            ).format(
                _n(frame.left + start * column), frame.top, _n((end - start) * column),
                frame.base - frame.top, mark.text,
            )  # fmt: skip


def _marks(curve: Curve, frame: Frame, column: float, words: Words) -> Iterable[Markup]:
    """Draw verticals with a time and a verb; labels go to the first row that is free."""
    ends = [0.0] * frame.rows
    for mark in sorted(curve.marks, key=lambda m: m.at):
        place = _at(curve, mark.at)
        if mark.until is not None and _at(curve, mark.until) > 0:
            place = max(0.0, place)
        if not 0 <= place <= len(curve.points):
            continue
        x = frame.left + place * column
        text = mark_text(mark, words)
        width = len(text) * CHAR_PX + 8
        start = x + 5 if x + 5 + width <= frame.width else x - 5 - width
        row = next((r for r, end in enumerate(ends) if start >= end), None)
        yield Markup('<line class="c-rule" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            _n(x), 4 + 15 * (row or 0), frame.base
        )
        if row is None:
            continue
        ends[row] = start + width
        anchor, tx = ("start", x + 5) if start > x else ("end", x - 5)
        yield Markup('<text class="halo" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            _n(tx), 12 + 15 * row, anchor, text
        )


def _strip(
    points: Sequence[Point], frame: Frame, column: float, words: Words, name: str
) -> Iterable[Markup]:
    top = frame.base + 24
    for level, run in groupby(
        enumerate(points), key=lambda pair: None if pair[1].open else pair[1].level
    ):
        indexes = [i for i, _ in run]
        x, width = frame.left + indexes[0] * column, len(indexes) * column
        fill = (
            Markup('class="f{}"').format(int(level))
            if level is not None
            else Markup('fill="url(#{}-h)"').format(name)
        )
        yield Markup('<rect x="{}" y="{}" width="{}" height="15" {}/>').format(
            _n(x), top, _n(width), fill
        )
        if level is None:
            continue
        text = f"{int(level)} {words.level(level)}"
        if len(text) * CHAR_PX + 8 > width:
            text = str(int(level))
        if len(text) * CHAR_PX + 4 <= width:
            yield Markup('<text class="k{}" x="{}" y="{}">{}</text>').format(
                int(level), _n(x + 4), top + 11, text
            )


def _time_axis(curve: Curve, frame: Frame, column: float, words: Words) -> Iterable[Markup]:
    length = timedelta(seconds=curve.step_s * len(curve.points))
    gap = next((t for t in TICKS if length / t <= frame.ticks), TICKS[-1])
    first, formats = curve.points[0].at, words.formats
    local = formats.local(first)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    tick = midnight + gap * ((local - midnight) // gap)
    while tick <= local + length:
        place = _at(curve, tick)
        x = frame.left + place * column
        if frame.left <= x <= frame.width - frame.right + 1:
            text = formats.day(tick) if gap >= timedelta(days=1) else formats.clock(tick)
            anchor = "start" if x - frame.left < 16 else "middle"
            yield Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
                _n(x), frame.base + 16, anchor, text
            )
        tick += gap


def _columns(curve: Curve, frame: Frame, column: float, words: Words) -> Iterable[Markup]:
    """Draw one invisible column per step, whose title says its numbers."""
    for i, point in enumerate(curve.points):
        yield Markup('<rect class="c-col" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
            _n(frame.left + i * column), frame.top, _n(column), frame.base - frame.top, point_text(curve, point, words)
        )  # fmt: skip
