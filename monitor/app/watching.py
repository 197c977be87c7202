"""Watching: the auditor, in a thread of its own, and the heartbeat that it gives or withholds.

It trusts no other part of this process: it asks the store what should be out, the log what waits, and each
loop when it last came round. Who watches it: the deliverer and ``/readyz``, by its pulse, other processes by
its beat in the store, and the outside by the missing heartbeat.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from alerts.channels.ping import Ping, PingError
from monitor import metrics
from monitor.app.pulse import AUDITOR, DELIVERER, PIPELINE, Pulse
from monitor.app.telling import Telling
from monitor.app.wiring import Built
from monitor.clock import stopwatch
from monitor.pipeline.auditing import DEAD_FOR, Ailment, Finding, Limits, findings
from monitor.pipeline.awake import RUNNING, next_beat
from monitor.ports import GROUP, OUTBOX_LEASE, Beat, Fences, Unavailable

HUNG_S = 60.0
"""A loop that has not come round for so long stands still: a turn takes a second, a hard one ten."""
MISSED = 3
"""So many looks missed: the auditor does not run."""

log = logging.getLogger("sturmglas.audit")


class Watching:
    """Looks every few seconds, tells what is wrong, and pings while nothing is."""

    def __init__(
        self,
        built: Built,
        pulse: Pulse,
        held: Callable[[], Fences],
        owner: str,
        telling: Telling,
        ping: Ping | None = None,
    ) -> None:
        self._built = built
        self._pulse = pulse
        self._held = held
        self._owner = owner
        self._telling = telling
        self._ping = ping
        audit = built.settings.audit
        self._limits = Limits(
            timedelta(seconds=audit.unsent_s),
            timedelta(seconds=audit.failing_s),
            timedelta(seconds=audit.failing_page_s),
        )
        self._standing: dict[str, Finding] = {}
        self._pinged: float | None = None
        self._unwell = False

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop``; survives whatever a look throws."""
        self._pulse.beat(AUDITOR)
        while not stop.wait(self._built.settings.audit.every_s):
            try:
                self.look()
            except Exception:  # outermost loop: whoever watches must not end by what it sees
                log.exception("the auditor failed; it looks again")

    def look(self) -> list[Finding]:
        """Look once: at the store, at the log, at the loops here; then tell, and ping where it is time."""
        now = self._built.clock.now()
        frozen = self._pulse.age_s(AUDITOR) > MISSED * self._built.settings.audit.every_s
        # After a sleep or a freeze every loop here looks old, until it has come round once.
        found = [] if frozen else list(self._loops(now))
        try:
            found += self._audit(now)
            self._keep(now, found)
        except Unavailable as error:
            found.append(Finding(Ailment.STORE, "", self._since("store", now), detail=str(error)))
        self._pulse.beat(AUDITOR)
        self._tell(found, now)
        self._beat(found, now)
        return found

    def _audit(self, now: datetime) -> Iterable[Finding]:
        before = now - self._limits.unsent
        seen = self._built.store.read.outstanding(before, now - DEAD_FOR)
        metrics.DEAD_LETTERS.set(len(seen.dead))
        metrics.OUTBOX_UNSENT.set(len(seen.late))
        found = findings(seen, self._limits, now)
        oldest = self._built.log.backlog(GROUP).oldest
        if oldest is not None and now - oldest > timedelta(seconds=HUNG_S):
            found.append(Finding(Ailment.BEHIND, "", oldest))
        return found

    def _loops(self, now: datetime) -> Iterable[Finding]:
        trouble = self._built.trouble.parts.get("pipeline", "")
        age = self._pulse.age_s(PIPELINE)
        if age > self._hung_s:
            since = now - timedelta(seconds=age)
            yield Finding(Ailment.PIPELINE, "", since, detail=trouble)
        elif trouble:
            yield Finding(Ailment.PIPELINE, "", self._since(Ailment.PIPELINE, now), detail=trouble)
        age = self._pulse.age_s(DELIVERER)
        if age > self._hung_s and OUTBOX_LEASE in self._held():
            yield Finding(Ailment.DELIVERER, "", now - timedelta(seconds=age), detail=self._owner)

    @property
    def _hung_s(self) -> float:
        return min(HUNG_S, self._limits.unsent.total_seconds())

    def _since(self, key: str, now: datetime) -> datetime:
        standing = self._standing.get(key)
        return standing.since if standing else now

    def _keep(self, now: datetime, found: list[Finding]) -> None:
        """Write that we are here: which also shows that the store can be written."""
        content = {"by": self._owner, "findings": [one.words(now)[1] for one in found]}
        self._built.store.require_room()
        with self._built.store.begin() as tx:
            tx.save_beat(next_beat(tx.beat(RUNNING), now))
            tx.save_beat(Beat(AUDITOR, now, content))

    def _tell(self, found: list[Finding], now: datetime) -> None:
        """Tell what is new and what is over: log, ``/readyz`` and pages, metrics, another channel."""
        standing = {one.key: one for one in found}
        for key in standing.keys() - self._standing.keys():
            log.error("%s", self._words(standing[key], now))
        for key in self._standing.keys() - standing.keys():
            log.info("%s: over", key)
        self._standing = standing
        self._built.trouble.tell("auditor", "; ".join(self._words(one, now) for one in found))
        for what in Ailment:
            number = sum(one.what is what for one in found)
            metrics.AUDIT_FINDINGS.labels(what.value).set(number)
        if OUTBOX_LEASE in self._held():
            self._telling.turn(found, now)

    def _words(self, finding: Finding, now: datetime) -> str:
        words = finding.words(now)[1]
        if not self._built.shared or finding.what not in (Ailment.UNSENT, Ailment.OVERDUE):
            return words
        return f"{words} ({self._sender()})"

    def _sender(self) -> str:
        """Return in words whose it is to send: of several processes it is one."""
        try:
            leases = {one.name: one.owner for one in self._built.store.leases.holdings()}
        except Unavailable:
            return "whoever sends cannot be told"
        owner = leases.get(OUTBOX_LEASE, "")
        return f"it is {owner}'s to send" if owner else "nobody holds the outbox"

    def _beat(self, found: list[Finding], now: datetime) -> None:
        """Ping where it is time and ours to do: of several processes the one that sends does."""
        if self._ping is None or OUTBOX_LEASE not in self._held():
            return
        every_s = self._built.settings.heartbeat.every_s
        changed = bool(found) != self._unwell  # that something is wrong is said at once
        if self._pinged is not None and not changed and stopwatch() - self._pinged < every_s:
            return
        self._pinged, self._unwell = stopwatch(), bool(found)
        try:
            if not found:
                self._ping.well()
                metrics.HEARTBEAT_SENT.set(now.timestamp())
            elif not self._ping.unwell([self._words(one, now) for one in found]):
                log.warning("heartbeat withheld: %s", ", ".join(sorted(self._standing)))
            self._built.trouble.tell("heartbeat", "")
        except PingError as error:
            self._built.trouble.tell("heartbeat", f"the switch outside: {error}")
            log.warning("heartbeat: %s", error)


def auditor_late(pulse: Pulse, every_s: float) -> str:
    """Return in words that the auditor of this process does not run, "" where it does."""
    age = pulse.age_s(AUDITOR)
    if age <= MISSED * every_s:
        return ""
    return f"has not run for {age:.0f} s; nobody looks after the sending"
