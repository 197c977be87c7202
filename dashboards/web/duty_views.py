"""What the page of who is on call shows: now, two weeks, what is wrong, test calls, and its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from alerts.duty import DutyChange
from alerts.rota import Why
from alerts.trial_call import Tested, TrialCall
from dashboards.web.views import Chrome


@dataclass(frozen=True, slots=True)
class NightView:
    """Who may be woken when: these hours and this level hold. ``fixed``: the settings file says so; else ``by`` said
    it at ``at``, or nobody has answered yet."""

    since: time
    until: time
    level: int
    by: str = ""
    at: datetime | None = None
    fixed: bool = False

    @property
    def asked(self) -> bool:
        """True while nobody has answered."""
        return not self.fixed and self.at is None


@dataclass(frozen=True, slots=True)
class Turn:
    """``name`` ("": nobody) is on call in [since, until), ``until`` None: nothing changes for a year.

    ``duty``: inside hours of duty, where nobody is a gap.
    """

    name: str
    since: datetime
    until: datetime | None
    why: Why
    duty: bool = True

    @property
    def gap(self) -> bool:
        return not self.name and self.duty


@dataclass(frozen=True, slots=True)
class DayView:
    """A local day, begun at ``at``, and what there is of turns in it. ``today``, ``past``: as seen now."""

    at: datetime
    end: datetime
    turns: tuple[Turn, ...]
    today: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """One way to whoever is on call. ``pierces``: it is heard through Do Not Disturb."""

    channel: str
    pierces: bool


@dataclass(frozen=True, slots=True)
class RotaView:
    """One rota: who is on call ``now`` and by which ways, who ``next``, and two weeks of days.

    ``changes``: what stands and is not over. ``zone``: its own where it is not the page's.
    """

    id: str
    now: Turn
    ways: tuple[Reached, ...]
    next: Turn | None
    weeks: tuple[tuple[DayView, ...], ...]
    gaps: tuple[Turn, ...] = ()
    changes: tuple[DutyChange, ...] = ()
    zone: str = ""


class Worry(StrEnum):
    """What may keep a page from reaching somebody."""

    GAP = "gap"  # nobody is on call inside hours of duty
    GAPS = "gaps"  # and so ``count`` more times
    NO_METHOD = "no_method"  # a person who cannot be told
    SLEEPS = "sleeps"  # a person whom Do Not Disturb keeps from hearing it
    UNTESTED = "untested"  # a way that wakes and was not heard lately


@dataclass(frozen=True, slots=True)
class Warned:
    """One worry: about ``rota`` or the person ``name``. ``state``: how their test call stands."""

    worry: Worry
    name: str = ""
    rota: str = ""
    channel: str = ""
    state: Tested = Tested.NEVER
    since: datetime | None = None
    until: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Rested:
    """Who was called at night, when last, and when work may start again at the earliest."""

    name: str
    called: datetime
    start: datetime


@dataclass(frozen=True, slots=True)
class WayView:
    """One way to a person, and its last test call."""

    person: str
    name: str
    channel: str
    type: str
    pierces: bool
    state: Tested
    call: TrialCall | None = None


@dataclass(frozen=True, slots=True)
class DutyPage:
    """Who is on call. ``people``: id and name. ``wrong``: field or "conflict", "unavailable", of the form
    ``form`` ("over", "away"); ``given``: what was typed there. ``can_test``: test calls can be sent from
    here.
    """

    chrome: Chrome
    rotas: tuple[RotaView, ...]
    people: tuple[tuple[str, str], ...]
    away: tuple[DutyChange, ...] = ()
    warnings: tuple[Warned, ...] = ()
    rested: tuple[Rested, ...] = ()
    ways: tuple[WayView, ...] = ()
    night: NightView | None = None
    rest_h: float = 11
    me: str = ""
    form: str = ""
    wrong: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    can_test: bool = False

    def name(self, id: str) -> str:
        """Return a person's name; whoever has left the settings is shown by id."""
        return dict(self.people).get(id, id)
