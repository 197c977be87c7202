"""What a topic's settings page shows of trying another query on the last 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboards.web.views import PostView, Share


class QueryState(StrEnum):
    """What came of trying a query."""

    DONE = "done"
    INVALID = "invalid"  # terms that cannot be looked for; ``faults`` says which
    BUSY = "busy"  # another query is being tried; one at a time
    UNAVAILABLE = "unavailable"  # the store cannot be read now


@dataclass(frozen=True, slots=True)
class QueryFault:
    """What is wrong with one entry of a query; ``field`` and ``why`` name their texts."""

    field: str
    entry: str
    why: str


@dataclass(frozen=True, slots=True)
class QueryTally:
    """Posts counted; ``private`` of them are never among the examples. ``sources`` and ``langs`` hold
    the first few."""

    posts: int
    private: int = 0
    sources: tuple[Share, ...] = ()
    langs: tuple[Share, ...] = ()
    examples: tuple[PostView, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query found of ``looked_at`` posts since ``since``; ``complete`` False: there were more
    posts than are looked at. ``new``: the query of now does not find them; ``gone``: only it does."""

    state: QueryState
    looked_at: int = 0
    since: datetime | None = None
    complete: bool = True
    found: QueryTally = QueryTally(0)
    new: QueryTally = QueryTally(0)
    gone: QueryTally = QueryTally(0)
    faults: tuple[QueryFault, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryPart:
    """The form and what came of it. ``any``, ``all`` and ``none`` as they stand in its fields, a term a
    line; ``chosen`` of the ``sources``. ``result`` None: nothing was tried."""

    topic: str
    any: str
    all: str
    none: str
    languages: str
    sources: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()
    result: QueryResult | None = None

    def bad(self, field: str) -> bool:
        """True where something in a field is wrong."""
        return self.result is not None and any_of(self.result.faults, field)


def any_of(faults: tuple[QueryFault, ...], field: str) -> bool:
    return any(fault.field == field for fault in faults)
