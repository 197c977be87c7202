"""What can go wrong at the desk: the thing is not there, or somebody was first."""

from __future__ import annotations

from datetime import datetime


class DeskError(Exception):
    """Base of everything the desk raises; the message may be shown to people."""


class NotFound(DeskError):
    """There is no such thing. ``what`` names it ("incident V-2026-004")."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} not found")
        self.what = what


class Conflict(DeskError):
    """Somebody was first, or the state no longer allows it; nothing was changed.

    ``what`` says what stands in the way; ``by`` and ``at`` who made it so and when, where known.
    """

    def __init__(self, what: str, by: str = "", at: datetime | None = None) -> None:
        who = f" (by {by})" if by else ""
        when = f" at {at:%Y-%m-%d %H:%M} UTC" if at else ""
        super().__init__(f"{what}{who}{when}")
        self.what = what
        self.by = by
        self.at = at


class Used(Conflict):
    """A link or a call that works once has had its effect before."""


class Invalid(DeskError):
    """What was asked for cannot be done as asked: a reason is missing, a level does not exist."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
