"""Fixtures of the laws, one run per implementation of each port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.ports import Log, Store
from tests.laws.homes import LOGS, STORES, LogHome, StoreHome


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
