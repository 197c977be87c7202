"""Doing: every kind of errand, and who does it."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.book import Book
from alerts.errand import Kind
from monitor.pipeline.digesting import Digesting
from monitor.pipeline.errands import Handler
from monitor.pipeline.reminding import Reminding
from monitor.pipeline.waking import Waking
from monitor.ports import Signals


def handlers(book: Book, signals: Signals) -> Mapping[Kind, Handler]:
    """Return who does each kind of errand; each kind has one."""
    waking = Waking(book, signals)
    return {
        **waking.handlers,
        **Reminding(waking.silencing, signals).handlers,
        **Digesting().handlers,
    }
