"""What pages show of silences: who keeps what quiet, the form that asks for one, and its preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.alert import Broke
from alerts.silences import SilenceKind
from dashboards.web.views import Chrome
from detectors.detection import Level

HOURS = (1, 2, 4, 8, 24)
"""How long a silence may last, as the form offers it."""


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """One silence. ``match``: its matchers as text. ``holds``: references of the incidents that it holds back
    now. ``breaks_at``: the level from which on it breaks, None where no level does. ``standing`` False: it
    ended at ``until``, ``ended_by`` somebody or broken. ``id`` 0: a mute window that has held nothing yet."""

    id: int
    kind: SilenceKind
    match: str
    since: datetime
    until: datetime
    author: str
    reason: str
    breaks_at: Level | None
    holds: tuple[str, ...] = ()
    standing: bool = True
    ended_by: str = ""
    broken: Broke | None = None


@dataclass(frozen=True, slots=True)
class ForetoldRow:
    """One alert of the past that a silence would have met; ``broke``: by what it would have been broken."""

    at: datetime
    ref: str
    topic: str
    level: Level
    targets: tuple[str, ...]
    broke: Broke | None


@dataclass(frozen=True, slots=True)
class ForetoldPart:
    """What matchers would have met in the last ``days``. ``fault``: why they cannot be read, in English as the
    matcher says it; ``asked`` False: nothing was asked yet."""

    days: int
    rows: tuple[ForetoldRow, ...] = ()
    fault: str = ""
    asked: bool = True

    @property
    def held(self) -> int:
        return sum(row.broke is None for row in self.rows)


@dataclass(frozen=True, slots=True)
class SilencePage:
    """All silences, and the form. ``given``: what somebody filled in, by field; ``wrong`` names the field that
    cannot be kept, or "conflict", "over" or "unavailable"; ``by`` and ``at`` who was first, and when."""

    chrome: Chrome
    standing: tuple[SilenceRow, ...]
    ended: tuple[SilenceRow, ...]
    foretold: ForetoldPart
    topics: tuple[tuple[str, str], ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
    fault: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForetoldPage:
    """The preview alone, for the region that fetches it."""

    chrome: Chrome
    foretold: ForetoldPart


@dataclass(frozen=True, slots=True)
class QuietView:
    """An incident and silences. ``silence``: what holds it back, until ``due`` it is looked at again.
    ``match``: the matchers that a silence of it begins with. ``told``: whom "all clear" would reach, ``muted``
    until when what was cleared is muted. ``asked_by``: who cleared it at night and has not said yet what it was."""

    match: str = ""
    silence: SilenceRow | None = None
    due: datetime | None = None
    told: tuple[str, ...] = ()
    muted: datetime | None = None
    asked_by: str = ""
    foretold: ForetoldPart | None = None
