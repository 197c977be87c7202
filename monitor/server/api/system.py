"""System: alive, able to accept, and every figure a Prometheus may want."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from detectors.detection import Level
from detectors.window import BIN
from monitor import metrics
from monitor.desk.watchers import AUDITOR, expected
from monitor.ports import GROUP, Unavailable
from monitor.server.commit import GroupCommit
from monitor.service import Service

PATIENCE_S = 2.0
"""How long the store may take before it counts as not reachable."""


def router(service: Service, commit: GroupCommit) -> APIRouter:
    """Return ``/healthz``, ``/readyz`` and ``/metrics``."""
    api = APIRouter(tags=["system"])

    @api.get("/healthz")
    async def alive() -> dict[str, str]:
        """The event loop answers; nothing else is asked, so that a slow disk restarts nobody."""
        return {"status": "ok"}

    @api.get("/readyz", responses={503: {"description": "cannot accept now; reasons listed"}})
    async def ready() -> Response:
        """Whether mentions can be accepted. ``failures`` do not prevent that, but need a person."""
        reasons = [trouble for trouble in [commit.trouble()] if trouble]
        reasons += await _store_trouble(service)
        record = {"ready": not reasons, "reasons": reasons, "failures": service.failures()}
        headers = {"cache-control": "no-store"} | ({"retry-after": "5"} if reasons else {})
        return JSONResponse(record, 503 if reasons else 200, headers)

    @api.get("/metrics", include_in_schema=False)
    def figures() -> Response:
        with suppress(Unavailable):  # what is broken shows in /readyz; the rest is still worth it
            collect(service)
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return api


async def _store_trouble(service: Service) -> list[str]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.to_thread(service.store.read.sources)
    except TimeoutError:
        return [f"store: no answer within {PATIENCE_S:.0f} s"]
    except Unavailable as error:
        return [f"store: {error}"]
    except Exception as error:  # whatever it is, the store cannot be read
        return [f"store: cannot be read ({type(error).__name__})"]
    return []


def collect(service: Service) -> None:
    """Set the gauges that only log and store know; a few small queries, no full counts."""
    now = service.clock.now()
    backlog = service.log.backlog(GROUP)
    metrics.BACKLOG_ENTRIES.set(backlog.entries)
    metrics.BACKLOG_BYTES.set(backlog.bytes)
    oldest = (now - backlog.oldest).total_seconds() if backlog.oldest else 0.0
    metrics.BACKLOG_AGE.set(max(0.0, oldest))
    due = service.store.outbox.next_due()
    metrics.OUTBOX_OVERDUE.set(max(0.0, (now - due).total_seconds()) if due else 0.0)
    read = service.store.read
    _watchers(service, now)
    metrics.PARKED_ENTRIES.set(read.parked_count())
    open_ = Counter(int(incident.level) for incident in read.incidents(open_only=True))
    for level in Level:
        metrics.INCIDENTS_OPEN.labels(str(int(level))).set(open_[int(level)])
    for topic in service.topics:
        if latest := read.latest(topic):
            metrics.LEVEL.labels(topic).set(latest.level)
            metrics.LAST_BIN.labels(topic).set((latest.start + BIN).timestamp())
    _sources(service, now)


def _watchers(service: Service, now: datetime) -> None:
    if beat := service.store.read.beat(AUDITOR):
        metrics.AUDIT_AGE.set(max(0.0, (now - beat.at).total_seconds()))
    for one in expected(service.store.read, service.settings.to_expected()):
        metrics.HEARTBEAT_MISSING.labels(one.name).set(one.missing_since is not None)


def _sources(service: Service, now: datetime) -> None:
    for name, state in service.store.read.sources().items():
        if state.clock.seen_at is not None:
            metrics.SOURCE_LAST_ITEM.labels(name).set(state.clock.seen_at.timestamp())
        metrics.SOURCE_SILENT.labels(name).set(state.clock.silent(now))
