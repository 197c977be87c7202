"""Live signals: what an open page hears, what it misses, and that it never holds anybody up."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from monitor.server.errors import Problem
from monitor.server.live import RESET, WAITING, Hub, Stream


async def read(hub: Hub, stream: Stream, batches: int) -> bytes:
    """Return the first ``batches`` pieces that a page would get."""
    found = b""
    events = hub.events(stream)
    for _ in range(batches):
        found += await asyncio.wait_for(anext(events), 5)
    await events.aclose()  # type: ignore[attr-defined]
    return found


def ids(text: bytes) -> list[int]:
    return [int(line.rpartition(b"-")[2]) for line in text.splitlines() if line.startswith(b"id:")]


def test_a_signal_reaches_every_open_page() -> None:
    async def run() -> list[bytes]:
        hub = Hub()
        streams = [hub.open() for _ in range(3)]
        hub.publish("incident", "abc", 4)
        return [await read(hub, stream, 2) for stream in streams]

    for text in asyncio.run(run()):
        retry, event = text.split(b"\n\n")[:2]
        assert retry == b"retry: 1500"
        _, kind, data = event.splitlines()
        assert kind == b"event: change"
        assert json.loads(data.removeprefix(b"data: ")) == {"kind": "incident", "id": "abc", "v": 4}


def test_signals_may_come_from_any_thread() -> None:
    async def run() -> bytes:
        hub = Hub()
        stream = hub.open()
        events = hub.events(stream)
        found = await anext(events)
        threads = [
            threading.Thread(target=lambda: [hub.publish("t", "x", n) for n in range(20)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while len(ids(found)) < 80:
            found += await asyncio.wait_for(anext(events), 5)
        for thread in threads:
            thread.join()
        return found

    assert ids(asyncio.run(run())) == list(range(1, 81))


def test_a_slow_page_loses_the_oldest_and_is_told_to_reload() -> None:
    async def run() -> bytes:
        hub = Hub()
        stream = hub.open()
        for n in range(WAITING + 50):
            hub.publish("t", "x", n)
        return await read(hub, stream, 2)

    text = asyncio.run(run())
    assert RESET in text
    assert ids(text) == list(range(51, WAITING + 51))


def test_a_page_that_comes_back_gets_what_it_missed() -> None:
    async def run() -> bytes:
        hub = Hub()
        first = hub.open()
        for n in range(5):
            hub.publish("t", "x", n)
        seen = await read(hub, first, 2)
        last = [line for line in seen.splitlines() if line.startswith(b"id:")][1]
        again = hub.open(last.removeprefix(b"id: ").decode())
        return await read(hub, again, 2)

    text = asyncio.run(run())
    assert ids(text) == [3, 4, 5]
    assert RESET not in text


@pytest.mark.parametrize("known", ["000000-3", "nonsense", "-", "x-99999999999999999999", "é-1"])
def test_what_another_process_counted_is_a_reset(known: str) -> None:
    async def run() -> bytes:
        hub = Hub()
        hub.publish("t", "x", 1)
        return await read(hub, hub.open(known), 2)

    assert RESET in asyncio.run(run())


def test_a_quiet_stream_carries_a_heartbeat() -> None:
    async def run() -> bytes:
        hub = Hub(heartbeat_s=0.01)
        return await read(hub, hub.open(), 3)

    assert asyncio.run(run()).count(b": alive\n\n") == 2


def test_closing_ends_every_stream_and_admits_no_more() -> None:
    async def run() -> Hub:
        hub = Hub()
        streams = [hub.open() for _ in range(3)]
        waits = [asyncio.create_task(_drain(hub, stream)) for stream in streams]
        await asyncio.sleep(0.01)
        hub.close()
        hub.close()
        await asyncio.wait_for(asyncio.gather(*waits), 5)
        with pytest.raises(Problem, match=r"stopping|503") as caught:
            hub.open()
        assert caught.value.status == 503
        return hub

    hub = asyncio.run(run())
    assert hub.open_streams == 0
    hub.publish("t", "x", 1)


async def _drain(hub: Hub, stream: Stream) -> None:
    async for _ in hub.events(stream):
        pass


def test_streams_are_bounded() -> None:
    async def run() -> Problem:
        hub = Hub(streams=2)
        first, _ = hub.open(), hub.open()
        with pytest.raises(Problem) as caught:
            hub.open()
        hub.leave(first)
        hub.leave(first)
        hub.open()
        assert hub.open_streams == 2
        return caught.value

    problem = asyncio.run(run())
    assert (problem.status, problem.retry_after_s) == (503, 15.0)


def test_a_page_of_a_loop_that_is_gone_harms_nobody() -> None:
    hub = Hub()
    asyncio.run(_leave_open(hub))
    hub.publish("t", "x", 1)
    hub.close()


async def _leave_open(hub: Hub) -> None:
    hub.open()
