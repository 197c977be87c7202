"""Who may be woken when, as somebody answered it on a page. What the settings file says holds before it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from alerts.night import Night
from detectors.detection import WAKE, Level
from detectors.shaped import shaped
from monitor.desk.errors import Invalid
from monitor.ports import Beat, BeatReads, Store

ANSWER = "night"
"""Beat under which the last answer is kept."""

log = logging.getLogger("sturmglas.desk")


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``by`` answered at ``at``."""

    night: Night
    by: str
    at: datetime


def answered(read: BeatReads) -> Answer | None:
    """Return the last answer, None where nobody has answered yet."""
    beat = read.beat(ANSWER)
    return shaped(beat.content, Answer) if beat else None


def answer(store: Store, night: Night, by: str, now: datetime) -> Answer:
    """Keep an answer; it counts from now on, in every process. `Invalid` for a level that wakes nobody."""
    if not WAKE <= night.level <= max(Level):
        raise Invalid(f"level: {int(night.level)}; expected {int(WAKE)} to {int(max(Level))}")
    made = Answer(night, by, now)
    with store.begin() as tx:
        tx.save_beat(Beat(ANSWER, now, msgspec.to_builtins(made)))
    log.info("night: %s to %s from level %d, says %s", night.since, night.until, night.level, by)
    return made


def nights(given: Night, read: BeatReads | None, *, fixed: bool) -> Callable[[], Night]:
    """Return what tells who may be woken when: ``given`` where it is ``fixed`` or nobody has answered.

    Each look reads one row, so that what was answered in another process counts at once.
    """

    def now() -> Night:
        found = answered(read) if read is not None and not fixed else None
        return found.night if found else given

    return now
