"""SyntheticSource: the invented world as a live source, as fast as its clock runs.

The parts: `world_texts` writes, `world_people` invents authors, `world_plan` says what happens,
`world_build` draws it, `world_demo` is the demo's story. All are re-exported here.
"""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta

from detectors.mention import Mention
from monitor.clock import Clock
from monitor.sources.base import BATCH, Intake, insist, keep_running, parse_instant, tell_failed
from monitor.sources.world_build import Labelled, World
from monitor.sources.world_demo import (
    DEMO_TOPICS,
    FALKENBAHN,
    NORDLICHT,
    SILENT_SOURCE,
    DemoStory,
    demo_story,
    demo_world,
)
from monitor.sources.world_plan import (
    CHANNELS,
    Channel,
    LoudEvent,
    Outage,
    Storm,
    Truth,
    TruthKind,
)
from monitor.sources.world_texts import Brand, Tone

__all__ = [
    "CHANNELS",
    "DEMO_TOPICS",
    "FALKENBAHN",
    "NORDLICHT",
    "SILENT_SOURCE",
    "Brand",
    "Channel",
    "DemoStory",
    "Labelled",
    "LoudEvent",
    "Outage",
    "Storm",
    "SyntheticSource",
    "Tone",
    "Truth",
    "TruthKind",
    "World",
    "demo_story",
    "demo_world",
]

STEP = timedelta(hours=1)
"""Longest span made at once, so that a fast clock costs no memory."""
SAVE_TURNS = 8
"""Cursor and health are written every so many turns; a repeat after a crash costs nothing."""


class SyntheticSource:
    """Emits what the clock has passed, from ``from_`` on, under the names of the world's sources.

    Cursor and health are kept per world source (there is no source called ``name`` in the
    store), so that a world source in an outage goes silent by itself. After a restart it goes on
    from the oldest cursor; what repeats has the same ids.
    """

    def __init__(
        self, name: str, world: World, clock: Clock, from_: datetime, *, every_s: float = 0.25
    ) -> None:
        self._name = name
        self._world = world
        self._clock = clock
        self._from = from_
        self._every_s = every_s
        self._until: datetime | None = None
        self._turns = 0
        self._rng = random.Random(world.seed)

    @property
    def name(self) -> str:
        return self._name

    def run(self, intake: Intake, stop: threading.Event) -> None:
        keep_running(
            self._name, lambda: self._turn(intake, stop), intake, stop, self._rng, cap_s=5.0
        )

    def _turn(self, intake: Intake, stop: threading.Event) -> float:
        if self._until is None:
            self._until = self._resume(intake)
        now = self._clock.now()
        while self._until < now and not stop.is_set():
            upto = min(now, self._until + STEP)
            if not self._emit(intake, stop, self._until, upto):
                return 0.0
            self._until = upto
        self._turns += 1
        if self._turns % SAVE_TURNS == 1:
            self._save(intake, self._until)
        return self._every_s

    def _resume(self, intake: Intake) -> datetime:
        names = self._world.sources()
        saved = [parse_instant(intake.cursor(name).get("until")) for name in names]
        known = [at for at in saved if at is not None]
        return min(known) if len(known) == len(names) else self._from

    def _emit(self, intake: Intake, stop: threading.Event, low: datetime, high: datetime) -> bool:
        by_source: dict[str, list[Mention]] = {}
        for mention in self._world.mentions(low, high):
            by_source.setdefault(mention.source, []).append(mention)
        for source, mentions in by_source.items():
            for at in range(0, len(mentions), BATCH):
                if not self._put(intake, stop, source, mentions[at : at + BATCH]):
                    return False
        return True

    def _save(self, intake: Intake, until: datetime) -> None:
        for source in self._world.sources():
            intake.save_cursor(source, {"until": until.isoformat()})
            if not self._world.out(source, until):
                intake.ok(source)

    def _put(
        self, intake: Intake, stop: threading.Event, source: str, batch: list[Mention]
    ) -> bool:
        return insist(
            lambda: intake.put(source, batch),
            stop,
            self._rng,
            on_wait=lambda error: tell_failed(intake, source, error),
            cap_s=2.0,
        )
