"""Line: one thing that happened, as `replay`, `demo --once` and `drill` print it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a timeline: ``type`` level, incident, alert, run, step, delivery or summary.

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
