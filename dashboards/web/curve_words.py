"""What a curve says in words: its points, its marks, what had been expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from dashboards.web.curve import Curve, Mark, Point
from dashboards.web.format import Formats
from detectors.detection import Level

TITLE = 28
"""Longest title of what was announced that is written into a chart, in characters."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart must be able to say."""

    t: Callable[..., Markup]
    level: Callable[[Level], str]
    formats: Formats


def mark_text(mark: Mark, words: Words) -> str:
    """Return what a mark says, short enough for a chart."""
    if mark.text:
        title = mark.text if len(mark.text) <= TITLE else mark.text[: TITLE - 1] + "…"
        return f"{words.formats.clock(mark.at)} {title}"
    verb = words.t(f"mark.{mark.kind}", n=int(mark.level) if mark.level is not None else 0)
    return f"{words.formats.clock(mark.at)} {verb}"


def point_text(curve: Curve, point: Point, words: Words) -> Markup:
    """Return the numbers of one step as a sentence."""
    formats = words.formats
    text = words.t(
        "curve.point.least" if point.capped else "curve.point",
        start=formats.moment(point.at),
        end=formats.clock(point.at + timedelta(seconds=curve.step_s)),
        negatives=point.negatives,
        mentions=point.mentions,
        expected=expected_text(point.expected, words.t),
    )
    if point.open:
        return Markup("{}, {}").format(text, words.t("curve.point.open"))
    return text


def expected_text(expected: object, t: Callable[..., Markup]) -> Markup:
    """Return "expected 0-4", or that nothing is expected yet."""
    low, high = getattr(expected, "low", None), getattr(expected, "high", None)
    if low is None or high is None:
        return t("expected.none")
    if low == high:
        return t("expected.one", low=low)
    return t("expected", low=low, high=high)
