"""What pages and API read: every method is one snapshot, and none of them writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from alerts.alert import Delivery
from alerts.fact import Fact
from alerts.incident import Incident
from alerts.outbox import Attempt
from detectors.detection import Assessment
from detectors.window import Counts, Window, bin_start
from monitor.ports import Answers, BinResult, Capped, CurvePoint, Parked, Post, SourceState
from monitor.store import counts, curves, delivery_rows, incidents, parked, schema
from monitor.store.adding_sqlite import IN_LIMIT, known_nums
from monitor.store.answers import AnswersRead
from monitor.store.calibration import CalibrationRead
from monitor.store.codec import instant, seconds, unpack
from monitor.store.corrections import CorrectionRead
from monitor.store.duty import DutyRead
from monitor.store.errands import ErrandRead
from monitor.store.filed_rows import answers_of
from monitor.store.planned import PlannedRead
from monitor.store.relevance import RelevanceRead
from monitor.store.silences import SilenceRead
from monitor.store.transactions import Snapshots
from monitor.store.trials import TrialRead
from monitor.store.watching import WatchRead
from playbooks.run import Run

_POST = (
    "num",
    "text",
    "title",
    "source",
    "url",
    "lang",
    "kind",
    "at_us",
    "observed_us",
    "tone",
    "score",
    "offensive",
    "reach",
    "author",
    "cluster",
    "deleted_us",
)
_ANSWERS = "SELECT num, answers FROM mention WHERE answers <> '' AND num IN"
_m = schema.mention
_n = schema.mention_topic
_r = schema.bin_result


class SqlReader(
    PlannedRead,
    RelevanceRead,
    CalibrationRead,
    CorrectionRead,
    ErrandRead,
    SilenceRead,
    WatchRead,
    AnswersRead,
    DutyRead,
    TrialRead,
):
    """`monitor.ports.Reader` over snapshots; any number of threads may read at once."""

    def __init__(self, snapshot: Snapshots) -> None:
        self._snapshot = snapshot

    # mentions and counts

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        with self._snapshot() as c:
            return set(known_nums(c, ids))

    def counts(self, topic: str, since: datetime, until: datetime) -> Counts:
        """Return the counts of the minutes that start in [since, until), all revisions summed."""
        with self._snapshot() as c:
            row = c.exec_driver_sql(
                f"SELECT {counts.SUMS} FROM count"  # noqa: S608 - only our column names
                " WHERE topic = ? AND minute >= ? AND minute < ?",
                (topic, *counts.minutes(since, until)),
            ).one()
        return Counts(*(n or 0 for n in row))

    def bins(self, topic: str, since: datetime, until: datetime) -> dict[datetime, Counts]:
        with self._snapshot() as c:
            return counts.bins(c, topic, since, until)

    def curve(self, topic: str, since: datetime, until: datetime, step_s: int) -> list[CurvePoint]:
        with self._snapshot() as c:
            return curves.curve(c, topic, since, until, step_s)

    def window(self, topic: str, since: datetime, until: datetime, limit: int = 50_000) -> Window:
        with self._snapshot() as c:
            return counts.window(c, topic, since, until, limit)

    def posts(self, nums: Sequence[int]) -> list[Post]:
        with self._snapshot() as c:
            return _posts_of(c, nums)

    def answers(self, nums: Sequence[int]) -> dict[int, Answers]:
        """Return what was answered of mentions besides tone and offensive, by number; see `answers_of`.
        Some 10 ms for 5,000 on SQLite, 40 ms on PostgreSQL."""
        found: dict[int, Answers] = {}
        with self._snapshot() as c:
            for start in range(0, len(nums), IN_LIMIT):
                some = nums[start : start + IN_LIMIT]
                # Not as an expression: with 500 numbers, building one takes as long as running it.
                rows = c.exec_driver_sql(f"{_ANSWERS} ({','.join('?' * len(some))})", tuple(some))
                found.update((num, answers_of(text)) for num, text in rows)
        return found

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
        """Return posts newest first by event time; page on with ``before`` = the last num seen."""
        # First the numbers, then their rows: a join would make PostgreSQL plan for every day.
        query = (
            select(_n.c.num)
            .where(_n.c.topic == topic, _n.c.at_s >= seconds(since), _n.c.at_s < seconds(until))
            .order_by(_n.c.at_s.desc(), _n.c.num.desc())
            .limit(limit)
        )
        if tone is not None:
            query = query.where(_n.c.tone == tone)
        with self._snapshot() as c:
            if before is not None:
                at_us = c.scalar(select(_m.c.at_us).where(_m.c.num == before))
                if at_us is None:
                    return []
                at_s = at_us // 1_000_000
                query = query.where(
                    or_(_n.c.at_s < at_s, and_(_n.c.at_s == at_s, _n.c.num < before))
                )
            return _posts_of(c, c.scalars(query).all())

    def new_authors(self, topic: str, authors: Collection[int], since: datetime) -> set[int]:
        first, asked = schema.author_first, sorted(authors)
        found: set[int] = set()
        with self._snapshot() as c:
            for start in range(0, len(asked), IN_LIMIT):
                query = select(first.c.author).where(
                    first.c.topic == topic,
                    first.c.author.in_(asked[start : start + IN_LIMIT]),
                    first.c.first_bin_s >= seconds(bin_start(since)),
                )
                found.update(c.scalars(query))
        return found

    # detectors

    def results(self, topic: str, since: datetime, until: datetime) -> list[BinResult]:
        """Return one result per bin that starts in [since, until), of its newest revision."""
        with self._snapshot() as c:
            return curves.results(c, topic, seconds(since), seconds(until))

    def latest(self, topic: str) -> BinResult | None:
        query = select(_r).where(_r.c.topic == topic).order_by(*_NEWEST).limit(1)
        with self._snapshot() as c:
            row = c.execute(query).mappings().first()
        return None if row is None else counts.result_of(row)

    def latest_assessment(self, topic: str) -> Assessment | None:
        query = (
            select(_r.c.assessment)
            .where(_r.c.topic == topic, schema.ASSESSED)
            .order_by(*_NEWEST)
            .limit(1)
        )
        with self._snapshot() as c:
            text = c.scalar(query)
        return None if text is None else unpack(text, Assessment)

    def capped(self, since: datetime, until: datetime) -> list[Capped]:
        with self._snapshot() as c:
            return counts.capped(c, since, until)

    def sources(self) -> dict[str, SourceState]:
        with self._snapshot() as c:
            return counts.sources(c)

    # incidents

    def incidents(self, *, open_only: bool = False, limit: int = 100) -> list[Incident]:
        """Return incidents, newest first."""
        table = schema.incident
        query = select(table).order_by(table.c.opened_us.desc(), table.c.id).limit(limit)
        if open_only:
            query = query.where(schema.OPEN)
        with self._snapshot() as c:
            return incidents.incidents(c, query)

    def incident(self, id: str) -> Incident | None:
        with self._snapshot() as c:
            return incidents.incident(c, id)

    def facts(self, incident: str) -> list[Fact]:
        with self._snapshot() as c:
            return incidents.facts(c, incident)

    def runs(self, incident: str) -> list[Run]:
        """Return the runs started for an incident, oldest first."""
        table = schema.run
        query = (
            select(table.c.content)
            .where(table.c.incident == incident)
            .order_by(table.c.started_us, table.c.id)
        )
        with self._snapshot() as c:
            return [unpack(text, Run) for text in c.scalars(query)]

    def deliveries(self, incident: str) -> list[Delivery]:
        """Return what went or goes out about an incident, in order of enqueueing."""
        query = (
            delivery_rows.deliveries_query()
            .where(schema.alert.c.incident == incident)
            .order_by(schema.delivery.c.id)
        )
        with self._snapshot() as c:
            return [delivery_rows.delivery_of(row) for row in c.execute(query)]

    def delivery_attempts(self, delivery: int) -> list[Attempt]:
        with self._snapshot() as c:
            return delivery_rows.attempts(c, delivery)

    def evidence(self, incident: str) -> list[Post]:
        """Return the posts kept when the incident opened or rose, oldest first.

        Words are as they were then. Once the platform deleted a post, it comes without address,
        without handle and without the @handles it named.
        """
        kept = schema.evidence
        query: Select[Any] = (
            select(*(kept.c[name] for name in _POST), schema.author.c.handle)
            .outerjoin(schema.author, schema.author.c.key == kept.c.author)
            .where(kept.c.incident == incident)
            .order_by(kept.c.at_us, kept.c.num)
        )
        with self._snapshot() as c:
            return [_post(row) for row in c.execute(query)]

    # what cannot be filed

    def parked(self, limit: int, after: int = 0) -> list[Parked]:
        """Return parked entries, oldest first; page on with ``after`` = the last number seen."""
        with self._snapshot() as c:
            return parked.parked(c, limit, after)

    def parked_count(self) -> int:
        with self._snapshot() as c:
            return parked.parked_count(c)

    def totals(self) -> dict[str, int]:
        """Return row counts by table. Counts by running through each: seconds at ten million rows."""
        with self._snapshot() as c:
            return {
                name: int(c.scalar(select(func.count()).select_from(table)) or 0)
                for name, table in _TABLES.items()
            }


_NEWEST = (_r.c.start_s.desc(), _r.c.revision.desc())
_TABLES: Mapping[str, Any] = {
    name: table for name, table in sorted(schema.metadata.tables.items()) if name != "secret"
}


def _posts() -> Select[Any]:
    return select(
        *(_m.c[name] for name in _POST if name != "score"),
        (_m.c.positive - _m.c.negative).label("score"),
        _m.c.answers,
        schema.author.c.handle,
    ).outerjoin(schema.author, schema.author.c.key == _m.c.author)


def _posts_of(c: Connection, nums: Sequence[int]) -> list[Post]:
    """Return posts by number, in the order asked; unknown numbers are left out."""
    found: dict[int, Post] = {}
    for start in range(0, len(nums), IN_LIMIT):
        some = nums[start : start + IN_LIMIT]
        rows = c.execute(_posts().where(_m.c.num.in_(some)))
        found.update((row.num, _post(row)) for row in rows)
    return [found[num] for num in nums if num in found]


def _post(row: Row[Any]) -> Post:
    deleted = row.deleted_us is not None
    answered = answers_of(row._mapping.get("answers", ""))
    return Post(
        num=row.num,
        text=row.text,
        title=row.title,
        source=row.source,
        url=row.url,
        lang=row.lang,
        kind=row.kind,
        at=instant(row.at_us),
        observed_at=instant(row.observed_us),
        tone=row.tone,
        score=row.score,
        offensive=row.offensive,
        reach=row.reach,
        author=row.author,
        handle="" if deleted else row.handle or "",
        cluster=row.cluster,
        deleted=deleted,
        answers=answered.yes,
        marks=answered.marks,
    )
