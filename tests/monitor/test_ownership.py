"""What this process holds for certain: known without asking anybody, also after a freeze."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import pytest

from monitor.pipeline import ownership
from monitor.pipeline.ownership import MARGIN_S, Ownership, Sending
from monitor.ports import LEASE_S, OUTBOX_LEASE, Fenced, Fences, Holding, Store


class Ours:
    """Leases that are given to whoever asks, while ``given``."""

    def __init__(self) -> None:
        self.given = True

    def balance(self, owner: str, work: Mapping[str, Sequence[str]]) -> dict[str, int]:
        return {OUTBOX_LEASE: 1} if self.given else {}

    def leave(self, owner: str) -> None:
        return None

    def holdings(self) -> list[Holding]:
        return []


class Fencing:
    """A store of which only the beginning of transactions is used."""

    def __init__(self) -> None:
        self.begun: list[Fences] = []
        self.lost = False

    @contextmanager
    def begin(self, fences: Fences) -> Iterator[None]:
        if self.lost:
            raise Fenced("lost meanwhile")
        self.begun.append(fences)
        yield


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found = [100.0]
    monkeypatch.setattr(ownership, "stopwatch", lambda: found[0])
    return found


def test_the_outbox_is_surely_ours_until_the_lease_could_have_ended(now: list[float]) -> None:
    leases = Ours()
    mine = Ownership(leases, "here", {OUTBOX_LEASE: [OUTBOX_LEASE]})
    sending = Sending(cast(Store, Fencing()), mine)
    assert not sending.may_send()  # nobody has asked yet
    mine.renew()
    assert sending.may_send()
    now[0] += LEASE_S - MARGIN_S - 0.1
    assert sending.may_send()
    now[0] += 0.2  # frozen, say: nothing was renewed
    assert not sending.may_send()
    assert mine.held == {OUTBOX_LEASE: 1}  # as it believes until it asks
    mine.renew()
    assert sending.may_send()
    leases.given = False
    mine.renew()
    assert not sending.may_send()


def test_who_sends_keeps_the_lease_while_the_pipeline_stands_still(now: list[float]) -> None:
    store = Fencing()
    mine = Ownership(Ours(), "here", {OUTBOX_LEASE: [OUTBOX_LEASE]})
    sending = Sending(cast(Store, store), mine)
    mine.renew()
    sending.keep()
    assert store.begun == []  # renewed a moment ago
    for _ in range(60):
        now[0] += 1.0
        sending.keep()
        assert sending.may_send()
    assert 10 <= len(store.begun) <= 20
    assert store.begun[0] == {OUTBOX_LEASE: 1}
    store.lost = True  # somebody has taken it
    now[0] += LEASE_S
    sending.keep()
    assert not sending.may_send()
