"""What people silence: ask for one, take it back, see beforehand what it would hold back.

Each function is one transaction and raises `NotFound`, `Conflict` or `Invalid`; then nothing was changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from alerts.alert import Broke
from alerts.errand import Kind
from alerts.fact import MACHINE
from alerts.incident import Incident, Status
from alerts.matching import Field, Matcher, parse
from alerts.mutes import MuteWindow, open_at
from alerts.silences import (
    LONGEST,
    USUAL,
    Ruling,
    Silence,
    SilenceKind,
    is_broad,
    would_rule,
)
from detectors.detection import WAKE, Level
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.lines import one_line
from monitor.ports import Reader, Store, Transaction

REASON_LIMIT = 300
DAYS = 7
"""How far back a preview looks, and for how long ended silences are shown."""
SHORTEST = timedelta(minutes=5)
ANY_TOPIC = '"topic=*" for everything'


@dataclass(frozen=True, slots=True)
class Wish:
    """A silence that somebody wants, not looked at yet. ``match``: matchers as text; ``lasts``: how long.

    ``key`` names it at its sender: the same key again is the same silence.
    """

    match: str
    reason: str
    lasts: timedelta = USUAL
    key: str = ""
    incident: str = ""

    @property
    def stored_key(self) -> str:
        """Under which key it is kept, where its sender names it."""
        return f"asked/{self.key}"


@dataclass(frozen=True, slots=True)
class Foretold:
    """One alert of the past that a silence would have met. ``broke``: what would have broken it; None: it
    would have been held back. ``targets``: who was told; empty where a silence of then held it."""

    at: datetime
    incident: str
    ref: str
    topic: str
    level: Level
    targets: tuple[str, ...]
    broke: Broke | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What matchers would have met from ``since`` to ``until``, by time."""

    since: datetime
    until: datetime
    met: tuple[Foretold, ...] = ()

    @property
    def held(self) -> int:
        return sum(one.broke is None for one in self.met)

    @property
    def broken(self) -> int:
        return len(self.met) - self.held


def silence(store: Store, wish: Wish, actor: str, now: datetime) -> Silence:
    """Return the new silence. `Invalid` begins with the name of what is wrong.

    One that stands with the same matchers is a `Conflict` that says whose it is; sent twice with one key
    it is the same.
    """
    matchers = matchers_of(wish.match)
    if not SHORTEST <= wish.lasts <= LONGEST:
        raise Invalid(f"for: {wish.lasts}; expected {SHORTEST} to {LONGEST}")
    reason = one_line(wish.reason, "reason", REASON_LIMIT)
    if not reason:
        raise Invalid("reason: is empty; expected why nobody need be told")
    with store.begin() as tx:
        made = Silence(
            key=wish.stored_key if wish.key else _key(wish.match, actor, now),
            matchers=matchers,
            since=now,
            until=now + wish.lasts,
            author=actor,
            reason=reason,
            level=_level_now(tx, matchers),
            incident=wish.incident,
        )
        before = tx.silence_of(made.key)
        if before is not None:
            return before
        for other in tx.silences(now):
            if other.kind is SilenceKind.ASKED and set(other.matchers) == set(matchers):
                what = f"it is silenced already, until {other.until:%Y-%m-%d %H:%M} UTC"
                raise Conflict(what, other.author, other.since)
        kept = tx.add_silence(made)
        if kept is None:
            raise Conflict("it was silenced by somebody else at the same moment")
    return kept


def end(store: Store, id: int, actor: str, now: datetime) -> Silence:
    """Return the silence as taken back; what it holds back is looked at at once.

    `Conflict` where it is over already, with who ended it.
    """
    with store.begin() as tx:
        before = tx.silence(id)
        if before is None:
            raise NotFound(f"silence {id}")
        if not before.stands(now):
            what = f"silence {id} is over already"
            raise Conflict(what, before.ended_by, before.over_at)
        after = replace(before, ended_at=now, ended_by=actor)
        if not tx.save_silence(after, before.version):
            raise Conflict(f"silence {id} was ended by somebody else at the same moment")
        release(tx, before.key, now)
    return replace(after, version=before.version + 1)


def release(tx: Transaction, key: str, now: datetime) -> int:
    """Let what the silence with this key holds back be looked at now; return how many."""
    found = 0
    for incident in tx.open_incidents():
        for errand in tx.errands(incident.id):
            if errand.kind is Kind.SILENCED and errand.content["silence"] == key:
                found += tx.move_errand(errand, now, errand.content)
    return found


def preview(
    read: Reader, matchers: Sequence[Matcher], now: datetime, days: float = DAYS
) -> Preview:
    """Return what a silence with these matchers would have held back in the last ``days``.

    Each alert is looked at as if the silence had been made just before it, in less than waking wind.
    """
    since = now - timedelta(days=days)
    wanted = Silence("preview", tuple(matchers), since, now, MACHINE, "")
    met = []
    for told in read.told(since, now):
        ruling = would_rule(wanted, told.alert, told.alert.at)
        if ruling is not Ruling.ELSEWHERE and not told.alert.test:
            a = told.alert
            met.append(
                Foretold(a.at, a.incident, a.ref, a.topic_name, a.level, told.targets, ruling.broke)
            )
    return Preview(since, now, tuple(met))


def matchers_of(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a silence; `Invalid` begins with "match"."""
    try:
        found = parse(text)
    except ValueError as error:
        raise Invalid(f"match: {error}") from None
    if not found:
        raise Invalid(
            f'match: is empty; expected such as "topic=acme-bahn level<=4", or {ANY_TOPIC}'
        )
    if any(m.field is Field.HOUR for m in found):
        raise Invalid("match: hour; expected none, a silence has an end of its own")
    if is_broad(found) and not any(m.field is Field.TOPIC for m in found):
        raise Invalid(f"match: names only a level; expected a topic or brand too, or {ANY_TOPIC}")
    return found


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What a silence holds back of an incident. ``silence`` None: it is over, and what was held is due."""

    incident: Incident
    silence: Silence | None
    due_at: datetime


def held_back(read: Reader, incident: Incident) -> HeldBack | None:
    """Return which silence holds an incident's alert back, None where none does."""
    waiting = [e for e in read.errands(incident.id) if e.kind is Kind.SILENCED]
    if not waiting:
        return None
    last = max(waiting, key=lambda errand: errand.due_at)
    return HeldBack(incident, read.silence_of(str(last.content["silence"])), last.due_at)


def holds_now(read: Reader) -> dict[str, list[str]]:
    """Return the references of the open incidents that each silence holds back, by its key."""
    found: dict[str, list[str]] = {}
    for incident in read.incidents(open_only=True):
        for errand in read.errands(incident.id):
            if errand.kind is Kind.SILENCED:
                refs = found.setdefault(str(errand.content["silence"]), [])
                refs += [] if incident.ref in refs else [incident.ref]
    return found


def standing(read: Reader, mutes: Sequence[MuteWindow], now: datetime) -> list[Silence]:
    """Return the silences that stand, comings of mute windows included, the next to end first."""
    found = {s.key: s for s in open_at(mutes, now)} | {s.key: s for s in read.silences(now)}
    return sorted((s for s in found.values() if s.stands(now)), key=lambda s: (s.until, s.key))


def ended(read: Reader, now: datetime, days: float = DAYS) -> list[Silence]:
    """Return the silences that stopped within the last ``days``, the newest end first."""
    found = read.silences(now, now - timedelta(days=days))
    return sorted((s for s in found if not s.stands(now)), key=lambda s: s.over_at, reverse=True)


def suggested(incident: Incident) -> str:
    """Return the matchers that a silence of an incident begins with."""
    return f"topic={','.join(incident.topics)}"


def _level_now(tx: Transaction, matchers: Sequence[Matcher]) -> Level:
    """Return how hard it blows now where matchers name a topic, 4 at least."""
    topics = [m for m in matchers if m.field is Field.TOPIC]
    levels = [
        i.level
        for i in tx.open_incidents()
        if i.status is not Status.WATCH and any(_fits_topic(topics, t) for t in i.topics)
    ]
    return max([WAKE, *levels])


def _fits_topic(matchers: Sequence[Matcher], topic: str) -> bool:
    return all(m.names(topic) for m in matchers)


def _key(match: str, actor: str, now: datetime) -> str:
    """Return a key that the same press has again within its second."""
    name = f"{match}\0{actor}\0{int(now.timestamp())}"
    return f"asked/{blake2b(name.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"
