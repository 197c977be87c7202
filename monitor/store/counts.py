"""Counts, bins and windows; what the detectors concluded; how the sources are doing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from detectors.detection import Assessment
from detectors.vocabulary import NOTHING, Vocabulary, vocabulary_json, vocabulary_of
from detectors.window import BIN, BIN_S, COUNT_FIELDS, Bin, Counts, SourceClock, Window
from monitor.ports import BinResult, Capped, CountKey, SourceState, WatchState
from monitor.store import schema
from monitor.store.codec import (
    from_seconds,
    instant,
    micros,
    pack,
    pack_map,
    seconds,
    unpack,
    unpack_map,
)
from monitor.store.dialects import hold, insert

_FIELDS = ", ".join(COUNT_FIELDS)
# PostgreSQL adds up BIGINT to NUMERIC.
SUMS = ", ".join(f"CAST(sum({f}) AS BIGINT)" for f in COUNT_FIELDS)
MANY = 2_000
"""From so many rows a window keeps each word once: the driver makes each anew, 200 bytes a row."""
_MINUTES_PER_BIN = BIN_S // 60

_ADD_COUNT = (
    f"INSERT INTO count (topic, source, minute, revision, {_FIELDS})"  # noqa: S608 - our names
    f" VALUES (?, ?, ?, ?{', ?' * len(COUNT_FIELDS)})"
    " ON CONFLICT (topic, minute, source, revision) DO UPDATE SET "
    + ", ".join(f"{f} = count.{f} + excluded.{f}" for f in COUNT_FIELDS)
)
_BINS = (
    f"SELECT minute / {_MINUTES_PER_BIN} AS bin, {SUMS} FROM count"  # noqa: S608 - our names
    " WHERE topic = ? AND minute >= ? AND minute < ? GROUP BY bin ORDER BY bin"
)
_RESULT = (
    *("mentions", "negatives", "expected_mentions", "expected_negatives"),
    *("uplift", "level", "assessment"),
)
_ADD_RESULT = (
    f"INSERT INTO bin_result (topic, start_s, revision, {', '.join(_RESULT)})"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (topic, start_s, revision) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _RESULT)
)
_WINDOW = (
    "SELECT at_s, num, source, author, thread, cluster, tone, offensive, reach, lang, kind,"
    " tripwire, certainty, negative, rival FROM mention_topic WHERE topic = ? AND at_s >= ? AND at_s < ?"
    " ORDER BY at_s DESC, num DESC LIMIT ?"
)
_SAVE_SOURCE = (
    "INSERT INTO source_state (source, clock, cursor, ok_us, error, error_us)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
    " clock = excluded.clock, cursor = excluded.cursor, ok_us = excluded.ok_us,"
    " error = excluded.error, error_us = excluded.error_us"
)

BINS, SOURCE = "bins", "source"
"""Kinds of locks: whose bins may be closed, whose state may be changed."""


class CountWrites:
    """The part of a transaction that counts, and keeps what detectors and sources know."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # counts and windows

    def add_counts(self, deltas: Mapping[CountKey, Counts]) -> None:
        rows = [(*key, *counts.values()) for key, counts in sorted(deltas.items(), key=_by_key)]
        if rows:
            self._c.exec_driver_sql(_ADD_COUNT, rows)

    def bins(self, topic: str, since: datetime, until: datetime) -> dict[datetime, Counts]:
        return bins(self._c, topic, since, until)

    def window(self, topic: str, since: datetime, until: datetime, limit: int = 50_000) -> Window:
        return window(self._c, topic, since, until, limit)

    # detectors

    def closed_until(self, topics: Collection[str]) -> dict[str, datetime | None]:
        """Return up to when each topic's bins are closed (None: none yet)."""
        if not topics:
            return {}
        hold(self._c, BINS, topics, shared=True)
        marks = ",".join("?" * len(topics))
        rows = self._c.exec_driver_sql(
            f"SELECT topic, closed_until_us FROM watch WHERE topic IN ({marks})",  # noqa: S608
            tuple(topics),
        )
        found = {topic: instant(us) for topic, us in rows}
        return {topic: found.get(topic) for topic in topics}

    def begin_closing(self, topics: Collection[str]) -> None:
        """Wait for those who file for these topics, and hold off others until this ends."""
        hold(self._c, BINS, topics)

    def watch(self, topic: str) -> WatchState:
        """Return a topic's saved detectors; a topic never saved has an empty state."""
        row = self._c.exec_driver_sql(
            "SELECT closed_until_us, state FROM watch WHERE topic = ?", (topic,)
        ).first()
        if row is None:
            return WatchState(topic=topic, closed_until=None)
        return WatchState(topic=topic, closed_until=instant(row[0]), state=unpack_map(row[1]))

    def save_watch(self, state: WatchState) -> None:
        self._c.exec_driver_sql(
            "INSERT INTO watch (topic, closed_until_us, state) VALUES (?, ?, ?)"
            " ON CONFLICT (topic) DO UPDATE SET closed_until_us = excluded.closed_until_us,"
            " state = excluded.state",
            (state.topic, micros(state.closed_until), pack_map(state.state)),
        )

    def vocabulary(self, topic: str) -> Vocabulary:
        query = "SELECT content FROM vocabulary WHERE topic = ?"
        row = self._c.exec_driver_sql(query, (topic,)).first()
        return NOTHING if row is None else vocabulary_of(unpack_map(row[0]))

    def save_vocabulary(self, topic: str, vocabulary: Vocabulary) -> None:
        """Keep a topic's vocabulary in the place of the one before."""
        self._c.exec_driver_sql(
            "INSERT INTO vocabulary (topic, content) VALUES (?, ?)"
            " ON CONFLICT (topic) DO UPDATE SET content = excluded.content",
            (topic, pack_map(vocabulary_json(vocabulary))),
        )

    def add_result(self, result: BinResult) -> None:
        """Keep what one bin led to; the same bin and revision again replaces it."""
        self.add_results([result])

    def add_results(self, results: Sequence[BinResult]) -> None:
        """Keep what bins led to, in one statement: a third of the cost of one each."""
        rows = [
            (
                *(r.topic, seconds(r.start), r.revision, r.mentions, r.negatives),
                *(r.expected_mentions, r.expected_negatives, r.uplift, r.level),
                None if r.assessment is None else pack(r.assessment),
            )
            for r in results
        ]
        if rows:
            self._c.exec_driver_sql(_ADD_RESULT, rows)

    def reopen(self, topic: str, starts: Sequence[datetime]) -> None:
        """Remember closed bins that late mentions touched, and raise their revision by one."""
        table = schema.bin_revision
        rows = [
            {"topic": topic, "start_s": seconds(at), "revision": 1, "waiting": True}
            for at in sorted(set(starts))
        ]
        if rows:
            self._c.execute(
                insert(self._c, table).on_conflict_do_update(
                    index_elements=[table.c.topic, table.c.start_s],
                    set_={"revision": table.c.revision + 1, "waiting": True},
                ),
                rows,
            )

    def revisions(self, topic: str, starts: Sequence[datetime]) -> dict[datetime, int]:
        table = schema.bin_revision
        found = self._c.execute(
            select(table.c.start_s, table.c.revision).where(
                table.c.topic == topic, table.c.start_s.in_([seconds(at) for at in starts])
            )
        )
        stored = {row.start_s: row.revision for row in found}
        return {at: stored.get(seconds(at), 0) + 1 for at in starts}

    def take_reopened(self, topics: Collection[str]) -> list[Bin]:
        """Return and forget the re-opened bins, by topic and time, with counts of all revisions."""
        table = schema.bin_revision
        ours = {row.topic for row in self._c.execute(_REOPENED) if row.topic in topics}
        if not ours:
            return []
        # Read and forgotten by one statement: what another transaction re-opens meanwhile stays.
        waiting = self._c.execute(
            table.update()
            .where(schema.WAITING, table.c.topic.in_(ours))
            .values(waiting=False)
            .returning(table.c.topic, table.c.start_s, table.c.revision)
        ).all()
        taken = []
        for topic, start_s, revision in sorted(tuple(row) for row in waiting):
            start = from_seconds(start_s)
            counts = self.bins(topic, start, start + BIN).get(start, Counts())
            taken.append(Bin(topic=topic, start=start, counts=counts, revision=revision))
        return taken

    # sources

    def sources(self, change: Collection[str] | None = None) -> dict[str, SourceState]:
        if change is not None:
            hold(self._c, SOURCE, change)
        found = sources(self._c)
        return found if change is None else {n: s for n, s in found.items() if n in change}

    def save_source(self, state: SourceState) -> None:
        hold(self._c, SOURCE, [state.clock.source])
        self._c.exec_driver_sql(
            _SAVE_SOURCE,
            (
                *(state.clock.source, pack(state.clock), pack_map(state.cursor)),
                *(micros(state.ok_at), state.error, micros(state.error_at)),
            ),
        )

    def add_capped(self, span: Capped) -> None:
        self._c.exec_driver_sql(
            "INSERT INTO capped (source, since_us, until_us) VALUES (?, ?, ?)"
            " ON CONFLICT (source, since_us) DO UPDATE SET until_us = excluded.until_us"
            " WHERE excluded.until_us > capped.until_us",
            (span.source, micros(span.since), micros(span.until)),
        )

    def capped(self, since: datetime, until: datetime) -> list[Capped]:
        return capped(self._c, since, until)

    # media echo

    def media(self, topic: str) -> int:
        """Return the level that a person set for the media echo, 0 where nobody did."""
        row = self._c.exec_driver_sql(_MEDIA, (topic,)).first()
        return int(row[0]) if row else 0

    def set_media(self, topic: str, level: int, actor: str, at: datetime) -> None:
        table = schema.media
        values = {"level": level, "actor": actor, "at_us": micros(at)}
        self._c.execute(
            insert(self._c, table)
            .values(topic=topic, **values)
            .on_conflict_do_update(index_elements=[table.c.topic], set_=values)
        )


def _by_key(item: tuple[CountKey, Counts]) -> tuple[str, int, str, int]:
    """Sort as the table's key does: two that add to the same rows meet at the first of them."""
    topic, source, minute, revision = item[0]
    return topic, minute, source, revision


def bins(c: Connection, topic: str, since: datetime, until: datetime) -> dict[datetime, Counts]:
    """Return counts per bin over [since, until), all revisions summed; empty bins absent."""
    rows = c.exec_driver_sql(_BINS, (topic, *minutes(since, until)))
    return {from_seconds(row[0] * BIN_S): Counts(*row[1:]) for row in rows}


def minutes(since: datetime, until: datetime) -> tuple[int, int]:
    """Return the minutes that start in [since, until) as a half-open range."""
    return -(-micros(since) // 60_000_000), -(-micros(until) // 60_000_000)


def window(c: Connection, topic: str, since: datetime, until: datetime, limit: int) -> Window:
    """Return the narrow rows of a topic, oldest first; with more than ``limit``, the newest.

    ``since`` and ``until`` count in whole seconds. About 1 us a row.
    """
    # The driver's own tuples: SQLAlchemy's rows would cost as much again.
    cursor = c.exec_driver_sql(_WINDOW, (topic, seconds(since), seconds(until), limit)).cursor
    rows = list(cursor.fetchall()) if cursor is not None else []
    if not rows:
        return Window(since=since, until=until)
    rows.reverse()
    columns = [list(column) for column in zip(*rows, strict=True)]
    at, num, source, author, thread, cluster, tone, offensive, reach, lang, kind = columns[:11]
    tripwire, certainty, negative, rival = columns[11:]
    if len(rows) >= MANY:
        same: dict[str, str] = {}
        source, lang, kind, tripwire, rival = (
            [same.setdefault(word, word) for word in words]
            for words in (source, lang, kind, tripwire, rival)
        )
    return Window(
        since=since,
        until=until,
        at=at,
        num=num,
        source=source,
        author=author,
        thread=thread,
        cluster=cluster,
        tone=tone,
        offensive=[flag == 1 for flag in offensive],
        reach=reach,
        lang=lang,
        kind=kind,
        tripwire=tripwire,
        certainty=certainty,
        negative=negative,
        rival=rival,
    )


# Built once: building a statement costs more than running one this small.
_MEDIA = "SELECT level FROM media WHERE topic = ?"
_REOPENED = select(schema.bin_revision.c.topic).where(schema.WAITING).distinct()
_CAPPED = (
    "SELECT source, since_us, until_us FROM capped WHERE until_us > ? AND since_us < ?"
    " ORDER BY source, since_us"
)
_SOURCES = "SELECT source, clock, cursor, ok_us, error, error_us FROM source_state ORDER BY source"


def sources(c: Connection) -> dict[str, SourceState]:
    return {
        source: SourceState(
            clock=unpack(clock, SourceClock),
            cursor=unpack_map(cursor),
            ok_at=instant(ok_us),
            error=error,
            error_at=instant(error_us),
        )
        for source, clock, cursor, ok_us, error, error_us in c.exec_driver_sql(_SOURCES)
    }


def capped(c: Connection, since: datetime, until: datetime) -> list[Capped]:
    """Return the spans of which a source gave only a part, that reach into [since, until)."""
    rows = c.exec_driver_sql(_CAPPED, (micros(since), micros(until)))
    return [Capped(source, instant(start), instant(end)) for source, start, end in rows]


def result_of(row: RowMapping) -> BinResult:
    """Return a row of ``bin_result`` as what was concluded."""
    text = row["assessment"]
    return BinResult(
        topic=row["topic"],
        start=from_seconds(row["start_s"]),
        revision=row["revision"],
        mentions=row["mentions"],
        negatives=row["negatives"],
        expected_mentions=row["expected_mentions"],
        expected_negatives=row["expected_negatives"],
        level=row["level"],
        uplift=row["uplift"],
        assessment=None if text is None else unpack(text, Assessment),
    )
