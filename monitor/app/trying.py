"""Trying: a test alert through one channel, at once, beside the outbox."""

from __future__ import annotations

import logging

from alerts.channels.trying import Tried, tried
from alerts.trial import trial_alert, trial_delivery
from detectors.detection import Level
from monitor.app.wiring import open_channels, targets_of
from monitor.clock import SystemClock
from monitor.settings import Settings

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
