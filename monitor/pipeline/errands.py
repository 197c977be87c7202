"""Errands: what is due is done by its kind, each in a transaction of its own.

A kind has one handler. It is called with the row as it was read, and moves it by compare-and-set in
the transaction that does the work, so that two processes do nothing twice and a kill loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.errand import Errand, Kind
from monitor.ports import Store, Transaction, Unavailable

BATCH = 100
"""Errands of one look."""
PAUSE = timedelta(seconds=30)
"""How long an errand that failed rests: soon enough for a call, seldom enough for a log."""
LATER = timedelta(hours=1)
"""When an errand is looked at again that nothing here knows how to do: another version may."""


class Overtaken(Exception):
    """Somebody else changed at the same moment what was to be changed; all of it is taken back."""


Handler = Callable[[Transaction, Errand, datetime], bool]
"""Does one errand that is due; True where it did, False where somebody else was first."""

log = logging.getLogger("sturmglas.errands")


@dataclass(frozen=True, slots=True)
class Due:
    """`alerts.deliver.Errander` over a store: what is due, for whoever holds the outbox."""

    store: Store
    handlers: Mapping[Kind, Handler]

    def run(self, now: datetime) -> int:
        return run_due(self.store, self.handlers, now)

    def next_due(self) -> datetime | None:
        return self.store.read.next_errand()


def run_due(store: Store, handlers: Mapping[Kind, Handler], now: datetime) -> int:
    """Do what is due at ``now``; return how much was done. One errand's trouble costs no other."""
    done = 0
    for errand in store.read.due_errands(now, BATCH):
        try:
            with store.begin() as tx:
                done += handlers.get(errand.kind, _put_off)(tx, errand, now)
        except Overtaken:
            continue  # another did it; nothing of ours is kept
        except Unavailable as error:  # the store's trouble, not the errand's: it stays due
            log.error("errand %s: %s; trying again", errand.key, error)
        except Exception:  # each errand is a matter of its own
            log.exception("errand %s failed; again in %s", errand.key, PAUSE)
            _put_aside(store, errand, now)
    return done


def _put_aside(store: Store, errand: Errand, now: datetime) -> None:
    """Let one that fails not be tried over and over, nor keep the others from being looked at."""
    try:
        with store.begin() as tx:
            tx.move_errand(errand, now + PAUSE, errand.content)
    except Unavailable as error:
        log.error("errand %s: %s; it stays due", errand.key, error)


def _put_off(tx: Transaction, errand: Errand, now: datetime) -> bool:
    log.error("errand %s: nothing here does a %s; again in an hour", errand.key, errand.kind)
    tx.move_errand(errand, now + LATER, errand.content)
    return False
