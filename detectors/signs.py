"""Signs: what is told beside a level, and changes none: growth, persistence, newcomers, spread,
deletions, silence.

One `Signs` for each topic, fed once for each closed bin, score first, then learn. It reads no clock and
no store; what the counts of a bin do not hold (who is new, what was deleted) is handed in, and where it
is not, the sign that needs it is not given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from detectors.detection import Reason, ReasonCode
from detectors.last_hour import Out
from detectors.online.deletions import DeletionsDetector
from detectors.online.growth import TOLD, GrowthDetector
from detectors.online.newcomers import NewcomersDetector
from detectors.online.persistence import PersistenceDetector
from detectors.online.silence import RARE_DAYS, SilenceDetector
from detectors.online.spread import LEAST, SpreadDetector, effective
from detectors.window import Bin, Window

UNUSUAL = 3.0
"""Score from which on a share or a spread is worth a line: once in a thousand hours."""
LONG_MIN = 30.0
"""What is beyond the usual for less than half an hour persists in nobody's eyes..."""
FEW_LAST = 0.1
"""...and neither does what more than one run in ten does."""
PARTS = ("growth", "persistence", "silence", "newcomers", "spread", "deletions")


class Signs:
    """The estimators that speak beside a level, for one topic.

    A quiet bin costs about 10 us, a loud one with its window 0.1 us a row more; the state is below
    1.5 KiB.
    """

    __slots__ = ("_deletions", "_growth", "_newcomers", "_persistence", "_silence", "_spread")

    def __init__(self) -> None:
        self._growth = GrowthDetector(given="expected")
        self._persistence = PersistenceDetector(given="expected")
        self._silence = SilenceDetector()
        self._newcomers = NewcomersDetector(bins=1)
        self._spread = SpreadDetector()
        self._deletions = DeletionsDetector()

    def see(
        self,
        bin: Bin,
        local: datetime,
        expected: float,
        window: Window | None = None,
        out: Out = (0, 0),
        *,
        new_authors: float | None = None,
        deletions: int | None = None,
        frozen: bool = False,
    ) -> tuple[Reason, ...]:
        """Return what is to be told of a closed bin, mostly nothing, and take the bin in.

        ``local``: the bin's start in the topic's zone; ``expected``: negatives expected of it;
        ``window``: the rows of the hour before its end that are voices; ``out``: (negatives, posts) of the
        bin that are none. ``new_authors``: share of the hour's stated authors whom the topic never
        heard before it, 0..1; ``deletions``: posts taken back within the bin, whenever written;
        None where that is not known. ``frozen``: an incident is open, nothing is learned.
        """
        counts = bin.counts
        x = {
            "mentions": float(counts.mentions),
            "negatives": float(max(0, counts.negatives - out[0])),
            "expected": expected,
            "hour": float(local.hour),
            "weekday": float(local.weekday()),
        }
        told = self._of_counts(x, learn=not frozen)
        if deletions is not None:
            x["deletions"] = float(deletions)
            told += self._of_deletions(x, bin.end, learn=not frozen)
        if window is not None:
            told += self._of_rows(window, new_authors, learn=not frozen)
        return tuple(told)

    def _of_counts(self, x: Mapping[str, float], *, learn: bool) -> list[Reason]:
        told = []
        growth, persistence, silence = self._growth, self._persistence, self._silence
        if x["negatives"] > x["expected"] and growth.score_one(x) >= TOLD:
            told.append(Reason(ReasonCode.DOUBLING, growth.doubling(x)))
        minutes = persistence.minutes(x)
        if minutes >= LONG_MIN and persistence.lasting(minutes) <= FEW_LAST:
            told.append(Reason(ReasonCode.PERSISTENCE, minutes))
        days = silence.return_period(x)
        if days >= RARE_DAYS:
            told.append(Reason(ReasonCode.SILENCE, days, RARE_DAYS))
        for part in (growth, persistence, silence):
            if learn:
                part.learn_one(x)
            else:
                part.pass_by(x)
        return told

    def _of_deletions(self, x: Mapping[str, float], at: datetime, *, learn: bool) -> list[Reason]:
        part = self._deletions
        seen = part.detect(x, at) if x["deletions"] else None
        if learn:
            part.learn_one(x)
        else:
            part.pass_by(x)
        return list(seen.reasons) if seen is not None and seen.score >= UNUSUAL else []

    def _of_rows(self, window: Window, new_authors: float | None, *, learn: bool) -> list[Reason]:
        told: list[Reason] = []
        sources = Counter(window.source)
        x = {"posts": float(len(window)), "sources": effective(sources.values())}
        if self._spread.score_one(x) >= UNUSUAL:
            told.append(Reason(ReasonCode.SPREAD, x["sources"], self._spread.usual(x["posts"])))
        if learn:
            self._spread.learn_one(x)
        authors = len({*window.author} - {0})
        if new_authors is None or authors < LEAST:
            return told
        x = {"authors": float(authors), "new_authors": float(round(new_authors * authors))}
        if self._newcomers.score_one(x) >= UNUSUAL:
            share = x["new_authors"] / authors
            told.append(Reason(ReasonCode.NEW_AUTHORS, share, self._newcomers.share()))
        if learn:
            self._newcomers.learn_one(x)
        return told

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data, below 1.5 KiB."""
        return {name: getattr(self, f"_{name}").snapshot() for name in PARTS}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit.

        A part that is missing (a state from before it was there) begins anew.
        """
        for name in PARTS:
            if name in state:
                getattr(self, f"_{name}").restore(state[name])
