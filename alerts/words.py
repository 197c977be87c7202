"""Words: levels, rarity and numbers as people read them, in German and English."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Broke, NotifyReason
from detectors.detection import Level, Reason, ReasonCode

Language = Literal["de", "en"]

LEVEL_NAMES: dict[Level, tuple[str, str]] = {
    Level.CALM: ("Windstille", "calm"),
    Level.LIGHT_AIR: ("leiser Zug", "light air"),
    Level.LIGHT_BREEZE: ("schwache Brise", "light breeze"),
    Level.FRESH_BREEZE: ("frische Brise", "fresh breeze"),
    Level.STRONG_WIND: ("starker Wind", "strong wind"),
    Level.STORM: ("Sturm", "storm"),
    Level.HURRICANE: ("Orkan", "hurricane"),
}

FEATHERS: dict[Level, str] = {
    Level.CALM: "○",
    Level.LIGHT_AIR: "╱",
    Level.LIGHT_BREEZE: "╱╱",
    Level.FRESH_BREEZE: "╱╱╱",
    Level.STRONG_WIND: "╱╱╱╱",
    Level.STORM: "◣",
    Level.HURRICANE: "◣◣",
}
"""The wind feather of a weather chart in plain characters: ring, barbs, pennants."""

TRIPWIRE_NAMES: dict[str, tuple[str, str]] = {
    "death": ("Todesfall", "death"),
    "threat": ("Drohung", "threat"),
    "raid": ("Durchsuchung", "raid"),
    "injury": ("Verletzung", "injury"),
    "poisoning": ("Vergiftung", "poisoning"),
    "fire_explosion": ("Brand oder Explosion", "fire or explosion"),
    "recall": ("Rückruf", "recall"),
    "data_leak": ("Datenleck", "data leak"),
    "abuse": ("Übergriff", "abuse"),
    "other": ("eigenes Wort", "own word"),
}
"""Shipped categories of tripwires; an own category is shown as it is called."""

SPOKEN: dict[NotifyReason, tuple[str, str]] = {
    NotifyReason.FIRST: ("neu", "new"),
    NotifyReason.ESCALATED: ("gestiegen", "risen"),
    NotifyReason.REOPENED: ("wieder da", "back again"),
    NotifyReason.ACKNOWLEDGED: ("bestätigt", "acknowledged"),
    NotifyReason.RESOLVED: ("beendet", "ended"),
    NotifyReason.UNANSWERED: ("unbeantwortet", "unanswered"),
    NotifyReason.STILL: ("noch dran?", "still on it?"),
    NotifyReason.STALE: ("niemand mehr dran", "nobody on it any more"),
    NotifyReason.HELD: ("seit der Nacht", "since the night"),
    NotifyReason.REPEATED: ("noch ohne Antwort", "still unanswered"),
    NotifyReason.MERGED: ("zusammengelegt", "merged"),
    NotifyReason.INHIBITION_OVER: ("der größere Sturm ist vorbei", "the bigger storm is over"),
    NotifyReason.SILENCE_OVER: ("Stummschaltung vorbei", "silence is over"),
    NotifyReason.ALL_CLEAR: ("Entwarnung", "all clear"),
    NotifyReason.TEST: ("Probe", "test"),
    NotifyReason.WATCH: ("wird beobachtet", "being watched"),
    NotifyReason.DIGEST: ("Sammelmeldung", "digest"),
    NotifyReason.MORNING: ("Morgenzeile", "morning line"),
    NotifyReason.TESTS_DUE: ("Testrufe fällig", "test calls due"),
    NotifyReason.TROUBLE: ("Störung", "trouble"),
    NotifyReason.RECOVERED: ("behoben", "recovered"),
}
"""Why an alert speaks now, in one or two words."""


BROKE: dict[Broke, tuple[str, str]] = {
    Broke.ROSE: ("die Stufe ist gestiegen", "the level rose"),
    Broke.TRIPWIRE: ("ein Signalwort fiel", "a word of danger was said"),
    Broke.AUTHORS: ("es schreiben doppelt so viele", "twice as many people write"),
    Broke.TERMS: ("neue Wörter kamen auf", "new words came up"),
}
"""What broke a silence."""


def pick(pair: tuple[str, str], lang: Language) -> str:
    """Return the German or the English of a pair."""
    return pair[0] if lang == "de" else pair[1]


def level_name(level: Level, lang: Language) -> str:
    """Return the word for a level: "starker Wind", "strong wind"."""
    return pick(LEVEL_NAMES[level], lang)


def level_line(level: Level, lang: Language) -> str:
    """Return number and word: "4 starker Wind"."""
    return f"{int(level)} {level_name(level, lang)}"


def number(value: float, lang: Language) -> str:
    """Return a number as read: whole from 10 up, one decimal below, "∞" where there is none."""
    if not math.isfinite(value):
        return "∞"
    text = f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:,.1f}"
    text = text.removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if lang == "de" else text


def percent(value: float) -> str:
    """Return a share in [0, 1] as percent: "42 %"."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else "?"


def expected_range(mean: float) -> str:
    """Return what a count of this mean usually is, two standard deviations wide: "0–4"."""
    mean = max(0.0, mean)
    low = max(0, math.floor(mean - 2 * math.sqrt(mean)))
    high = math.ceil(mean + 2 * math.sqrt(mean))
    return str(high) if low == high else f"{low}–{high}"


_PERIODS: tuple[tuple[float, float, tuple[str, str], tuple[str, str]], ...] = (
    # below so many days, counted in so many days, one of them, several of them
    (1.5, 1.0, ("1× am Tag", "once a day"), ("", "")),
    (14.0, 1.0, ("1× am Tag", "once a day"), ("1× in {} Tagen", "once in {} days")),
    (60.0, 7.0, ("1× in der Woche", "once a week"), ("1× in {} Wochen", "once in {} weeks")),
    (730.0, 30.44, ("1× im Monat", "once a month"), ("1× in {} Monaten", "once in {} months")),
    (36525.0, 365.25, ("1× im Jahr", "once a year"), ("1× in {} Jahren", "once in {} years")),
)


def return_period(days: float, lang: Language) -> str:
    """Return how rare it is in words: "1× in 11 Jahren"; "" where nothing is known (0)."""
    if math.isnan(days) or days <= 0:
        return ""
    if days < 0.75:
        return pick(("mehrmals am Tag", "several times a day"), lang)
    for below, unit, one, many in _PERIODS:
        if days < below:
            count = round(days / unit)
            return pick(one, lang) if count <= 1 else pick(many, lang).format(count)
    return pick(("seltener als 1× in 100 Jahren", "less than once in 100 years"), lang)


def clock(at: datetime, zone: str, lang: Language, *, near: datetime | None = None) -> str:
    """Return local time, "14:02", with the date where it is not the day of ``near``."""
    local = at.astimezone(ZoneInfo(zone))
    text = f"{local:%H:%M}"
    if near is None or local.date() == near.astimezone(ZoneInfo(zone)).date():
        return text
    if lang == "de":
        return f"{local.day}.{local.month}., {text}"
    return f"{local.day} {_MONTHS[local.month - 1]}, {text}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count_line(alert: Alert, lang: Language) -> str:
    """Return the first line of every alert: the measured number beside its normal.

    Where a source gave only a part of what it had, the number is the least there was.
    """
    usual = expected_range(alert.expected)
    n = number(alert.negatives, lang)
    noun = "Beitrag" if alert.negatives == 1 else "Beiträge"
    kind = "negativer" if alert.negatives == 1 else "negative"
    post = "post" if alert.negatives == 1 else "posts"
    least = pick(("mindestens ", "at least "), lang) if capped(alert.reasons) else ""
    return pick(
        (
            f"{least}{n} {kind} {noun} in der letzten Stunde, erwartet {usual}",
            f"{least}{n} negative {post} in the last hour, expected {usual}",
        ),
        lang,
    )


def capped(reasons: Iterable[Reason]) -> bool:
    """Return whether there were at least so many posts, and perhaps more."""
    return any(r.code is ReasonCode.CAPPED and r.met for r in reasons)
