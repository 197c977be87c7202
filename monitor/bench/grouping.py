"""`bench grouping`: the same storms as our incidents and as Alertmanager's alerts. How many pages, how soon?

Both sides hear the same levels at the same minutes. Ours goes by incidents (`Acting` with its kin, moves, outbox,
deliverer); the other by labels, with the times that its documentation shows, grouped by topic and by brand, with
and without ``keep_firing_for``. What is judged is what reaches the receiver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

from alerts.alert import Action, Delivery
from alerts.book import Book
from alerts.channels.base import ChannelClass, Receipt
from alerts.deliver import Deliverer
from alerts.routing import Route
from detectors.detection import Level
from detectors.topic import Topic
from monitor.bench import grouping_alertmanager as alertmanager
from monitor.bench.blowing import Blowing, post, topic
from monitor.bench.figures import versions
from monitor.bench.grouping_storms import MINUTES, SCENES, Page, Scene, judged, level
from monitor.clock import stopwatch
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals, Store
from monitor.store.database import SqliteStore

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
POSTS = 6
"""Angry posts of each five minutes."""


def run(say: Callable[[str], None]) -> dict[str, object]:
    """Return each side's judgement of each scene; the other side only where it is installed."""
    record: dict[str, object] = {"bench": "grouping", "minutes": MINUTES}
    sides = {"sturmglas": [judged(scene, ours(scene)) for scene in SCENES]}
    binary = alertmanager.program()
    if binary is None:
        say("Alertmanager is not installed (tools/servers.sh): our side alone")
        record["alertmanager"] = "not installed"
    else:
        say(f"Alertmanager: {MINUTES / alertmanager.FACTOR * 60:.0f} s at {alertmanager.FACTOR:g}x")
        record |= {"factor": alertmanager.FACTOR, "alertmanager": alertmanager.version(binary)}
        with ThreadPoolExecutor() as beside:
            first = beside.submit(alertmanager.first_page_s)
            found = alertmanager.pages()
            record["alertmanager_first_page_s_at_full_length"] = round(first.result(), 2)
        for name, pages in found.items():
            sides[name] = [_counts(judged(scene, pages)) for scene in SCENES]
    record["sides"] = sides
    return record | {"versions": versions(("sturmglas",))}


def _counts(found: dict[str, object]) -> dict[str, object]:
    """Leave out delays: the factor makes each millisecond of a busy machine a fifth of a second."""
    return {k: v for k, v in found.items() if k not in ("first_page_s", "longest_delay_s")}


class Receiver:
    """A channel that writes down what it is sent, and how long after the level was known."""

    name = "pager"
    doubles = ChannelClass.C

    def __init__(self) -> None:
        self.minute, self.said_at = 0, 0.0
        self.pages: list[Page] = []

    async def send(self, delivery: Delivery) -> Receipt:
        alert = delivery.alert
        if alert.action is Action.TRIGGER:
            minute = self.minute + (stopwatch() - self.said_at) / 60
            holds = frozenset({(alert.topic, int(alert.level))})
            self.pages.append(Page(minute, alert.incident, holds))
        return Receipt()


def ours(scene: Scene) -> list[Page]:
    """Let a scene blow over a store of its own; return what the receiver got."""
    topics = {t: topic(t, scene.brand, f"{scene.brand} {t}") for t in scene.says}
    receiver = Receiver()
    with closing(SqliteStore.open("sqlite://")) as store:
        asyncio.run(_blown(scene, store, topics, receiver))
    return receiver.pages


async def _blown(scene: Scene, store: Store, topics: dict[str, Topic], receiver: Receiver) -> None:
    routes = (Route("pager", Level.STRONG_WIND, inform=("channel.pager",)),)
    blowing = Blowing(store, topics, Waking(Book(frozenset({"pager"})), NoSignals()), routes)
    clock = [START]
    deliverer = Deliverer(store.outbox, {"pager": receiver}, lambda: clock[0], Random(1))
    for minute in range(0, MINUTES, 5):
        clock[0] = START + timedelta(minutes=minute)
        _file(scene, store, minute, clock[0])
        levels = {t: Level(level(scene, t, minute)) for t in scene.says}
        receiver.minute, receiver.said_at = minute, stopwatch()
        blowing.say(levels, clock[0])
        await deliverer.drain(clock[0])


def _file(scene: Scene, store: Store, minute: int, now: datetime) -> None:
    """File angry posts of the last five minutes: the same for all topics of one storm, else for each its own."""
    shared = [tuple(scene.says)] if scene.same_posts else [(t,) for t in scene.says]
    rows = [
        post(f"{topics[0]}-{minute}-{n}", topics, now - timedelta(minutes=2))
        for topics in shared
        if any(level(scene, t, minute) >= 3 for t in topics)
        for n in range(POSTS)
    ]
    with store.begin() as tx:
        tx.add_mentions(rows)
