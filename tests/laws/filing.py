"""What the pipeline does with a batch, in its smallest form: rows, then counts of the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from detectors.window import Counts
from monitor.ports import CountKey, Filed, Store, Transaction
from tests import builders as b

OTHER = "acme-strom"
"""A second topic, beside the one that builders file under."""
LONG = timedelta(days=400)


def deltas_of(rows: Sequence[Filed]) -> dict[CountKey, Counts]:
    deltas: dict[CountKey, Counts] = {}
    for row in rows:
        for topic in row.topics:
            key = CountKey(topic, row.mention.source, int(row.at.timestamp()) // 60)
            deltas[key] = deltas.get(key, Counts()) + b.counts_of(row)
    return deltas


def file_in(tx: Transaction, rows: Sequence[Filed]) -> list[bool]:
    flags = tx.add_mentions(rows)
    tx.add_counts(deltas_of([row for row, new in zip(rows, flags, strict=True) if new]))
    return flags


def file_batch(store: Store, rows: Sequence[Filed]) -> list[bool]:
    with store.begin() as tx:
        return file_in(tx, rows)


def counted(store: Store, topic: str = b.TOPIC) -> Counts:
    """Return what was counted for a topic, whenever."""
    return store.read.counts(topic, b.T0 - LONG, b.T0 + LONG)
