"""The words on and about a curve: its headline, its axis, and all of it for whoever cannot see it."""

from __future__ import annotations

from alerts.alert import Alert
from alerts.curve import Curve
from alerts.render.message import one_line
from alerts.words import Language, clock, count_line, expected_range, number, pick

ALT_LIMIT = 1000
"""Characters of a description that Slack takes (docs.slack.dev/reference/methods/files.getUploadURLExternal)."""
NAME_LENGTH = 40


def headline(alert: Alert, lang: Language) -> str:
    """Return the measured number beside its normal, as the message has it; of a test, that it is one."""
    if alert.test:
        return pick(("Probe: erfundene Zahlen", "Test: made-up numbers"), lang)
    return count_line(alert, lang)


def axis(lang: Language) -> str:
    return pick(("negative Beiträge je 5 Minuten", "negative posts per 5 minutes"), lang)


def usual(most: int, lang: Language) -> str:
    """Return the name of the line at ``most``."""
    n = number(most, lang)
    return pick((f"normal: höchstens {n}", f"normal: {n} at most"), lang)


def unknown(lang: Language) -> str:
    return pick(("unbekannt", "unknown"), lang)


def title(alert: Alert, curve: Curve, lang: Language) -> str:
    """Return the picture's name: the topic and the hours."""
    return f"{one_line(alert.topic_name, NAME_LENGTH)}, {_hours(alert, curve, lang)}"


def described(alert: Alert, curve: Curve, lang: Language) -> str:
    """Return what the picture shows, in words and numbers."""
    known = list(curve.known)
    peak_at, peak, _ = max(known, key=lambda bin: bin[1])
    latest = known[-1]
    mean = sum(expected for *_, expected in known) / len(known)
    at = clock(peak_at, alert.timezone, lang, near=curve.until)
    text = pick(
        (
            f"Kurve, {axis(lang)}, {_hours(alert, curve, lang)}: erwartet je {expected_range(mean)}, "
            f"höchstens gezählt {number(peak, lang)} (um {at}), zuletzt {number(latest[1], lang)}.",
            f"Curve, {axis(lang)}, {_hours(alert, curve, lang)}: expected {expected_range(mean)} each, "
            f"at most counted {number(peak, lang)} (at {at}), most recently {number(latest[1], lang)}.",
        ),
        lang,
    )
    return f"{one_line(alert.topic_name, NAME_LENGTH)}: {headline(alert, lang)}. {text}"[:ALT_LIMIT]


def _hours(alert: Alert, curve: Curve, lang: Language) -> str:
    since = clock(curve.since, alert.timezone, lang, near=curve.until)
    return f"{since}–{clock(curve.until, alert.timezone, lang)}"
