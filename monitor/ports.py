"""What pipeline, desk and server need from outside, as small Protocols with their laws in words.

Store and stream are synchronous; asynchronous code calls them through threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from alerts.alert import Alert, Delivery
from alerts.incident import Fact, Incident
from alerts.outbox import Attempt, Outbox
from detectors.detection import Assessment
from detectors.mention import Mention, Metrics
from detectors.score.base import Score
from detectors.window import Bin, Counts, SourceClock, Window
from playbooks.run import Run


class Unavailable(Exception):
    """The store or the stream cannot accept now (full disk, lost server); try again later.

    ``retry_after_s`` is what the door tells the sender.
    """

    def __init__(self, message: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


# --- stream ---------------------------------------------------------------------------------


class EntryKind(StrEnum):
    """What an entry's payload tells of its mentions."""

    CREATED = "created"  # JSON array of Mention
    UPDATED = "updated"  # JSON array of Mention: text or date changed
    DELETED = "deleted"  # JSON array of MentionRef
    METRICS = "metrics"  # JSON array of MetricsUpdate


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One batch as it came through the door, already checked; ``payload`` is a JSON array."""

    kind: EntryKind
    source: str
    observed_at: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in the log. ``position`` orders entries; ``redelivered``: handed out before."""

    position: str
    kind: EntryKind
    source: str
    observed_at: datetime
    payload: bytes
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far a group is behind: entries and bytes not yet acknowledged."""

    entries: int
    bytes: int
    oldest: datetime | None


class Log(Protocol):
    """The durable log between sources and pipeline (tests/laws/test_log.py).

    Laws: an entry whose ``append`` returned survives SIGKILL; one group sees every entry in order
    of position; an entry read and not acknowledged comes again after `claim` or a restart;
    `trim` drops only what every group has acknowledged; appends raise `Unavailable` when the
    disk is full or the server lost, and then nothing of that append is stored.
    """

    def append(self, entries: Sequence[NewEntry]) -> list[str]:
        """Store entries durably in one commit (group commit) and return their positions."""
        ...

    def read(self, group: str, consumer: str, limit: int) -> list[Entry]:
        """Return up to ``limit`` entries not yet handed to anybody of ``group``, oldest first."""
        ...

    def claim(self, group: str, consumer: str, older_than: datetime, limit: int) -> list[Entry]:
        """Take over entries handed out before ``older_than`` and never acknowledged."""
        ...

    def ack(self, group: str, positions: Sequence[str]) -> None: ...

    def backlog(self, group: str) -> Backlog: ...

    def trim(self) -> int:
        """Drop entries that every group acknowledged; return how many."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; False on time-out."""
        ...

    def close(self) -> None: ...


# --- store: rows ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """A mention with everything the machine found out about it: one row to be stored.

    ``at`` event time (see `detectors.window.event_time`); ``dated`` how it was found;
    ``author`` / ``thread`` / ``cluster`` signed 64-bit keys, 0 for none; ``topics`` ids that
    match, may be empty; ``tripwire`` category or "".
    """

    id: bytes
    mention: Mention
    at: datetime
    observed_at: datetime
    dated: str
    author: int
    thread: int
    cluster: int
    topics: tuple[str, ...]
    score: Score
    model: str
    tripwire: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a mention it has, as needed to amend it."""

    id: bytes
    num: int
    source: str
    at: datetime
    topics: tuple[str, ...]
    counts: Counts
    deleted: bool


@dataclass(frozen=True, slots=True)
class CountKey:
    """Key of an additive count row: minute = epoch minute of the event time."""

    topic: str
    source: str
    minute: int
    revision: int = 0


@dataclass(frozen=True, slots=True)
class WatchState:
    """A topic's detectors as saved: closed up to ``closed_until``; ``state`` is JSON-ready."""

    topic: str
    closed_until: datetime | None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BinResult:
    """What was concluded at the end of one bin; the pages' source for curve and level strip."""

    topic: str
    start: datetime
    revision: int
    mentions: int
    negatives: int
    expected_mentions: float
    expected_negatives: float
    level: int
    assessment: Assessment | None = None
    """Stored only when the level is above 0 or changed, else None."""


@dataclass(frozen=True, slots=True)
class Post:
    """A stored mention as shown to people."""

    num: int
    text: str
    title: str
    source: str
    url: str
    lang: str
    kind: str
    at: datetime
    observed_at: datetime
    tone: int
    score: float
    offensive: float
    reach: int
    author: int
    handle: str
    cluster: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class SourceState:
    """Health of one configured source: its clock, its cursor, what went wrong last."""

    clock: SourceClock
    cursor: Mapping[str, Any] = field(default_factory=dict)
    ok_at: datetime | None = None
    error: str = ""
    error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """What could not be filed, kept aside: ``entry`` holds those items of the batch that failed.

    ``error`` names what was raised, without the text that raised it; ``at`` when it was parked.
    """

    number: int
    entry: Entry
    error: str
    at: datetime


# --- store: protocols -----------------------------------------------------------------------


class Transaction(Protocol):
    """One write transaction: all of it becomes durable on exit, or none of it."""

    # mentions
    def add_mentions(self, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. A second arrival changes nothing."""
        ...

    def known(self, id: bytes) -> Known | None: ...

    def rewrite(self, row: Filed) -> None:
        """Replace text and scores of a known mention; its event time and identity stay."""
        ...

    def mark_deleted(self, id: bytes, at: datetime) -> bool:
        """Mark as deleted by the platform and drop its text; False when unknown or already so."""
        ...

    def set_metrics(self, id: bytes, metrics: Metrics) -> bool: ...

    def keep_evidence(self, incident: str, nums: Sequence[int]) -> None:
        """Keep a snapshot of posts for an incident; the first snapshot of each post stays."""
        ...

    # counts and windows
    def add_counts(self, deltas: Mapping[CountKey, Counts]) -> None:
        """Add to count rows; only ever called with counts of rows that `add_mentions` called new,
        or with signed deltas of amendments."""
        ...

    def bins(self, topic: str, since: datetime, until: datetime) -> dict[datetime, Counts]:
        """Return counts per 5-minute bin over [since, until), all revisions summed; empty bins absent."""
        ...

    def window(self, topic: str, since: datetime, until: datetime, limit: int = 50_000) -> Window:
        """Return the narrow rows of a topic, oldest first; with more than ``limit``, the newest."""
        ...

    # detectors
    def watch(self, topic: str) -> WatchState: ...

    def save_watch(self, state: WatchState) -> None: ...

    def add_result(self, result: BinResult) -> None: ...

    def reopen(self, topic: str, starts: Sequence[datetime]) -> None:
        """Remember closed bins that late mentions touched, and raise their revision by one."""
        ...

    def revisions(self, topic: str, starts: Sequence[datetime]) -> dict[datetime, int]:
        """Return the revision under which counts of those closed bins must be written next (>= 1)."""
        ...

    def take_reopened(self) -> list[Bin]:
        """Return and forget the re-opened bins, with counts of all revisions."""
        ...

    # sources
    def sources(self) -> dict[str, SourceState]: ...

    def save_source(self, state: SourceState) -> None: ...

    # incidents, alerts, runs
    def open_incidents(self) -> list[Incident]: ...

    def incident(self, id: str) -> Incident | None: ...

    def last_incident(self, topic: str) -> Incident | None: ...

    def count_incidents(self, topic: str) -> int: ...

    def save_incident(self, incident: Incident, expected: int) -> bool:
        """Write where the stored version is ``expected`` (0: not there yet); stores ``expected + 1``."""
        ...

    def add_facts(self, incident: str, facts: Sequence[Fact]) -> None:
        """Append to a timeline; sequence numbers are given here, without gaps."""
        ...

    def enqueue(self, alert: Alert, channels: Sequence[str], due_at: datetime) -> int:
        """Add one delivery per channel; the same (alert id, channel) again adds nothing. Returns new ones."""
        ...

    def cancel(self, key: str, now: datetime) -> int:
        """Drop pending deliveries of a key that were never attempted; returns how many."""
        ...

    def run(self, id: str) -> Run | None: ...

    def save_run(self, run: Run, expected: int) -> bool: ...

    # what cannot be filed
    def park(self, entry: Entry, error: str, now: datetime) -> None:
        """Keep an entry that cannot be filed; the same entry again replaces what was kept."""
        ...

    def unpark(self, number: int) -> bool:
        """Forget a parked entry, because it is filed; False where it is not there."""
        ...

    # media echo, set by a person
    def media(self, topic: str) -> int: ...

    def set_media(self, topic: str, level: int, actor: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One step of a curve; None where nothing is known yet (open) or nothing was expected yet."""

    at: datetime
    mentions: int
    negatives: int
    expected_mentions: float | None
    expected_negatives: float | None
    level: int | None


class Reader(Protocol):
    """What pages and API read. Each method is one consistent snapshot; nothing here writes."""

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return those ids that are stored already; a hint before scoring, not the judge."""
        ...

    def counts(self, topic: str, since: datetime, until: datetime) -> Counts: ...

    def curve(
        self, topic: str, since: datetime, until: datetime, step_s: int
    ) -> list[CurvePoint]: ...

    def results(self, topic: str, since: datetime, until: datetime) -> list[BinResult]: ...

    def latest(self, topic: str) -> BinResult | None:
        """Return the newest result of a topic, None before its first bin closed."""
        ...

    def latest_assessment(self, topic: str) -> Assessment | None:
        """Return the newest stored assessment of a topic."""
        ...

    def window(
        self, topic: str, since: datetime, until: datetime, limit: int = 50_000
    ) -> Window: ...

    def posts(self, nums: Sequence[int]) -> list[Post]:
        """Return posts by number, in the order asked; unknown numbers are left out."""
        ...

    def post_list(
        self,
        topic: str,
        since: datetime,
        until: datetime,
        *,
        tone: int | None,
        limit: int,
        before: int | None,
    ) -> list[Post]:
        """Return posts newest first; page on with ``before`` = the last num seen."""
        ...

    def sources(self) -> dict[str, SourceState]: ...

    def incidents(self, *, open_only: bool = False, limit: int = 100) -> list[Incident]: ...

    def incident(self, id: str) -> Incident | None:
        """Look up by id or by ref."""
        ...

    def facts(self, incident: str) -> list[Fact]: ...

    def runs(self, incident: str) -> list[Run]: ...

    def deliveries(self, incident: str) -> list[Delivery]: ...

    def delivery_attempts(self, delivery: int) -> list[Attempt]: ...

    def evidence(self, incident: str) -> list[Post]:
        """Return the posts kept as evidence when the incident opened or rose."""
        ...

    def parked(self, limit: int, after: int = 0) -> list[Parked]:
        """Return parked entries, oldest first; page on with ``after`` = the last number seen."""
        ...

    def parked_count(self) -> int: ...

    def totals(self) -> dict[str, int]:
        """Return row counts by table, for `doctor`, tests and metrics."""
        ...


class Store(Protocol):
    """The durable state. Laws in tests/laws/test_store.py."""

    @property
    def read(self) -> Reader: ...

    @property
    def outbox(self) -> Outbox: ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open the one write transaction; commit on a clean exit, roll back on an exception.

        Raises `Unavailable` when the disk is full or the server is lost.
        """
        ...

    def secret(self, name: str) -> bytes:
        """Return this install's random secret of that name (32 bytes), made at first use."""
        ...

    def close(self) -> None: ...


class Signals(Protocol):
    """Small live signals to whoever watches; lossy by design, never the truth itself."""

    def publish(self, kind: str, id: str, version: int) -> None: ...


class NoSignals:
    """Nobody watches."""

    def publish(self, kind: str, id: str, version: int) -> None:
        return None
