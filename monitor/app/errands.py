"""What is due, and who looks after it: handlers by kind, the auditor and its heartbeat, from settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import httpx

from alerts.channels.ping import Ping
from alerts.channels.transport import guarded_sync
from alerts.errand import Errander
from alerts.morning import Times
from detectors.detection import WAKE
from monitor.app.pulse import DELIVERER, Pulse
from monitor.app.telling import Telling
from monitor.app.watching import Watching, auditor_late
from monitor.app.wiring import USER_AGENT, Built
from monitor.desk.watchers import WATCH
from monitor.pipeline.doing import handlers
from monitor.pipeline.errands import Due
from monitor.pipeline.expecting import Expected, Expecting
from monitor.pipeline.morning import Morning
from monitor.pipeline.ownership import Ownership, Sending
from monitor.pipeline.trial_reminding import TrialReminding
from monitor.ports import Signals
from monitor.settings import Settings

AUDIT = "audit"
"""The part of `Trouble` that says that the auditor does not run; what it finds is told as "auditor"."""

log = logging.getLogger("sturmglas.audit")


def errands(
    built: Built, signals: Signals, pulse: Pulse, sending: Sending | None = None
) -> Errander:
    """Return what does everything that is due, with the rows planted that must be there. Writes.

    ``sending``: the right to send, to be kept; None where nobody could take it.
    """
    now, settings, book = built.clock.now(), built.settings, built.book
    expecting = Expecting(expected_of(settings), book, settings.timezone)
    expecting.plant(built.store, now)
    morning = morning_of(built)
    morning.plant(built.store, now)
    trials = trial_reminding_of(built)
    trials.plant(built.store, now)
    done = {
        **handlers(book, signals),
        **expecting.handlers,
        **morning.handlers,
        **trials.handlers,
    }
    return _Beating(Due(built.store, done), built, pulse, sending)


class _Beating:
    """`alerts.deliver.Errander` that leaves a beat each time the deliverer's loop comes round, keeps the right
    to send, and looks whether the auditor still runs: they watch each other."""

    def __init__(
        self, due: Due, built: Built, pulse: Pulse, sending: Sending | None = None
    ) -> None:
        self._due = due
        self._sending = sending
        self._built = built
        self._pulse = pulse

    def run(self, now: datetime) -> int:
        if self._sending is not None:
            self._sending.keep()
        return self._due.run(now)

    def next_due(self) -> datetime | None:
        found = self._due.next_due()
        self._pulse.beat(DELIVERER)
        late = auditor_late(self._pulse, self._built.settings.audit.every_s)
        if late and AUDIT not in self._built.trouble.parts:
            log.error("the auditor %s", late)
        self._built.trouble.tell(AUDIT, late)
        return found


def watching(
    built: Built, pulse: Pulse, ownership: Ownership, wake: Callable[[], None]
) -> Watching:
    """Return the auditor of this process, with the switch outside where one is set."""
    settings, audit = built.settings, built.settings.audit
    telling = Telling(
        built.store,
        built.book,
        told(settings),
        timedelta(seconds=audit.tell_after_s),
        settings.timezone,
        wake,
        settings.server.public_url,
    )
    held = lambda: ownership.held  # noqa: E731  # two words
    return Watching(built, pulse, held, ownership.owner, telling, ping_of(built))


def ping_of(built: Built) -> Ping | None:
    """Return the dead-man's switch, None where none is set."""
    settings = built.settings
    given = settings.heartbeat
    if given.url is None:
        return None
    server = settings.server
    transport = guarded_sync(
        allow_hosts=server.inside_hosts, allow_loopback=server.allow_loopback_receivers
    )
    client = httpx.Client(transport=transport, headers={"User-Agent": USER_AGENT})
    fail = given.fail_url.get_secret_value() if given.fail_url else ""
    return Ping(client, given.method, given.url.get_secret_value(), fail)


def morning_of(built: Built) -> Morning:
    """Return the line of the morning, as it is set."""
    settings = built.settings
    given, known = settings.morning, settings.sources.items()
    return Morning(
        built.store.read,
        built.book,
        Times(given.at, settings.timezone, tuple(given.weekdays)),
        given.to,
        topics=tuple(built.topics),
        sources=[name for name, source in known if source.type != "synthetic"],
    )


def trial_reminding_of(built: Built) -> TrialReminding:
    """Return the reminder of test calls; it comes at the hour of the morning line, on its days."""
    settings, given = built.settings, built.settings.morning
    times = Times(given.at, settings.timezone, tuple(given.weekdays))
    url = settings.server.public_url
    return TrialReminding(built.book, times, settings.called(), told(settings), url)


def told(settings: Settings) -> Sequence[str]:
    """Return the receivers who hear of our own trouble."""
    routed = (r for r in settings.to_routes() if (r.min_level or WAKE) <= WAKE)
    return settings.audit.tell or list(dict.fromkeys(n for r in routed for n in r.inform or ()))


def expected_of(settings: Settings) -> list[Expected]:
    """Return who is expected to speak: by heartbeats, and sources by their mentions."""
    everybody = told(settings)
    tell = {name: tuple(watch.tell or everybody) for name, watch in settings.watches.items()}
    return [
        Expected(sort, name, every, tell[name] if sort == WATCH else tuple(everybody))
        for sort, name, every in settings.to_expected()
    ]
