"""Mentions into rows: each id once, and everything that hangs on it in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from sqlalchemy import Connection

from detectors.mention import Author, Kind, Media, Mention, Metrics
from detectors.score.base import Tone
from detectors.window import BIN_S, Counts, Dated
from monitor.ports import Filed, Known
from monitor.store.codec import instant, micros
from monitor.store.schema import mention as mention_table
from monitor.store.schema import mention_topic as narrow_table

IN_LIMIT = 500
"""Ids per ``IN (...)``: a handful of statement texts stay prepared."""

_DAY_US = 86_400_000_000
_HANDLE = re.compile(r"(?<![\w@])@\w[\w.-]*(?:@[\w.-]+)?")

_WIDE = [c.name for c in mention_table.columns if c.name != "deleted_us"]
_NARROW = [c.name for c in narrow_table.columns]


def _insert(table: str, columns: Sequence[str], verb: str = "INSERT") -> str:
    marks = ",".join("?" * len(columns))
    return f"{verb} INTO {table} ({','.join(columns)}) VALUES ({marks})"


_ADD_SEEN = _insert("seen", ["id", "num", "day"], "INSERT OR IGNORE")
_ADD_MENTION = _insert("mention", _WIDE)
_ADD_NARROW = _insert("mention_topic", _NARROW)
_ADD_AUTHOR = (
    _insert(
        "author",
        ["key", "source", "handle", "name", "followers", "verified", "type", "last_seen_us"],
    )
    # An author who writes all day is written once an hour: every write is a page of the log.
    + " ON CONFLICT (key) DO UPDATE SET handle = excluded.handle, name = excluded.name,"
    " followers = coalesce(excluded.followers, followers),"
    " verified = coalesce(excluded.verified, verified),"
    " type = excluded.type, last_seen_us = excluded.last_seen_us"
    " WHERE excluded.last_seen_us >= last_seen_us + 3600000000"
    " OR (excluded.last_seen_us >= last_seen_us AND (excluded.name <> name"
    " OR excluded.followers <> followers OR excluded.type <> type"
    " OR excluded.verified IS NOT coalesce(verified, excluded.verified)))"
)
_ADD_FIRST = (
    _insert("author_first", ["topic", "author", "first_bin_s"])
    + " ON CONFLICT (topic, author) DO UPDATE SET first_bin_s = excluded.first_bin_s"
    " WHERE excluded.first_bin_s < first_bin_s"
)
_REWRITE = (
    "UPDATE mention SET published_us = ?, kind = ?, lang = ?, title = ?, text = ?, url = ?,"
    " cluster = ?, topics = ?, tone = ?, negative = ?, positive = ?, offensive = ?, model = ?, tripwire = ?, reach = ?, metrics = coalesce(?, metrics), extra = ?"
    " WHERE num = ?"
)


class MentionWrites:
    """The part of a transaction that writes mentions and answers what is known of one."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add_mentions(self, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. Of two equal ids in one call the first is new.

        About 1.5 times what SQLite alone needs for the same rows (docs/decisions/0003-schema.md).
        """
        if not rows:
            return []
        first = self._last_num() + 1
        at = [micros(row.at) for row in rows]
        inserted = self._c.exec_driver_sql(
            _ADD_SEEN,
            [
                (row.id, num, at_us // _DAY_US)
                for num, (row, at_us) in enumerate(zip(rows, at, strict=True), first)
            ],
        ).rowcount
        if inserted == len(rows):
            self._add_rows(list(zip(range(first, first + len(rows)), rows, at, strict=True)))
            return [True] * len(rows)
        # A row is new where the number that `seen` holds is the one given to it here.
        num_of = known_nums(self._c, [row.id for row in rows])
        new = [num_of[row.id] == num for num, row in enumerate(rows, first)]
        fresh = zip(range(first, first + len(rows)), rows, at, new, strict=True)
        self._add_rows([(num, row, at_us) for num, row, at_us, is_new in fresh if is_new])
        return new

    def _last_num(self) -> int:
        found = self._c.exec_driver_sql(
            "SELECT seq FROM sqlite_sequence WHERE name = 'mention'"
        ).scalar()
        return int(found or 0)

    def _add_rows(self, fresh: Sequence[tuple[int, Filed, int]]) -> None:
        wide: list[tuple[object, ...]] = []
        narrow: list[tuple[object, ...]] = []
        people: dict[int, tuple[object, ...]] = {}
        firsts: dict[tuple[str, int], int] = {}
        seen_at, observed_us = None, 0
        for num, row, at_us in fresh:
            if row.observed_at is not seen_at:  # the mentions of one batch share it
                seen_at, observed_us = row.observed_at, micros(row.observed_at)
            wide.append(_wide(num, row, at_us, observed_us))
            key, author = row.author, row.mention.author
            if row.topics:
                at_s = at_us // 1_000_000
                rest = _narrow(num, row)
                start = at_s - at_s % BIN_S
                for topic in row.topics:
                    narrow.append((topic, at_s, *rest))
                    if key and firsts.get((topic, key), start) >= start:
                        firsts[topic, key] = start
            if key and author is not None:
                people[key] = (key, row.mention.source, *_person(author), observed_us)
        run = self._c.exec_driver_sql
        for sql, rows in (
            (_ADD_MENTION, wide),
            (_ADD_NARROW, narrow),
            (_ADD_AUTHOR, list(people.values())),
            (_ADD_FIRST, [(topic, key, start) for (topic, key), start in firsts.items()]),
        ):
            if rows:
                run(sql, rows)

    def known(self, id: bytes) -> Known | None:
        row = self._c.exec_driver_sql(
            "SELECT m.num, m.source, m.at_us, m.topics, m.tone, m.offensive, m.reach, m.tripwire,"
            " m.kind, m.deleted_us FROM seen s JOIN mention m ON m.num = s.num WHERE s.id = ?",
            (id,),
        ).first()
        if row is None:
            return None
        num, source, at_us, topics, tone, offensive, reach, tripwire, kind, deleted_us = row
        return Known(
            id=id,
            num=num,
            source=source,
            at=instant(at_us),
            topics=_topics_of(topics),
            counts=Counts(
                mentions=1,
                negatives=int(tone == Tone.NEGATIVE),
                neutrals=int(tone == Tone.NEUTRAL),
                positives=int(tone == Tone.POSITIVE),
                unread=int(tone == Tone.UNREAD),
                offensive=int(offensive >= 0.5),
                reach=reach,
                tripwires=int(tripwire != ""),
                articles=int(kind == Kind.ARTICLE),
                deleted=int(deleted_us is not None),
            ),
            deleted=deleted_us is not None,
        )

    def rewrite(self, row: Filed) -> None:
        """Replace text and scores of a known mention; its event time, number and id stay.

        A mention that the platform deleted stays deleted: an edit that arrives later than the
        deletion brings no text back. Raises KeyError for an id that is not stored.
        """
        known = self.known(row.id)
        if known is None:
            raise KeyError(f"mention {row.id.hex()} of source {row.mention.source!r} is not stored")
        if known.deleted:
            return
        m, s = row.mention, row.score
        self._c.exec_driver_sql(
            _REWRITE,
            (
                *(
                    micros(m.published_at),
                    m.kind.value,
                    s.lang,
                    m.title,
                    m.text,
                    m.url,
                    row.cluster,
                ),
                *(_topics_json(row.topics), int(s.tone), s.p[0], s.p[2], s.offensive, row.model),
                *(row.tripwire, m.reach, _metrics_json(m.metrics), _extra(m), known.num),
            ),
        )
        at_s = micros(known.at) // 1_000_000
        run = self._c.exec_driver_sql
        for topic in known.topics:
            run(
                "DELETE FROM mention_topic WHERE topic = ? AND at_s = ? AND num = ?",
                (topic, at_s, known.num),
            )
        if row.topics:
            rest = _narrow(known.num, row)
            run(_ADD_NARROW, [(topic, at_s, *rest) for topic in row.topics])

    def mark_deleted(self, id: bytes, at: datetime) -> bool:
        """Mark as deleted by the platform and drop its text; False when unknown or already so.

        Its narrow rows and counts stay. Evidence keeps the words, but from now on neither the
        address nor any @handle in them.
        """
        num = self._num(id)
        if num is None:
            return False
        run = self._c.exec_driver_sql
        marked = run(
            "UPDATE mention SET deleted_us = ?, text = '', title = '', url = '', extra = NULL"
            " WHERE num = ? AND deleted_us IS NULL",
            (micros(at), num),
        ).rowcount
        for incident, text, title in run(
            "SELECT incident, text, title FROM evidence WHERE num = ?", (num,)
        ).fetchall():
            run(
                "UPDATE evidence SET deleted_us = ?, url = '', text = ?, title = ?"
                " WHERE incident = ? AND num = ?",
                (micros(at), _without_handles(text), _without_handles(title), incident, num),
            )
        return marked > 0

    def set_metrics(self, id: bytes, metrics: Metrics) -> bool:
        """Take over the counters that are stated, keep the others; False when the id is unknown."""
        num = self._num(id)
        if num is None:
            return False
        run = self._c.exec_driver_sql
        row = run("SELECT metrics, reach, topics, at_us FROM mention WHERE num = ?", (num,)).one()
        before = msgspec.json.decode(row[0], type=Metrics) if row[0] else Metrics()
        after = Metrics(
            **{
                name: getattr(before, name) if (value := getattr(metrics, name)) is None else value
                for name in Metrics.__struct_fields__
            }
        )
        reach = next((n for n in (after.reach, after.views) if n is not None), row[1])
        run(
            "UPDATE mention SET metrics = ?, reach = ? WHERE num = ?",
            (_metrics_json(after), reach, num),
        )
        if reach != row[1]:
            for topic in _topics_of(row[2]):
                run(
                    "UPDATE mention_topic SET reach = ? WHERE topic = ? AND at_s = ? AND num = ?",
                    (reach, topic, row[3] // 1_000_000, num),
                )
        return True

    def keep_evidence(self, incident: str, nums: Sequence[int]) -> None:
        """Keep a snapshot of posts for an incident; the first snapshot of a post stays."""
        self._c.exec_driver_sql(
            "INSERT OR IGNORE INTO evidence (incident, num, text, title, url, source, lang, kind,"
            " at_us, observed_us, tone, score, offensive, reach, author, cluster)"
            " SELECT ?, num, text, title, url, source, lang, kind, at_us, observed_us, tone,"
            " positive - negative, offensive, reach, author, cluster FROM mention WHERE num = ? AND deleted_us IS NULL",
            [(incident, num) for num in nums],
        ) if nums else None

    def _num(self, id: bytes) -> int | None:
        found = self._c.exec_driver_sql("SELECT num FROM seen WHERE id = ?", (id,)).scalar()
        return None if found is None else int(found)


def known_nums(connection: Connection, ids: Sequence[bytes]) -> dict[bytes, int]:
    """Return the numbers of those ids that are stored."""
    found: dict[bytes, int] = {}
    for some in _chunks(ids):
        marks = ",".join("?" * len(some))
        rows = connection.exec_driver_sql(
            f"SELECT id, num FROM seen WHERE id IN ({marks})",  # noqa: S608 - only marks
            tuple(some),
        )
        found.update((bytes(id), num) for id, num in rows)
    return found


def _chunks(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(ids), IN_LIMIT):
        yield ids[start : start + IN_LIMIT]


def _wide(num: int, row: Filed, at_us: int, observed_us: int) -> tuple[object, ...]:
    m, s = row.mention, row.score
    return (
        num,
        m.source,
        m.source_id,
        at_us,
        at_us if row.dated == Dated.PUBLISHED else micros(m.published_at),
        observed_us,
        row.dated,
        m.kind.value,  # the driver is slow with every type but str itself
        m.direction.value,
        s.lang,
        m.title,
        m.text,
        m.url,
        row.author,
        row.thread,
        row.cluster,
        _topics_json(row.topics),
        int(s.tone),
        s.p[0],
        s.p[2],
        s.offensive,
        row.model,
        row.tripwire,
        m.reach,
        _metrics_json(m.metrics),
        _extra(m),
    )


def _narrow(num: int, row: Filed) -> tuple[object, ...]:
    m, s = row.mention, row.score
    return (
        num,
        m.source,
        row.author,
        row.thread,
        row.cluster,
        int(s.tone),
        int(s.offensive >= 0.5),
        m.reach,
        s.lang,
        m.kind.value,
        row.tripwire,
    )


def _person(author: Author) -> tuple[object, ...]:
    kind = author.account_type
    return (
        author.handle,
        author.name,
        author.followers,
        author.verified,
        "" if kind is None else kind.value,
    )


class Extra(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only people read of a mention; kept as JSON of the fields that are stated."""

    thread_id: str = ""
    parent_id: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    country: str = ""
    rating: float | None = None


@lru_cache(maxsize=4096)
def _topics_json(topics: tuple[str, ...]) -> str:
    return msgspec.json.encode(topics).decode()


@lru_cache(maxsize=4096)
def _topics_of(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _metrics_json(metrics: Metrics | None) -> str | None:
    return None if metrics is None else msgspec.json.encode(metrics).decode()


def _extra(m: Mention) -> str | None:
    extra = Extra(m.thread_id, m.parent_id, m.tags, m.links, m.media, m.country, m.rating)
    text = msgspec.json.encode(extra).decode()
    return None if text == "{}" else text


def _without_handles(text: str) -> str:
    return _HANDLE.sub("@…", text)
