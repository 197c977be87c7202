"""Complaint: what is wrong in a file that people write, where, and what was expected.

Playbooks and settings complain with one type, so that `sturmglas check` prints one list.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake. ``line`` counts from 1; 0 where no line can be named (a missing file).

    ``key`` is the dotted path of what is wrong, "" for the file as a whole. ``text`` says what
    was found and what was expected, and never repeats a secret.
    """

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Return '; did you mean "..."?' for the known word most like ``word``, or "".

    ``likeness`` in 0..1 is the least that counts (difflib's ratio).
    """
    by_fold = {k.casefold(): k for k in sorted(known, reverse=True)}
    found = difflib.get_close_matches(word.casefold()[:100], by_fold, n=1, cutoff=likeness)
    return f'; did you mean "{by_fold[found[0]]}"?' if found else ""


def one_of(known: Iterable[str]) -> str:
    """Return "one of a, b, c" in order."""
    return "one of " + ", ".join(sorted(known))


def shown(value: object, limit: int = 60) -> str:
    """Return ``value`` as a complaint quotes it: short, on one line, strings in double quotes."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
