"""What people do with an incident: acknowledge, assign, note, resolve, set the media echo.

Each function is one transaction: the incident by compare-and-set, its facts, and what the
receivers must hear. It returns the incident as stored, and raises `NotFound`, `Conflict` or
`Invalid`; then nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from alerts import moves
from alerts.alert import Action, Alert, Delivery, DeliveryState, NotifyReason, acked_by, alert_id
from alerts.errand import Errand, Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import IllegalMove, Incident, Outcome
from alerts.stale import LOOK, Ack
from detectors.detection import Level
from monitor.desk.errors import Conflict, Invalid, NotFound, Used
from monitor.ports import Store, Transaction

TEXT_LIMIT = 4_000
"""Longest note, cause or reason that is kept, in characters."""

Move = Callable[[Incident], tuple[Incident, Sequence[Fact]]]
Tell = Callable[[Transaction, Incident, Sequence[Delivery]], None]
Once = Callable[[Transaction, Incident], None]
"""Lets something from outside have its effect once; raises `Used` where it had it before."""


def acknowledge(
    store: Store, incident: str, actor: str, now: datetime, *, once: Once | None = None
) -> Incident:
    """Return the incident acknowledged by ``actor`` at its level of now.

    Every channel that got its alert, or still will, hears of it. Nothing pending is dropped:
    somebody else may not have heard at all yet. A second press changes nothing; somebody else's
    raises `Conflict` that names the first. After a rise of the level, and after somebody was asked
    whether they are still on it, it is a new one. ``once``: what must not have had its effect before.
    """

    def move(found: Incident) -> tuple[Incident, Sequence[Fact]]:
        stale = asked(store.read.errands(found.id))
        after, facts = moves.acknowledge(found, actor, now, stale=stale)
        if not facts and found.acked_by != actor:
            raise Conflict(f"{found.ref} is acknowledged already", found.acked_by, found.acked_at)
        return after, facts

    return moved(store, incident, move, acknowledged(store, now), once)


def heard_of(
    store: Store,
    incident: str,
    actor: str,
    text: str,
    now: datetime,
    *,
    once: Once,
    acknowledges: bool = False,
) -> Incident:
    """Return the incident with a note of what ``actor`` did elsewhere; ``acknowledges``: it is an
    acknowledgement too, where nobody has it at this level yet."""
    text = _text(text, "a note")

    is_new = False

    def move(found: Incident) -> tuple[Incident, Sequence[Fact]]:
        nonlocal is_new
        after, facts = found, tuple[Fact, ...]()
        if acknowledges:
            stale = asked(store.read.errands(found.id))
            after, facts = moves.acknowledge(found, actor, now, stale=stale)
        is_new = bool(facts)
        after, said = moves.note(after, actor, text, now)
        return after, (*facts, *said)

    heard = acknowledged(store, now)

    def tell(tx: Transaction, after: Incident, deliveries: Sequence[Delivery]) -> None:
        if is_new:
            heard(tx, after, deliveries)

    return moved(store, incident, move, tell, once)


def once(key: str, actor: str, now: datetime, *, episode: int = 0) -> Once:
    """Return what lets something from outside have its effect once, and only in its ``episode`` (0: any)."""

    def first(tx: Transaction, found: Incident) -> None:
        if episode and found.episode != episode:
            raise Conflict(f"{found.ref} is in another episode by now")
        if not tx.answer_once(key, now, actor):
            before = tx.answered(key)
            raise Used(f"{found.ref}: this was answered already", before.actor if before else "")

    return first


def asked(errands: Sequence[Errand]) -> bool:
    """True where somebody was asked whether they are still on it, and nobody has said so yet."""
    return any(e.kind is Kind.STALE and e.content.get("asked_at") for e in errands)


def assign(
    store: Store,
    incident: str,
    actor: str,
    owner: str,
    now: datetime,
    *,
    once: Once | None = None,
) -> Incident:
    """Return the incident owned by ``owner``; "" takes it away from everybody."""

    def move(found: Incident) -> tuple[Incident, Sequence[Fact]]:
        return moves.assign(found, actor, owner.strip(), now)

    return moved(store, incident, move, once=once)


def note(store: Store, incident: str, actor: str, text: str, now: datetime) -> Incident:
    """Return the incident with a note on its timeline; a blank or endless one is `Invalid`."""
    text = _text(text, "a note")
    return moved(store, incident, lambda found: moves.note(found, actor, text, now))


def resolve(
    store: Store,
    incident: str,
    actor: str,
    outcome: Outcome,
    cause: str,
    now: datetime,
    *,
    once: Once | None = None,
) -> Incident:
    """Return the incident ended by ``actor`` with an outcome and, in words, its cause.

    Alerts that nobody has tried to send yet are dropped; the others stay ahead of the resolve in
    their channel's order. Only channels that were reached, or may have been, hear of the end. A
    false alarm needs its reason in ``cause``, else it is `Invalid`.
    """
    if outcome is Outcome.FALSE_ALARM or cause.strip():
        cause = of_false_alarm(cause)

    def move(found: Incident) -> tuple[Incident, Sequence[Fact]]:
        return moves.resolve(found, actor, outcome, cause, now)

    def tell(tx: Transaction, after: Incident, deliveries: Sequence[Delivery]) -> None:
        tx.cancel(after.key, now)
        tx.cancel_errands(after.id)
        reached = reached_by(deliveries)
        said(tx, after, reached, Action.RESOLVE, NotifyReason.RESOLVED, now)

    return moved(store, incident, move, tell, once)


def set_media(store: Store, topic: str, level: int, actor: str, now: datetime) -> Incident | None:
    """Set the media echo of a topic by hand (0-6); the next closed bin takes it into the level.

    Returns the open incident of that topic, which keeps the fact, or None where there is none.
    """
    if level not in tuple(Level):
        raise Invalid(f"media level {level}; expected 0 to 6")
    with store.begin() as tx:
        before = tx.media(topic)
        tx.set_media(topic, level, actor, now)
        open_ones = [i for i in tx.open_incidents() if topic in i.topics]
        payload = {"topic": topic, "from": before, "level": level}
        for incident in open_ones:
            tx.add_facts(incident.id, [Fact(FactKind.MEDIA_SET, now, now, actor, payload)])
    return open_ones[0] if open_ones else None


def acknowledged(store: Store, now: datetime) -> Tell:
    """Return what an acknowledgement brings about: no further step, everybody hears, and it is watched."""

    def tell(tx: Transaction, after: Incident, deliveries: Sequence[Delivery]) -> None:
        tx.cancel_errands(after.id)
        reached = [d for d in deliveries if _will_be_heard(d)]
        said(tx, after, reached, Action.ACKNOWLEDGE, NotifyReason.ACKNOWLEDGED, now)
        alarms = [d for d in deliveries if d.alert.action is Action.TRIGGER]
        if alarms:
            last = max(alarms, key=lambda d: d.id).alert.id
            told = tuple(dict.fromkeys(d.channel for d in alarms))
            chain = _chain_of(store.read.facts(after.id))
            tx.add_errand(_watched(Ack(after.episode, now, last, chain, told), after, now))

    return tell


def _watched(ack: Ack, incident: Incident, now: datetime) -> Errand:
    """Return the errand that looks after an acknowledgement; how old it may grow is asked when it is due."""
    key = f"stale/{incident.id}/{incident.episode}/{ack.alert}/{now.isoformat()}"
    content: dict[str, Any] = msgspec.to_builtins(ack)
    return Errand(key, Kind.STALE, incident.id, now + LOOK, content)


def _chain_of(facts: Sequence[Fact]) -> str:
    """Return the chain that was started last for an incident, "" for none."""
    started = (f for f in reversed(facts) if f.kind in (FactKind.ESCALATION, FactKind.HELD))
    return next((str(f.payload.get("chain", "")) for f in started), "")


def moved(
    store: Store,
    name: str,
    move: Move,
    tell: Tell | None = None,
    once: Once | None = None,
) -> Incident:
    """Carry one move through: read, move, compare-and-set, facts, alerts."""
    found = store.read.incident(name)
    if found is None:
        raise NotFound(f'incident "{name}"')
    with store.begin() as tx:
        before = tx.incident(found.id) or found
        if once is not None:
            once(tx, before)
        try:
            after, facts = move(before)
        except IllegalMove as error:
            raise _conflict(store, before, error) from error
        if not facts:
            return before
        if not tx.save_incident(after, before.version):
            raise Conflict(f"{before.ref} was changed by somebody else at the same moment")
        tx.add_facts(after.id, facts)
        if tell is not None:
            heard = [d for d in store.read.deliveries(after.id) if d.key == after.key]
            tell(tx, after, heard)
    return replace(after, version=before.version + 1)


def of_false_alarm(cause: str) -> str:
    """Return the reason of a false alarm as it is kept; a blank or endless one is `Invalid`."""
    return _text(cause, "the reason of a false alarm")


def reached_by(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the triggers that reached their receiver, or may have."""
    return [d for d in deliveries if _may_have_arrived(d)]


def _conflict(store: Store, before: Incident, error: IllegalMove) -> Conflict:
    """Name who made it so: the one who ended it stands on the timeline."""
    if before.is_open:
        return Conflict(str(error), before.acked_by, before.acked_at)
    ended = [f for f in store.read.facts(before.id) if f.kind is FactKind.RESOLVED]
    return Conflict(str(error), ended[-1].actor if ended else "", before.resolved_at)


def _may_have_arrived(delivery: Delivery) -> bool:
    """True when the receiver has the alert, or could have it."""
    if delivery.alert.action is not Action.TRIGGER:
        return False
    if delivery.state is DeliveryState.DEAD:
        return delivery.may_repeat
    return delivery.state is not DeliveryState.PENDING or delivery.attempts > 0


def _will_be_heard(delivery: Delivery) -> bool:
    """True when the receiver has the alert, could have it, or will get it next."""
    pending = delivery.state is DeliveryState.PENDING
    is_trigger = delivery.alert.action is Action.TRIGGER
    return is_trigger and (pending or _may_have_arrived(delivery))


def said(
    tx: Transaction,
    incident: Incident,
    reached: Sequence[Delivery],
    action: Action,
    reason: NotifyReason,
    now: datetime,
) -> None:
    """Queue ``action`` to the channels of the alerts that reached somebody."""
    if not reached:
        return
    alert = _follow_up(max(reached, key=lambda d: d.seq).alert, incident, action, reason, now)
    rung = tuple(dict.fromkeys(key for d in reached for key in d.alert.dedup_keys))
    alert = replace(alert, rung=() if rung == (alert.key,) else rung)
    channels = list(dict.fromkeys(d.channel for d in sorted(reached, key=lambda d: d.seq)))
    tx.enqueue(alert, channels, now)
    payload = {
        "reason": reason.value,
        "level": int(alert.level),
        "channels": channels,
        "alert": alert.id,
    }
    tx.add_facts(incident.id, [Fact(FactKind.ALERT_QUEUED, now, now, MACHINE, payload)])


def _follow_up(
    trigger: Alert, incident: Incident, action: Action, reason: NotifyReason, now: datetime
) -> Alert:
    """Return the trigger's alert as its end or its acknowledgement; its numbers are of that hour."""
    return replace(
        trigger,
        id=alert_id(incident.id, incident.episode, reason, incident.level, now),
        action=action,
        reason=reason,
        level=incident.level,
        at=now,
        next_step="",
        acked_by=acked_by(incident),
        owner=incident.owner,
        call=None,
    )


def _text(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(f"{what} is empty; expected a text")
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"{what} has {len(text)} characters; expected at most {TEXT_LIMIT}")
    return text
