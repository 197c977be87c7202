"""Outbox: the deliverer's view of what must go out. Implemented by the store, held by laws."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.alert import AttemptOutcome, Delivery, DeliveryState


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recorded try of one delivery; written *before* the send."""

    delivery: int
    number: int
    started_at: datetime
    outcome: AttemptOutcome | None = None
    error: str = ""
    latency_ms: float = 0.0


class Outbox(Protocol):
    """Durable queue of deliveries. Every method is one transaction, durable on return."""

    def due(self, now: datetime, limit: int, full: Collection[str] = ()) -> Sequence[Delivery]:
        """Return pending deliveries due at ``now``, oldest first, only the head of each (channel, key).

        Those to channels that are ``full`` are left out.
        """
        ...

    def begin(self, delivery: Delivery, now: datetime) -> Attempt | None:
        """Record an attempt and set SENDING where it is still PENDING; None: another was first."""
        ...

    def begin_behind(
        self, attempt: Attempt, now: datetime, limit: int
    ) -> Sequence[tuple[Delivery, Attempt]]:
        """Begin also what waits right behind a delivery under way, in order, at most ``limit``.

        Up to the first that is not due, or is a resolve; behind a resolve nothing. For channels that
        tell several of a key in one message.
        """
        ...

    def finish(
        self,
        attempt: Attempt,
        outcome: AttemptOutcome,
        state: DeliveryState,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        error: str = "",
        latency_ms: float = 0.0,
    ) -> None:
        """Close the attempt; PENDING needs ``retry_at``. Writes the timeline fact of SENT and DEAD."""
        ...

    def finish_all(
        self,
        attempts: Sequence[Attempt],
        outcome: AttemptOutcome,
        state: DeliveryState,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        error: str = "",
        latency_ms: float = 0.0,
    ) -> None:
        """Close attempts that went out together, as `finish` does each, all or none of them."""
        ...

    def recover(self, now: datetime, older_than: datetime) -> int:
        """Return SENDING rows begun before ``older_than`` to PENDING, their attempts UNKNOWN.

        Called once at start with ``older_than = now`` (this process sends alone), so that a
        killed sender's deliveries go out. Returns how many.
        """
        ...

    def adopt(self, now: datetime, older_than: datetime, but: Collection[int]) -> int:
        """Do the same with those that nobody has in hand: not ``but``, which whoever sends has.

        A sender that was frozen past its lease may claim something when it wakes, and end before it is sent.
        """
        ...

    def resend(self, delivery: int, actor: str, now: datetime) -> bool:
        """Set a DEAD delivery back to PENDING, due now, with a fact; False where it was not DEAD."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next pending delivery is due, None when there is none."""
        ...

    def attempts(self, delivery: int) -> Sequence[Attempt]:
        """Return the trail of one delivery, oldest first."""
        ...
