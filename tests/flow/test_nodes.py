"""A sample of `sturmglas bench nodes`: two workers, whoever sends killed or frozen. Minutes long."""

from __future__ import annotations

import pytest

from monitor.bench import nodes
from monitor.bench.redis_servers import installed
from tests.servers import postgres


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_workers_lose_and_double_nothing_when_the_sender_dies_or_sleeps() -> None:
    if not installed():
        pytest.skip("redis-server is not installed")
    postgres.server()
    found = nodes.run(2, 1, 5, lambda line: None)
    verdict = found["verdict"]
    assert verdict["problems"] == []
    assert verdict["classes"]["A"]["doubles"] == 0
    assert (found["kills"], found["freezes"]) == (2, 1)
    assert found["takeover_p99_s"] <= nodes.BAR_S
