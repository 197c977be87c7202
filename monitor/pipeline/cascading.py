"""Cascading: what was just filed is read again by a dearer model, if it is open and widely read.

The thread that files offers rows and writes the answers; a thread of its own asks the model in between.
So all that changes a mention goes through the one thread that holds its shard. Nothing waits for an
answer, and nothing is lost without one: the cheap score stands until it is replaced.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.mention import readable
from detectors.score.cascade import CascadeQueue, priority, replaced, uncertainty
from detectors.score.heads import Family
from monitor import metrics
from monitor.clock import Clock
from monitor.pipeline.filing import Rescored
from monitor.ports import Filed

FAILURES = 3
"""After so many batches in a row that raised, the model is taken for lost until the next start."""
WAIT_S = 0.2
"""How long the reading thread sleeps at most before it looks whether it is to stop."""

log = logging.getLogger("sturmglas.cascade")


class Head(Protocol):
    """A model that answers one head; `detectors.score.transformer.TransformerHead` is one."""

    @property
    def name(self) -> str: ...

    @property
    def family(self) -> Family: ...

    def speaks(self, lang: str) -> bool: ...

    def answer(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the probabilities of the family's labels, shape (texts, labels)."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be asked of the model: how many wait, for how long, in which batches, from which doubt on."""

    queue: int = 2000
    deadline: timedelta = timedelta(minutes=5)
    batch: int = 16
    uncertain_from: float = 0.6


class Cascade:
    """Offers, queue and answers between the filing thread and the one that asks the models.

    ``load`` by head: returns its model, or raises; called in the reading thread, so that a start
    never waits. A head without model is told once and left to the cheap scorer. ``shed``: load is shed;
    nothing new is taken in or asked.
    """

    def __init__(
        self, load: Mapping[str, Callable[[], Head]], limits: Limits | None = None
    ) -> None:
        self._load = load
        self._limits = limits or Limits()
        self._queue = CascadeQueue[Filed](self._limits.queue)
        self._lock = threading.Condition()
        self._heads: list[Head] = []
        self._done: list[Rescored] = []
        self._turn = 0
        self.shed = False

    @property
    def heads(self) -> list[str]:
        """The heads that a loaded model answers; empty before loading, and where it is missing or lost."""
        return [head.family.name for head in self._heads]

    # --- the filing thread ------------------------------------------------------------------

    def offer(self, rows: Sequence[Filed]) -> None:
        """Take in those rows that a topic matched and a loaded head is in doubt about."""
        if self.shed or not self._heads:
            return
        offered = dropped = 0
        with self._lock:
            for row in rows:
                doubt = self._doubt(row) if row.topics else 0.0
                if doubt < self._limits.uncertain_from or not _text(row):
                    continue
                until = row.observed_at + self._limits.deadline
                weight = priority(doubt, row.mention.reach)
                offered += 1
                dropped += self._queue.offer(row.id, row, weight, until) is not None
            metrics.CASCADE_WAITING.set(len(self._queue))
            self._lock.notify()
        _count("offered", offered)
        _count("dropped", dropped)

    def _doubt(self, row: Filed) -> float:
        asked = [head.family.name for head in self._heads if head.speaks(row.score.lang)]
        return max((uncertainty(row.score, name) for name in asked), default=0.0)

    def answers(self) -> list[Rescored]:
        """Return what was answered since the last call; whoever files writes it."""
        if not self._done:
            return []
        with self._lock:
            done, self._done = self._done, []
        return done

    def drop(self) -> None:
        """Forget all that waits and is being read: its shard may be another worker's now."""
        with self._lock:
            self._turn += 1
            _count("dropped", self._queue.clear() + len(self._done))
            self._done = []
            metrics.CASCADE_WAITING.set(0)

    # --- the reading thread -----------------------------------------------------------------

    def run(
        self,
        clock: Clock,
        stop: threading.Event,
        on_trouble: Callable[[str], None] = lambda told: None,
    ) -> None:
        """Load the models, then read until ``stop``. Returns early where there is none, or none is
        left; ``on_trouble`` then hears why."""
        told = self._begin()
        on_trouble(told)
        failures = 0
        while self._heads and not stop.is_set():
            turn, rows = self._take(clock)
            if not rows:
                continue
            try:
                self._read(turn, rows)
                failures = 0
            except Exception as error:  # outermost loop of a worker: log, count, carry on
                failures += 1
                log.exception("the transformer failed on a batch of %d", len(rows))
                _count("failed", len(rows))
                if failures >= FAILURES:
                    self._give_up()
                    lost = f"lost after {failures} failures in a row ({type(error).__name__})"
                    told = f"{lost}; the built-in scorer goes on alone. Restart to try again"
                    log.error("transformer: %s", told)
                    on_trouble(told)
                    return
                stop.wait(WAIT_S)

    def _begin(self) -> str:
        """Load each head's model; return what is wrong, "" where nothing is."""
        loaded: list[Head] = []
        missing: list[str] = []
        for name, load in self._load.items():
            try:
                loaded.append(load())
            except (
                Exception
            ) as error:  # whatever it is: the service runs on without it, and says so
                missing.append(f"{name}: {error}")
        self._heads = loaded
        metrics.CASCADE_HEADS.set(len(loaded))
        for head in loaded:
            log.info(
                "transformer: %s is answered by %s where in doubt", head.family.name, head.name
            )
        told = "; ".join(missing)
        if told:
            told = f"missing; the built-in scorer goes on alone. {told}"
            log.warning("transformer: %s", told)
        return told

    def _give_up(self) -> None:
        self._heads = []
        metrics.CASCADE_HEADS.set(0)
        self.drop()

    def _take(self, clock: Clock) -> tuple[int, list[Filed]]:
        with self._lock:
            if self.shed or not len(self._queue):
                self._lock.wait(WAIT_S)
            if self.shed:
                return self._turn, []
            rows, expired = self._queue.take(self._limits.batch, clock.now())
            _count("expired", expired)
            metrics.CASCADE_WAITING.set(len(self._queue))
            return self._turn, rows

    def _read(self, turn: int, rows: Sequence[Filed]) -> None:
        began = time.perf_counter()
        done = self._answered(rows)
        metrics.CASCADE_SECONDS.observe(time.perf_counter() - began)
        with self._lock:
            if turn == self._turn:
                self._done += done
            else:
                _count("dropped", len(done))

    def _answered(self, rows: Sequence[Filed]) -> list[Rescored]:
        """Ask every head for those rows whose language it speaks."""
        scores = [row.score for row in rows]
        models = [row.model for row in rows]
        for head in self._heads:
            mine = [i for i, row in enumerate(rows) if head.speaks(row.score.lang)]
            answers = head.answer([_text(rows[i]) for i in mine])
            for i, answer in zip(mine, answers.tolist(), strict=True):
                scores[i] = replaced(scores[i], head.family.name, answer)
                models[i] += f"; {head.family.name}: {head.name}"
        return [Rescored(*one) for one in zip(rows, scores, models, strict=True)]


def _count(outcome: str, n: int = 1) -> None:
    metrics.CASCADE.labels(outcome).inc(n)


def _text(row: Filed) -> str:
    return readable(row.mention.title, row.mention.text).strip()
