"""What the pages of incidents show: steps, facts, deliveries, and one incident as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.alert import DeliveryState, NotifyReason
from alerts.fact import FactKind
from dashboards.web.curve import Range
from dashboards.web.silence_views import QuietView
from dashboards.web.views import CardView, Chrome, IncidentRow, PostView, Term, Tile, Trend
from detectors.detection import Level, Reason
from playbooks.playbook import Role, Text
from playbooks.run import StepState


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a run, numbered as in its playbook. ``waits``: due only from that level on."""

    run: str
    id: str
    number: int
    title: Text
    text: Text
    role: Role
    state: StepState
    due_at: datetime | None
    questions: tuple[Text, ...] = ()
    owner: str = ""
    by: str = ""
    at: datetime | None = None
    note: str = ""
    overdue: bool = False
    waits: Level | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """A playbook at work. ``steps`` as shown: overdue first, then by due time, finished last."""

    id: str
    playbook: str
    title: Text
    version: str
    started_at: datetime
    steps: tuple[StepView, ...]
    why: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        return sum(step.state is not StepState.OPEN for step in self.steps)


@dataclass(frozen=True, slots=True)
class FactView:
    """One line of the timeline. ``key``: shown without asking for everything."""

    at: datetime
    kind: FactKind
    actor: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    key: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """How one alert fares on its way ``to`` a channel, or to a person by one."""

    id: int
    to: str
    reason: NotifyReason
    level: Level
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    sent_at: datetime | None = None
    error: str = ""
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class CallView:
    """Who is called next unless somebody answers, and when; ``names`` empty: then nobody is left."""

    at: datetime
    chain: str
    number: int
    steps: int
    round: int
    rounds: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """One incident: what to do next, why, what people write, who was reached, what happened.

    ``next`` is the one step to do now. ``negatives`` of the last hour against ``expected``.
    ``facts`` newest first, already cut to the key ones unless ``all_facts``; ``fact_count`` all.
    ``blind_until``: until when it ran unseen. ``capped``: sources that gave only a part of the hour.
    ``asked``: whoever has it was asked whether they are still on it. ``children``: its topics, worst first, where
    it is over several. ``about``: see `Detail`. ``call``: who is called next. ``others``: open incidents that it
    could be merged into. ``quiet``: silences and all clear.
    """

    chrome: Chrome
    row: IncidentRow
    topics: tuple[str, ...]
    trend: Trend
    negatives: int
    mentions: int
    expected: Range | None
    reasons: tuple[Reason, ...] = ()
    media: Level = Level.CALM
    acked_by: str = ""
    acked_at: datetime | None = None
    acked_level: Level | None = None
    asked: bool = False
    rose_at: datetime | None = None
    end_proposed: bool = False
    quiet_since: datetime | None = None
    blind: tuple[str, ...] = ()
    blind_until: datetime | None = None
    capped: tuple[str, ...] = ()
    children: tuple[Tile, ...] = ()
    next: StepView | None = None
    step_count: int = 0
    runs: tuple[RunView, ...] = ()
    posts: tuple[PostView, ...] = ()
    terms: tuple[Term, ...] = ()
    about: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    evidence: tuple[PostView, ...] = ()
    facts: tuple[FactView, ...] = ()
    fact_count: int = 0
    all_facts: bool = False
    deliveries: tuple[DeliveryView, ...] = ()
    cause: str = ""
    card: CardView | None = None
    call: CallView | None = None
    others: tuple[IncidentRow, ...] = ()
    quiet: QuietView = field(default_factory=QuietView)


@dataclass(frozen=True, slots=True)
class IncidentList:
    """All incidents, open ones first."""

    chrome: Chrome
    open: tuple[IncidentRow, ...]
    closed: tuple[IncidentRow, ...]
