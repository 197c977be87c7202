"""What pages show of planned events: a topic's list, and the form that announces one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dashboards.web.views import Chrome
from detectors.planned import Kind


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One entry. ``times``: how many times the usual mentions are expected; ``learned``: because
    past ones of its type brought so much. ``brought``: what it brought itself, None before its end
    and where too little of it was judged. ``past``: nothing more is expected of it."""

    id: str
    kind: Kind
    type: str
    title: str
    starts: datetime
    ends: datetime
    times: float
    learned: bool
    actor: str
    past: bool
    brought: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A topic's planned events: what is coming first, then what was, newest first.

    ``types``: those known, to choose from. ``given``: what somebody filled into the form that could
    not be kept, by field; ``wrong`` names the field, or "conflict" or "unavailable". ``back``: the
    address to return to.
    """

    topic: str
    rows: tuple[PlannedRow, ...]
    zone: str
    back: str
    types: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """The planned events of a topic on a page of their own."""

    chrome: Chrome
    topic: str
    name: str
    planned: PlannedPart
