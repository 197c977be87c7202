"""Recounting: what became of a mention's counts, as a signed delta of the next revision of its minute."""

from __future__ import annotations

from detectors.window import MINUTE_S, Counts, bin_start
from monitor.ports import CountKey, Known, Transaction


def recount(tx: Transaction, before: Known) -> None:
    """Write what changed of a mention's counts since ``before``; nothing where nothing did."""
    after = tx.known(before.id)
    add_delta(tx, before, (after or before).counts + -before.counts)


def add_delta(tx: Transaction, known: Known, delta: Counts) -> None:
    """Add ``delta`` to the minute of a mention, in each of its topics."""
    if delta == Counts():
        return
    start = bin_start(known.at)
    minute = int(known.at.timestamp()) // MINUTE_S
    deltas = {
        CountKey(topic, known.source, minute, tx.revisions(topic, [start])[start]): delta
        for topic in known.topics
    }
    if deltas:
        tx.add_counts(deltas)
