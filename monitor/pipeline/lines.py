"""Line: one thing that happened, as `replay`, `demo --once` and `drill` print it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from alerts.fact import Fact
from alerts.incident import Incident
from detectors.detection import Assessment


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a timeline: ``type`` level, incident, alert, silenced, inhibited, run, step, delivery or summary.

    ``at`` is event time; wall-clock figures stand only in ``summary``, so that two runs of the
    same input print the same lines.
    """

    type: str
    at: datetime
    topic: str
    data: dict[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """Return the line as one JSON object without line breaks."""
        record = {"type": self.type, "at": stamp(self.at), "topic": self.topic, **self.data}
        return msgspec.json.encode(record).decode()


def stamp(at: datetime) -> str:
    """Return ``at`` as RFC 3339 in UTC with whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def level_data(before: Assessment | None, now: Assessment) -> dict[str, Any]:
    """Return what a ``level`` line tells: from, to, and every reason with value and threshold."""
    return {
        "from": int(before.level) if before else 0,
        "level": int(now.level),
        "social": int(now.social),
        "media": int(now.media),
        "interrupt": now.interrupt,
        "return_period_days": round(now.return_period_days, 3),
        "onset": stamp(now.onset) if now.onset else None,
        "reasons": [
            {
                "code": r.code.value,
                "value": round(r.value, 4),
                "threshold": r.threshold,
                "met": r.met,
                **({"text": r.text} if r.text else {}),
            }
            for r in now.reasons
        ],
    }


def incident_data(incident: Incident, fact: Fact) -> dict[str, Any]:
    """Return what an ``incident`` line tells: which, what happened, where it stands now."""
    return {
        "incident": incident.ref,
        "id": incident.id,
        "event": fact.kind.value,
        "status": incident.status.value,
        "level": int(incident.level),
        "episode": incident.episode,
        "onset": stamp(incident.onset),
    }
