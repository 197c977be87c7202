"""Jobs: what the scheduler runs. Housekeeping only; whatever must not be missed is a due-time row."""

from __future__ import annotations

import logging

from apscheduler.schedulers.background import BackgroundScheduler

from detectors.window import silent_sources
from monitor.desk import teaching
from monitor.ports import Unavailable
from monitor.service import Service

LOOK_S = 10
TRIM_S = 60
KEEP_S = 3600
TEACH_S = 60

log = logging.getLogger("sturmglas.jobs")


class Jobs:
    """Housekeeping in one background thread; a failing job is logged and runs again next time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._silent: list[str] = []
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_job(self.watch_sources, "interval", seconds=LOOK_S)
        self._scheduler.add_job(self.trim, "interval", seconds=TRIM_S)
        self._scheduler.add_job(self.keep, "interval", seconds=KEEP_S)
        self._scheduler.add_job(self.teach, "interval", seconds=TEACH_S)
        self._taught = 0

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop without waiting for a job under way: each is harmless to cut."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def watch_sources(self) -> None:
        """Signal pages when a source falls silent or speaks again: nothing else would."""
        states = self._service.store.read.sources()
        now = self._service.clock.now()
        silent = silent_sources({name: state.clock for name, state in states.items()}, now)
        if silent != self._silent:
            self._silent = silent
            self._service.signals.publish("source", "", int(now.timestamp()))

    def trim(self) -> None:
        """Drop log entries that are filed, also when nothing new comes that would."""
        try:
            self._service.log.trim()
        except Unavailable as trouble:
            log.warning("log not trimmed: %s", trouble)

    def keep(self) -> None:
        """Drop what is older than `store.keep_days`, and make room ahead."""
        service = self._service
        try:
            dropped = service.housekeep(service.clock.now(), service.settings.store.keep_days)
        except Unavailable as trouble:
            log.warning("nothing dropped: %s", trouble)
            return
        if dropped:
            log.info("%d mentions dropped: older than store.keep_days", dropped)

    def teach(self) -> None:
        """Fit what people said of tones since the last time. The weights are loaded for that only."""
        store = self._service.store
        try:
            version = store.read.corrections_version()
            if version == self._taught:
                return
            if len(store.read.corrections()) >= teaching.LEAST:
                from detectors.score.linear import SHIPPED, load_weights

                for made in teaching.learn(store, load_weights(SHIPPED), self._service.clock.now()):
                    log.info("%s: %d words taught %s", made.name, made.lessons, made.learner)
            self._taught = version
        except Unavailable as trouble:
            log.warning("nothing taught: %s", trouble)
