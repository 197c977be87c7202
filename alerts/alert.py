"""Alert: what to say, to whom, why now. Delivery: its trail on one channel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.curve import Curve
from alerts.incident import Incident
from detectors.detection import Assessment, Level, Reason
from detectors.silencers import Silencer
from detectors.topic import Topic


class NotifyReason(StrEnum):
    """Why an alert speaks now."""

    FIRST = "first"
    ESCALATED = "escalated"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    UNANSWERED = "unanswered"
    STILL = "still"
    STALE = "stale"
    HELD = "held"
    REPEATED = "repeated"
    MERGED = "merged"
    INHIBITION_OVER = "inhibition_over"
    SILENCE_OVER = "silence_over"
    ALL_CLEAR = "all_clear"
    TEST = "test"
    WATCH = "watch"  # level 3: told in digests only
    DIGEST = "digest"
    MORNING = "morning"  # the line of the morning: no alarm
    TESTS_DUE = "tests_due"  # ways that wake were not tried for long: no alarm
    TROUBLE = "trouble"  # of our own: something does not go out, or a sender is not heard
    RECOVERED = "recovered"


class Broke(StrEnum):
    """What broke a silence."""

    ROSE = "rose"
    TRIPWIRE = "tripwire"
    AUTHORS = "authors"
    TERMS = "terms"


class Severity(StrEnum):
    """PagerDuty's words (Events API v2), used for every receiver that has severities."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


SEVERITY: dict[Level, Severity] = {
    Level.CALM: Severity.INFO,
    Level.LIGHT_AIR: Severity.INFO,
    Level.LIGHT_BREEZE: Severity.INFO,
    Level.FRESH_BREEZE: Severity.WARNING,
    Level.STRONG_WIND: Severity.ERROR,
    Level.STORM: Severity.CRITICAL,
    Level.HURRICANE: Severity.CRITICAL,
}
"""The one table from level to severity."""


class Action(StrEnum):
    """What a receiver shall do with its own record of the incident (PagerDuty's event_action)."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Quote:
    """One representative post: ``copies`` near-copies stand behind it. Never a private message."""

    text: str
    source: str
    at: datetime
    lang: str = ""
    reach: int = 0
    copies: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """A silence that an alert broke: whose it was, until when it would have held, and by what."""

    author: str
    until: datetime
    by: Broke


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said that is about no incident, each line in German and English."""

    title: tuple[str, str]
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Whom a chain calls next, as people know them, and when, unless somebody answers before."""

    at: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """Everything a receiver needs to understand without opening anything.

    ``id`` is deterministic: incident, episode, reason and level; the same alert enqueued twice is
    one. ``key`` is the incident's outside key. ``negatives`` and ``expected`` are per hour over
    the last hour; ``since`` is the onset. ``links`` name -> address ("page", "playbook"). ``terms``:
    words of the burst; ``silent``: what would have left the level below 4, at most the nearest.
    ``blind_until``: when the burst's first posts reached us, where that was late; else None.
    ``brand`` of the topic; ``languages``, ``sources`` and ``tags`` (hashtags without #) of the burst, the
    most frequent first, of those with a fifth of its negatives or more; empty in an alert of a person.
    ``authors``: distinct authors of the last hour's negatives. ``broke``: silences that it broke.
    ``notice``: all that is said, where it is about no incident; then ``incident`` is "".
    ``rung``: keys for receivers that dedup, where it is not ``key`` alone (`Incident.ring`).
    ``acked_by``: who has acknowledged this level or a higher one; ``owner``: whose it is; "" for nobody.
    ``call``: who is called next. ``curve``: the last hours, where they are to be drawn.
    """

    id: str
    incident: str
    ref: str
    key: str
    action: Action
    reason: NotifyReason
    level: Level
    at: datetime
    topic: str
    topic_name: str
    timezone: str
    since: datetime
    mentions: int
    negatives: int
    expected: float
    return_period_days: float
    reasons: tuple[Reason, ...]
    quotes: tuple[Quote, ...] = ()
    next_step: str = ""
    links: tuple[tuple[str, str], ...] = ()
    test: bool = False
    terms: tuple[str, ...] = ()
    silent: tuple[Silencer, ...] = ()
    blind_until: datetime | None = None
    brand: str = ""
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: int = 0
    broke: tuple[Broken, ...] = ()
    notice: Notice | None = None
    acked_by: str = ""
    owner: str = ""
    call: Call | None = None
    rung: tuple[str, ...] = ()
    curve: Curve | None = None

    @property
    def dedup_keys(self) -> tuple[str, ...]:
        """Under which keys a receiver that dedups has it: one for an alarm, all of the episode's after."""
        return self.rung or (self.key,)


def alert_id(incident: str, episode: int, reason: NotifyReason, level: Level, at: datetime) -> str:
    """Return the deterministic id of an alert, 16 hex digits."""
    name = f"{incident}\0{episode}\0{reason}\0{int(level)}\0{int(at.timestamp())}"
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


ACTIONS: dict[NotifyReason, Action] = {
    NotifyReason.FIRST: Action.TRIGGER,
    NotifyReason.ESCALATED: Action.TRIGGER,
    NotifyReason.REOPENED: Action.TRIGGER,
    NotifyReason.UNANSWERED: Action.TRIGGER,
    NotifyReason.STILL: Action.TRIGGER,
    NotifyReason.STALE: Action.TRIGGER,
    NotifyReason.HELD: Action.TRIGGER,
    NotifyReason.REPEATED: Action.TRIGGER,
    NotifyReason.INHIBITION_OVER: Action.TRIGGER,
    NotifyReason.SILENCE_OVER: Action.TRIGGER,
    NotifyReason.ALL_CLEAR: Action.RESOLVE,
    NotifyReason.TEST: Action.TRIGGER,
    NotifyReason.WATCH: Action.TRIGGER,
    NotifyReason.DIGEST: Action.TRIGGER,
    NotifyReason.MORNING: Action.TRIGGER,
    NotifyReason.TESTS_DUE: Action.TRIGGER,
    NotifyReason.TROUBLE: Action.TRIGGER,
    NotifyReason.RECOVERED: Action.RESOLVE,
    NotifyReason.ACKNOWLEDGED: Action.ACKNOWLEDGE,
    NotifyReason.RESOLVED: Action.RESOLVE,
    NotifyReason.MERGED: Action.RESOLVE,
}
"""What each reason to speak asks of the receiver."""

QUOTE_LIMIT = 3
"""Posts quoted in one alert: enough to judge, few enough to read at 3 a.m."""


def compose(
    incident: Incident,
    topic: Topic,
    seen: Assessment | None = None,
    *,
    reason: NotifyReason,
    at: datetime,
    mentions: int,
    negatives: int,
    expected: float,
    quotes: Sequence[Quote] = (),
    next_step: str = "",
    links: Sequence[tuple[str, str]] = (),
) -> Alert:
    """Return the alert that tells of ``incident`` now.

    ``mentions``, ``negatives`` and ``expected`` (negatives) are of the last hour. ``seen`` is the
    assessment behind it, None when a person acts. At most three quotes are kept, the first.
    """
    return Alert(
        id=alert_id(incident.id, incident.episode, reason, incident.level, at),
        incident=incident.id,
        ref=incident.ref,
        key=incident.key,
        action=ACTIONS[reason],
        reason=reason,
        level=incident.level,
        at=at,
        topic=topic.id,
        topic_name=topic.name,
        timezone=topic.timezone,
        brand=topic.brand,
        since=incident.onset,
        mentions=mentions,
        negatives=negatives,
        expected=expected,
        return_period_days=seen.return_period_days if seen else 0.0,
        reasons=seen.reasons if seen else incident.reasons,
        quotes=tuple(quotes[:QUOTE_LIMIT]),
        next_step=next_step,
        links=tuple(links),
        test=reason is NotifyReason.TEST,
        rung=() if incident.ring == incident.key else (incident.ring,),
        acked_by=acked_by(incident),
        owner=incident.owner,
    )


def acked_by(incident: Incident) -> str:
    """Return who has acknowledged it at its level of now, "" for nobody."""
    heard = incident.acked_level is not None and incident.acked_level >= incident.level
    return incident.acked_by if heard else ""


class DeliveryState(StrEnum):
    """Where a delivery stands. ``DEAD`` can be sent again by a person."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class AttemptOutcome(StrEnum):
    """How one attempt ended; ``UNKNOWN``: it may have arrived (time-out, reset, we were killed)."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way to one channel. Order is strict per (channel, key), by ``seq``.

    ``attempts`` made so far; ``may_repeat`` once an attempt's outcome was unknown. ``answers``: name and
    address of the links that answer it (`alerts.answering`), made when it is sent and never stored.
    """

    id: int
    seq: int
    alert: Alert
    channel: str
    key: str
    state: DeliveryState
    due_at: datetime
    created_at: datetime
    attempts: int = 0
    may_repeat: bool = False
    error: str = ""
    sent_at: datetime | None = None
    answers: tuple[tuple[str, str], ...] = ()


def message_id(delivery: Delivery) -> str:
    """Return what a receiver can know a repeat by: the same for every attempt of one delivery.

    24 hex digits of alert and channel; used as webhook-id, Message-ID and Slack metadata.
    """
    name = f"{delivery.alert.id}\0{delivery.channel}"
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
