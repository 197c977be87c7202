"""The HTTP side as one ASGI application: the door in front, FastAPI behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from dashboards.web.policy import CSP, STATIC
from monitor.clock import Clock, SystemClock
from monitor.server import docs, errors, live
from monitor.server.api import (
    absences,
    channels,
    incidents,
    pagerduty,
    planned,
    queries,
    reading,
    rotas,
    silences,
    slack,
    sources,
    system,
    topics,
    watchers,
)
from monitor.server.auth import Hosts, Visitors
from monitor.server.commit import GroupCommit
from monitor.server.door import PATH, Door
from monitor.server.guard import Guard
from monitor.server.headers import security
from monitor.server.live import Hub
from monitor.server.query_trials import QueryTrials
from monitor.service import Service

API_VERSION = "1"


class App:
    """ASGI application; ``hub`` is where live signals go in, ``web`` is the FastAPI behind."""

    def __init__(self, door: Door, guarded: Guard, web: FastAPI, hub: Hub) -> None:
        self.hub = hub
        self.web = web
        self._door = door
        self._guarded = guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._door(scope, receive, send)
        else:
            await self._guarded(scope, receive, send)

    def wake_streams(self) -> None:
        """End all live streams; in the event loop, before the server waits for them."""
        self.hub.close()


def create_app(
    service: Service,
    *,
    hub: Hub | None = None,
    extra: tuple[APIRouter, ...] = (),
    wall: Clock | None = None,
) -> App:
    """Wire the HTTP side over ``service``.

    Live pages listen to ``hub``, else to ``service.signals`` where that is one; otherwise only
    heartbeats come. ``extra`` are further routers (the demo's sink page); ``wall`` dates signatures.
    Raises `auth.Misconfigured` where starting would let strangers in.
    """
    if hub is None:
        hub = service.signals if isinstance(service.signals, Hub) else Hub()
    visitors = Visitors.of(service.settings)
    hosts = Hosts.of(service.settings)
    commit = GroupCommit(service.log, service.settings.server.max_backlog_bytes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        hub.close()
        await commit.close()

    web = FastAPI(
        title="Sturmglas",
        version=API_VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    errors.install(web)
    web.include_router(system.router(service, commit))
    trials = QueryTrials(service)
    web.include_router(topics.router(service))
    web.include_router(queries.router(service, trials))
    web.include_router(reading.router(service))
    web.include_router(incidents.router(service))
    web.include_router(rotas.router(service))
    web.include_router(absences.router(service))
    web.include_router(planned.router(service))
    web.include_router(silences.router(service))
    web.include_router(sources.router(service))
    web.include_router(channels.router(service))
    web.include_router(watchers.router(service))
    web.include_router(pagerduty.router(service))
    web.include_router(live.router(hub))
    web.include_router(slack.router(service, wall or SystemClock()))
    docs.install(web)
    for router in extra:
        web.include_router(router)
    web.router.default = Pages(service, trials)
    web.add_middleware(GZipMiddleware, minimum_size=1024)
    guarded = Guard(web, hosts, visitors, security(CSP))
    return App(Door(service, commit, wall), guarded, web, hub)


class Pages:
    """ASGI application of the pages and their files, loaded when the first of them is asked for.

    It answers what no route of the API knows. Templates and views cost as much to load as the API
    does, and a server that only takes mentions in is never asked for a page.
    """

    def __init__(self, service: Service, trials: QueryTrials) -> None:
        self._service = service
        self._trials = trials
        self._web: FastAPI | None = None
        self._guard = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._guard:
            if self._web is None:
                # In a thread: who sends mentions meanwhile does not wait for templates.
                self._web = await asyncio.to_thread(self._load)
        await self._web(scope, receive, send)

    def _load(self) -> FastAPI:
        from monitor.server import pages

        web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        errors.install(web)
        web.include_router(pages.router(self._service, self._trials))
        web.mount("/static", StaticFiles(directory=STATIC), name="static")
        return web
