"""Journal: what a running service tells its log, one line for each thing that matters to people."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from alerts.alert import NotifyReason
from alerts.words import SPOKEN, level_name
from detectors.detection import WATCH, Level
from detectors.topic import Topic

if TYPE_CHECKING:
    from monitor.pipeline import Line

log = logging.getLogger("sturmglas")

_EVENTS = {
    "opened": "opened",
    "reopened": "is back",
    "level_rose": "rises",
    "level_fell": "falls",
    "topic_joined": "reaches this topic, too",
    "end_proposed": "is calm again; somebody has to end it",
    "resolved": "has ended",
}


class Journal:
    """Writes timeline lines to the log: incidents and alerts, and levels from 3 up."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self._names = {id: topic.name for id, topic in topics.items()}

    def tell(self, lines: Iterable[Line]) -> None:
        """Log what matters; never raises for a line it does not know."""
        for line in lines:
            data = line.data
            topic = self._names.get(line.topic, line.topic)
            if line.type == "level" and max(data["level"], data["from"]) >= WATCH:
                name = level_name(Level(data["level"]), "en")
                log.info("%s: level %d %s (was %d)", topic, data["level"], name, data["from"])
            elif line.type == "incident" and data["event"] in _EVENTS:
                event = _EVENTS[data["event"]]
                log.info("%s %s: %s, level %d", data["incident"], event, topic, data["level"])
            elif line.type == "alert" and data["channels"]:
                to = ", ".join(data["channels"])
                why = SPOKEN[NotifyReason(data["reason"])][1]
                log.warning("%s: alert (%s) to %s", data["incident"], why, to)
            elif line.type == "alert":
                log.error("%s: alert, and no route takes it: nobody is told", data["incident"])
            elif line.type == "silenced":
                to = f"{data['author']} until {data['until']}"
                log.warning("%s: alert held back by a silence of %s", data["incident"], to)
            elif line.type == "inhibited":
                log.warning("%s: %s speaks for it, the stronger", data["incident"], data["bigger"])
            elif line.type == "run":
                log.info("%s: playbook %s starts", data["incident"], data["playbook"])
