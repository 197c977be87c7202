"""Corrections of tone and the weights they taught. Few, and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, func, select

from detectors.mention import mention_id, readable
from detectors.score.base import Tone, percent
from monitor.ports import Correction, Reading, Speaking, Taught
from monitor.store import schema
from monitor.store.codec import instant, micros, pack, unpack
from monitor.store.dialects import hold
from monitor.store.mentions import known_of, topics_of
from monitor.store.transactions import Snapshots

KEPT = 20
"""Versions of taught weights: half a megabyte each."""

_c = schema.correction
_t = schema.taught
_s = schema.speaking
_VERDICT = tuple(c for c in _t.c if c.name != "content")

_RELABEL = "UPDATE mention SET tone = ?, negative = ?, positive = ?, model = ? WHERE num = ?"
_RELABEL_NARROW = (
    "UPDATE mention_topic SET tone = ?, certainty = ?, negative = ?"
    " WHERE topic = ? AND at_s = ? AND num = ?"
)


class _Drift(msgspec.Struct, frozen=True):
    residuals: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()


class CorrectionKept:
    """The part of a transaction that keeps what people said of tones."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def corrections(
        self, topic: str | None = None, since: datetime | None = None, *, withdrawn: bool = False
    ) -> list[Correction]:
        return corrections(self._c, topic, since, withdrawn)

    def correction_of(self, num: int) -> Correction | None:
        return correction_of(self._c, num)

    def corrections_version(self) -> int:
        return version(self._c)

    def taught(self, limit: int = KEPT) -> list[Taught]:
        return taught(self._c, limit)

    def taught_content(self, id: int) -> tuple[Taught, bytes] | None:
        return content(self._c, id)

    def speaking(self, limit: int = KEPT) -> list[Speaking]:
        return speaking(self._c, limit)

    def read_of(self, num: int) -> Reading | None:
        m = schema.mention
        names = ("source", "source_id", "model", "lang", "kind", "title", "text")
        wanted = (m.c[n] for n in (*names, "tone", "negative", "positive"))
        row = self._c.execute(select(*wanted).where(m.c.num == num).with_for_update()).first()
        if row is None:
            return None
        known = known_of(self._c, mention_id(row.source, row.source_id), num)
        if known is None:
            return None
        return Reading(
            known=known,
            tone=Tone(row.tone),
            negative=row.negative,
            positive=row.positive,
            model=row.model,
            lang=row.lang,
            kind=row.kind,
            words=readable(row.title, row.text),
        )

    def relabel(self, num: int, tone: Tone, negative: float, positive: float, model: str) -> None:
        run = self._c.exec_driver_sql
        run(_RELABEL, (int(tone), negative, positive, model, num))
        row = run("SELECT topics, at_us FROM mention WHERE num = ?", (num,)).one()
        sure = 0.0 if tone is Tone.UNREAD else max(negative, positive, 1.0 - negative - positive)
        narrow = int(tone), percent(sure), percent(negative)
        for topic in topics_of(row[0]):
            run(_RELABEL_NARROW, (*narrow, topic, row[1] // 1_000_000, num))

    def add_correction(self, correction: Correction) -> Correction:
        # One at a time: two who correct one post at once would both leave a word that counts.
        hold(self._c, "correction", [str(correction.num)])
        here = (_c.c.num == correction.num, _c.c.withdrawn_us.is_(None))
        self._c.execute(_c.update().where(*here).values(withdrawn_us=micros(correction.at)))
        values = {
            "num": correction.num,
            "topic": correction.topic,
            "label": int(correction.label),
            "was": int(correction.was),
            "was_negative": correction.was_negative,
            "was_positive": correction.was_positive,
            "model": correction.model,
            "lang": correction.lang,
            "text": correction.text,
            "drawn": correction.drawn,
            "actor": correction.actor,
            "at_us": micros(correction.at),
        }
        new = self._c.execute(_c.insert().values(**values).returning(_c.c.id))
        return replace(correction, id=new.scalar_one())

    def withdraw_correction(self, id: int, at: datetime) -> bool:
        here = (_c.c.id == id, _c.c.withdrawn_us.is_(None))
        done = self._c.execute(_c.update().where(*here).values(withdrawn_us=micros(at)))
        return done.rowcount > 0

    def add_taught(self, taught: Taught, content: bytes) -> Taught | None:
        hold(self._c, "taught", [""])
        same = (
            _t.c.base == taught.base,
            _t.c.name == taught.name,
            _t.c.learner == taught.learner,
        )
        if self._c.scalar(select(_t.c.id).where(*same)) is not None:
            return None
        values = {
            "base": taught.base,
            "name": taught.name,
            "learner": taught.learner,
            "lessons": taught.lessons,
            "drawn": taught.drawn,
            "f1_base": taught.f1_base,
            "f1_taught": taught.f1_taught,
            "low": taught.low,
            "drift": pack(_Drift(taught.residuals, taught.unknown)),
            "at_us": micros(taught.at),
            "content": content,
        }
        new = self._c.execute(_t.insert().values(**values).returning(_t.c.id))
        kept = replace(taught, id=new.scalar_one())
        self._forget()
        return kept

    def _forget(self) -> None:
        newest = list(self._c.scalars(select(_t.c.id).order_by(_t.c.id.desc()).limit(KEPT)))
        now = speaking(self._c, 1)
        spoken = {one.taught for one in now}
        old = select(_t.c.id).where(_t.c.id < min(newest))
        gone = [id for id in self._c.scalars(old) if id not in spoken]
        if gone:
            self._c.execute(_t.delete().where(_t.c.id.in_(gone)))

    def add_speaking(self, speaking: Speaking, newest: int) -> Speaking | None:
        hold(self._c, "speaking", [""])
        if self._c.scalar(select(func.coalesce(func.max(_s.c.id), 0))) != newest:
            return None
        values = {
            "taught": speaking.taught,
            "note": speaking.note,
            "actor": speaking.actor,
            "at_us": micros(speaking.at),
        }
        new = self._c.execute(_s.insert().values(**values).returning(_s.c.id))
        return replace(speaking, id=new.scalar_one())


class CorrectionRead:
    """The part of a reader that looks up what people said of tones."""

    _snapshot: Snapshots

    def corrections(
        self, topic: str | None = None, since: datetime | None = None, *, withdrawn: bool = False
    ) -> list[Correction]:
        with self._snapshot() as c:
            return corrections(c, topic, since, withdrawn)

    def correction_of(self, num: int) -> Correction | None:
        with self._snapshot() as c:
            return correction_of(c, num)

    def corrections_version(self) -> int:
        with self._snapshot() as c:
            return version(c)

    def taught(self, limit: int = KEPT) -> list[Taught]:
        with self._snapshot() as c:
            return taught(c, limit)

    def taught_content(self, id: int) -> tuple[Taught, bytes] | None:
        with self._snapshot() as c:
            return content(c, id)

    def speaking(self, limit: int = KEPT) -> list[Speaking]:
        with self._snapshot() as c:
            return speaking(c, limit)


def corrections(
    c: Connection, topic: str | None, since: datetime | None, withdrawn: bool
) -> list[Correction]:
    query = select(_c).order_by(_c.c.id)
    if topic is not None:
        query = query.where(_c.c.topic == topic)
    if since is not None:
        query = query.where(_c.c.at_us >= micros(since))
    if not withdrawn:
        query = query.where(_c.c.withdrawn_us.is_(None))
    return [_correction(row._mapping) for row in c.execute(query)]


def correction_of(c: Connection, num: int) -> Correction | None:
    query = select(_c).where(_c.c.num == num, _c.c.withdrawn_us.is_(None))
    row = c.execute(query.order_by(_c.c.id.desc()).limit(1)).first()
    return None if row is None else _correction(row._mapping)


def version(c: Connection) -> int:
    """Return how many words there are and how many were withdrawn: rows are never deleted, and an id may
    be given out before a smaller one is committed."""
    told = c.execute(select(func.count(), func.count(_c.c.withdrawn_us)).select_from(_c)).one()
    return int(told[0]) + int(told[1])


def taught(c: Connection, limit: int) -> list[Taught]:
    query = select(*_VERDICT).order_by(_t.c.id.desc()).limit(limit)
    return [_taught(row._mapping) for row in c.execute(query)]


def content(c: Connection, id: int) -> tuple[Taught, bytes] | None:
    row = c.execute(select(_t).where(_t.c.id == id)).first()
    return None if row is None else (_taught(row._mapping), bytes(row.content))


def speaking(c: Connection, limit: int) -> list[Speaking]:
    query = select(_s).order_by(_s.c.id.desc()).limit(limit)
    return [
        Speaking(row.taught, row.actor, instant(row.at_us), row.note, row.id)
        for row in c.execute(query)
    ]


def _correction(row: RowMapping) -> Correction:
    return Correction(
        num=row["num"],
        topic=row["topic"],
        label=Tone(row["label"]),
        was=Tone(row["was"]),
        was_negative=row["was_negative"],
        was_positive=row["was_positive"],
        model=row["model"],
        lang=row["lang"],
        text=row["text"],
        drawn=bool(row["drawn"]),
        actor=row["actor"],
        at=instant(row["at_us"]),
        id=row["id"],
        withdrawn=instant(row["withdrawn_us"]),
    )


def _taught(row: RowMapping) -> Taught:
    drift = unpack(row["drift"], _Drift) if row["drift"] else _Drift()
    return Taught(
        base=row["base"],
        name=row["name"],
        learner=row["learner"],
        lessons=row["lessons"],
        drawn=row["drawn"],
        f1_base=row["f1_base"],
        f1_taught=row["f1_taught"],
        low=row["low"],
        at=instant(row["at_us"]),
        residuals=drift.residuals,
        unknown=drift.unknown,
        id=row["id"],
    )
