"""A sample of `bench exact`: workers, Redis and PostgreSQL are killed; every mention counts once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.bench.exact import Exact
from monitor.bench.redis_servers import installed
from tests.servers import postgres

pytestmark = pytest.mark.long

RUNS = 20
TWIN_RUNS = 20


@pytest.fixture(scope="module")
def house() -> Iterator[Exact]:
    if not installed():
        pytest.skip("redis-server is not installed")
    postgres.server()
    with Exact() as made:
        yield made


@pytest.mark.parametrize("seed", range(1, RUNS + 1))
def test_every_accepted_mention_is_counted_once(house: Exact, seed: int) -> None:
    run = house.run(seed)
    assert run.wrong == []
    assert run.kills >= 2
    assert run.accepted >= 1000
    assert run.bins > 0


def test_the_same_harness_notices_a_worker_that_acknowledges_too_early() -> None:
    if not installed():
        pytest.skip("redis-server is not installed")
    postgres.server()
    with Exact(careless=True) as house:
        assert any(house.run(seed).wrong for seed in range(1, TWIN_RUNS + 1))
