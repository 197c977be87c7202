"""Mentions into rows: each id once, and everything that hangs on it in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from sqlalchemy import Connection

from detectors.mention import Kind, Metrics
from detectors.score.base import YES, Score, Tone, percent
from detectors.shaped import decoded
from detectors.window import Counts, bin_start
from monitor.ports import Filed, Known
from monitor.store.adding_sqlite import ADD_NARROW
from monitor.store.codec import from_seconds, instant, micros, seconds
from monitor.store.dialects import on_postgres
from monitor.store.filed_rows import (
    answers_json,
    certainty,
    cheap_of,
    extra_json,
    metrics_json,
    narrow_rest,
    rivals_of,
    topics_json,
)

_HANDLE = re.compile(r"(?<![\w@])@\w[\w.-]*(?:@[\w.-]+)?")

_KNOWN = (
    "SELECT source, at_us, topics, tone, negative, offensive, reach, tripwire, kind, deleted_us"
    " FROM mention WHERE num = ?"
)

_REWRITE = (
    "UPDATE mention SET published_us = ?, kind = ?, lang = ?, title = ?, text = ?, url = ?,"
    " cluster = ?, topics = ?, tone = ?, negative = ?, positive = ?, offensive = ?, model = ?, tripwire = ?, reach = ?, metrics = coalesce(?, metrics), extra = ?, answers = ?"
    " WHERE num = ?"
)

# Only where the row is still the one that was read: an edit in between is another text.
_RESCORE = (
    "UPDATE mention SET tone = ?, negative = ?, positive = ?, offensive = ?, model = ?, extra = ?, answers = ?"
    " WHERE num = ? AND deleted_us IS NULL AND model = ? AND text = ? AND title = ?"
)
_RESCORE_NARROW = (
    "UPDATE mention_topic SET tone = ?, offensive = ?, certainty = ?, negative = ?"
    " WHERE topic = ? AND at_s = ? AND num = ?"
)

_TAKE_BACK = (
    "INSERT INTO taken_back (bin_s, topic, n) VALUES (?, ?, 1)"
    " ON CONFLICT (bin_s, topic) DO UPDATE SET n = taken_back.n + 1"
)
_TAKEN_BACK = "SELECT bin_s, topic, n FROM taken_back WHERE bin_s >= ? AND bin_s < ?"


class Adder(Protocol):
    """How one database takes in rows; made for one transaction by its store."""

    def add(self, c: Connection, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows and what hangs on them; True where the id was new."""
        ...


class MentionWrites:
    """The part of a transaction that writes mentions and answers what is known of one."""

    def __init__(self, connection: Connection, adder: Adder) -> None:
        self._c = connection
        self._adder = adder

    def add_mentions(self, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. Of two equal ids in one call the first is new."""
        return self._adder.add(self._c, rows)

    def known(self, id: bytes) -> Known | None:
        num = self._num(id)
        return None if num is None else known_of(self._c, id, num)

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
                *(topics_json(row.topics), int(s.tone), s.p[0], s.p[2], s.offensive, row.model),
                *(row.tripwire, m.reach, metrics_json(m.metrics), extra_json(m), answers_json(s)),
                known.num,
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
            rest = narrow_rest(known.num, row)
            run(ADD_NARROW, [(topic, at_s, *rest, rival) for topic, rival in rivals_of(row)])

    def rescore(self, row: Filed, score: Score, model: str) -> bool:
        """Replace the scores of a mention that still stands as ``row`` says; see `Transaction.rescore`."""
        known = self.known(row.id)
        if known is None:
            return False
        m, run = row.mention, self._c.exec_driver_sql
        extra = extra_json(m, cheap_of(row))
        values = (
            *(int(score.tone), score.p[0], score.p[2], score.offensive),
            *(model, extra, answers_json(score)),
        )
        changed = run(_RESCORE, (*values, known.num, row.model, m.text, m.title)).rowcount
        if not changed:
            return False
        at_s = micros(known.at) // 1_000_000
        narrow = (
            int(score.tone),
            int(score.offensive >= YES),
            certainty(score),
            percent(score.p[0]),
        )
        for topic in known.topics:
            run(_RESCORE_NARROW, (*narrow, topic, at_s, known.num))
        return True

    def mark_deleted(self, id: bytes, at: datetime) -> bool:
        """Mark as deleted by the platform and drop its text; False when unknown or already so.

        Its narrow rows and counts stay. Evidence keeps the words, but from now on neither the
        address nor any @handle in them; a correction of its tone keeps none.
        """
        num = self._num(id)
        if num is None:
            return False
        run = self._c.exec_driver_sql
        marked = run(
            "UPDATE mention SET deleted_us = ?, text = '', title = '', url = '', extra = NULL, answers = ''"
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
        if marked:
            run("UPDATE correction SET text = '' WHERE num = ?", (num,))
            topics = run("SELECT topics FROM mention WHERE num = ?", (num,)).scalar_one()
            bin_s = seconds(bin_start(at))
            found = [(bin_s, topic) for topic in topics_of(topics)]
            if found:
                run(_TAKE_BACK, found)
        return marked > 0

    def taken_back(self, since: datetime, until: datetime) -> dict[str, dict[datetime, int]]:
        found: dict[str, dict[datetime, int]] = {}
        rows = self._c.exec_driver_sql(_TAKEN_BACK, (seconds(since), seconds(until)))
        for bin_s, topic, n in rows:
            found.setdefault(topic, {})[from_seconds(bin_s)] = n
        return found

    def set_metrics(self, id: bytes, metrics: Metrics) -> bool:
        """Take over the counters that are stated, keep the others; False when the id is unknown."""
        num = self._num(id)
        if num is None:
            return False
        run = self._c.exec_driver_sql
        row = run("SELECT metrics, reach, topics, at_us FROM mention WHERE num = ?", (num,)).one()
        before = decoded(row[0], Metrics) if row[0] else Metrics()
        after = Metrics(
            **{
                name: getattr(before, name) if (value := getattr(metrics, name)) is None else value
                for name in Metrics.__struct_fields__
            }
        )
        reach = next((n for n in (after.reach, after.views) if n is not None), row[1])
        run(
            "UPDATE mention SET metrics = ?, reach = ? WHERE num = ?",
            (metrics_json(after), reach, num),
        )
        if reach != row[1]:
            for topic in topics_of(row[2]):
                run(
                    "UPDATE mention_topic SET reach = ? WHERE topic = ? AND at_s = ? AND num = ?",
                    (reach, topic, row[3] // 1_000_000, num),
                )
        return True

    def keep_evidence(self, incident: str, nums: Sequence[int]) -> None:
        """Keep a snapshot of posts for an incident; the first snapshot of a post stays."""
        self._c.exec_driver_sql(
            "INSERT INTO evidence (incident, num, text, title, url, source, lang, kind,"
            " at_us, observed_us, tone, score, offensive, reach, author, cluster)"
            " SELECT ?, num, text, title, url, source, lang, kind, at_us, observed_us, tone,"
            " positive - negative, offensive, reach, author, cluster FROM mention WHERE num = ? AND deleted_us IS NULL"
            " ON CONFLICT (incident, num) DO NOTHING",
            [(incident, num) for num in sorted(nums)],
        ) if nums else None

    def _num(self, id: bytes) -> int | None:
        found = self._c.exec_driver_sql("SELECT num FROM seen WHERE id = ?", (id,)).scalar()
        return None if found is None else int(found)


def known_of(c: Connection, id: bytes, num: int) -> Known | None:
    """Return what is needed to amend a mention, and hold its row until the transaction ends: whoever
    changes it at the same time waits, and then sees what was changed."""
    # Not as one join: with the number at hand PostgreSQL plans for one day out of a thousand.
    row = c.exec_driver_sql(_KNOWN + (" FOR UPDATE" if on_postgres(c) else ""), (num,)).first()
    if row is None:
        return None
    source, at_us, topics, tone, negative, offensive, reach, tripwire, kind, deleted_us = row
    negativity = percent(negative)
    return Known(
        id=id,
        num=num,
        source=source,
        at=instant(at_us),
        topics=topics_of(topics),
        counts=Counts(
            mentions=1,
            negatives=int(tone == Tone.NEGATIVE),
            neutrals=int(tone == Tone.NEUTRAL),
            positives=int(tone == Tone.POSITIVE),
            unread=int(tone == Tone.UNREAD),
            offensive=int(offensive >= YES),
            reach=reach,
            tripwires=int(tripwire != ""),
            articles=int(kind == Kind.ARTICLE),
            deleted=int(deleted_us is not None),
            negativity=negativity,
            negativity_squares=negativity**2,
        ),
        deleted=deleted_us is not None,
    )


@lru_cache(maxsize=4096)
def topics_of(text: str) -> tuple[str, ...]:
    return decoded(text, tuple[str, ...])


def _without_handles(text: str) -> str:
    return _HANDLE.sub("@…", text)
