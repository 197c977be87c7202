"""The durable state: one that writes, one that reads, and what holds both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from alerts.alert import Alert, Delivery
from alerts.fact import Fact
from alerts.incident import Incident
from alerts.outbox import Attempt, Outbox
from alerts.posted import Posted
from detectors.detection import Assessment
from detectors.mention import Metrics
from detectors.score.base import Score
from detectors.vocabulary import Vocabulary
from detectors.window import Bin, Counts, Window
from monitor.ports.answers import AnswerReads, AnswerWrites
from monitor.ports.calibration import CalibrationReads, CalibrationWrites
from monitor.ports.corrections import CorrectionReads, CorrectionWrites
from monitor.ports.duty import DutyReads, DutyWrites
from monitor.ports.errands import ErrandReads, Errands, ErrandWrites
from monitor.ports.leases import Fences, Leases
from monitor.ports.log import Entry
from monitor.ports.planned import PlannedReads, PlannedWrites
from monitor.ports.relevance import RelevanceReads, RelevanceWrites
from monitor.ports.rows import (
    Answers,
    BinResult,
    Capped,
    CountKey,
    CurvePoint,
    Filed,
    Known,
    Parked,
    Post,
    SourceState,
    WatchState,
)
from monitor.ports.silences import Past, SilenceReads, SilenceWrites
from monitor.ports.trials import TrialReads, TrialWrites
from monitor.ports.watching import BeatWrites, WatchReads
from playbooks.run import Run


class Transaction(
    PlannedWrites,
    RelevanceWrites,
    CalibrationWrites,
    CorrectionWrites,
    ErrandWrites,
    SilenceWrites,
    BeatWrites,
    AnswerWrites,
    DutyWrites,
    TrialWrites,
    Protocol,
):
    """One write transaction: all of it becomes durable on exit, or none of it."""

    # mentions
    def add_mentions(self, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. A second arrival changes nothing."""
        ...

    def known(self, id: bytes) -> Known | None: ...

    def rewrite(self, row: Filed) -> None:
        """Replace text and scores of a known mention; its event time and identity stay."""
        ...

    def rescore(self, row: Filed, score: Score, model: str) -> bool:
        """Replace the scores of a mention that still stands as ``row`` says, and keep those of ``row``
        beside them; False, and nothing changed, where its words or its model are others by now, or it
        is deleted or unknown. Reach, counters and everything else stay as they are."""
        ...

    def mark_deleted(self, id: bytes, at: datetime) -> bool:
        """Mark as deleted by the platform and drop its text; False when unknown or already so."""
        ...

    def taken_back(self, since: datetime, until: datetime) -> dict[str, dict[datetime, int]]:
        """Return how many posts were marked as deleted, by topic and by the start of the bin that they
        were marked in, for bins that start in [since, until); none where there are none."""
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
    def closed_until(self, topics: Collection[str]) -> dict[str, datetime | None]:
        """Return up to when each topic's bins are closed (None: none yet), for whoever files.

        Until this transaction ends nobody closes another bin of these topics.
        """
        ...

    def begin_closing(self, topics: Collection[str]) -> None:
        """Wait for those who file for these topics, and hold off others until this ends.

        What they counted is seen by what is read next. First thing in a transaction that closes.
        """
        ...

    def watch(self, topic: str) -> WatchState: ...

    def save_watch(self, state: WatchState) -> None: ...

    def vocabulary(self, topic: str) -> Vocabulary:
        """Return what is usually said with a topic; an empty one before the first was saved."""
        ...

    def save_vocabulary(self, topic: str, vocabulary: Vocabulary) -> None: ...

    def add_result(self, result: BinResult) -> None: ...

    def add_results(self, results: Sequence[BinResult]) -> None:
        """Keep what many bins led to, at less cost than one by one."""
        ...

    def results(self, topic: str, since: datetime, until: datetime) -> list[BinResult]:
        """Return what the bins that start in [since, until) led to, as `Reader.results` does."""
        ...

    def reopen(self, topic: str, starts: Sequence[datetime]) -> None:
        """Remember closed bins that late mentions touched, and raise their revision by one."""
        ...

    def revisions(self, topic: str, starts: Sequence[datetime]) -> dict[datetime, int]:
        """Return the revision under which counts of those closed bins must be written next (>= 1)."""
        ...

    def take_reopened(self, topics: Collection[str]) -> list[Bin]:
        """Return and forget the re-opened bins of these topics, with counts of all revisions."""
        ...

    # sources
    def sources(self, change: Collection[str] | None = None) -> dict[str, SourceState]:
        """Return the state of every source; with ``change`` of these only, and no other
        transaction changes them until this one ends."""
        ...

    def save_source(self, state: SourceState) -> None: ...

    def add_capped(self, span: Capped) -> None:
        """Remember that a source left out some of a span; once more from the same start:
        the longer one stays."""
        ...

    def capped(self, since: datetime, until: datetime) -> list[Capped]:
        """Return the spans that reach into [since, until), by source, then time."""
        ...

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

    def facts(self, incident: str) -> list[Fact]:
        """Return a timeline, with what this transaction has added to it."""
        ...

    def last_act(self, incident: str) -> datetime | None:
        """Return when a person last did anything about an incident (its newest fact that is not the
        machine's), None where nobody has."""
        ...

    def enqueue(self, alert: Alert, channels: Sequence[str], due_at: datetime) -> int:
        """Add one delivery per channel; the same (alert id, channel) again adds nothing. Returns new ones."""
        ...

    def alert(self, id: str) -> Alert | None:
        """Return an alert that was queued, also one that went to nobody."""
        ...

    def alerts(self, incident: str) -> list[Alert]:
        """Return all alerts of an incident, in no order, also those that went to nobody."""
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


class Reader(
    PlannedReads,
    RelevanceReads,
    CalibrationReads,
    CorrectionReads,
    ErrandReads,
    Errands,
    SilenceReads,
    Past,
    WatchReads,
    AnswerReads,
    DutyReads,
    TrialReads,
    Protocol,
):
    """What pages and API read. Each method is one consistent snapshot; nothing here writes."""

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return those ids that are stored already; a hint before scoring, not the judge."""
        ...

    def counts(self, topic: str, since: datetime, until: datetime) -> Counts: ...

    def bins(self, topic: str, since: datetime, until: datetime) -> dict[datetime, Counts]:
        """Return counts per bin over [since, until), as `Transaction.bins` does."""
        ...

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

    def answers(self, nums: Sequence[int]) -> dict[int, Answers]:
        """Return what was answered of mentions besides tone and offensive; without those of which
        nothing was, and unknown numbers."""
        ...

    def new_authors(self, topic: str, authors: Collection[int], since: datetime) -> set[int]:
        """Return those of ``authors`` whom a topic first heard in the bin of ``since`` or later.

        Whoever was forgotten (`Housekeeper`) is new again.
        """
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

    def capped(self, since: datetime, until: datetime) -> list[Capped]:
        """Return the spans of sources that reach into [since, until), as `Transaction.capped` does."""
        ...

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
    """The durable state. Laws in tests/laws/test_store_*.py."""

    @property
    def read(self) -> Reader: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def posted(self) -> Posted: ...

    @property
    def leases(self) -> Leases: ...

    def begin(self, fences: Fences | None = None) -> AbstractContextManager[Transaction]:
        """Open a write transaction; commit on a clean exit, roll back on an exception.

        ``fences``: leases that must be held, and are renewed by it; see `Leases`. Raises
        `Unavailable` when the disk is full or the server is lost, `Fenced` when a lease is.
        """
        ...

    def secret(self, name: str) -> bytes:
        """Return this install's random secret of that name (32 bytes), made at first use."""
        ...

    def close(self) -> None: ...


class Housekeeper(Protocol):
    """A store that can forget; both of ours can."""

    def housekeep(self, now: datetime, keep_days: int) -> int:
        """Delete mentions that arrived more than ``keep_days`` before ``now``; returns how many.

        0 keeps them all. Answers from outside go after 30 days. Ids go with them: the same post sent again after that is new. A store
        that needs room made ahead makes it here, so call it about once a day in any case.
        """
        ...

    def require_room(self) -> None:
        """Raise `Unavailable` where what is written next may find no room. A small change of rows that are
        there may succeed on a full disk, so it shows nothing."""
        ...


class KeptStore(Store, Housekeeper, Protocol):
    """A store as an install has it: it works, and it forgets."""
