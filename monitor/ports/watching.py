"""What the watchers keep and look up: when something was last heard, and what lies about unsent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from alerts.alert import Delivery


@dataclass(frozen=True, slots=True)
class Beat:
    """When ``name`` was last heard, or last ran. ``content`` is JSON-ready, of its sender's shape."""

    name: str
    at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)  # JSON, of its sender's shape


@dataclass(frozen=True, slots=True)
class Late:
    """A delivery that should be out. ``since``: due then, or on its way since; ``sending``: the latter."""

    id: int
    target: str
    since: datetime
    attempts: int
    sending: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that failed at least once and waits for its next try. ``page``: of a level that wakes."""

    id: int
    target: str
    first: datetime  # its first attempt
    attempts: int
    page: bool
    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that was given up at ``at``: a person has to look."""

    id: int
    target: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What has not gone out, as one snapshot shows it. ``heard``: last success of each target of the last
    hour. ``errands`` overdue, the oldest due ``errand_at``; None where there is none."""

    late: tuple[Late, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    dead: tuple[Dead, ...] = ()
    heard: Mapping[str, datetime] = field(default_factory=dict)
    errands: int = 0
    errand_at: datetime | None = None


class BeatReads(Protocol):
    """Whoever can look them up: a transaction or a reader."""

    def beat(self, name: str) -> Beat | None: ...

    def beats(self) -> dict[str, Beat]: ...


class BeatWrites(BeatReads, Protocol):
    """A transaction also keeps them."""

    def save_beat(self, beat: Beat) -> None:
        """Keep the newest of a name; one that is older than what is kept changes nothing."""
        ...


class WatchReads(BeatReads, Protocol):
    """What the auditor and the morning line read."""

    def outstanding(self, before: datetime, dead_since: datetime) -> Outstanding:
        """Return what was due ``before`` and is not out, what waits for its next try, and what was given up
        since ``dead_since``. At most a few hundred rows, by indexed columns."""
        ...

    def sent(self, since: datetime, until: datetime) -> Sequence[Delivery]:
        """Return what was accepted in [since, until), by time."""
        ...
