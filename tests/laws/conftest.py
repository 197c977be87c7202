"""Fixtures of the laws, one run per implementation of each port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.outbox import Outbox
from monitor.ports import Log, Store
from monitor.server.sink import FaultPlan, Sink
from tests.laws.homes import LOGS, STORES, LogHome, StoreHome
from tests.laws.queued import STORM


@pytest.fixture(params=sorted(LOGS))
def log_home(request: pytest.FixtureRequest, tmp_path: Path) -> LogHome:
    return LOGS[request.param](tmp_path)


@pytest.fixture
def log(log_home: LogHome) -> Iterator[Log]:
    opened = log_home.open()
    yield opened
    opened.close()


@pytest.fixture(params=sorted(STORES))
def store_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreHome]:
    home = STORES[request.param](tmp_path)
    yield home
    home.drop()


@pytest.fixture
def store(store_home: StoreHome) -> Iterator[Store]:
    opened = store_home.open()
    yield opened
    opened.close()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of a store that knows the storm of `tests.laws.queued`."""
    with store.begin() as tx:
        tx.save_incident(STORM, 0)
    return store.outbox


@pytest.fixture(scope="module")
def running_sink() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=20.0, retry_after_s=7)) as sink:
        yield sink


@pytest.fixture
def sink(running_sink: Sink) -> Sink:
    running_sink.clear()
    return running_sink
