"""Wiring: settings become parts. Each adapter is named once, here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from alerts.channels import build_channel
from alerts.channels.base import Channel
from alerts.channels.transport import guarded_async, guarded_sync
from alerts.route import Route
from detectors.detection import Level
from detectors.matcher import Matcher
from detectors.score.linear import LinearScorer
from detectors.topic import Topic
from detectors.tripwires import Tripwires
from monitor import metrics
from monitor.app.trouble import Trouble
from monitor.clock import Clock, SystemClock
from monitor.pipeline.work import Parts
from monitor.ports import Log, Store
from monitor.settings import (
    FeedSource,
    FileSource,
    MastodonSource,
    Settings,
)
from monitor.sources.base import Source
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from playbooks.load import load_library

USER_AGENT = "sturmglas/0.1 (+https://example.org/sturmglas)"


@dataclass(frozen=True, slots=True)
class Built:
    """The parts of one running install."""

    settings: Settings
    parts: Parts
    store: Store
    log: Log
    clock: Clock
    trouble: Trouble = field(default_factory=Trouble)

    @asynccontextmanager
    async def channels(self) -> AsyncIterator[Mapping[str, Channel]]:
        """Open the channels with their one HTTP client; closes it at the end."""
        server = self.settings.server
        async with httpx.AsyncClient(
            transport=guarded_async(
                allow_hosts=server.inside_hosts, allow_loopback=server.allow_loopback_receivers
            ),
            headers={"User-Agent": USER_AGENT},
        ) as client:
            yield {
                name: build_channel(
                    name,
                    settings,
                    client,
                    now=SystemClock().now,
                    page_url=self.settings.server.public_url,
                )
                for name, settings in self.settings.channels.items()
            }

    def close(self) -> None:
        self.log.close()
        self.store.close()


def build(settings: Settings, *, clock: Clock | None = None) -> Built:
    """Load models and playbooks, open store and log. Raises what `check` would complain of, and
    then has opened nothing.
    """
    decided = parts(settings)
    store = SqliteStore.open(settings.store.url, max_bytes=settings.store.max_bytes)
    path = sqlite_path(settings.store.url)
    clock = clock or SystemClock()
    log = EmbeddedLog.open(path, max_bytes=settings.store.max_bytes, clock=clock)
    return Built(settings, decided, store, log, clock)


def parts(settings: Settings) -> Parts:
    """Return what the pipeline decides with."""
    topics: Mapping[str, Topic] = settings.to_topics()
    return Parts(
        topics=topics,
        matcher=Matcher(topics.values()),
        scorer=LinearScorer.load(),
        tripwires=Tripwires.load({str(lang): own for lang, own in settings.tripwires.items()}),
        playbooks=load_library(settings.playbooks.paths),
        routes=routes(settings),
        page_url=settings.server.public_url,
        language=settings.language,
    )


def routes(settings: Settings) -> Sequence[Route]:
    """Return the routes in the order of the file."""
    return [
        Route(min_level=Level(r.min_level), topics=tuple(r.topics), channels=tuple(r.channels))
        for r in settings.routes
    ]


def sources(built: Built) -> list[Source]:
    """Return the sources that we fetch from; pushed ones live at the door."""
    made: list[Source] = []
    client: httpx.Client | None = None
    server = built.settings.server
    for name, source in built.settings.sources.items():
        match source:
            case FeedSource():
                from monitor.sources.feeds import Feed

                client = client or httpx.Client(
                    transport=guarded_sync(
                        allow_hosts=server.inside_hosts,
                        allow_loopback=server.allow_loopback_receivers,
                    ),
                    headers={"User-Agent": USER_AGENT},
                )
                made.append(Feed(name, source, client, built.clock))
            case MastodonSource():
                from monitor.sources.mastodon import MastodonStream

                made.append(MastodonStream(name, source))
            case FileSource():
                from monitor.sources.files import FollowedFile

                made.append(FollowedFile(name, source))
            case _:
                continue
    return made


def sqlite_path(url: str) -> Path:
    """Return the file of a ``sqlite:///`` address."""
    return Path(url.removeprefix("sqlite:///"))


class Counting:
    """Counts attempts to deliver (`alerts.deliver.Observer`)."""

    def attempted(self, channel: str, outcome: str, latency_ms: float) -> None:
        metrics.attempted(channel, outcome, latency_ms)
