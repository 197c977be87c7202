"""Plays an install of `bench escalation`: what befalls incidents, a clock that jumps, a runner that looks as the
deliverer does, and stops."""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, cast

from alerts.alert import Action, AttemptOutcome, DeliveryState
from alerts.deliver import BLOCKED_S, POLL_S
from alerts.errand import Errand
from alerts.fact import Fact, FactKind
from alerts.incident import Outcome
from detectors.detection import Level
from detectors.topic import Topic
from monitor.bench.blowing import Blowing, hushed, topic
from monitor.bench.escalation_made import (
    Act,
    Do,
    Install,
    Place,
    Script,
    book_of,
    routes_of,
)
from monitor.bench.escalation_oracle import Call, Happening, Stretch
from monitor.clock import stopwatch
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict
from monitor.pipeline.errands import BATCH, run_due
from monitor.pipeline.waking import Waking
from monitor.ports import Store
from monitor.store.database import SqliteStore

BASE = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
"""Over the day in October on which clocks are set back."""
RACED = 0.1
"""Share of looks in which another node does all that is due between the look and the act."""
IDLE = 1e18


@dataclass(slots=True)
class Played:
    """What befell each topic's incident, the calls that were made, and how the clock and the runner went."""

    happened: dict[str, list[Happening]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[Call]] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)


class MovedClock:
    """Elapsed seconds and what a clock shows that somebody sets. ``flowing``: it goes on while things are done."""

    def __init__(self, *, flowing: bool) -> None:
        self._watch: Callable[[], float] = stopwatch if flowing else float
        self._skipped = -self._watch()
        self.ahead_s = 0.0

    def elapsed(self) -> float:
        return self._skipped + self._watch()

    def to(self, elapsed: float) -> None:
        """Skip to an elapsed second, unless it has passed."""
        self._skipped += max(0.0, elapsed - self.elapsed())

    def wall(self) -> datetime:
        return BASE + timedelta(seconds=self.elapsed() + self.ahead_s)

    def when(self, wall: datetime) -> float:
        """Return the elapsed second at which it will show ``wall`` if nobody sets it."""
        return (wall - BASE).total_seconds() - self.ahead_s


class Noted:
    """`monitor.ports.Signals` that writes down when a step was told, in the order in which they are told."""

    def __init__(self, clock: MovedClock, order: Iterator[int]) -> None:
        self._clock, self._order = clock, order
        self.at: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def publish(self, kind: str, id: str, version: int) -> None:
        self.at[id].append((next(self._order), self._clock.elapsed()))


class _Between:
    """A store as `Waking.run` sees it; what ``between`` does falls between its look and its act."""

    def __init__(self, store: Store, between: Callable[[], None]) -> None:
        self._store, self._between = store, between
        self.read = self
        self.begin = store.begin

    def due_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        found = self._store.read.due_errands(now, limit)
        self._between()
        return found


def play(
    made: Install, kind: type[Waking], chance: Random, *, flowing: bool, sends: bool
) -> Played:
    """Let an install's scripts pass, with ``kind`` to take the steps; return what happened.

    ``sends``: somebody takes from the outbox what is due, which doubles the time it takes; else it is only looked
    at, before an end drops what nobody has sent.
    """
    with hushed() as failures, closing(SqliteStore.open("sqlite://")) as store:
        playing = _Playing(made, kind, store, chance, flowing=flowing, sends=sends)
        playing.to_the_end()
        played = playing.told()
    played.count["failed"] += failures.count
    return played


class _Playing:
    def __init__(
        self,
        made: Install,
        kind: type[Waking],
        store: Store,
        chance: Random,
        *,
        flowing: bool,
        sends: bool,
    ) -> None:
        self._made, self._store, self._chance, self._sends = made, store, chance, sends
        self._order = count(1)
        self._clock = MovedClock(flowing=flowing)
        self._noted = Noted(self._clock, self._order)
        self._waking = kind(book_of(made), self._noted)
        self._topics: dict[str, Topic] = {}
        self._blowing = Blowing(store, self._topics, self._waking, routes_of(made))
        self._played = Played()
        self._ids: dict[str, str] = {}
        self._topic_of: dict[str, str] = {}
        self._waits: dict[str, list[Act]] = defaultdict(list)
        self._sent: dict[str, set[str]] = defaultdict(set)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._up, self._last_look, self._not_before, self._since = True, 0.0, 0.0, 0.0
        self._plan()

    def _plan(self) -> None:
        for script in self._made.scripts:
            for act in script.acts:
                self._at(script.at_s + act.after_s, lambda s=script, a=act: self._befalls(s, a))  # type: ignore[misc]
                if act.place is not Place.TIME:
                    self._waits[script.topic].append(act)
        for at_s, by in self._made.jumps:
            self._at(at_s, lambda by=by: self._jump(by))  # type: ignore[misc]
        for since, until in self._made.stops:
            self._at(since, lambda: self._turn(up=False))
            self._at(until, lambda: self._turn(up=True))

    def _at(self, elapsed: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (elapsed, next(self._order), do))

    def to_the_end(self) -> None:
        while True:
            event = self._heap[0][0] if self._heap else IDLE
            look = self._next_look()
            if min(event, look) > self._made.end_s:
                break
            self._clock.to(min(event, look))
            if look < event:
                self._look()
            else:
                heapq.heappop(self._heap)[2]()
        self._clock.to(self._made.end_s)
        self._stretch()

    # --- the clock and the runner -----------------------------------------------------------

    def _next_look(self) -> float:
        """Return when the runner looks next, as `alerts.deliver.Deliverer` does: when something is due, and each
        second, for clocks that are set."""
        due = self._due() if self._up else None
        if due is None:
            return IDLE
        at = self._clock.when(due) + 2e-6  # a clock of whole microseconds has reached it then
        return max(at, self._clock.elapsed(), self._not_before)

    def _due(self) -> datetime | None:
        if isinstance(self._waking, OwnTimers):
            return self._waking.next_due()
        return self._store.read.next_errand()

    def _jump(self, by: int) -> None:
        self._stretch()
        self._clock.ahead_s += by
        looks = math.ceil((self._clock.elapsed() - self._last_look) / POLL_S)
        self._not_before = self._last_look + POLL_S * looks  # asleep until then
        self._played.count["jumps"] += 1

    def _turn(self, *, up: bool) -> None:
        self._stretch()
        self._up = up
        if up:
            self._look()
        else:
            self._played.count["stops"] += 1
            if isinstance(self._waking, OwnTimers):
                self._waking.stop()

    def _stretch(self) -> None:
        """Write down how it went up to now."""
        now = self._clock.elapsed()
        piece = Stretch(self._since, now, BASE, self._clock.ahead_s, self._up)
        self._played.stretches.append(piece)
        self._since = now

    def _look(self) -> None:
        now = self._clock.wall()
        answers = self._answers_now(now)
        self._answer(answers, Place.BEFORE)
        raced = self._chance.random() < RACED

        def between() -> None:
            self._answer(answers, Place.BETWEEN)
            if raced:
                self._played.count["raced"] += 1
                self._run(self._store, now)

        self._last_look = self._clock.elapsed()
        self._run(cast(Store, _Between(self._store, between)), now)
        self._send(now)
        self._answer(answers, Place.AFTER)
        due, ended = self._due(), self._clock.elapsed()
        late = due is not None and self._clock.when(due) <= ended
        self._not_before = ended + BLOCKED_S if late else 0.0

    def _run(self, store: Store, now: datetime) -> None:
        if isinstance(self._waking, OwnTimers):
            self._waking.run(store, now)
        else:
            run_due(store, self._waking.handlers, now)

    def _answers_now(self, now: datetime) -> list[tuple[str, Act]]:
        """Return the answers that wait for a step which is due now."""
        found = []
        for incident in self._waking_due(now):
            topic = self._topic_of[incident]
            waits = [a for a in self._waits[topic] if a.due <= 1]
            self._waits[topic] = [_sooner(a) for a in self._waits[topic] if a.due > 1]
            found += [(topic, act) for act in waits]
        return found

    def _waking_due(self, now: datetime) -> list[str]:
        if isinstance(self._waking, OwnTimers):
            return self._waking.due_incidents(now)
        return [e.incident for e in self._store.read.due_errands(now, BATCH)]

    def _answer(self, answers: list[tuple[str, Act]], place: Place) -> None:
        for name, act in answers:
            if act.place is place:
                self._desk(name, act)

    # --- what befalls an incident -----------------------------------------------------------

    def _befalls(self, script: Script, act: Act) -> None:
        if act.place is not Place.TIME:
            return self._late_answer(script.topic, act)
        if act.do is not Do.SAY:
            return self._desk(script.topic, act)
        now = self._clock.wall()
        closed = self._blowing.closed_until(script.topic)
        if closed is not None and now < closed + timedelta(minutes=5):
            # As in the service: no bin is closed twice, so a clock that was set back is waited for.
            wait = (closed + timedelta(minutes=5) - now).total_seconds()
            return self._at(self._clock.elapsed() + wait, lambda: self._befalls(script, act))
        return self._say(script, act, now)

    def _say(self, script: Script, act: Act, now: datetime) -> None:
        self._topics.setdefault(script.topic, topic(script.topic))
        end = now - timedelta(seconds=now.timestamp() % 300)
        self._note(script.topic, now, Do.SAY, act.level, end)
        self._blowing.say({script.topic: Level(act.level)}, now)
        if script.topic not in self._ids:
            with self._store.begin() as tx:
                found = tx.last_incident(script.topic)
            if found is None:
                raise RuntimeError(f"{script.topic}: level {act.level} has opened no incident")
            self._ids[script.topic] = found.id
            self._topic_of[found.id] = script.topic
        self._send(now)

    def _late_answer(self, topic: str, act: Act) -> None:
        """Answer by time what waited for a step that never came."""
        left = self._waits[topic]
        if any(a.do is act.do and a.actor == act.actor and a.place is act.place for a in left):
            self._waits[topic] = []
            self._desk(topic, act)

    def _desk(self, topic: str, act: Act) -> None:
        now, id = self._clock.wall(), self._ids.get(topic)
        if id is None:
            return
        self._note(topic, now, act.do)
        if act.do is Do.RESOLVE and not self._sends:
            self._seen(id)
        try:
            if act.do is Do.ACKNOWLEDGE:
                desk.acknowledge(self._store, id, act.actor, now)
            else:
                desk.resolve(self._store, id, act.actor, Outcome.REAL, "", now)
            self._played.count["answers"] += 1
            self._after_answer(id)
        except Conflict:
            self._played.count["conflicts"] += 1
        self._send(now)

    def _after_answer(self, id: str) -> None:
        if isinstance(self._waking, OwnTimers):
            self._waking.forget(id)

    def _note(
        self, topic: str, now: datetime, do: Do, level: int = 0, end: datetime | None = None
    ) -> None:
        happening = Happening(next(self._order), self._clock.elapsed(), now, do, level, end)
        self._played.happened[topic].append(happening)

    # --- the outbox -------------------------------------------------------------------------

    def _send(self, now: datetime) -> None:
        """Take what the outbox holds, as a deliverer does whose receivers accept everything."""
        while self._sends and (due := self._store.outbox.due(now, 256)):
            for one in due:
                attempt = self._store.outbox.begin(one, now)
                if attempt is None:
                    raise RuntimeError(
                        f"delivery {one.id}: another was first, and there is no other"
                    )
                accepted = (AttemptOutcome.ACCEPTED, DeliveryState.SENT)
                self._store.outbox.finish(attempt, *accepted, now)
                if one.alert.action is Action.TRIGGER:
                    self._sent[one.alert.id].add(one.channel)
                self._played.count["deliveries"] += 1

    def _seen(self, id: str) -> None:
        """Note what the outbox holds of an incident."""
        for one in self._store.read.deliveries(id):
            if one.alert.action is Action.TRIGGER:
                self._sent[one.alert.id].add(one.channel)

    def told(self) -> Played:
        """Return all of it, with the calls as the timelines tell them."""
        for script in self._made.scripts:
            id = self._ids[script.topic]
            self._seen(id)
            facts = [f for f in self._store.read.facts(id) if f.kind is FactKind.ESCALATION]
            noted = self._noted.at[id]
            self._played.count["untold"] += abs(len(facts) - len(noted))
            pairs = zip(facts, noted, strict=False)
            self._played.calls[script.topic] = [self._call(fact, *at) for fact, at in pairs]
        self._played.count["untold"] += len(self._sent)  # sent, and on no timeline
        return self._played

    def _call(self, fact: Fact, order: int, true_s: float) -> Call:
        payload: dict[str, Any] = fact.payload
        targets = frozenset(payload["targets"])
        self._played.count["unsent"] += targets != self._sent.pop(payload["alert"], set())
        return Call(
            order, true_s, fact.at, payload["step"], payload["round"], targets,
            tuple(payload["skipped"]), payload["exhausted"],
        )  # fmt: skip


class OwnTimers(Waking, ABC):
    """A side that keeps its timers itself (`escalation_twin`)."""

    @abstractmethod
    def run(self, store: Store, now: datetime) -> int: ...

    @abstractmethod
    def next_due(self) -> datetime | None: ...

    @abstractmethod
    def due_incidents(self, now: datetime) -> list[str]: ...

    @abstractmethod
    def forget(self, incident: str) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...


def _sooner(act: Act) -> Act:
    return Act(act.after_s, act.do, act.level, act.actor, act.place, act.due - 1)
