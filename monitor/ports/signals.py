"""Signals: what live pages hear."""

from __future__ import annotations

from typing import Protocol


class Signals(Protocol):
    """Small live signals to whoever watches; lossy by design, never the truth itself."""

    def publish(self, kind: str, id: str, version: int) -> None: ...


class NoSignals:
    """Nobody watches."""

    def publish(self, kind: str, id: str, version: int) -> None:
        return None
