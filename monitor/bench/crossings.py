"""Storms that cross on order, for benches of what comes after: each in the transaction that judging ends with.

The very stages of the pipeline (`advance`, `notify_reason`, `compose`) and of the desk make the incidents and
alerts; only the posts behind them are invented. What is stored tells how far each storm is, so that a
process that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, NotifyReason, Quote, compose
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.moves import advance
from alerts.renotify import notify_reason
from detectors.detection import Assessment, Level, Reason, ReasonCode
from detectors.topic import Query, Topic
from monitor.desk import incidents as desk
from monitor.ports import Store, Transaction

PERSON = "ada"
BEFORE = timedelta(minutes=15)
"""How long before its crossing a storm began."""
_QUOTES = (
    "Seit Stunden keine Auskunft, die Leute stehen in der Kälte und niemand sagt etwas.",
    "Third time this week. I want my money back and a proper answer, not another template.",
    "Mein Kind weint, und im Laden lacht man uns aus. Das war das letzte Mal.",
)


def topic(n: int) -> Topic:
    """Return the topic of storm ``n``."""
    return Topic(f"t{n}", f"Marke {n}", Query(any=(f"marke{n}",)))


def seen(n: int, level: Level, at: datetime, onset: datetime | None = None) -> Assessment:
    """Return what judging would say of storm ``n`` at the end of a bin."""
    burst = Reason(ReasonCode.NEGATIVE_BURST, value=90.0, threshold=30.0, met=True)
    return Assessment(
        topic=topic(n).id,
        at=at,
        level=level,
        social=level,
        media=Level.CALM,
        interrupt=True,
        return_period_days=90.0,
        reasons=(burst,),
        onset=onset or at - BEFORE,
    )


def speak(
    tx: Transaction,
    before: Incident | None,
    assessed: Assessment,
    channels: Sequence[str],
    now: datetime,
) -> tuple[Incident | None, Alert | None]:
    """Carry one assessment through: incident, facts, alert; return both as stored, None for silence."""
    about = topic(int(assessed.topic[1:]))
    after, facts = advance(before, assessed, topic_name=about.name, counter=1, now=now)
    if after is None or after == before:
        return before, None
    if not tx.save_incident(after, before.version if before else 0):
        raise RuntimeError(f"{after.ref} was changed by somebody else")
    tx.add_facts(after.id, facts)
    stored = replace(after, version=after.version + 1)
    reason = notify_reason(before, after)
    if reason is None:
        return stored, None
    alert = _alert(after, about, assessed, reason)
    tx.enqueue(alert, channels, now)
    payload = {
        "reason": reason.value,
        "level": int(alert.level),
        "channels": list(channels),
        "alert": alert.id,
    }
    tx.add_facts(after.id, [Fact(FactKind.ALERT_QUEUED, assessed.at, now, MACHINE, payload)])
    return stored, alert


def _alert(incident: Incident, about: Topic, assessed: Assessment, reason: NotifyReason) -> Alert:
    posts = [Quote(text, "forum", incident.onset, "de", 400, 3) for text in _QUOTES]
    return compose(
        incident,
        about,
        assessed,
        reason=reason,
        at=assessed.at,
        mentions=140,
        negatives=90,
        expected=4.0,
        quotes=posts,
        next_step="Bestätigen und einen Sprecher bestimmen",
        links=(("page", f"https://sturmglas.example.org/incidents/{incident.ref}"),),
    )


def cross(store: Store, n: int, channels: Sequence[str], now: datetime) -> Incident:
    """Let storm ``n`` reach level 4 for the first time, and queue its alert; the crossing is at ``now``."""
    with store.begin() as tx:
        made, _ = speak(tx, None, seen(n, Level.STRONG_WIND, now), channels, now)
    assert made is not None
    return made


def move_on(
    store: Store, incident: Incident, channels: Sequence[str], now: datetime
) -> Incident | None:
    """Take a storm one step further: level 5, acknowledged, ended. None: it is over."""
    if incident.status is Status.RESOLVED:
        return None
    if incident.level < Level.STORM:
        number = int(incident.topic[1:])
        with store.begin() as tx:
            rise = seen(number, Level.STORM, now, incident.onset)
            return speak(tx, incident, rise, channels, now)[0]
    if incident.status is Status.NEW:
        return desk.acknowledge(store, incident.id, PERSON, now)
    desk.resolve(store, incident.id, PERSON, Outcome.REAL, "over", now)
    return None
