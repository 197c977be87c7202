"""Filing: a batch of the log becomes rows and counts, exactly once, in one transaction.

Everything dear (matching, language, scoring) happens before the transaction opens; inside it
stand only inserts. Counts are made from the rows that the store called new, and from nothing
else, so that a batch that arrives twice counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import add
from typing import Final, NamedTuple, Protocol

import msgspec

from detectors.copies import thread_key
from detectors.mention import (
    Direction,
    Kind,
    Mention,
    MentionRef,
    Metrics,
    MetricsUpdate,
    author_key,
    mention_id,
    readable,
)
from detectors.rivals import Rivals
from detectors.score.base import YES, Score, Scorer, Tone, percent
from detectors.tripwires import Tripwires
from detectors.window import LATENESS, MINUTE_S, Counts, Dated, SourceClock, bin_start, event_time
from monitor import metrics
from monitor.desk.corrections import corrected
from monitor.desk.recounting import add_delta, recount
from monitor.pipeline.clusters import Clusters
from monitor.ports import CountKey, Entry, EntryKind, Filed, Known, SourceState, Store, Transaction

BATCH = 1000
"""Most mentions filed in one transaction: group commit costs little beyond that."""

# Looked up once: finding a member by its name is a call, and this is asked of every mention.
_NEGATIVE, _NEUTRAL, _POSITIVE, _UNREAD = Tone
_INBOUND: Final = Direction.INBOUND
_ARTICLE: Final = Kind.ARTICLE

_mentions = msgspec.json.Decoder(list[Mention])
_refs = msgspec.json.Decoder(list[MentionRef])
_metrics = msgspec.json.Decoder(list[MetricsUpdate])


class TopicMatcher(Protocol):
    """Tells which topics a text belongs to."""

    def match(
        self, text: str, lang: str = "", tags: Sequence[str] = (), source: str = ""
    ) -> tuple[str, ...]: ...


class _Seen(NamedTuple):
    """A mention of a batch, when it was seen, and what is asked of it more than once."""

    mention: Mention
    observed: datetime
    id: bytes
    at: datetime
    dated: Dated


class Rescored(NamedTuple):
    """A row as it was filed, and what a second model says of its text."""

    row: Filed
    score: Score
    model: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some entries of the log."""

    mentions: int = 0
    new: int = 0
    unmatched: int = 0
    amended: int = 0
    late: int = 0
    topics: frozenset[str] = frozenset()
    newest: datetime | None = None

    def __add__(self, other: Taken) -> Taken:
        newest = [at for at in (self.newest, other.newest) if at is not None]
        return Taken(
            self.mentions + other.mentions,
            self.new + other.new,
            self.unmatched + other.unmatched,
            self.amended + other.amended,
            self.late + other.late,
            self.topics | other.topics,
            max(newest, default=None),
        )


class Filing:
    """Files what the log holds.

    A mention that falls before what is closed of its topic is late: its counts are written under the
    next revision of its bin. ``strained``: load is shed; mentions get no near-copy cluster then, and
    are counted all the same. ``scorer`` may be another one between two calls. ``offer`` hears of rows once they
    are stored: a dearer model may read them.
    """

    def __init__(
        self,
        store: Store,
        matcher: TopicMatcher,
        scorer: Scorer,
        tripwires: Tripwires,
        rivals: Rivals | None = None,
        offer: Callable[[Sequence[Filed]], None] = lambda rows: None,
    ) -> None:
        self._store = store
        self._matcher = matcher
        self.scorer = scorer
        self._tripwires = tripwires
        self._rivals = rivals or Rivals(())
        self._offer = offer
        self._secret = store.secret("author")
        self.clusters = Clusters(store)
        self.strained = False

    def take(self, entries: Sequence[Entry]) -> Taken:
        """File entries in their order. Safe to repeat: a second time changes nothing."""
        taken = Taken()
        batch: list[tuple[Mention, datetime]] = []
        for entry in entries:
            if entry.kind is EntryKind.CREATED:
                batch += [(m, entry.observed_at) for m in _mentions.decode(entry.payload)]
                if len(batch) < BATCH:
                    continue
            taken += self.create(batch)
            batch = []
            if entry.kind is not EntryKind.CREATED:
                taken += self._amend(entry)
        return taken + self.create(batch)

    # --- created ----------------------------------------------------------------------------

    def create(self, batch: list[tuple[Mention, datetime]]) -> Taken:
        """File mentions, each with the time it was seen; `take` and replay both end here."""
        taken = Taken()
        for start in range(0, len(batch), BATCH):
            part = [_seen(m, observed) for m, observed in batch[start : start + BATCH]]
            taken += self._file(self._rows(self._unknown(part)), part)
        return taken

    def _unknown(self, part: list[_Seen]) -> list[_Seen]:
        """Drop what is stored already, so that a redelivered batch is not scored again."""
        known = self._store.read.known([seen.id for seen in part])
        return [seen for seen in part if seen.id not in known] if known else part

    def _rows(self, part: list[_Seen]) -> list[Filed]:
        texts = [readable(seen.mention.title, seen.mention.text) for seen in part]
        scores = self.scorer.score(texts, [seen.mention.lang for seen in part]).rows()
        return [
            self._row(seen, text, score)
            for seen, text, score in zip(part, texts, scores, strict=True)
        ]

    def _row(self, seen: _Seen, text: str, score: Score) -> Filed:
        mention = seen.mention
        inbound = mention.direction is _INBOUND
        handle = mention.author.handle if mention.author else ""
        # What the brand says itself is stored, but is not what people say about it.
        topics = (
            self._matcher.match(text, score.lang, mention.tags, mention.source) if inbound else ()
        )
        return Filed(
            id=seen.id,
            mention=mention,
            at=seen.at,
            observed_at=seen.observed,
            dated=seen.dated._value_,  # `value` is a function call
            author=author_key(self._secret, mention.source, handle),
            thread=thread_key(mention.source, mention.thread_id or mention.parent_id),
            cluster=0 if self.strained else self.clusters.of(text, seen.observed, topics),
            topics=topics,
            score=score,
            model=self.scorer.version,
            tripwire=self._tripwires.hit(text, score.lang) if inbound else "",
            rivals=self._rivals.named(text, topics, mention.tags, score.lang, mention.source),
        )

    def _file(self, rows: list[Filed], part: list[_Seen]) -> Taken:
        if not part:
            return Taken()
        with self._store.begin() as tx:
            flags = tx.add_mentions(rows) if rows else []
            new = [row for row, is_new in zip(rows, flags, strict=True) if is_new]
            late = self._count(tx, new)
            self._advance_sources(tx, part)
        self._offer(new)
        return Taken(
            mentions=len(part),
            new=len(new),
            unmatched=sum(not row.topics for row in new),
            late=late,
            topics=frozenset(topic for row in new for topic in row.topics),
            newest=max((row.at for row in new), default=None),
        )

    def _count(self, tx: Transaction, rows: Sequence[Filed]) -> int:
        """Add each row's counts to its (topic, source, minute); return how many were late."""
        topics = {topic for row in rows for topic in row.topics}
        if not topics:
            return 0
        closed_until = tx.closed_until(topics)
        sums: dict[CountKey, tuple[int, ...]] = {}
        late: dict[str, list[tuple[CountKey, Counts, datetime, datetime]]] = defaultdict(list)
        for row in rows:
            if not row.topics:
                continue
            units, source, at = _units(row), row.mention.source, row.at
            minute = int(at.timestamp()) // MINUTE_S
            for topic in row.topics:
                closed = closed_until[topic]
                key = CountKey(topic, source, minute)
                if closed is not None and at < closed:
                    found = (key, Counts(*units), bin_start(at), row.observed_at)
                    late[topic].append(found)
                    continue
                before = sums.get(key)
                sums[key] = units if before is None else tuple(map(add, before, units))
        deltas = {key: Counts(*units) for key, units in sums.items()}
        for topic, those in late.items():
            self._count_late(tx, topic, those, deltas)
        tx.add_counts(deltas)
        return sum(map(len, late.values()))

    def _count_late(
        self,
        tx: Transaction,
        topic: str,
        found: list[tuple[CountKey, Counts, datetime, datetime]],
        deltas: dict[CountKey, Counts],
    ) -> None:
        starts = sorted({start for _, _, start, _ in found})
        revisions = tx.revisions(topic, starts)
        for key, counts, start, _ in found:
            key = key._replace(revision=revisions[start])
            deltas[key] = deltas[key] + counts if key in deltas else counts
        fresh = sorted({start for _, _, start, seen in found if seen - start <= LATENESS})
        if fresh:
            tx.reopen(topic, fresh)

    def _advance_sources(self, tx: Transaction, part: list[_Seen]) -> None:
        """Move each source's clock by what came, known or new: a repeat is a sign of life too."""
        newest: dict[str, tuple[datetime, datetime, int]] = {}
        for seen in part:
            source, at, observed, n = seen.mention.source, seen.at, seen.observed, 1
            if source in newest:
                last_at, last_observed, before = newest[source]
                at = at if at > last_at else last_at
                observed = observed if observed > last_observed else last_observed
                n = before + 1
            newest[source] = (at, observed, n)
        states = tx.sources(change=newest.keys())
        for source, (at, observed, items) in sorted(newest.items()):
            state = states.get(source) or SourceState(clock=SourceClock(source))
            clock = state.clock.saw(at, observed, items)
            metrics.ARRIVED_LAG.labels(source).observe(max(0.0, (observed - at).total_seconds()))
            tx.save_source(replace(state, clock=clock, ok_at=observed))

    # --- updated, deleted, metrics ----------------------------------------------------------

    def _amend(self, entry: Entry) -> Taken:
        if entry.kind is EntryKind.UPDATED:
            return self._update([(m, entry.observed_at) for m in _mentions.decode(entry.payload)])
        done = 0
        with self._store.begin() as tx:
            if entry.kind is EntryKind.DELETED:
                for ref in _refs.decode(entry.payload):
                    done += self._delete(tx, mention_id(ref.source, ref.source_id), entry)
            else:
                for update in _metrics.decode(entry.payload):
                    id = mention_id(update.source, update.source_id)
                    done += self._measure(tx, id, update.metrics)
        return Taken(amended=done)

    def _update(self, part: list[tuple[Mention, datetime]]) -> Taken:
        """An edit of something known re-scores it; an edit of something unknown creates it."""
        taken = Taken()
        for row in self._rows([_seen(m, observed) for m, observed in part]):
            with self._store.begin() as tx:
                known = tx.known(row.id)
                if known is None or known.deleted:
                    continue
                written = self._rewrite(tx, row, known)
            self._offer([written])
            taken += Taken(amended=1, topics=frozenset(known.topics))
        known_ids = self._store.read.known([m.id for m, _ in part])
        return taken + self.create([pair for pair in part if pair[0].id not in known_ids])

    def _rewrite(self, tx: Transaction, row: Filed, known: Known) -> Filed:
        """Write an edit: new text and scores, and what they change as a signed delta row; return it.

        Topics and event time stay as first filed, so that a bin never loses a mention.
        """
        m = row.mention
        rivals = self._rivals.named(
            readable(m.title, m.text), known.topics, m.tags, row.score.lang, m.source
        )
        row = msgspec.structs.replace(row, at=known.at, topics=known.topics, rivals=rivals)
        row = corrected(row, tx.correction_of(known.num))
        tx.rewrite(row)
        add_delta(tx, known, counts_of(row) + -known.counts)
        return row

    def rescore(self, answers: Sequence[Rescored]) -> int:
        """Write what a second model said, and what it changes as signed delta rows; return how many
        mentions still stood as they were read. Not as an edit: that would bring back the counters and
        the words of then."""
        done = 0
        with self._store.begin() as tx:
            for answer in answers:
                before = tx.known(answer.row.id)
                if before is None or not tx.rescore(answer.row, answer.score, answer.model):
                    continue
                recount(tx, before)
                done += 1
        return done

    def _measure(self, tx: Transaction, id: bytes, metrics: Metrics) -> bool:
        """Keep new public counters; what they change of the reach is a signed delta row."""
        before = tx.known(id)
        if before is None or not tx.set_metrics(id, metrics):
            return False
        recount(tx, before)
        return True

    def _delete(self, tx: Transaction, id: bytes, entry: Entry) -> bool:
        known = tx.known(id)
        if known is None or not tx.mark_deleted(id, entry.observed_at):
            return False
        add_delta(tx, known, Counts(deleted=1))
        return True


def counts_of(row: Filed) -> Counts:
    """Return what one row adds to the counts of its minute."""
    return Counts(*_units(row))


def _units(row: Filed) -> tuple[int, ...]:
    """Return `counts_of` as plain numbers, in the order of `COUNT_FIELDS`: cheap to add up."""
    tone, mention = row.score.tone, row.mention
    negative = percent(row.score.p[0])
    return (
        1,
        int(tone is _NEGATIVE),
        int(tone is _NEUTRAL),
        int(tone is _POSITIVE),
        int(tone is _UNREAD),
        int(is_offensive(row.score)),
        mention.reach,
        int(row.tripwire != ""),
        int(mention.kind is _ARTICLE),
        0,
        negative,
        negative * negative,
    )


def is_offensive(score: Score) -> bool:
    """The offensive-or-not decision (scheme of GermEval 2018/2019 and OLID)."""
    return score.offensive >= YES


def _seen(mention: Mention, observed: datetime) -> _Seen:
    at, dated = event_time(mention.published_utc, observed)
    return _Seen(mention, observed, mention.id, at, dated)
