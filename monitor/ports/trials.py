"""Test calls, as the store keeps them: the last one of each person and channel."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from alerts.trial_call import TrialCall


class TrialReads(Protocol):
    """Whoever can look test calls up: a transaction or a reader."""

    def trials(self) -> list[TrialCall]:
        """Return the last test call of each person and channel, by channel, then person."""
        ...


class TrialWrites(TrialReads, Protocol):
    """A transaction also keeps them."""

    def save_trial(self, call: TrialCall) -> bool:
        """Keep a test call in the place of an older one; False where a newer one is kept already."""
        ...

    def say_rang(
        self, channel: str, person: str, at: datetime, rang: bool, by: str, now: datetime
    ) -> bool:
        """Keep what somebody said of the test call made at ``at``; False where another, or none, is kept."""
        ...
