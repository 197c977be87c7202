"""Verdicts and thresholds on a topic's settings page: marking a miss, proposals, confirm and undo."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from dashboards.web.calibration_views import CalibrationPart, MoveRow, ProposalRow, VerdictRow
from detectors.topic import Topic
from monitor.desk import calibration as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Reader, Unavailable
from monitor.server.page_frame import actor_of
from monitor.service import Service

if TYPE_CHECKING:
    from monitor.desk.calibration import Proposal

NOBODY = "anonym"
ROWS = 1_000_000
"""Most rows read for proposals: some seconds."""
STATUS = {"conflict": 409, "stale": 409, "busy": 429, "unavailable": 503}
Text = Annotated[str, Form()]
Show = Callable[[Request, str, int, str, Mapping[str, str]], Response]
"""Shows a topic's page: request, topic, status, what is wrong, what was filled in."""


class Proposing:
    """Works proposals out, one topic at a time, and keeps the last of each to be confirmed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._one = threading.Lock()
        self._kept: dict[str, tuple[Proposal, ...]] = {}

    def work_out(self, topic: Topic) -> str:
        """Keep a topic's proposals; return what stood in the way, "" for nothing."""
        from monitor.pipeline.backtest import NoPast
        from monitor.pipeline.calibrating import propose
        from monitor.pipeline.past import TooMuch

        if not self._one.acquire(blocking=False):
            return "busy"
        try:
            found = propose(self._service.store.read, topic, self._service.clock.now(), rows=ROWS)
        except NoPast:
            return "no_past"
        except TooMuch:
            return "too_much"
        finally:
            self._one.release()
        self._kept[topic.id] = found.proposals
        return ""

    def of(self, read: Reader, topic: str) -> tuple[Proposal, ...] | None:
        """Return what was worked out and still holds, None where nothing was."""
        moves = read.calibrations(topic)
        newest, kept = moves[-1].id if moves else 0, self._kept.get(topic)
        if kept is None or any(p.newest != newest for p in kept):
            return None
        return kept


def route(api: APIRouter, service: Service, proposing: Proposing, show: Show) -> None:
    """Add what the forms send."""

    def done(
        request: Request, id: str, act: Callable[[Topic], None], given: Mapping[str, str]
    ) -> Response:
        topic = service.topics.get(id)
        if topic is None:
            return show(request, id, 404, "", {})
        wrong, status = "", 422
        try:
            act(topic)
        except Invalid as error:
            field = str(error).partition(":")[0]
            wrong = field if field in ("since", "until", "note") else "limit"
        except NotFound:
            wrong, status = "stale", 404
        except Conflict:
            wrong, status = "conflict", 409
        except _Refused as error:
            wrong, status = error.why, STATUS.get(error.why, 422)
        except Unavailable:
            wrong, status = "unavailable", 503
        if wrong:
            return show(request, id, status, wrong, given)
        service.signals.publish("topic", id, 0)
        return RedirectResponse(f"/topics/{quote(id)}/settings#calibration", 303)

    def who(request: Request) -> str:
        return actor_of(request) or NOBODY

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.post("/topics/{id}/calibration/missed")
    def missed(
        request: Request, id: str, since: Text = "", until: Text = "", note: Text = ""
    ) -> Response:
        def act(topic: Topic) -> None:
            zone, now = ZoneInfo(topic.timezone), service.clock.now()
            span = _time(since, zone, "since"), _time(until, zone, "until")
            desk.miss(service.store, service.topics, id, *span, note, who(request), now)

        return done(request, id, act, {"since": since, "until": until, "note": note})

    @api.post("/topics/{id}/calibration/missed/{miss}/withdraw")
    def withdraw(request: Request, id: str, miss: int) -> Response:
        def act(topic: Topic) -> None:
            desk.withdraw(service.store, service.topics, id, miss, service.clock.now())

        return done(request, id, act, {})

    @api.post("/topics/{id}/calibration/propose")
    def propose(request: Request, id: str) -> Response:
        def act(topic: Topic) -> None:
            wrong = proposing.work_out(topic)
            if wrong:
                raise _Refused(wrong)

        return done(request, id, act, {})

    @api.post("/topics/{id}/calibration/confirm")
    def confirm(request: Request, id: str, proposal: Text = "", note: Text = "") -> Response:
        def act(topic: Topic) -> None:
            known = proposing.of(service.store.read, id) or ()
            chosen = next((p for p in known if p.id == proposal), None)
            if chosen is None:
                raise _Refused("stale")
            now = service.clock.now()
            desk.confirm(service.store, service.topics, chosen, who(request), note, now)

        return done(request, id, act, {})

    @api.post("/topics/{id}/calibration/undo/{move}")
    def undo(request: Request, id: str, move: int, note: Text = "") -> Response:
        def act(topic: Topic) -> None:
            now = service.clock.now()
            desk.undo(service.store, service.topics, id, move, who(request), note, now)

        return done(request, id, act, {})


class _Refused(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _time(text: str, zone: ZoneInfo, name: str) -> datetime:
    """Return a local time in UTC; one that the clocks skip is no time, of two alike the first."""
    try:
        at = datetime.fromisoformat(text.strip())
        found = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        if at.tzinfo is None and found.astimezone(zone).replace(tzinfo=None) != at:
            raise ValueError("skipped by the change to summer time")
    except (ValueError, OverflowError):
        raise Invalid(f"{name}: expected a time that there is") from None
    return found


def calibration_part(
    read: Reader,
    topic: Topic,
    now: datetime,
    proposals: tuple[Proposal, ...] | None,
    wrong: str = "",
    given: Mapping[str, str] | None = None,
) -> CalibrationPart:
    """Return a topic's verdicts, proposals and moves for its settings page."""
    said, moves = desk.verdicts(read, topic.id, now), read.calibrations(topic.id)
    rows = [
        VerdictRow(i.ref, i.onset, i.resolved_at or i.updated_at, outcome=i.outcome)
        for i in (*said.real, *said.false)
    ]
    rows += [
        VerdictRow(desk.name_of(m), m.since, m.until, miss=m.id, note=m.note, actor=m.actor)
        for m in said.missed
    ]
    newest = {m.threshold: m.id for m in desk.standing(moves)}
    return CalibrationPart(
        topic=topic.id,
        zone=topic.timezone,
        verdicts=tuple(sorted(rows, key=lambda r: (r.since, r.name), reverse=True)),
        proposals=None if proposals is None else tuple(map(_proposal, proposals)),
        moves=tuple(
            MoveRow(
                m.id, m.threshold, m.before, m.after, m.note, m.actor, m.at, m.undoes,
                can_undo=m.id in newest.values(),
            )
            for m in reversed(moves)
        ),
        given=given or {},
        wrong=wrong,
    )  # fmt: skip


def _proposal(p: Proposal) -> ProposalRow:
    o = p.outlook
    return ProposalRow(
        id=p.id,
        threshold=p.threshold,
        before=p.before,
        after=p.after,
        pages=o.pages,
        pages_before=o.before,
        gained=len(o.gained),
        gone=o.gone,
        caught=o.caught,
        lost=o.lost,
        untold=o.untold,
    )
