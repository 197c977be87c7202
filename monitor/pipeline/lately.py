"""Lately: the curve of a topic's last hours, from what its closed bins led to."""

from __future__ import annotations

from datetime import datetime

from alerts.curve import LIMIT, Curve
from detectors.window import BIN, bin_start
from monitor.ports import Transaction


def curve_of(tx: Transaction, topic: str, until: datetime) -> Curve | None:
    """Return the curve up to ``until``, four hours at most; None where no bin of them is closed.

    It begins and ends with a bin of which something is known.
    """
    end = bin_start(until)
    known = {r.start: r for r in tx.results(topic, end - LIMIT * BIN, end)}
    if not known:
        return None
    first, last = min(known), max(known)
    found = [known.get(first + n * BIN) for n in range((last - first) // BIN + 1)]
    bins = tuple((r.negatives, round(r.expected_negatives, 2)) if r else None for r in found)
    return Curve(last + BIN, bins)
