"""Fact: one entry of an incident's timeline, and what a whole timeline says. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.incident import Incident, Status
from detectors.detection import Assessment, Level, Reason


class FactKind(StrEnum):
    """Every kind of entry of a timeline."""

    OPENED = "opened"
    LEVEL_ROSE = "level_rose"
    LEVEL_FELL = "level_fell"
    REOPENED = "reopened"
    TOPIC_JOINED = "topic_joined"
    MERGED = "merged"
    SPLIT = "split"
    ACKNOWLEDGED = "acknowledged"
    ASKED = "asked"
    LAPSED = "lapsed"
    ASSIGNED = "assigned"
    END_PROPOSED = "end_proposed"
    RESOLVED = "resolved"
    NOTE = "note"
    ALERT_QUEUED = "alert_queued"
    ALERT_SENT = "alert_sent"
    ALERT_FAILED = "alert_failed"
    ALERT_RESENT = "alert_resent"
    ESCALATION = "escalation"
    HELD = "held"
    INHIBITED = "inhibited"
    INHIBITION_OVER = "inhibition_over"
    SILENCED = "silenced"
    SILENCE_BROKEN = "silence_broken"
    SILENCE_OVER = "silence_over"
    ALL_CLEAR = "all_clear"
    EXPLAINED = "explained"
    PLAYBOOK_STARTED = "playbook_started"
    STEP_DONE = "step_done"
    STEP_SKIPPED = "step_skipped"
    STEP_ASSIGNED = "step_assigned"
    RUN_FINISHED = "run_finished"
    MEDIA_SET = "media_set"
    CARD = "card"


MACHINE = "sturmglas"
"""The actor of facts that no person caused."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of an incident's timeline; append-only.

    ``at`` event time, ``observed_at`` when it was written. ``actor`` is a user name or `MACHINE`.
    ``payload`` is JSON-ready; personal data in it is a reference, never the data.
    """

    kind: FactKind
    at: datetime
    observed_at: datetime
    actor: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the facts of a timeline say of its incident."""

    status: Status
    level: Level
    episode: int


def standing(facts: Iterable[Fact]) -> Standing | None:
    """Replay a timeline; None where it never opened. Facts without a status tell nothing of it."""
    found = None
    for fact in facts:
        if "status" in fact.payload:
            found = Standing(
                Status(fact.payload["status"]),
                Level(fact.payload["level"]),
                fact.payload["episode"],
            )
    return found


def reason_json(reason: Reason) -> dict[str, Any]:
    """Return a reason as JSON-ready data; a value that is not finite becomes None."""
    return {
        "code": reason.code.value,
        "value": reason.value if math.isfinite(reason.value) else None,
        "threshold": reason.threshold,
        "met": reason.met,
        "text": reason.text,
    }


def fact_of(
    kind: FactKind,
    after: Incident,
    at: datetime,
    now: datetime,
    actor: str = MACHINE,
    **payload: Any,  # JSON values of the caller's choice
) -> Fact:
    """Return the entry of ``after``, with where the incident stands since then."""
    stands = {
        "status": after.status.value,
        "level": int(after.level),
        "episode": after.episode,
    }
    return Fact(kind, at, now, actor, stands | payload)


def seen_fact(
    kind: FactKind,
    after: Incident,
    seen: Assessment,
    now: datetime,
    *,
    was: Level | None = None,
) -> Fact:
    """Return an entry with its why: reasons, rarity, and the level before where there was one."""
    days = seen.return_period_days
    payload: dict[str, Any] = {
        "return_period_days": days if math.isfinite(days) else None,
        "reasons": [reason_json(r) for r in seen.reasons],
    }
    if was is not None:
        payload["from"] = int(was)
    return fact_of(kind, after, seen.at, now, **payload)
