"""Answers from outside: each link, press or call has its effect once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answered:
    """That something has had its effect: when, and through whom."""

    at: datetime
    actor: str


class AnswerReads(Protocol):
    """Whoever can look up what was answered: a transaction or a reader."""

    def answered(self, key: str) -> Answered | None:
        """Return when and through whom ``key`` had its effect; None: it has not, or it was forgotten."""
        ...


class AnswerWrites(AnswerReads, Protocol):
    """A transaction also keeps it."""

    def answer_once(self, key: str, at: datetime, actor: str) -> bool:
        """Say that ``key`` has its effect now, in this transaction; False where it had it before.

        Of two at the same time one is first; the other waits for it. What is 30 days old is forgotten
        (`Housekeeper`), so whatever makes a key must be refused by its age before that.
        """
        ...
