"""What tests of alerts share: a store with one incident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.database import SqliteStore
from tests.alerts.delivering import STORM


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'store.db'}")
    with store.begin() as tx:
        tx.save_incident(STORM, 0)
    yield store
    store.close()
