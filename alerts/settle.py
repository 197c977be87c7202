"""Settle: how one attempt ended, and what becomes of its delivery. Pure but for the chance that is passed in."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.channels.base import ChannelError

BASE_S = 1.0
CAP_S = 300.0
BUDGET = timedelta(hours=24)
"""A delivery that cannot be placed for so long is dead: a person must look."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How one attempt ended, and what becomes of its delivery."""

    outcome: AttemptOutcome
    state: DeliveryState
    retry_at: datetime | None = None
    error: str = ""


def backoff_s(attempt: int, rng: random.Random) -> float:
    """Return full jitter: anything up to 1 s, 2 s, 4 s ... 5 min, so that retries never march in
    step (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter)."""
    return rng.uniform(0.0, min(CAP_S, BASE_S * 2 ** min(attempt - 1, 16)))


def settle(
    error: ChannelError | None,
    attempt: int,
    created_at: datetime,
    now: datetime,
    rng: random.Random,
) -> Ending:
    """Decide what follows from one attempt; ``error`` None: the receiver accepted.

    An unknown outcome is tried again: better a marked repeat than a page that never came.
    """
    if error is None:
        return Ending(AttemptOutcome.ACCEPTED, DeliveryState.SENT)
    text = str(error)
    if error.permanent:
        return Ending(AttemptOutcome.REFUSED, DeliveryState.DEAD, error=text)
    outcome = AttemptOutcome.UNKNOWN if error.ambiguous else AttemptOutcome.RETRY
    delay = timedelta(seconds=max(backoff_s(attempt, rng), error.retry_after_s or 0.0))
    if now + delay > created_at + BUDGET:
        hours = int(BUDGET.total_seconds() // 3600)
        gave_up = f"gave up after {hours} h and {attempt} attempts; last: {text}"
        return Ending(outcome, DeliveryState.DEAD, error=gave_up)
    return Ending(outcome, DeliveryState.PENDING, retry_at=now + delay, error=text)
