"""Wiring: settings become parts. Each adapter is named once, here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from alerts.answering import Signer, unsigned
from alerts.book import Book
from alerts.channels import ChannelSettings, build_channel
from alerts.channels.base import Channel
from alerts.channels.pace import Places
from alerts.channels.transport import guarded_async, guarded_sync
from alerts.people import target
from alerts.posted import Posted
from detectors.topic import Topic
from monitor import metrics
from monitor.app.trouble import Trouble
from monitor.clock import Clock, SystemClock
from monitor.desk.duty import roster
from monitor.desk.nights import nights
from monitor.desk.tokens import SECRET, Tokens, signer
from monitor.ports import Alone, KeptStore, Log, Reader
from monitor.settings import (
    FeedSource,
    FileSource,
    MastodonSource,
    Settings,
)
from monitor.settings.advice import rings
from monitor.sources.base import Source
from monitor.store.database import open_store
from playbooks.load import load_library
from playbooks.playbook import Playbook

if TYPE_CHECKING:
    from detectors.score.base import Scorer
    from monitor.pipeline.work import Parts
    from monitor.stream.redis_signals import RedisSignals

USER_AGENT = "sturmglas/0.1 (+https://example.org/sturmglas)"


@dataclass(frozen=True, slots=True)
class Built:
    """The parts of one running install. What decides (models, matcher) is `parts`: made where it
    is needed, for a process that only takes in needs none of it. ``inside_only`` (the demo): its
    channels reach this machine and nothing else."""

    settings: Settings
    topics: Mapping[str, Topic]
    playbooks: Mapping[str, Playbook]
    store: KeptStore
    log: Log
    clock: Clock
    trouble: Trouble = field(default_factory=Trouble)
    inside_only: bool = False

    @property
    def book(self) -> Book:
        """Who is behind each receiver."""
        return book_of(self.settings, self.store.read)

    @property
    def shared(self) -> bool:
        """True where other processes may work on the same store and log."""
        return not isinstance(self.store.leases, Alone)

    @asynccontextmanager
    async def channels(self) -> AsyncIterator[Mapping[str, Channel]]:
        """Open the channels with their one HTTP client; closes it at the end."""
        links = links_of(self.settings, self.store)
        async with open_channels(
            self.settings,
            inside_only=self.inside_only,
            links=links,
            posted=self.store.posted,
        ) as channels:
            yield channels

    def close(self) -> None:
        self.log.close()
        self.store.close()


@asynccontextmanager
async def open_channels(
    settings: Settings,
    *,
    only: str = "",
    inside_only: bool = False,
    links: Signer = unsigned,
    posted: Posted | None = None,
) -> AsyncIterator[Mapping[str, Channel]]:
    """Open all targets, or the channel named ``only``, with one HTTP client; closes it at the end.

    ``posted``: where messages that change stand; None for a test, which has none.
    """
    server, places = settings.server, Places()
    transport = guarded_async(
        allow_hosts=server.inside_hosts,
        allow_loopback=server.allow_loopback_receivers,
        inside_only=inside_only,
    )
    async with httpx.AsyncClient(transport=transport, headers={"User-Agent": USER_AGENT}) as client:
        yield {
            name: build_channel(
                name,
                given,
                client,
                now=SystemClock().now,
                page_url=server.public_url,
                links=links,
                posted=posted,
                places=places,
            )
            for name, given in targets_of(settings).items()
            if only in ("", name)
        }


def build(settings: Settings, *, clock: Clock | None = None) -> Built:
    """Load playbooks, open store and log. Raises what `check` would complain of, and then has
    opened nothing.
    """
    topics, playbooks = settings.to_topics(), load_library(settings.playbooks.paths)
    clock = clock or SystemClock()
    store = _store(settings)
    try:
        log = _log(settings, clock)
    except BaseException:
        store.close()
        raise
    return Built(settings, topics, playbooks, store, log, clock)


def links_of(settings: Settings, store: KeptStore) -> Signer:
    """Return what makes the links that answer a message; none without an address that people reach."""
    if not settings.server.public_url:
        return unsigned
    return signer(Tokens(store.secret(SECRET)), settings.server.public_url)


def _store(settings: Settings) -> KeptStore:
    url = with_password(settings.store.url, settings.store.password)
    return open_store(url, max_bytes=settings.store.max_bytes)


def _log(settings: Settings, clock: Clock) -> Log:
    stream = settings.stream
    url = stream.url or settings.store.url
    if url.startswith("sqlite"):
        from monitor.stream.embedded import EmbeddedLog

        return EmbeddedLog.open(sqlite_path(url), max_bytes=settings.store.max_bytes, clock=clock)
    from monitor.stream.redis_streams import RedisLog

    return RedisLog.open(
        with_password(url, stream.password),
        shards=stream.shards,
        prefix=stream.prefix,
        replicas=stream.replicas,
        clock=clock,
    )


def shared_signals(settings: Settings) -> RedisSignals | None:
    """Return signals between processes, None where everything is in one."""
    stream = settings.stream
    if not stream.url or stream.url.startswith("sqlite"):
        return None
    from monitor.stream.redis_signals import RedisSignals

    return RedisSignals(with_password(stream.url, stream.password), prefix=stream.prefix)


def with_password(url: str, password: SecretStr | None) -> str:
    """Return ``url`` with the password in it, as drivers want it; never to be shown."""
    if password is None or url.startswith("sqlite"):
        return url
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user if at else ''}:{quote(password.get_secret_value(), safe='')}@{host}"


def scorer_of(settings: Settings, scorer: Scorer) -> Scorer:
    """Return ``scorer`` with the rules of an install beside it: its word lists, and doubt."""
    from detectors.score.ruled import Ruled
    from detectors.score.words import WordLists

    return Ruled(scorer, WordLists(settings.words.banned, settings.words.suspect))


def parts(
    settings: Settings,
    playbooks: Mapping[str, Playbook] | None = None,
    book: Book | None = None,
) -> Parts:
    """Return what the pipeline decides with; loads the model. ``book`` None: by the settings alone."""
    from detectors.matcher import Matcher
    from detectors.score.linear import LinearScorer
    from detectors.tripwires import Tripwires
    from monitor.pipeline.work import Parts

    topics: Mapping[str, Topic] = settings.to_topics()
    return Parts(
        topics=topics,
        matcher=Matcher(topics.values()),
        scorer=scorer_of(settings, LinearScorer.load()),
        taught=lambda added: scorer_of(settings, LinearScorer.load(change=added.onto)),
        tripwires=Tripwires.load({str(lang): own for lang, own in settings.tripwires.items()}),
        playbooks=load_library(settings.playbooks.paths) if playbooks is None else playbooks,
        routes=settings.to_routes(),
        book=book or book_of(settings),
        page_url=settings.server.public_url,
        language=settings.language,
    )


def book_of(settings: Settings, read: Reader | None = None) -> Book:
    """Return who is behind each receiver.

    ``read``: where changes of rotas are kept, and who may be woken when; None: nobody has changed anything.
    """
    known = nights(settings.night.night(), read, fixed=settings.night_is_set)
    return Book(
        roster=roster(settings.to_rotas(), read),
        channels=frozenset(settings.channels),
        people=settings.to_people(known().level),
        chains={id: chain.chain(id) for id, chain in settings.chains.items()},
        nights=known,
        ringing=frozenset(name for name in settings.channels if rings(settings, name)),
        mutes=settings.to_mutes(),
        stale_after=settings.alerting.stale_after,
    )


def targets_of(settings: Settings) -> dict[str, ChannelSettings]:
    """Return the settings of every target: each channel, and each person's own address on one.

    Raises ValueError where a channel takes no address.
    """
    found: dict[str, ChannelSettings] = dict(settings.channels)
    for id, person in settings.people.items():
        for method in person.methods:
            channel = settings.channels[method.channel]
            if method.address:
                channel = channel.sent_to([method.address])
            found[target(method.channel, id)] = channel
    return found


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

    def sent(self, channel: str, waited_s: float) -> None:
        metrics.SENT_LAG.labels(channel).observe(waited_s)
