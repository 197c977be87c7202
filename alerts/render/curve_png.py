"""A curve as a picture, for receivers that show no other kind (Slack shows no SVG).

Drawn on a ground of its own, so that light and dark themes show the same. Needs Pillow, the extra ``png``.
"""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerts.alert import Alert
from alerts.curve import LIMIT, Curve
from alerts.render import curve_words
from alerts.render.message import one_line
from alerts.render.slack import COLOURS
from alerts.words import Language, number
from detectors.window import BIN

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

MISSING = "no curve is shown without the extra: pip install 'sturmglas[png]'"
WIDTH, HEIGHT = 800, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 780, 104, 276
"""The field of the bars, in pixels from the upper left corner."""
GROUND, INK, FAINT, LINE, NORMAL, UNKNOWN = (
    "#ffffff",
    "#14202b",
    "#5a6772",
    "#e3e8ea",
    "#8296a3",
    "#f0f2f3",
)
EDGE = "#c3ccd1"
TALL = 4
"""What the axis reaches at least, so that two posts in a calm night look like two posts."""
SEEN = 2
"""Pixels of the lowest bar: one post beside ten thousand is still there."""
LEGIBLE = 3
"""Below this level the ramp's colours are too pale for bars; then the bars have the ink's."""
COLOURS_KEPT = 48
_FONTS = Path(__file__).parent / "fonts"


def installed() -> bool:
    """Return whether what draws is there."""
    return importlib.util.find_spec("PIL") is not None


def picture(alert: Alert, lang: Language) -> bytes | None:
    """Return a PNG of the alert's curve in the colour of its level; None without a curve or without Pillow.

    Deterministic with one version of Pillow. A topic's name that our font cannot write is left out.
    """
    if alert.curve is None or not any(alert.curve.bins) or not installed():
        return None
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    _Drawing(ImageDraw.Draw(image), alert, alert.curve, lang).draw()
    out = io.BytesIO()
    image.quantize(COLOURS_KEPT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Drawing:
    on: ImageDraw
    alert: Alert
    curve: Curve
    lang: Language

    def draw(self) -> None:
        self.on.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=EDGE)
        self._head()
        self._grid()
        self._unknown()
        self._bars()
        self._expected()
        self._peak()

    # --- where things are

    @property
    def top(self) -> int:
        """What the axis reaches: the next round number above all that is drawn."""
        return ceiling(max([TALL, *(max(n, most_usual(e)) for _, n, e in self.curve.known)]))

    @property
    def colour(self) -> str:
        level = self.alert.level
        return COLOURS[level] if level >= LEGIBLE else FAINT

    def x(self, at: datetime) -> float:
        """Return where a moment is; the newest hours end at the right, a young topic begins later."""
        since = self.curve.until - LIMIT * BIN
        return LEFT + (RIGHT - LEFT) * ((at - since) / (LIMIT * BIN))

    def y(self, count: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * min(1.0, count / self.top)

    # --- what is drawn

    def _head(self) -> None:
        said = curve_words.headline(self.alert, self.lang)
        self.on.text((20, 14), said, INK, fitting(said, 25, bold=True))
        name = one_line(self.alert.topic_name, curve_words.NAME_LENGTH)
        parts = [name] if writable(name) and name else []
        below = " · ".join([*parts, curve_words.axis(self.lang)])
        self.on.text((20, 50), below, FAINT, fitting(below, 18))

    def _grid(self) -> None:
        for part in (0.0, 0.5, 1.0):
            y = self.y(part * self.top)
            self.on.line((LEFT, y, RIGHT, y), fill=EDGE if part == 0.0 else LINE)
            label = number(round(part * self.top), self.lang)
            self.on.text((LEFT - 10, y), label, FAINT, font(18), anchor="rm")
        zone = ZoneInfo(self.alert.timezone)
        for at in whole_hours(self.curve.until - LIMIT * BIN, self.curve.until, zone):
            x = self.x(at)
            self.on.line((x, BOTTOM, x, BOTTOM + 6), fill=FAINT)
            half = font(18).getlength("00:00") / 2
            middle = min(max(x, LEFT + half), RIGHT - half)
            self.on.text((middle, BOTTOM + 12), f"{at:%H:%M}", FAINT, font(18), anchor="ma")

    def _unknown(self) -> None:
        word = curve_words.unknown(self.lang)
        for since, until in self._blanks():
            left, right = self.x(since), self.x(until)
            self.on.rectangle((left, TOP, right, BOTTOM - 1), UNKNOWN)
            if font(18).getlength(word) + 16 < right - left:
                middle = (left + right) / 2, (TOP + BOTTOM) / 2
                self.on.text(middle, word, FAINT, font(18), anchor="mm")

    def _blanks(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of which nothing is known, begin and end."""
        at = self.curve.until - LIMIT * BIN
        for known, _, _ in self.curve.known:
            if known > at:
                yield at, known
            at = known + BIN

    def _bars(self) -> None:
        for at, n, expected in self.curve.known:
            if n > 0:
                left, right = self.x(at) + 1, self.x(at + BIN) - 2
                beyond = n > most_usual(expected)
                fill = self.colour if beyond else NORMAL
                self.on.rectangle((left, min(self.y(n), BOTTOM - SEEN), right, BOTTOM - 1), fill)

    def _expected(self) -> None:
        """Draw what chance alone would bring at most, as steps."""
        for at, _, expected in self.curve.known:
            y = self.y(most_usual(expected))
            self.on.line((self.x(at), y, self.x(at + BIN), y), INK, 3)
        self._named()

    def _named(self) -> None:
        """Write what the line is above its first stretch, which is mostly calm."""
        at, _, expected = next(self.curve.known)
        said = curve_words.usual(most_usual(expected), self.lang)
        left = self.x(at) + 6
        if left + font(18).getlength(said) < self._calm_until():
            self.on.text((left, self.y(most_usual(expected)) - 6), said, INK, font(18), anchor="ls")

    def _calm_until(self) -> float:
        """Return where the first bar stands that reaches what is written above the line."""
        first = next(self.curve.known)
        high = self.y(most_usual(first[2])) - 6
        tall = (self.x(at) for at, n, _ in self.curve.known if self.y(n) < high)
        return next(tall, RIGHT)

    def _peak(self) -> None:
        at, n, _ = max(self.curve.known, key=lambda bin: (bin[1], bin[0]))
        if n > 0:
            where = min(self.x(at) + (RIGHT - LEFT) / LIMIT / 2, RIGHT - 20)
            self.on.text(
                (where, self.y(n) - 4), number(n, self.lang), INK, font(20, bold=True), anchor="mb"
            )


def most_usual(expected: float) -> int:
    """Return the most that chance would bring: two standard deviations of a Poisson count above its mean."""
    return math.ceil(expected + 2 * math.sqrt(max(0.0, expected)))


def ceiling(count: float) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100, 200 ... from ``count`` on: its half is whole."""
    size = int(10.0 ** math.floor(math.log10(max(1.0, count))))
    steps = (2, 4, 6, 8, 10) if size == 1 else (1, 2, 3, 4, 5, 6, 8, 10)
    return next(step * size for step in steps if step * size >= count)


def whole_hours(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the whole local hours of [since, until], as local times."""
    at = since
    while at <= until:
        local = at.astimezone(zone)
        if local.minute == 0:
            yield local
        at += BIN


@lru_cache(maxsize=32)
def font(size: int, *, bold: bool = False) -> FreeTypeFont:
    """Return a font of ours: Latin, Greek and Cyrillic letters. Read once."""
    from PIL import ImageFont

    return ImageFont.truetype(_FONTS / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size)


def fitting(text: str, size: int, *, bold: bool = False) -> FreeTypeFont:
    """Return the largest font up to ``size`` with which ``text`` stays inside the picture."""
    while size > 12 and font(size, bold=bold).getlength(text) > WIDTH - 40:
        size -= 1
    return font(size, bold=bold)


def writable(text: str) -> bool:
    """Return whether the font has every letter of ``text``."""
    missing = bytes(font(18).getmask("\U0010ffff"))
    return all(bytes(font(18).getmask(letter)) != missing for letter in text if letter != " ")
