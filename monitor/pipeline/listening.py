"""Listening: which weights a person lets speak, looked up while a worker runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from detectors.score.addition import Addition, AdditionError
from detectors.score.base import Scorer
from monitor.ports import Reader, Taught

EVERY = timedelta(seconds=5)
"""So long a worker may read with what spoke before: every worker asks for itself."""

log = logging.getLogger("sturmglas.pipeline")


class Listening:
    """Gives the scorer that is to be heard. ``load``: the shipped weights with an addition, as a scorer."""

    def __init__(self, shipped: Scorer, load: Callable[[Addition], Scorer]) -> None:
        self._shipped = shipped
        self._load = load
        self._heard = 0
        self._due: datetime | None = None

    def newer(self, read: Reader, now: datetime) -> Scorer | None:
        """Return the scorer to use from now on, None where nothing has changed since the last call.

        Looks every `EVERY` at most. What cannot be used is logged, and the shipped weights are heard.
        """
        if self._due is not None and now < self._due:
            return None
        self._due = now + EVERY
        history = read.speaking(1)
        newest = history[0].id if history else 0
        if newest == self._heard:
            return None
        chosen = history[0].taught if history else None
        scorer = self._shipped if chosen is None else self._taught(read, chosen)
        self._heard = newest
        log.info("texts are read by %s from now on", scorer.version)
        return scorer

    def _taught(self, read: Reader, id: int) -> Scorer:
        found = read.taught_content(id)
        if found is None:
            log.warning("taught weights %d are gone; the shipped ones are heard", id)
            return self._shipped
        version, content = found
        if version.base != self._shipped.version:
            log.warning("%s; the shipped ones are heard", _void(version, self._shipped.version))
            return self._shipped
        try:
            return self._load(Addition.load(content))
        except AdditionError as error:
            log.error("taught weights %d: %s; the shipped ones are heard", id, error)
            return self._shipped


def _void(version: Taught, shipped: str) -> str:
    return f"taught weights {version.id} stand on {version.base}, not on {shipped}"
