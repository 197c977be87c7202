"""Answers from outside: a link, a button, a call. Each has its effect once."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class AnswerWrites(Protocol):
    """A transaction remembers what was answered."""

    def answer_once(self, key: str, at: datetime, actor: str) -> bool:
        """Remember an answer; False where its key was ever given before: it has had its effect."""
        ...
