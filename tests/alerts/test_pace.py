"""How fast one place is written to: one at a time, the urgent first, and never sooner than asked."""

from __future__ import annotations

import asyncio
import math

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.pace import Pace, Place, Turns

TIMES = st.tuples(st.floats(0, 5), st.floats(0, 3))


@given(st.lists(TIMES, min_size=1, max_size=50), st.floats(0.1, 3))
def test_one_begins_no_sooner_than_the_spacing_after_the_one_before_was_answered(
    times: list[tuple[float, float]], spacing: float
) -> None:
    pace, now, answered = Pace(spacing), 0.0, -10.0
    for gap, lasts in times:
        now += gap
        now += pace.wait_s(now)
        assert now - answered >= spacing - 1e-6
        pace.take()
        assert pace.wait_s(now) == math.inf, "nobody goes beside it"
        now += lasts
        pace.over(now)
        answered = now


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def test_the_more_urgent_go_first_and_equals_in_the_order_of_coming() -> None:
    time, went = Time(), []
    turns = Turns(Pace(1.0), time, time.sleep)

    async def go(name: str, rank: int) -> None:
        async with turns.turn(rank):
            went.append((name, round(time.now)))

    async def scene() -> None:
        await go("a", 1)
        await asyncio.gather(go("b", 1), go("c", 1), go("rings", 0), go("d", 1))

    asyncio.run(scene())
    assert [name for name, _ in went] == ["a", "rings", "b", "c", "d"]
    assert [at for _, at in went] == [0, 1, 2, 3, 4]


def test_one_that_gives_up_waiting_holds_up_nobody() -> None:
    async def scene() -> float:
        turns = Turns(Pace(0.05))
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with turns.turn(0):
            leaving = asyncio.create_task(wait(turns))
            await asyncio.sleep(0)
            leaving.cancel()
        await wait(turns)
        return loop.time() - began

    assert asyncio.run(scene()) < 1.0


async def wait(turns: Turns) -> None:
    async with turns.turn(1):
        pass


def test_a_place_that_asked_for_quiet_is_closed_for_so_long() -> None:
    async def scene() -> tuple[float, float]:
        place = Place()
        before = place.closed_s()
        place.close(3.0)
        place.close(1.0)
        return before, place.closed_s()

    before, after = asyncio.run(scene())
    assert before == 0
    assert 2.5 < after <= 3.0
