"""What becomes of a delivery after an attempt: when it is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from alerts.alert import DeliveryState
from alerts.channels.base import ChannelError
from alerts.settle import BUDGET, CAP_S, backoff_s, settle
from tests import builders as b


def test_jitter_is_full_doubles_and_is_capped() -> None:
    rng = random.Random(1)
    for attempt, cap in ((1, 1), (2, 2), (5, 16), (9, 256), (10, CAP_S), (1000, CAP_S)):
        waits = [backoff_s(attempt, rng) for _ in range(2000)]
        assert max(waits) <= cap
        assert max(waits) > 0.95 * cap
        assert min(waits) < 0.05 * cap


def test_retry_after_is_a_floor() -> None:
    error = ChannelError("busy", retry_after_s=90)
    ending = settle(error, 1, b.T0, b.T0, random.Random(1))
    assert ending.retry_at == b.after(90)


@pytest.mark.parametrize(
    "error",
    [
        ChannelError("there: answered 503"),
        ChannelError("there: no answer (ReadTimeout)", ambiguous=True),
    ],
    ids=["down", "gone"],
)
def test_the_budget_counts_from_the_beginning(error: ChannelError) -> None:
    late = b.T0 + BUDGET
    assert settle(error, 9, b.T0, late, random.Random(1)).state is DeliveryState.DEAD
    early = settle(error, 9, b.T0, late - timedelta(minutes=10), random.Random(1))
    assert early.state is DeliveryState.PENDING
