"""Elsewhere: what is wrong with the work that other processes do, as store and log show it."""

from __future__ import annotations

import threading
from datetime import timedelta

from monitor.app.pulse import AUDITOR
from monitor.app.watching import MISSED
from monitor.app.wiring import Built
from monitor.clock import stopwatch
from monitor.ports import GROUP, OUTBOX_LEASE, SHARD, TOPICS, Unavailable

LOOK_S = 5.0
"""An answer younger than this is given again."""
PATIENCE = timedelta(minutes=1)
"""An entry that waits longer than this is told: filing usually takes less than a second."""


class Elsewhere:
    """Tells what nobody does, and what has been waiting; for ``/readyz`` and the pages.

    A process that only takes in and shows would else look well while no worker runs.
    """

    def __init__(self, built: Built, owner: str = "") -> None:
        self._built = built
        self._owner = owner
        self._guard = threading.Lock()
        self._looked: float | None = None
        self._told: list[str] = []

    def __call__(self) -> list[str]:
        """Return what is wrong, in plain words; asks store and log every `LOOK_S` at most."""
        with self._guard:
            if self._looked is None or stopwatch() - self._looked >= LOOK_S:
                self._looked = stopwatch()
                try:
                    self._told = [*self._unheld(), *self._waiting(), *self._parked()]
                    self._told += self._audited()
                except Unavailable as error:
                    self._told = [f"work: {error}"]
            return list(self._told)

    def _unheld(self) -> list[str]:
        held = {lease.name for lease in self._built.store.leases.holdings() if lease.owner}
        pieces = {
            "files": [f"{SHARD}/{n}" for n in range(self._built.log.shards)],
            "judges": [f"{TOPICS}/{n}" for n in range(self._built.settings.work.partitions)],
            "sends alerts": [OUTBOX_LEASE],
        }
        if not held:
            return ["work: no worker runs, so nobody files, judges or sends; start sturmglas work"]
        told = []
        for verb, names in pieces.items():
            free = [name for name in names if name not in held]
            if len(free) == len(names):
                told.append(f"work: nobody {verb}; start sturmglas work")
            elif free:
                told.append(f"work: nobody {verb} for {', '.join(free)}; wait, or start a worker")
        return told

    def _waiting(self) -> list[str]:
        backlog = self._built.log.backlog(GROUP)
        now = self._built.clock.now()
        if backlog.oldest is None or now - backlog.oldest < PATIENCE:
            return []
        minutes = (now - backlog.oldest) // timedelta(minutes=1)
        return [f"work: {backlog.entries} batches wait to be filed, the oldest for {minutes} min"]

    def _audited(self) -> list[str]:
        """Return what the auditors of other processes found, or that none of them runs."""
        beat = self._built.store.read.beat(AUDITOR)
        if beat is None:
            return []
        age = self._built.clock.now() - beat.at
        if age > MISSED * timedelta(seconds=self._built.settings.audit.every_s):
            return [f"audit: no auditor has run for {age.total_seconds():.0f} s"]
        by = beat.content.get("by", "")
        if by == self._owner:
            return []
        return [f"auditor of {by}: {found}" for found in beat.content.get("findings", ())]

    def _parked(self) -> list[str]:
        parked = self._built.store.read.parked_count()
        return [f"filing: {parked} batches could not be filed; kept in the store"] if parked else []
