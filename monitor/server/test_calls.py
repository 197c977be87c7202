"""Test calls over HTTP: sent at once, and kept where they went to a person."""

from __future__ import annotations

import asyncio
import logging

from alerts.channels.trying import Tried
from alerts.people import Method, Person, parted, target
from detectors.detection import Level
from monitor.desk import trials
from monitor.desk.errors import NotFound
from monitor.ports import Unavailable
from monitor.service import Service

log = logging.getLogger("sturmglas")


def ways_of(service: Service) -> dict[str, tuple[Person, Method]]:
    """Return person and method of each target that is a person's."""
    people = service.settings.to_people(service.book.night.level).values()
    return {target(m.channel, p.id): (p, m) for p in people for m in p.methods}


async def sent_test(service: Service, to: str, level: Level, by: str) -> Tried:
    """Send a test alert to a target; a person's is kept. `NotFound` where nothing is sent from here.

    A store that cannot be written to hides no answer: the call was made, and that is told.
    """
    if service.send_test is None:
        raise NotFound("a way to send from here")
    found = await service.send_test(to, level, by)
    channel, person = parted(to)
    if person:
        now = service.clock.now()
        kept = (service.store, channel, person, found.outcome, found.answer, by, now)
        try:
            await asyncio.to_thread(trials.record, *kept)
        except Unavailable as trouble:
            log.warning("test call of %s is not kept: %s", to, trouble)
    return found
