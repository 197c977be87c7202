"""What we do not see, as pages list it: kinds of gaps and one gap; words are chosen while drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GapKind(StrEnum):
    """Ways of not seeing; the last one holds always and everywhere."""

    FAILED = "failed"  # the last attempt to read ended in an error
    NEVER = "never"  # configured, but never reached
    EMPTY = "empty"  # reached, but never a post
    SILENT = "silent"  # nothing for twice its usual gap
    BLIND = "blind"  # a topic: none of its sources is seen
    MISSING = "missing"  # is expected to speak, and does not
    HUSHED = "hushed"  # a topic that should speak and does not, though its sources do
    ASLEEP = "asleep"  # we ourselves did not run, from since to until
    LATE = "late"  # comes, but long after publication
    AHEAD = "ahead"  # its clock runs ahead of ours
    CAPPED = "capped"  # gave no more than it gives at most: there were at least so many
    PICTURES = "pictures"  # posts without readable tone
    PARTIAL = "partial"  # shows by its nature only a part; detail: which
    LANGUAGES = "languages"  # a topic leaves out all but detail
    YOUNG = "young"  # a source whose rhythm is not known yet
    YOUNG_TOPIC = "young_topic"  # a topic without a rhythm of its own yet
    CLOSED = "closed"  # private groups and messengers: never read


BROKEN = frozenset(
    {
        GapKind.FAILED,
        GapKind.NEVER,
        GapKind.EMPTY,
        GapKind.SILENT,
        GapKind.BLIND,
        GapKind.MISSING,
        GapKind.HUSHED,
        GapKind.AHEAD,
    }
)
"""Gaps that somebody can mend; the others are limits to know."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing we do not see. ``name`` of the source or topic it is about, "" for neither.

    ``usual_s`` usual seconds between arrivals, ``size_s`` seconds too late or ahead, ``share`` of
    posts concerned (0..1), ``days`` a topic is known, ``until`` when it ended; ``detail`` the error in words, or a code.
    """

    kind: GapKind
    name: str = ""
    since: datetime | None = None
    usual_s: float = 0.0
    size_s: float = 0.0
    share: float = 0.0
    days: float = 0.0
    detail: str = ""
    until: datetime | None = None

    @property
    def bad(self) -> bool:
        return self.kind in BROKEN
