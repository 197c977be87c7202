"""Test calls: whether a person's way was tried, and whether it rang. Pure; no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.alert import AttemptOutcome

STALE = timedelta(days=90)
"""After so long a test call says nothing any more: phones, keys and settings change."""


class Tested(StrEnum):
    """How far a person's way can be relied on."""

    NEVER = "never"  # no test call was ever made
    REFUSED = "refused"  # the receiver did not take it
    UNSAID = "unsaid"  # taken, and nobody has said whether it rang
    SILENT = "silent"  # somebody said that it did not ring
    OLD = "old"  # it rang, more than `STALE` ago
    RANG = "rang"


@dataclass(frozen=True, slots=True)
class TrialCall:
    """The last test call to ``person`` over ``channel``: when, by whom, and what the receiver answered.

    ``rang`` None: nobody has said yet; else ``said_by`` did at ``said_at``.
    """

    channel: str
    person: str
    at: datetime
    outcome: AttemptOutcome
    answer: str = ""
    by: str = ""
    rang: bool | None = None
    said_by: str = ""
    said_at: datetime | None = None


def tested(call: TrialCall | None, now: datetime) -> Tested:
    """Return how far a way can be relied on after its last test call."""
    if call is None:
        return Tested.NEVER
    if call.rang is None:
        return Tested.UNSAID if call.outcome is AttemptOutcome.ACCEPTED else Tested.REFUSED
    if not call.rang:
        return Tested.SILENT
    return Tested.OLD if now - call.at > STALE else Tested.RANG
