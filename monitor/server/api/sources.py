"""Sources: how each one does, and what is not seen right now."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from monitor.server.schemas import SourceOut, SourcesOut
from monitor.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes of sources."""
    api = APIRouter(prefix="/api/v1/sources", tags=["sources"])

    @api.get("")
    def sources() -> SourcesOut:
        """Health, last item and usual lag of every source, configured or only remembered."""
        now = service.clock.now()
        configured = service.settings.sources
        states = service.store.read.sources()
        names = [*configured, *sorted(set(states) - set(configured))]
        found = [
            SourceOut.of(
                name,
                configured[name].type if name in configured else "",
                states.get(name),
                now,
            )
            for name in names
        ]
        return SourcesOut(sources=found, gaps=[gap for s in found if (gap := _gap(s, now))])

    return api


def _gap(source: SourceOut, now: datetime) -> str:
    """Return what is missing because of one source, "" when nothing is."""
    if not source.configured:
        return ""
    if source.last_item_at is None:
        return f"{source.name}: nothing has come yet" + (
            f" ({source.error})" if source.error else ""
        )
    if source.silent:
        minutes = int((now - source.last_item_at).total_seconds() // 60)
        because = f" ({source.error})" if source.error else ""
        return f"{source.name}: silent for {minutes} min{because}"
    if source.error and (source.ok_at is None or (source.error_at or now) > source.ok_at):
        return f"{source.name}: {source.error}"
    return ""
