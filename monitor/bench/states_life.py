"""A life of incidents over a real store: what wind and people may do to them, and what must hold after each move.

`bench states` walks by chance, a hypothesis machine by searching (`tests/flow/test_states.py`).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.book import Book
from alerts.errand import Kind
from alerts.escalation import Chain, Escalation, State, Step
from alerts.fact import Fact, FactKind, standing
from alerts.incident import TRANSITIONS, Incident, Outcome, Status
from alerts.people import Method, Person
from alerts.routing import Route
from detectors.detection import Level
from detectors.shaped import shaped
from detectors.topic import Topic
from monitor.bench.blowing import Blowing, post, topic
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict, Invalid
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore

START = datetime(2026, 11, 2, 8, 1, tzinfo=UTC)
M = timedelta(minutes=1)
BOOK = Book(
    frozenset({"room", "pager"}),
    {"kim": Person("kim", "Kim", (Method("pager"),)), "noa": Person("noa", "Noa")},
    {
        "night": Chain(
            "night",
            (
                Step(("person.kim",), 5 * M),
                Step(("person.noa",), M),
                Step(("channel.room",), 30 * M),
            ),
            2,
        )
    },
)
ROUTES = (Route("room", Level.STRONG_WIND, inform=("channel.room",), wake="night"),)
LEGAL = {(was, after) for (was, _), after in TRANSITIONS.items()} | {
    (Status.NEW, Status.STABILISING),  # acknowledged after its end was proposed: two moves
}
"""Status before and after each entry of a timeline that changes it."""


Press = Callable[[str], Incident]
_MARK = """SELECT (SELECT version FROM incident WHERE id = :id), (SELECT max(seq) FROM fact WHERE incident = :id),
(SELECT count(*) FROM delivery d JOIN alert a ON a.id = d.alert WHERE a.incident = :id),
(SELECT group_concat(id || '/' || version || state) FROM errand WHERE incident = :id)"""
"""What changes with whatever an incident is: where it is as it was, nothing is looked at again."""


class Broken(Exception):
    """What must hold did not: says what, and after which move."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One incident as the store had it after the last move."""

    incident: Incident
    facts: int
    deliveries: int


class Life:
    """Two topics of one brand in a store that may hold others. Each move checks what must hold."""

    def __init__(self, store: SqliteStore, name: str, now: datetime = START) -> None:
        self.now, self.moves = now, Counter[str]()
        self.seen = Counter[str]()
        self._store, self._name = store, name
        self._pair = (f"{name}-a", f"{name}-b")
        topics: dict[str, Topic] = {t: topic(t, brand=name) for t in self._pair}
        self._blowing = Blowing(store, topics, Waking(BOOK, NoSignals()), ROUTES)
        self._rows = sqlite3.connect(store.path)
        self._kept: dict[str, Kept] = {}
        self._marks: dict[str, tuple[object, ...]] = {}
        self._posts = self._revision = 0

    def close(self) -> None:
        self._rows.close()

    # --- wind -------------------------------------------------------------------------------

    def blows(self, levels: tuple[Level, Level], minutes: int, *, rare: bool) -> None:
        """Both topics have these levels ``minutes`` later, at least five."""
        self.now += max(5, minutes) * M
        self._blowing.say(dict(zip(self._pair, levels, strict=True)), self.now, interrupt=rare)
        self._checked("blows", saves=4)

    def is_quiet(self, minutes: int) -> None:
        """Both topics are calm, and still ``minutes`` later: a watch ends, an end is proposed."""
        self.blows((Level.LIGHT_AIR, Level.CALM), 5, rare=False)
        self.blows((Level.LIGHT_AIR, Level.CALM), minutes, rare=False)

    def says_the_same(self) -> None:
        """The same angry posts reach both topics: where one has an incident, the other joins it."""
        rows = []
        for _ in range(4):
            self._posts += 1
            rows.append(post(f"{self._name}-{self._posts}", self._pair, self.now))
        with self._store.begin() as tx:
            tx.add_mentions(rows)
        self._checked("says_the_same", saves=0)

    def comes_late(self, level: Level) -> None:
        """Late mentions re-open the last bin and give it another level, which raises nothing."""
        if self._blowing.closed_until(self._pair[0]) is None:
            return
        self._revision += 1
        self._blowing.revise(self._pair[0], level, self._revision)
        self._checked("comes_late", saves=0)

    # --- people -----------------------------------------------------------------------------

    def acknowledges(self, actor: str) -> None:
        self._pressed("acknowledges", lambda i: desk.acknowledge(self._store, i, actor, self.now))

    def assigns(self, owner: str) -> None:
        self._pressed("assigns", lambda i: desk.assign(self._store, i, "kim", owner, self.now))

    def notes(self, text: str) -> None:
        self._pressed("notes", lambda i: desk.note(self._store, i, "kim", text, self.now))

    def resolves(self, outcome: Outcome) -> None:
        def press(incident: str) -> Incident:
            return desk.resolve(self._store, incident, "kim", outcome, "said so", self.now)

        self._pressed(f"resolves_{outcome.value}", press)

    def _pressed(self, move: str, press: Press) -> None:
        """Let somebody press a button of the newest incident; what is refused changes nothing."""
        self.now += timedelta(seconds=7)
        newest = self._newest()
        if newest is None:
            return
        try:
            after = press(newest.id)
        except (Conflict, Invalid):
            self._checked(f"{move}_refused", saves=0)
            return
        if after != self._store.read.incident(newest.id):
            raise Broken(f"{move}: {after} was returned, another one is stored")
        self._checked(move, saves=1)

    # --- time -------------------------------------------------------------------------------

    def passes(self, minutes: int) -> None:
        """Time passes, and what is due is done."""
        self.now += minutes * M
        run_due(self._store, self._blowing.waking.handlers, self.now)
        self._checked("passes", saves=1)

    def races(self) -> None:
        """Two nodes look at the same due errands; both act."""
        due = self._store.read.next_errand()
        if due is None:
            return
        self.now = max(self.now, due)
        stale = self._store.read.due_errands(self.now, 100)
        before = sum(k.facts for k in self._kept.values())
        run_due(self._store, self._blowing.waking.handlers, self.now)
        self._checked("races", saves=1)
        told = sum(k.facts for k in self._kept.values()) - before
        for errand in stale:
            with self._store.begin() as tx:
                if tx.move_errand(errand, None, errand.content):
                    raise Broken(f"races: {errand.key} was done, and could be done again ({told})")

    def sends(self) -> None:
        """Whoever sends takes what waits in the outbox."""
        for one in self._store.outbox.due(self.now, 64):
            attempt = self._store.outbox.begin(one, self.now)
            if attempt is not None:
                accepted = (AttemptOutcome.ACCEPTED, DeliveryState.SENT)
                self._store.outbox.finish(attempt, *accepted, self.now)
        self._checked("sends", saves=0)

    # --- what must hold ---------------------------------------------------------------------

    def _newest(self) -> Incident | None:
        with self._store.begin() as tx:
            found = [tx.last_incident(t) for t in self._pair]
        return max((i for i in found if i is not None), key=lambda i: i.updated_at, default=None)

    def _checked(self, move: str, *, saves: int) -> None:
        """Look at every incident of this life; ``saves``: how often the move may have written each."""
        self.moves[move] += 1
        marks = ", ".join("?" * len(self._pair))
        query = f"SELECT DISTINCT incident FROM incident_topic WHERE topic IN ({marks})"
        for (id,) in self._rows.execute(query, self._pair).fetchall():
            [mark] = self._rows.execute(_MARK, {"id": id})
            if self._marks.get(id) == mark:
                continue
            self._marks[id] = mark
            incident = self._store.read.incident(id)
            if incident is None:
                raise Broken(f"{move}: {id} is gone")
            self._kept[id] = self._held(move, self._kept.get(id), incident, saves)

    def _held(self, move: str, before: Kept | None, incident: Incident, saves: int) -> Kept:
        facts = self._store.read.facts(incident.id)
        self._timeline(move, before, incident, facts)
        self._version(move, before, incident, saves)
        self._errands(move, incident)
        return Kept(incident, len(facts), self._keys(move, before, incident))

    def _timeline(
        self, move: str, before: Kept | None, incident: Incident, facts: list[Fact]
    ) -> None:
        numbers = self._column("SELECT seq FROM fact WHERE incident = ? ORDER BY seq", incident.id)
        if numbers != list(range(1, len(facts) + 1)):
            raise Broken(f"{move}: entries are numbered {numbers}")
        stands = standing(facts)
        here = (incident.status, incident.level, incident.episode)
        if stands is None or (stands.status, stands.level, stands.episode) != here:
            raise Broken(f"{move}: the timeline says {stands}, stored is {here}")
        told = [Status(f.payload["status"]) for f in facts if "status" in f.payload]
        for was, after in zip([None, *told], told, strict=False):
            if was is not after and (was, after) not in LEGAL:
                raise Broken(f"{move}: from {was} to {after}")
        for fact in facts[before.facts if before else 0 :]:
            self.seen[fact.kind.value] += 1
            if fact.kind is FactKind.ACKNOWLEDGED and fact.payload["status"] == Status.WATCH:
                raise Broken(f"{move}: a watch was acknowledged")

    def _version(self, move: str, before: Kept | None, incident: Incident, saves: int) -> None:
        [stored] = self._column("SELECT version FROM incident WHERE id = ?", incident.id)
        was = before.incident if before else None
        grown = incident.version - (was.version if was else 0)
        changed = was is None or was != incident
        if stored != incident.version or not int(changed) <= grown <= saves:
            raise Broken(f"{move}: version {was and was.version} became {incident.version}")
        if was is None or saves > 1 or was.status is incident.status:
            return
        if (was.status, incident.status) not in LEGAL:
            raise Broken(f"{move}: from {was.status} to {incident.status} in one step")

    def _errands(self, move: str, incident: Incident) -> None:
        waiting = self._store.read.errands(incident.id)
        sorts = Counter(errand.kind for errand in waiting)
        if any(many > 1 for many in sorts.values()):
            raise Broken(f"{move}: of a kind several wait: {dict(sorts)}")
        if waiting and not incident.is_open:
            raise Broken(f"{move}: {waiting[0].key} waits after the end")
        for errand in (one for one in waiting if one.kind is Kind.STEP):
            chain = shaped(errand.content, Escalation)
            acknowledged = incident.acked_level
            if chain.state is not State.RUNNING or chain.episode != incident.episode:
                raise Broken(f"{move}: {chain} waits in episode {incident.episode}")
            if acknowledged is not None and acknowledged >= chain.level:
                raise Broken(f"{move}: {chain} waits, {acknowledged} is acknowledged")
            self.seen["chain_runs"] += 1

    def _keys(self, move: str, before: Kept | None, incident: Incident) -> int:
        """Return how many deliveries there are; the new ones carry the episode of now in their key."""
        query = "SELECT d.key FROM delivery d JOIN alert a ON a.id = d.alert WHERE a.incident = ? ORDER BY d.id"
        keys = self._column(query, incident.id)
        new = keys[before.deliveries if before else 0 :]
        expected = f"sturmglas-{incident.id}-{incident.episode}"
        if any(key != expected for key in new):
            raise Broken(f"{move}: a delivery has the key {new}, expected {expected}")
        self.seen["deliveries"] += len(new)
        return len(keys)

    def _column(self, query: str, incident: str) -> list[object]:
        return [value for (value,) in self._rows.execute(query, (incident,))]
