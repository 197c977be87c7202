"""Facts as sentences: one line of the timeline, and the small print below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from alerts.fact import MACHINE, FactKind
from alerts.silences import ALL_CLEAR
from dashboards.web.i18n import Translator
from dashboards.web.incident_views import FactView
from detectors.detection import Level

LEVELS = {FactKind.OPENED, FactKind.LEVEL_ROSE, FactKind.LEVEL_FELL, FactKind.REOPENED}
KEY_FACTS = frozenset(FactKind) - {
    FactKind.ALERT_QUEUED,
    FactKind.ALERT_SENT,
    FactKind.STEP_ASSIGNED,
    FactKind.LEVEL_FELL,
    FactKind.CARD,
}
"""What the timeline shows before anybody asks for everything."""
SMALL = ("text", "note", "cause", "error")
"""Keys of a payload that people wrote or must read."""


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact in words. ``level`` for facts that are a change of level, ``bad`` for failures."""

    text: Markup
    small: str
    level: Level | None
    bad: bool
    human: bool


def fact_line(
    fact: FactView,
    t: Translator,
    level_words: Callable[[Level], Markup],
    name_of: Callable[[str], str],
) -> FactLine:
    """Return ``fact`` as people read it; payload keys that are missing leave gaps, never errors."""
    level = _level(fact)
    key = f"fact.{fact.kind}"
    human = fact.actor != MACHINE
    if fact.kind is FactKind.RESOLVED and not human:
        key = "fact.resolved.self"
    elif fact.kind is FactKind.RESOLVED and fact.payload.get("into"):
        key = "fact.resolved.merged"
    payload = fact.payload
    bad = fact.kind is FactKind.ALERT_FAILED
    if payload.get("exhausted"):
        key, bad = (
            "fact.escalation.nobody" if payload.get("skipped") else "fact.escalation.end",
            True,
        )
    text = t(
        key,
        actor=fact.actor if human else "Sturmglas",
        level=level_words(level) if level is not None else "",
        owner=str(payload.get("owner", "")),
        topic=str(payload.get("topic", "")),
        ref=str(payload.get("ref", "")),
        into=str(payload.get("into", "")),
        bigger=str(payload.get("bigger", "")),
        channel=str(payload.get("channel", "")),
        name=name_of(str(payload.get("playbook", ""))),
        step=name_of(str(payload.get("step", ""))),
        number=payload.get("step", ""),
        chain=str(payload.get("chain", "")),
        by=str(payload.get("by", "")),
        targets=", ".join(payload.get("targets", ())),
        author=str(payload.get("author", "")),
        until=_until(fact, t),
    )
    outcome = payload.get("outcome")
    small = [str(t(f"outcome.{outcome}"))] if outcome and t.has(f"outcome.{outcome}") else []
    shared = payload.get("shared")
    small += [str(t(f"shared.{shared}"))] if shared and t.has(f"shared.{shared}") else []
    small += [_written(str(payload[name]), t) for name in SMALL if payload.get(name)]
    if fact.kind is FactKind.SILENCED and payload.get("reason"):
        small.append(_written(str(payload["reason"]), t))
    if fact.kind is FactKind.SILENCE_BROKEN and t.has(f"broke.{payload.get('by')}"):
        small.append(str(t(f"broke.{payload['by']}")))
    if payload.get("skipped") and not payload.get("exhausted"):
        steps = ", ".join(map(str, payload["skipped"]))
        small.append(str(t("fact.escalation.skipped", n=steps)))
    return FactLine(
        text=text,
        small=" · ".join(small),
        level=level if fact.kind in LEVELS else None,
        bad=bad,
        human=human,
    )


def _written(text: str, t: Translator) -> str:
    """Return what somebody wrote; what Sturmglas put there for them, in the reader's language."""
    return str(t("clear.cause")) if text == ALL_CLEAR else text


def _until(fact: FactView, t: Translator) -> str:
    until = fact.payload.get("until")
    try:
        return t.formats.moment(datetime.fromisoformat(str(until))) if until else ""
    except ValueError:
        return ""


def _level(fact: FactView) -> Level | None:
    for name in ("level", "to"):
        value = fact.payload.get(name)
        if isinstance(value, int) and 0 <= value <= 6:
            return Level(value)
    return None
