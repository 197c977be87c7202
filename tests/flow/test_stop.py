"""SIGTERM: the real serve ends at once, with open pages, senders and a receiver that hangs."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from alerts.alert import DeliveryState
from monitor.server.sink import Fault, FaultPlan, Sink
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.flow.installed import BEARER, INGEST, LONG, Install, installed, soon, wire

PROMISED_S = 2.0


@dataclass
class Crowd:
    """Three pages that look and four senders that send, until the server goes."""

    accepted: list[str] = field(default_factory=list)
    took: float = 0.0

    async def stop_amid(self, install: Install) -> None:
        assert install.process is not None
        async with httpx.AsyncClient(base_url=install.url, timeout=LONG) as client:
            opened = [asyncio.Event() for _ in range(3)]
            pages = [asyncio.create_task(_page(client, event)) for event in opened]
            await asyncio.gather(*(asyncio.wait_for(event.wait(), LONG) for event in opened))
            senders = [asyncio.create_task(self._send(client, n)) for n in range(4)]
            while len(self.accepted) < 400:
                await asyncio.sleep(0.01)
            began = time.monotonic()
            install.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(install.process.wait, LONG)
            self.took = time.monotonic() - began
            await asyncio.gather(*senders, *pages)

    async def _send(self, client: httpx.AsyncClient, sender: int) -> None:
        for n in range(1_000_000):
            ids = [f"{sender}-{n}-{i}" for i in range(20)]
            try:
                answer = await client.post(INGEST, json=[wire(i) for i in ids], headers=BEARER)
            except httpx.TransportError:
                return
            if answer.status_code != 202:
                return
            self.accepted += ids


async def _page(client: httpx.AsyncClient, opened: asyncio.Event) -> None:
    async with client.stream("GET", "/live") as answer:
        async for _ in answer.aiter_text():
            opened.set()


def test_sigterm_ends_it_and_the_next_start_files_what_was_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd()
    with installed(tmp_path) as install:
        asyncio.run(crowd.stop_amid(install))
        assert install.process is not None
        code = install.process.returncode
        kept = install.waiting()
        install.close()
        install.start()
        assert soon(lambda: install.waiting() == 0)
        assert install.stop()[0] == 0
        stored, (rows, counted) = install.stored(), install.counted()
    with capsys.disabled():
        print(
            f"\nSIGTERM, 3 live pages, 4 senders: ended in {crowd.took:.2f} s,"
            f" {kept} entries left for the next start",
            end=" ",
        )
    assert code == 0
    assert crowd.took < 10 * PROMISED_S
    assert set(crowd.accepted) <= set(stored)
    assert len(stored) == len(set(stored)) == rows == counted


def test_a_receiver_that_hangs_holds_nothing_up_and_gets_its_alert_from_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = FaultPlan(hang_s=LONG)
    faults.script([Fault.HANG_AFTER])
    with Sink(faults) as sink:
        storm, alert = b.incident(), b.alert()
        install = Install(tmp_path, webhook=(sink.webhook_url, sink.webhook_secret))
        store = SqliteStore.open(install.store_url)
        with store.begin() as tx:
            tx.save_incident(storm, 0)
            tx.enqueue(alert, ["hook"], b.T0)
        try:
            install.start()
            assert soon(lambda: len(sink.received) == 1)  # taken, and now it hangs
            code, took = install.stop()
            install.close()
            install.start()
            assert soon(lambda: len(sink.received) == 2)
            assert soon(lambda: store.read.deliveries(storm.id)[0].state is DeliveryState.SENT)
            assert install.stop()[0] == 0
        finally:
            install.close()
            store.close()
        first, second = sink.received
    with capsys.disabled():
        print(f"\nSIGTERM, a receiver that hangs: ended in {took:.2f} s", end=" ")
    assert code == 0
    assert took < 10 * PROMISED_S
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert "sturmglas-may-repeat" not in first.headers
    assert second.headers["sturmglas-may-repeat"] == "true"
