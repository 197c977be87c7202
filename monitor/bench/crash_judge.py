"""What `bench crash` demands at the end, and of the file at every kill."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from alerts.alert import AttemptOutcome, Delivery, DeliveryState, NotifyReason
from alerts.fact import Fact, FactKind
from alerts.incident import Incident
from detectors.detection import WAKE
from monitor.bench.arrivals import got_as, may_arrive, sent_as
from monitor.bench.crash_actors import PERSON, Act
from monitor.bench.crash_feed import START, TOPICS, Sent, topic_name
from monitor.bench.naive_twin import STORM
from monitor.server.sink import Received
from monitor.store.database import SqliteStore
from monitor.store.incidents import CANCELLED

PAGES = (NotifyReason.FIRST, NotifyReason.REOPENED)
BEGINNINGS = (FactKind.OPENED, FactKind.REOPENED)
AGAIN_AFTER = timedelta(hours=24)
"""So long after its end a topic's storm is another incident; before, the same again (docs/alerting.md)."""
DONE = {"acknowledge": FactKind.ACKNOWLEDGED, "resolve": FactKind.RESOLVED}

Facts = dict[str, list[Fact]]
"""Timelines by incident."""


@dataclass(slots=True)
class Side:
    """What one side went through. ``problems`` is empty when every promise was kept.

    ``cut_...``: kills that fell into a request being answered, a batch being filed, an alert
    being sent. ``crossings``: storms that came to wake somebody, each episode by itself.
    """

    name: str
    kills: int = 0
    accepted: int = 0
    stored: int = 0
    lost: int = 0
    amended: int = 0
    rows: int = 0
    counted: int = 0
    cut_requests: int = 0
    cut_filing: int = 0
    cut_sends: int = 0
    crossings: int = 0
    alerts: int = 0
    cancelled: int = 0
    alerts_lost: int = 0
    wrong_keys: int = 0
    attempts: int = 0
    unknown_outcomes: int = 0
    repeats: int = 0
    acts: int = 0
    start_s: float = 0.0
    stop_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True when nothing was lost, doubled in the counts, or sent under a wrong key."""
        return not self.problems

    def demand(self, holds: bool, problem: str) -> None:
        """Note a promise that was broken."""
        if not holds:
            self.problems.append(problem)

    def same(self, what: str, got: int, want: int) -> None:
        self.demand(got == want, f"{what}: {got}, expected {want}")


# By topic: mentions, negatives, reach, deletes; as rows and as counts, which edits, new counters and
# deletes correct by signed deltas. Both must tell the same at any instant.
_ROWS = """
    SELECT t.topic, count(*), sum(t.tone = -1), sum(t.reach), sum(m.deleted_us IS NOT NULL)
    FROM mention_topic t JOIN mention m ON m.num = t.num GROUP BY t.topic ORDER BY t.topic"""
_COUNTS = """
    SELECT topic, sum(mentions), sum(negatives), sum(reach), sum(deleted)
    FROM count GROUP BY topic ORDER BY topic"""
_GONE = "SELECT source_id FROM mention WHERE deleted_us IS NOT NULL"

# --- at every kill --------------------------------------------------------------------------


@contextmanager
def copy_of(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy of a dead process's file, so that looking repairs nothing in the original."""
    with tempfile.TemporaryDirectory() as folder:
        for part in (path, path.with_name(path.name + "-wal")):
            if part.exists():
                shutil.copy(part, folder)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            yield db


def autopsy(side: Side, path: Path, accepted: set[str]) -> None:
    """Look at the file as a kill left it: all that was accepted must be in it, filed or not."""
    if not path.exists():
        return
    with copy_of(path) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'log_entry'").fetchone():
            side.same("accepted before there was a schema", len(accepted), 0)
            return
        kept = {row[0] for row in db.execute("SELECT source_id FROM mention")}
        for (payload,) in db.execute("SELECT payload FROM log_entry WHERE kind = 'created'"):
            kept.update(m["source_id"] for m in json.loads(payload))
        rows, counted = db.execute(_ROWS).fetchall(), db.execute(_COUNTS).fetchall()
        side.cut_filing += db.execute("SELECT count(*) > 0 FROM log_pending").fetchone()[0]
        sending = "SELECT count(*) > 0 FROM delivery WHERE state = 'sending'"
        side.cut_sends += db.execute(sending).fetchone()[0]
    side.same("at a kill: accepted and neither stored nor in the log", len(accepted - kept), 0)
    side.demand(rows == counted, f"at a kill: rows {rows}, counts {counted}")


# --- at the end: ours -----------------------------------------------------------------------


def judge(side: Side, path: Path, sent: Sent, acts: set[Act], received: Sequence[Received]) -> None:
    """Hold the file and what the receiver got against every promise."""
    _mentions(side, path, sent)
    store = SqliteStore.open(f"sqlite:///{path}")
    try:
        incidents = store.read.incidents(limit=10_000)
        facts = {i.id: store.read.facts(i.id) for i in incidents}
        deliveries = [d for i in incidents for d in store.read.deliveries(i.id)]
        _crossings(side, store, incidents, facts)
        _acts(side, acts, facts)
        _outbox(side, path, facts)
        unknown = _attempts(side, store, deliveries)
        _receiver(side, incidents, deliveries, unknown, received)
    finally:
        store.close()


def _mentions(side: Side, path: Path, sent: Sent) -> None:
    with closing(sqlite3.connect(path)) as db:
        stored = Counter(row[0] for row in db.execute("SELECT source_id FROM mention"))
        gone = {row[0] for row in db.execute(_GONE)}
        rows, counted = db.execute(_ROWS).fetchall(), db.execute(_COUNTS).fetchall()
        left = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("log_entry", "log_pending", "parked")
        ]
    side.accepted, side.stored = len(sent.accepted), sum(stored.values())
    side.lost = len(sent.accepted - stored.keys())
    side.amended = sent.amended
    side.rows, side.counted = sum(r[1] for r in rows), sum(c[1] for c in counted)
    wanted = Counter(f"t{sent.topics[id]}" for id in stored if id in sent.topics)
    side.same("accepted mentions that are not stored", side.lost, 0)
    side.same("stored more than once", side.stored - len(stored), 0)
    side.same("stored and never sent", len(stored.keys() - sent.topics.keys()), 0)
    side.same("accepted deletes that are not done", len(sent.deleted - gone), 0)
    found = {row[0]: row[1] for row in rows}
    side.demand(found == wanted, f"rows by topic {found}, expected {dict(wanted)}")
    side.demand(rows == counted, f"rows {rows}, counts {counted}")
    side.demand(left == [0, 0, 0], f"left in the log, pending, parked: {left}")


def _crossings(side: Side, store: SqliteStore, incidents: Sequence[Incident], facts: Facts) -> None:
    """One incident a topic, another only a day after its end, and each storm that wakes pages once."""
    topics = {i.topic for i in incidents}
    for before, after in pairwise(sorted(incidents, key=lambda i: (i.topic, i.opened_at))):
        ended = before.resolved_at
        late = ended is not None and after.opened_at - ended > AGAIN_AFTER
        side.demand(
            late or before.topic != after.topic,
            f"{after.topic}: {after.ref} opened {after.opened_at}, {before.ref} ended {ended}",
        )
    for incident in incidents:
        told = facts[incident.id]
        pages = sum(f.kind is FactKind.ALERT_QUEUED and f.payload["reason"] in PAGES for f in told)
        woken = [f for f in told if f.kind in BEGINNINGS and f.payload["status"] == "new"]
        side.same(f"{incident.ref}: pages of its crossings", pages, len(woken))
        episodes = {f.payload["episode"] for f in woken}
        side.same(f"{incident.ref}: crossings in an episode of their own", len(episodes), pages)
        side.crossings += pages
    for topic in {f"t{t}" for t in range(TOPICS)} - topics:
        levels = [r.level for r in store.read.results(topic, START, START + timedelta(days=60))]
        side.demand(max(levels, default=0) < WAKE, f"{topic} reached level 4 and has no incident")


def _acts(side: Side, acts: set[Act], facts: Facts) -> None:
    """What a person was told is done stays done, and is done once."""
    side.acts = len(acts)
    for act in acts:
        found = sum(
            f.kind is DONE[act.kind] and f.payload["episode"] == act.episode and f.actor == PERSON
            for f in facts.get(act.incident, [])
        )
        enough = found == 1 if act.kind == "resolve" else found >= 1
        side.demand(enough, f"{act}: {found} times on the timeline")


# --- alerts -----------------------------------------------------------------------------------


def _outbox(side: Side, path: Path, facts: Facts) -> None:
    """Every alert on a timeline has its deliveries, each sent once as far as we know."""
    told = [f for found in facts.values() for f in found]
    queued = Counter(
        (f.payload["alert"], channel)
        for f in told
        if f.kind is FactKind.ALERT_QUEUED
        for channel in f.payload["channels"]
    )
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT alert, channel, state, attempts FROM delivery").fetchall()
    side.alerts = len({alert for alert, _ in queued})
    side.demand(
        set(queued) == {row[:2] for row in rows}, "timeline and outbox tell of other alerts"
    )
    side.same("alerts queued twice", sum(queued.values()) - len(queued), 0)
    cancelled = [row for row in rows if row[2] == CANCELLED]
    side.cancelled = len(cancelled)
    side.same("cancelled although tried", sum(row[3] > 0 for row in cancelled), 0)
    unsent = [row for row in rows if row[2] not in (CANCELLED, DeliveryState.SENT)]
    side.alerts_lost = len(unsent)
    side.demand(not unsent, f"never sent: {unsent}")
    sent = sum(f.kind is FactKind.ALERT_SENT for f in told)
    side.same("facts of being sent", sent, len(rows) - len(cancelled) - len(unsent))


def _attempts(side: Side, store: SqliteStore, deliveries: Sequence[Delivery]) -> dict[int, int]:
    """Check each trail; return how many unknown outcomes each delivery had."""
    unknown = {}
    for delivery in deliveries:
        trail = store.read.delivery_attempts(delivery.id)
        n = sum(a.outcome is AttemptOutcome.UNKNOWN for a in trail)
        unknown[delivery.id] = n
        side.attempts += len(trail)
        side.unknown_outcomes += n
        numbers = [a.number for a in trail]
        name = f"delivery {delivery.id}"
        side.demand(numbers == list(range(1, delivery.attempts + 1)), f"{name}: trail {numbers}")
        side.same(f"{name}: attempts left open", sum(a.outcome is None for a in trail), 0)
        side.same(f"{name}: marked as possible repeat", delivery.may_repeat, n > 0)
    return unknown


def _receiver(
    side: Side,
    incidents: Sequence[Incident],
    deliveries: Sequence[Delivery],
    unknown: dict[int, int],
    received: Sequence[Received],
) -> None:
    """What arrived is what was sent: nothing missing, nothing else, repeats accounted for."""
    keys = {f"sturmglas-{i.id}-{n}" for i in incidents for n in range(1, i.episode + 1)}
    keys |= {key for d in deliveries if d.key in keys for key in d.alert.dedup_keys}
    side.wrong_keys = len({r.key for r in received} - keys)
    side.same("keys at the receiver that belong to no episode", side.wrong_keys, 0)
    want, may = Counter[str](), Counter[str]()
    for delivery in deliveries:
        side.demand(delivery.key in keys, f"delivery {delivery.id} has the key {delivery.key}")
        for name in sent_as(delivery):
            want[name] += 1
            may[name] += may_arrive(delivery, unknown[delivery.id], delivery.attempts)
    got = Counter(name for r in received for name in got_as(r))
    missing = want - got
    side.alerts_lost += sum(missing.values())
    side.demand(not missing, f"sent and never received: {dict(missing)}")
    side.demand(got.keys() <= want.keys(), f"received and never sent: {got.keys() - want.keys()}")
    side.repeats = sum((got - want).values())
    side.demand(not got - may, f"repeats beyond the unknown outcomes: {dict(got - may)}")
    _order(side, received)


def _order(side: Side, received: Sequence[Received]) -> None:
    """Repeats say that they may be; nothing of class A comes after its resolve."""
    seen: set[str] = set()
    ended: set[str] = set()
    for one in received:
        [name] = got_as(one)
        if one.channel == "webhook":
            marked = "sturmglas-may-repeat" in one.headers
            side.demand(marked or name not in seen, f"a repeat without its mark: {name}")
        else:
            action = one.parsed["event_action"]
            side.demand(
                action == "resolve" or one.key not in ended, f"{action} after {one.key}'s end"
            )
            if action == "resolve":
                ended.add(one.key)
        seen.add(name)


# --- at the end: the naive twin ---------------------------------------------------------------


def judge_naive(side: Side, path: Path, sent: Sent, received: Sequence[Received]) -> None:
    """The same questions, as far as the twin can be asked."""
    with closing(sqlite3.connect(path)) as db:
        stored = Counter(topic for (topic,) in db.execute("SELECT topic FROM mention"))
        ids = {row[0] for row in db.execute("SELECT id FROM mention")}
        side.counted = db.execute("SELECT coalesce(sum(n), 0) FROM count").fetchone()[0]
    side.accepted, side.stored, side.rows = len(sent.accepted), len(ids), len(ids)
    side.lost = len(sent.accepted - ids)
    side.same("accepted mentions that are not stored", side.lost, 0)
    side.same("sum of counts", side.counted, side.rows)
    storms = {topic_name(t) for t in range(TOPICS) if stored[topic_name(t)] >= STORM}
    side.crossings = side.alerts = len(storms)
    side.alerts_lost = len(storms - {r.key for r in received})
    side.same("storms that were stored and never received", side.alerts_lost, 0)
