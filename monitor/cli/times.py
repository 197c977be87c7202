"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitor.cli.told import WRONG_USE, complain

FORMATS = ("%d.%m.%Y %H:%M", "%d.%m.%Y")
"""Beside ISO 8601, dates as they are written in German."""


def time_of(text: str, home: ZoneInfo, option: str) -> datetime:
    """Return a time as people write it, in UTC; complains of ``option`` where it is none."""
    found = None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        for form in FORMATS:
            try:
                found = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
    if found is None:
        complain([f"{option}: {text!r}; expected a time like 2026-11-25 18:00"], WRONG_USE)
    return (found if found.tzinfo else found.replace(tzinfo=home)).astimezone(UTC)
