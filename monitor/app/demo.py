"""The demo: a fictional brand's storm, in time-lapse on a page or to its end as a timeline.

Everything is real but the world: the same pipeline, the same store, the same deliverer with the
same channels. Only the receivers are a local sink, and the mentions are invented.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from alerts.alert import DeliveryState
from alerts.channels import ChannelSettings, build_channel
from alerts.channels.base import Channel
from alerts.channels.transport import guarded_async
from alerts.deliver import Deliverer
from detectors.topic import Topic
from monitor.app.demo_duty import on_call
from monitor.app.replaying import replay
from monitor.app.serving import run
from monitor.app.wiring import Built, build, parts
from monitor.clock import ScaledClock, SystemClock
from monitor.pipeline import Line, Pipeline
from monitor.ports import NoSignals, Store
from monitor.server.lifecycle import AddressTaken, listen
from monitor.server.sink import Sink
from monitor.settings import RouteSettings, Settings, TopicSettings, load
from monitor.sources.synthetic import (
    DEMO_TOPICS,
    DemoStory,
    SyntheticSource,
    World,
    demo_story,
    demo_world,
)
from monitor.store.database import SqliteStore

START = datetime(2026, 3, 2, tzinfo=UTC)
"""Where the story of `demo --once` begins: a Monday. Fixed, so that two runs print the same."""
LEAD = timedelta(minutes=6)
"""Event time between the page's opening and the storm's first post."""


def topics() -> dict[str, Topic]:
    """Return the demo's topics by id."""
    return {topic.id: topic for topic in DEMO_TOPICS}


def once(seed: int) -> Generator[Line]:
    """Yield the whole story as a timeline, alerts delivered to a local sink; no server, no waiting."""
    world, story = demo_world(seed, START), demo_story(START)
    with ExitStack() as stack:
        sink = Sink()
        sink.start()
        stack.callback(sink.stop)
        settings = _settings(sink, "sqlite://", 0, "http://127.0.0.1:8787")
        store = SqliteStore.open("sqlite://")
        stack.callback(store.close)
        delivery = stack.enter_context(_Delivery(store, settings))
        yield from replay(
            world.mentions(story.begin, story.end),
            parts(settings),
            store,
            today=story.end,
            after_bin=delivery.drain,
        )


def live(seed: int, *, port: int, factor: float, say: Callable[[str], None]) -> None:
    """Show the story in time-lapse on a local page until stopped. The URL is said last."""
    today = SystemClock().now()
    begin = today - timedelta(days=8)
    world, story = demo_world(seed, begin), demo_story(begin)
    opens = story.storm_at - LEAD
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sturmglas-demo-")))
        sink = Sink()
        sink.start()
        stack.callback(sink.stop)
        asked, port = port, _free(port)
        if asked and port != asked:
            say(f"Port {asked} is taken; another one is used.")
        store, page = f"sqlite:///{folder / 'sturmglas.db'}", f"http://127.0.0.1:{port}"
        settings = on_call(_settings(sink, store, port, page), begin.date())
        built = build(settings)
        say(
            "Building eight calm days of an invented brand, so that there is a normal to compare with ..."
        )
        _warm(built, world, story, opens)
        built = replace(built, clock=ScaledClock(opens, factor), inside_only=True)
        say(
            f"Time-lapse: one second is {factor:g} seconds. The storm breaks in {LEAD.seconds / factor:.0f} s."
        )
        say(f"What Slack, PagerDuty and mail would have received: {sink.url}")
        say("Ctrl-C ends it, and nothing stays on this machine. Open this page:")
        source = SyntheticSource("demo", world, built.clock, opens)
        run(built, [source], say=say, demo=True, sink_url=sink.url)


def _free(port: int) -> int:
    """Return ``port`` where it is free, else any free one; links need it before the server binds."""
    try:
        listener = listen("127.0.0.1", port)
    except AddressTaken:
        listener = listen("127.0.0.1", 0)
    with listener:
        return int(listener.getsockname()[1])


def _warm(built: Built, world: World, story: DemoStory, until: datetime) -> None:
    """File and judge the story's past; past bins open nothing."""
    pipeline = Pipeline(built.store, parts(built.settings, built.playbooks), NoSignals())
    pipeline.begin_at(story.begin)
    batch = []
    for mention in world.mentions(story.begin, until):
        batch.append((mention, mention.published_utc))
        if len(batch) == 1000:
            pipeline.filing.create(batch)
            batch = []
    pipeline.filing.create(batch)
    pipeline.tick(until)


def _settings(sink: Sink, store: str, port: int, page_url: str) -> Settings:
    """Return the demo's settings: every kind of receiver, all of them the local sink."""
    channels = TypeAdapter(dict[str, ChannelSettings]).validate_python(
        {
            "slack": {
                "type": "slack",
                "token": "xoxb-demo",
                "channel": "C0DEMO",
                "api_url": sink.slack_api_url,
                "signing_secret": "demo" * 8,
                "curve": True,
            },
            "pager": {"type": "pagerduty", "routing_key": "demo" * 8, "url": sink.pagerduty_url},
            "webhook": {
                "type": "webhook",
                "url": sink.webhook_url,
                "signing_secret": sink.webhook_secret,
            },
            "mail": {
                "type": "smtp",
                "host": "127.0.0.1",
                "port": sink.smtp_port,
                "tls": "none",
                "from_": "sturmglas@example.org",
                "to": ["bereitschaft@example.org"],
            },
        }
    )
    base = load(None, {})
    return base.model_copy(
        update={
            "server": base.server.model_copy(
                update={"port": port, "public_url": page_url, "allow_loopback_receivers": True}
            ),
            "store": base.store.model_copy(update={"url": store}),
            "topics": {t.id: topic_settings(t) for t in DEMO_TOPICS},
            "channels": channels,
            "routes": [
                RouteSettings(min_level=4, inform=["pager", "slack", "webhook"]),
                RouteSettings(min_level=5, inform=["mail"]),
            ],
        }
    )


def topic_settings(topic: Topic) -> TopicSettings:
    """Return a topic as it would stand in a settings file."""
    return TopicSettings(
        name=topic.name,
        any=list(topic.query.any),
        all=list(topic.query.all),
        none=list(topic.query.none),
        brand=topic.brand,
        languages=list(topic.languages),
        sources=list(topic.sources),
        timezone=topic.timezone,
        alarm_budget_days=topic.alarm_budget_days,
        thresholds=dict(topic.thresholds),
    )


class _Delivery:
    """The real deliverer, driven by the story's clock instead of a thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._runner = asyncio.Runner()
        self._now = START
        self._told: dict[int, str] = {}
        self._waiting = False

    def __enter__(self) -> _Delivery:
        self._client = httpx.AsyncClient(transport=guarded_async(inside_only=True))
        now = lambda: self._now  # noqa: E731  # two words
        channels: dict[str, Channel] = {
            name: build_channel(
                name,
                settings,
                self._client,
                now=SystemClock().now,
                page_url=self._settings.server.public_url,
            )
            for name, settings in self._settings.channels.items()
        }
        self._deliverer = Deliverer(self._store.outbox, channels, clock=now, rng=random.Random(1))
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def drain(self, now: datetime, told: list[Line]) -> list[Line]:
        """Send what ``told`` queued and what waits; return a line per delivery whose state changed."""
        self._now = now
        if not self._waiting and not any(line.type == "alert" for line in told):
            return []
        self._runner.run(self._deliverer.drain(now))
        self._waiting = False
        lines = []
        for incident in self._store.read.incidents(limit=1000):
            for delivery in self._store.read.deliveries(incident.id):
                self._waiting |= delivery.state is DeliveryState.PENDING
                if self._told.get(delivery.id) == delivery.state:
                    continue
                self._told[delivery.id] = delivery.state
                data = {
                    "incident": delivery.alert.ref,
                    "channel": delivery.channel,
                    "action": delivery.alert.action.value,
                    "key": delivery.key,
                    "state": delivery.state.value,
                    "attempts": delivery.attempts,
                }
                lines.append(Line("delivery", now, delivery.alert.topic, data))
        return sorted(lines, key=lambda line: (line.topic, str(line.data)))
