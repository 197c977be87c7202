"""Who acts beside a bench: a thread for as long as a ``with`` block lasts."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self

PATIENCE_S = 60.0
"""How long the last act may still take when the block is left."""


class Actor(ABC):
    """Acts again and again, with ``every_s`` before each act, until its block is left.

    What an act raised ends it early, and is raised where the block is left.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._over = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def act(self) -> None:
        """Do it once; an act that may last watches ``_over``."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE_S)
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._over.wait(self._every_s):
                self.act()
        except Exception as error:
            self._failure = error
