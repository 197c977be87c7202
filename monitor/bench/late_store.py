"""LateStore: a store that is opened by whoever first needs it, for a process that may never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from alerts.outbox import Outbox
from alerts.posted import Posted
from monitor.ports import Fences, Leases, Reader, Store, Transaction


class LateStore:
    """`monitor.ports.Store` over the one that ``make`` opens, once, at the first use of any part.

    Then, and not before, `make` raises what opening raises. Thread-safe.
    """

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make
        self._guard = threading.Lock()
        self._opened: Store | None = None

    def _store(self) -> Store:
        with self._guard:
            if self._opened is None:
                self._opened = self._make()
            return self._opened

    @property
    def read(self) -> Reader:
        return self._store().read

    @property
    def outbox(self) -> Outbox:
        return self._store().outbox

    @property
    def posted(self) -> Posted:
        return self._store().posted

    @property
    def leases(self) -> Leases:
        return self._store().leases

    def begin(self, fences: Fences | None = None) -> AbstractContextManager[Transaction]:
        return self._store().begin(fences)

    def secret(self, name: str) -> bytes:
        return self._store().secret(name)

    def close(self) -> None:
        with self._guard:
            if self._opened is not None:
                self._opened.close()
