"""Stores to be kept: what is in them, where they are, and every row of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from typer.testing import CliRunner, Result

from alerts.alert import NotifyReason
from detectors.detection import Level
from monitor.cli import app
from monitor.ports import Store
from monitor.settings import Settings, StoreSettings
from monitor.store import schema
from tests import builders as b
from tests.laws.filing import file_batch

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Rows = dict[str, list[tuple[object, ...]]]


@dataclass
class Place:
    """A kind of store, and where tests may put the first one and the one to restore into."""

    url: str
    empty: str

    @property
    def settings(self) -> Settings:
        return settings_for(self.url)

    @property
    def elsewhere(self) -> Settings:
        return settings_for(self.empty)

    def rows(self, url: str) -> Rows:
        """Return every row of every table, in one order."""
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
                return {t: sorted(db.execute(f'SELECT * FROM "{t}"'), key=repr) for t in TABLES}
        with psycopg.connect(url) as server:
            return {t: sorted(server.execute(f'SELECT * FROM "{t}"'), key=repr) for t in TABLES}


TABLES = sorted(schema.metadata.tables)


def settings_for(url: str, **more: object) -> Settings:
    return Settings.model_validate({"store": StoreSettings(url=url), **more})


def fill(store: Store, *, at: datetime = NOW) -> None:
    """File two posts and open an incident with two waiting alerts, the second behind the first."""
    file_batch(store, [b.filed(n, at=at, handle=f"kim{n}") for n in range(2)])
    storm = b.incident(onset=at)
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.add_facts(storm.id, [b.fact(at=at)])
        tx.save_run(b.run(storm), 0)
        for level in (Level.STRONG_WIND, Level.STORM):
            tx.enqueue(b.alert(storm, reason=NotifyReason.ESCALATED, level=level), ["pd"], at)
    store.secret("authors")


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))
