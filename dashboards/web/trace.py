"""Reasons as lines of a table: measure, measured, threshold, met; and what would have kept still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from alerts.stillness import silent_with
from alerts.words import TRIPWIRE_NAMES, Language, pick, return_period
from dashboards.web.i18n import Translator
from detectors.detection import MULTIPLES, RARITIES, SHARES, Reason, ReasonCode
from detectors.silencers import Silencer

QUIET = {ReasonCode.MEDIA, ReasonCode.YOUNG_TOPIC, ReasonCode.LATE, ReasonCode.BLIND}
ICONS = {
    ReasonCode.TRIPWIRE: "wire",
    ReasonCode.NEGATIVE_BURST: "clock",
    ReasonCode.MENTION_BURST: "clock",
    ReasonCode.MULTIPLE: "rising",
    ReasonCode.GROWTH: "rising",
    ReasonCode.HOLD: "flat",
}


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One measure, in words."""

    label: Markup
    hint: Markup
    text: str
    value: str
    threshold: str
    met: bool


def trace(reasons: Sequence[Reason], t: Translator) -> list[TraceRow]:
    """Return a row for every reason, the met ones first, otherwise in the order given."""
    rows = [_row(r, t) for r in reasons]
    return sorted(rows, key=lambda row: not row.met)


def telling(reasons: Sequence[Reason]) -> list[Reason]:
    """Return the met reasons that speak for the level, tripwires first; limits and media left out."""
    met = [r for r in reasons if r.met and r.code not in QUIET]
    return sorted(met, key=lambda r: r.code is not ReasonCode.TRIPWIRE)


def reason_icon(reason: Reason) -> str:
    return ICONS.get(reason.code, "people")


def still(found: Sequence[Silencer], t: Translator) -> list[Markup]:
    """Return what would have kept the alarm silent, a line each, as the alert says it."""
    lang: Language = "de" if t.lang == "de" else "en"
    lead = pick(("mit ", "with "), lang)
    return [t.mark(escape(lead + silent_with(silencer, lang))) for silencer in found]


def _row(reason: Reason, t: Translator) -> TraceRow:
    name = _name(reason)
    hint = "hint.new_topic" if name != reason.code else f"hint.{name}"
    return TraceRow(
        label=t(f"reason.{name}"),
        hint=t(hint) if t.has(hint) else Markup(""),
        text=_thing(reason, t),
        value=_value(reason.code, reason.value, t),
        threshold=_bound(reason, t),
        met=reason.met,
    )


def _name(reason: Reason) -> str:
    """Return which measure it is: a new topic's first burst counts people."""
    if reason.code is ReasonCode.YOUNG_NEGATIVES and reason.text == "authors":
        return ReasonCode.NEGATIVE_AUTHORS.value
    return reason.code.value


def _bound(reason: Reason, t: Translator) -> str:
    """Return "≥ 25" or "< 14 days": which side counts as met follows from the numbers."""
    if reason.threshold is None:
        return ""
    upward = (reason.value >= reason.threshold) == reason.met
    return f"{'≥' if upward else '<'} {_value(reason.code, reason.threshold, t)}"


def _value(code: ReasonCode, value: float, t: Translator) -> str:
    lang: Language = "de" if t.lang == "de" else "en"
    if code in RARITIES:
        return t.mark(escape(return_period(value, lang) or "–"))
    if code in SHARES:
        return t.formats.percent(value)
    if code in MULTIPLES:
        return t("unit.times", n=round(value, 1))
    if code is ReasonCode.YOUNG_TOPIC:
        return t("unit.days.plain", n=_round(value))
    if code is ReasonCode.BLIND:
        return t("unit.hours", n=_round(value))
    return t.formats.number(round(value, 1))


def _round(value: float) -> float:
    return round(value, 1) if value < 10 else round(value)


def _thing(reason: Reason, t: Translator) -> str:
    """Return what a reason names: a tripwire's category in words, a source as it is called."""
    if reason.code is ReasonCode.TRIPWIRE and reason.text in TRIPWIRE_NAMES:
        return t.mark(escape(pick(TRIPWIRE_NAMES[reason.text], "de" if t.lang == "de" else "en")))
    return reason.text if reason.code in (ReasonCode.TRIPWIRE, ReasonCode.BLIND) else ""
