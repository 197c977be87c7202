"""Places of a test's own: a settings file, a store in a file, a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.database import SqliteStore
from monitor.store.postgres_store import PostgresStore
from tests.servers import postgres


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """Where a test writes its settings."""
    return tmp_path / "sturmglas.toml"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store in a file."""
    opened = SqliteStore.open(f"sqlite:///{tmp_path}/sturmglas.db")
    yield opened
    opened.close()


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a PostgreSQL database with our schema and no rows."""
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def stores(database: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Two workers on one PostgreSQL database."""
    one, two = PostgresStore.open(database), PostgresStore.open(database)
    yield one, two
    one.close()
    two.close()
