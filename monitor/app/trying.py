"""Trying: a test alert through one channel, at once, beside the outbox."""

from __future__ import annotations

import logging
from contextlib import closing

from alerts.channels.trying import Tried, tried
from alerts.people import parted
from alerts.trial import trial_alert, trial_delivery
from detectors.detection import Level
from monitor.app.wiring import open_channels, sqlite_path, targets_of, with_password
from monitor.clock import SystemClock
from monitor.desk import trials
from monitor.ports import Unavailable
from monitor.settings import Settings
from monitor.store.database import open_store
from monitor.store.sqlite import WrongFile

log = logging.getLogger("sturmglas")


async def send_test(
    settings: Settings, name: str, level: Level, by: str, *, inside_only: bool = False
) -> Tried:
    """Send a test alert to the target ``name`` (a channel, or a person on one); return the answer.

    It is in no outbox and on no timeline; the log has a line. ``inside_only`` (the demo): nothing but
    this machine is reached. Raises `KeyError` where there is no such target.
    """
    channel = targets_of(settings)[name]
    alert = trial_alert(
        SystemClock().now(),
        channel.language,
        level=level,
        timezone=settings.timezone,
        page_url=settings.server.public_url,
    )
    async with open_channels(settings, only=name, inside_only=inside_only) as channels:
        found = await tried(channels[name], trial_delivery(alert, name))
    told = (name, by, found.outcome.value, found.latency_ms, found.answer)
    log.info("channel %s: test by %s: %s in %.0f ms: %s", *told)
    return found


def keep(settings: Settings, found: Tried, by: str) -> bool:
    """Keep a test call that went to a person, in the store of the settings; False where it is not kept.

    A file that is not there is not made, and a store that cannot be had hides no answer.
    """
    channel, person = parted(found.channel)
    url = with_password(settings.store.url, settings.store.password)
    if not person or (url.startswith("sqlite") and not sqlite_path(url).is_file()):
        return False
    now = SystemClock().now()
    try:
        with closing(open_store(url, max_bytes=settings.store.max_bytes)) as store:
            trials.record(store, channel, person, found.outcome, found.answer, by, now)
    except (WrongFile, Unavailable) as trouble:
        log.warning("test call of %s is not kept: %s", found.channel, trouble)
        return False
    return True
