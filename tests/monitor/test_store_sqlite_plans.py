"""SQLite: how statements are run, as the database itself explains it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy import event

from monitor.store.database import SqliteStore
from tests import builders as b


def plans(store: SqliteStore, *asks: Callable[[], object]) -> list[str]:
    """Return how SQLite would run each statement that ``asks`` cause."""
    said: list[tuple[str, object]] = []

    def listen(
        conn: object, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        said.append((statement, parameters))

    engines = (store._readers, store._writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    for ask in asks:
        ask()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", listen)
    connection = sqlite3.connect(store.path)
    found = [
        " | ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
        for sql, parameters in said
        if sql.startswith(("SELECT", "UPDATE"))
    ]
    connection.close()
    return found


def test_what_is_asked_all_day_never_runs_through_a_whole_table(store: SqliteStore) -> None:
    read, span = store.read, (b.T0, b.after(hours=1))

    def inside() -> None:
        with store.begin() as tx:
            tx.known(b"?" * 16)
            tx.bins(b.TOPIC, *span)
            tx.window(b.TOPIC, *span)
            tx.watch(b.TOPIC)
            tx.take_reopened(["acme"])
            tx.open_incidents()
            tx.last_incident(b.TOPIC)
            tx.save_incident(b.incident(), 3)
            tx.cancel("key", b.T0)

    found = plans(
        store,
        inside,
        lambda: store.outbox.due(b.T0, 10),
        store.outbox.next_due,
        lambda: read.known([b"?" * 16]),
        lambda: read.curve(b.TOPIC, *span, 300),
        lambda: read.duty_at(b.T0),
        lambda: read.latest(b.TOPIC),
        lambda: read.latest_assessment(b.TOPIC),
        lambda: read.post_list(b.TOPIC, *span, tone=None, limit=10, before=None),
        lambda: read.answers([1, 2, 3]),
        lambda: read.incidents(open_only=True),
        lambda: read.incident("id"),
        lambda: read.deliveries("id"),
        lambda: read.evidence("id"),
    )
    assert len(found) >= 18
    # Partial indices hold only what waits or is open; running through those is the point of them.
    small = ("ix_incident_open", "ix_delivery_pending", "ix_bin_revision_waiting")
    scans = [p for plan in found for p in plan.split(" | ") if p.startswith("SCAN")]
    assert [scan for scan in scans if not scan.endswith(small)] == []
