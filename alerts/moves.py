"""The moves of an incident: (incident, assessment or person, now) -> incident, facts. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.fact import Fact, FactKind, fact_of, seen_fact
from alerts.incident import IllegalMove, Incident, Move, Outcome, Status, incident_id, moved
from detectors.detection import WAKE, WATCH, Assessment, ReasonCode

WATCH_QUIET = timedelta(minutes=30)
"""A watch below level 3 for so long closes itself."""
END_QUIET = timedelta(minutes=60)
"""An incident below level 3 for so long gets its end proposed."""
REOPEN_WITHIN = timedelta(hours=24)
"""A storm that rises again this soon after somebody ended it is the same storm's next episode."""
LULL = timedelta(minutes=60)
"""Wind that was lower for so long and rises again is another wave, and calls again."""

Step = tuple[Incident, tuple[Fact, ...]]

# --- what the machine does --------------------------------------------------------------------


def wakes(seen: Assessment) -> bool:
    """True when this assessment may interrupt a person: grave, and rare or a tripwire."""
    tripped = any(r.code is ReasonCode.TRIPWIRE and r.met for r in seen.reasons)
    return seen.level >= WAKE and (seen.interrupt or tripped)


def advance(
    incident: Incident | None,
    seen: Assessment,
    *,
    topic_name: str,
    counter: int,
    now: datetime,
    wave: bool = False,
) -> tuple[Incident | None, tuple[Fact, ...]]:
    """Return the incident after one closed bin, and what is to be written on its timeline.

    ``incident`` is the open one of this topic, or the one resolved last, or None. ``counter``
    numbers the topic's incidents from 1 and is used only when a new one opens. A re-opened bin
    (``seen.revision`` > 0) never opens, raises or reopens anything. Lengths of quiet are measured
    in event time (``seen.at``). An end is proposed once an episode, never declared; wind that
    wakes after that proposal is a new episode, so that a storm which nobody resolved cannot
    swallow the next one. ``wave``: every bin of the last `LULL` was below ``seen.level``; what wakes
    then, after less than waking wind, is a new episode too, however high the first one was.
    """
    if seen.revision > 0:
        return incident, ()
    if incident is not None and not incident.is_open:
        if incident.resolved_at is not None and seen.at - incident.resolved_at <= REOPEN_WITHIN:
            return reopen(incident, seen, now, wave=wave)
        incident = None
    if incident is None:
        return _opened(seen, topic_name, counter, now)
    below = incident.status is not Status.WATCH and incident.level < WAKE
    if wakes(seen) and (incident.end_proposed or (wave and below)):
        return _new_episode(incident, seen, Move.REOPEN, now)
    after, facts = _followed(incident, seen, now)
    if after.status is Status.WATCH and wakes(seen):
        return _woken(after, facts, seen, now)
    return _quieted(after, facts, seen, now)


def reopen(incident: Incident, seen: Assessment, now: datetime, *, wave: bool = False) -> Step:
    """Return the next episode of a resolved incident, or the incident unchanged.

    Again means: the level was below 4 when it ended and wakes now, or is above the level at which
    somebody ended it, or stems from a burst that began afterwards, or is a ``wave`` (see `advance`)
    with its lull after the end. So a false alarm that was resolved at level 4 does not ring every five
    minutes. A watch that closed itself resumes at
    level 3 without a sound.
    """
    ended = incident.resolved_at
    if ended is None or seen.revision > 0 or seen.at <= ended:
        return incident, ()
    fresh = seen.onset is None or seen.onset > ended
    lulled = wave and seen.at - ended > LULL
    again = incident.level < WAKE or seen.level > incident.level or fresh or lulled
    if wakes(seen) and again:
        return _new_episode(incident, seen, Move.REOPEN, now)
    if incident.outcome is Outcome.CLOSED_ITSELF and seen.level >= WATCH:
        return _new_episode(incident, seen, Move.RESUME, now)
    return incident, ()


def lapse(incident: Incident, now: datetime) -> Step:
    """Return the incident that nobody has any more: its acknowledgement grew old without a sign of life.

    Who had it stays known. Raises `IllegalMove` where nobody has it.
    """
    after = replace(
        incident, status=moved(incident.status, Move.LAPSE), acked_level=None, updated_at=now
    )
    return after, (fact_of(FactKind.LAPSED, after, now, now, by=incident.acked_by),)


def _opened(
    seen: Assessment, topic_name: str, counter: int, now: datetime
) -> tuple[Incident | None, tuple[Fact, ...]]:
    if seen.level < WATCH:
        return None, ()
    onset = seen.onset or seen.at
    after = Incident(
        id=incident_id(seen.topic, onset, counter),
        ref=f"{initials(topic_name)}-{counter}",
        topics=(seen.topic,),
        status=moved(None, Move.WAKE if wakes(seen) else Move.WATCH),
        level=seen.level,
        peak=seen.level,
        episode=1,
        onset=onset,
        opened_at=seen.at,
        updated_at=now,
        reasons=seen.reasons,
    )
    return after, (seen_fact(FactKind.OPENED, after, seen, now),)


def _followed(incident: Incident, seen: Assessment, now: datetime) -> Step:
    """Take over level and reasons; a rise or a fall of the level is a fact."""
    if seen.level == incident.level:
        if seen.level < WATCH or seen.reasons == incident.reasons:
            return incident, ()
        return replace(incident, reasons=seen.reasons, updated_at=now), ()
    after = replace(
        incident,
        level=seen.level,
        peak=max(incident.peak, seen.level),
        reasons=seen.reasons,
        updated_at=now,
    )
    kind = FactKind.LEVEL_ROSE if seen.level > incident.level else FactKind.LEVEL_FELL
    return after, (seen_fact(kind, after, seen, now, was=incident.level),)


def _woken(watch: Incident, facts: tuple[Fact, ...], seen: Assessment, now: datetime) -> Step:
    after = replace(watch, status=moved(watch.status, Move.WAKE), quiet_since=None, updated_at=now)
    return after, (*facts, seen_fact(FactKind.OPENED, after, seen, now))


def _quieted(incident: Incident, facts: tuple[Fact, ...], seen: Assessment, now: datetime) -> Step:
    """Start, end or act on the stretch of quiet below level 3."""
    if seen.level >= WATCH:
        if incident.quiet_since is None:
            return incident, facts
        return replace(incident, quiet_since=None, updated_at=now), facts
    if incident.quiet_since is None:
        return replace(incident, quiet_since=seen.at, updated_at=now), facts
    quiet = seen.at - incident.quiet_since
    if incident.status is Status.WATCH:
        if quiet < WATCH_QUIET:
            return incident, facts
        return _closed(incident, facts, seen.at, now)
    if incident.end_proposed or quiet < END_QUIET:
        return incident, facts
    after = replace(
        incident,
        status=moved(incident.status, Move.PROPOSE_END),
        end_proposed=True,
        updated_at=now,
    )
    minutes = int(quiet.total_seconds() // 60)
    return after, (*facts, fact_of(FactKind.END_PROPOSED, after, seen.at, now, quiet_min=minutes))


def _closed(incident: Incident, facts: tuple[Fact, ...], at: datetime, now: datetime) -> Step:
    after = replace(
        incident,
        status=moved(incident.status, Move.CLOSE),
        outcome=Outcome.CLOSED_ITSELF,
        resolved_at=at,
        updated_at=now,
    )
    outcome = Outcome.CLOSED_ITSELF.value
    return after, (*facts, fact_of(FactKind.RESOLVED, after, at, now, outcome=outcome))


def _new_episode(incident: Incident, seen: Assessment, move: Move, now: datetime) -> Step:
    """The owner stays; acknowledgement, outcome and proposal were the last episode's."""
    after = replace(
        incident,
        status=moved(incident.status, move),
        level=seen.level,
        peak=seen.level,
        episode=incident.episode + 1,
        onset=seen.onset or seen.at,
        updated_at=now,
        reasons=seen.reasons,
        acked_level=None,
        acked_at=None,
        acked_by="",
        outcome=None,
        resolved_at=None,
        quiet_since=None,
        end_proposed=False,
    )
    return after, (seen_fact(FactKind.REOPENED, after, seen, now, was=incident.level),)


# --- what people do ---------------------------------------------------------------------------


def acknowledge(incident: Incident, actor: str, now: datetime, *, stale: bool = False) -> Step:
    """Return the incident acknowledged at its level of now.

    Acknowledging what is acknowledged at this level or above changes nothing and gives no facts;
    after a rise, or where the one there is has grown ``stale``, it is a new acknowledgement. Raises `IllegalMove` for a watch and after the end.
    """
    status = moved(incident.status, Move.ACKNOWLEDGE)
    if not stale and incident.acked_level is not None and incident.acked_level >= incident.level:
        return incident, ()
    if incident.end_proposed and status is Status.ACKNOWLEDGED:
        status = moved(status, Move.PROPOSE_END)  # its end was proposed while nobody had it
    after = replace(
        incident,
        status=status,
        acked_level=incident.level,
        acked_at=now,
        acked_by=actor,
        updated_at=now,
    )
    return after, (fact_of(FactKind.ACKNOWLEDGED, after, now, now, actor),)


def assign(incident: Incident, actor: str, owner: str, now: datetime) -> Step:
    """Return the incident owned by ``owner`` ("": by nobody); the same owner again is no fact."""
    status = moved(incident.status, Move.ASSIGN)
    if incident.owner == owner:
        return incident, ()
    after = replace(incident, status=status, owner=owner, updated_at=now)
    return after, (fact_of(FactKind.ASSIGNED, after, now, now, actor, owner=owner),)


def resolve(incident: Incident, actor: str, outcome: Outcome, cause: str, now: datetime) -> Step:
    """Return the incident ended by a person; raises `IllegalMove` when it has ended already."""
    if outcome is Outcome.CLOSED_ITSELF:
        raise IllegalMove(Move.RESOLVE, incident.status, "only a watch closes itself")
    if outcome is Outcome.MERGED:
        raise IllegalMove(Move.RESOLVE, incident.status, "merging names the other incident")
    after = replace(
        incident,
        status=moved(incident.status, Move.RESOLVE),
        outcome=outcome,
        resolved_at=now,
        updated_at=now,
    )
    fact = fact_of(FactKind.RESOLVED, after, now, now, actor, outcome=outcome.value, cause=cause)
    return after, (fact,)


def explain(incident: Incident, actor: str, outcome: Outcome, cause: str, now: datetime) -> Step:
    """Return an ended incident with what it was in the end; raises `IllegalMove` where it is open."""
    if incident.is_open or outcome is Outcome.CLOSED_ITSELF:
        raise IllegalMove(Move.RESOLVE, incident.status, "only what a person ended is explained")
    after = replace(incident, outcome=outcome, updated_at=now)
    payload = {"outcome": outcome.value, "cause": cause}
    return after, (Fact(FactKind.EXPLAINED, now, now, actor, payload),)


def note(incident: Incident, actor: str, text: str, now: datetime) -> Step:
    """Return the incident with a note on its timeline; possible at any time, also afterwards."""
    after = replace(incident, updated_at=now)
    return after, (Fact(FactKind.NOTE, now, now, actor, {"text": text}),)


def initials(name: str) -> str:
    """Return up to three capital letters for a reference: "Kaffeewerk Altona" gives "KA"."""
    words = ["".join(c for c in word if c.isalnum()) for word in name.split()]
    words = [word for word in words if word]
    if len(words) == 1:
        return words[0][:2].upper()
    return "".join(word[0] for word in words[:3]).upper() or "X"
