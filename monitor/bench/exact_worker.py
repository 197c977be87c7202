"""The workers that `bench exact` kills, children of one `monitor.bench.nursery`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from detectors.matcher import Matcher
from detectors.score.linear import LinearScorer
from detectors.topic import Query, Topic
from detectors.tripwires import Tripwires
from monitor.bench.nursery import Plan, obey
from monitor.clock import ScaledClock
from monitor.pipeline import Pipeline
from monitor.pipeline.ownership import Ownership
from monitor.pipeline.work import Parts, work, work_of
from monitor.ports import Entry, NoSignals
from monitor.store.postgres_store import PostgresStore
from monitor.stream.redis_streams import RedisLog

TOPICS = 6
BRANDS = 4


def topics() -> dict[str, Topic]:
    """Return the topics of the runs: six, of four brands, so that partitions differ in size."""
    made = [
        Topic(f"t{n}", f"T{n}", Query(any=(f"wort{n}",)), brand=f"b{n % BRANDS}")
        for n in range(TOPICS)
    ]
    return {topic.id: topic for topic in made}


class Mortal:
    """A log that kills its process when it is to acknowledge for the ``n``-th time: after the
    commit and before the acknowledgement, or (``after``) right behind it."""

    def __init__(self, log: RedisLog, n: int, *, after: bool) -> None:
        self._log = log
        self._left = n
        self._after = after

    def ack(self, group: str, positions: Sequence[str]) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        self._log.ack(group, positions)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, name: str) -> Any:  # everything else is the log's own
        return getattr(self._log, name)


class Careless(Mortal):
    """A log that acknowledges what it hands out: the twin, whose loss the harness must notice."""

    def read(self, group: str, *args: Any) -> list[Entry]:
        entries = self._log.read(group, *args)
        if entries:
            self.ack(group, [entry.position for entry in entries])
        return entries


def live(plan: Plan, scorer: LinearScorer) -> None:
    """Work until killed, or told to stop by SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    clock = ScaledClock(datetime.fromisoformat(plan["start"]), plan["factor"], plan["zero"])
    known = topics()
    parts = Parts(known, Matcher(known.values()), scorer, Tripwires.load(), {}, ())
    store = PostgresStore.open(plan["store"], lease_s=plan["lease_s"])
    log = RedisLog.open(plan["log"], prefix=plan["prefix"], shards=plan["shards"], clock=clock)
    pipeline = Pipeline(store, parts, NoSignals(), partitions=plan["partitions"], held={})
    pipeline.begin_at(datetime.fromisoformat(plan["start"]))
    mortal = (Careless if plan["careless"] else Mortal)(
        log, plan["die_at_ack"], after=plan["die_after"]
    )
    ownership = Ownership(store.leases, plan["name"], work_of(pipeline, log))
    work(pipeline, mortal, clock, stop, ownership=ownership)
    ownership.leave()


def main() -> None:
    """Be the nursery; what all children share is loaded once."""
    scorer = LinearScorer.load()
    obey(lambda plan: live(plan, scorer))


if __name__ == "__main__":
    main()
