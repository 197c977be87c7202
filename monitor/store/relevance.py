"""Relevance: what people said of a topic's sample of posts, and posts that belong to no topic."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from detectors.mention import Direction
from detectors.query_health import Mark
from monitor.ports import Recent
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.dialects import insert
from monitor.store.filed_rows import tags_of
from monitor.store.transactions import Snapshots

LOOKED_AT = 20_000
"""Newest posts among which those of no topic are looked for: there is no index for it."""

_LOOKED = (
    *("num", "text", "title", "extra", "source", "lang", "kind"),
    *("at_us", "observed_us", "cluster", "deleted_us", "direction", "topics"),
)

_NO_TOPICS = "[]"

_r = schema.relevance
_m = schema.mention


class RelevanceKept:
    """The part of a transaction that keeps marks."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def mark_relevance(self, mark: Mark) -> None:
        key = {"topic": mark.topic, "month": mark.month, "num": mark.num}
        said = {"ours": mark.ours, "actor": mark.actor, "at_us": micros(mark.at)}
        self._c.execute(
            insert(self._c, _r)
            .values(**key, **said)
            .on_conflict_do_update(index_elements=[_r.c.topic, _r.c.month, _r.c.num], set_=said)
        )


class RelevanceRead:
    """The part of a reader that tells how a query does."""

    _snapshot: Snapshots

    def marks(self, topic: str, month: str | None = None) -> list[Mark]:
        query = select(_r).where(_r.c.topic == topic).order_by(_r.c.month, _r.c.num)
        if month is not None:
            query = query.where(_r.c.month == month)
        with self._snapshot() as c:
            return [
                Mark(row.topic, row.num, row.month, bool(row.ours), row.actor, instant(row.at_us))
                for row in c.execute(query)
            ]

    def unmatched(self, since: datetime, limit: int) -> list[int]:
        newest = (
            select(_m.c.num, _m.c.topics, _m.c.at_us, _m.c.deleted_us)
            .order_by(_m.c.num.desc())
            .limit(LOOKED_AT)
            .subquery()
        )
        query = (
            select(newest.c.num)
            .where(
                newest.c.topics == _NO_TOPICS,
                newest.c.at_us >= micros(since),
                newest.c.deleted_us.is_(None),
            )
            .order_by(newest.c.num.desc())
            .limit(limit)
        )
        with self._snapshot() as c:
            return list(c.scalars(query))

    def recent(self, limit: int, before: int | None = None) -> list[Recent]:
        query = select(*(_m.c[name] for name in _LOOKED)).order_by(_m.c.num.desc()).limit(limit)
        if before is not None:
            query = query.where(_m.c.num < before)
        with self._snapshot() as c:
            return [
                Recent(
                    num=row.num,
                    text=row.text,
                    title=row.title,
                    tags=tags_of(row.extra),
                    source=row.source,
                    lang=row.lang,
                    kind=row.kind,
                    at=instant(row.at_us),
                    observed_at=instant(row.observed_us),
                    cluster=row.cluster,
                    gone=row.deleted_us is not None,
                    own=row.direction != Direction.INBOUND,
                    matched=row.topics != _NO_TOPICS,
                )
                for row in c.execute(query)
            ]
