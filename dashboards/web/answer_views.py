"""The page behind a link that answers a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detectors.detection import Level


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """What the page shows. ``state``: open, done (just now), used, taken, ended, expired, unknown (no link of
    ours), unavailable. ``by`` and ``at`` tell who stands in the way, and since when."""

    lang: str
    zone: str
    now: datetime
    state: str
    all_clear: bool = False
    ref: str = ""
    level: Level | None = None
    topic: str = ""
    by: str = ""
    at: datetime | None = None
