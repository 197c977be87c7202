"""What an export shows without saying it: columns known by their content, a zone by a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.sources.importer_dates import DateEvidence
from monitor.sources.importer_table import Table

_ZONE_NAME = re.compile(
    r"\b((?:Europe|America|Asia|Africa|Australia|Pacific|Etc)/[A-Za-z_/+-]+\d*|UTC|GMT)\b"
)
_SHORT = {
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
}
_ZONE_WORDS = ("zone", "zeitzone", "timezone")


def zone_hint(table: Table, where: Mapping[str, int]) -> tuple[str, str] | None:
    """Return (zone, why) from the date column's name or the rows above the header."""
    titles = [table.header[where[f]] for f in ("published", "time") if f in where]
    for title in titles:
        zone = _zone_in(title)
        if zone:
            return zone, f'the column is called "{title}"'
    for row in table.preamble:
        line = " ".join(c for c in row if c)
        if any(word in line.lower() for word in _ZONE_WORDS):
            zone = _zone_in(line)
            if zone:
                return zone, f'a line above the table says "{line}"'
    return None


def _zone_in(text: str) -> str | None:
    named = _ZONE_NAME.search(text)
    if named:
        name = "UTC" if named[1] in ("UTC", "GMT") else named[1]
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return None
        # "GMT+2" is an offset, not UTC: better asked than an hour or two wrong.
        behind = text[named.end() :].lstrip()[:1]
        return None if name == "UTC" and behind in ("+", "-") else name
    words = re.findall(r"[a-z]+", text.lower())
    return next((_SHORT[word] for word in words if word in _SHORT), None)


def columns_by_content(
    sample: Sequence[Sequence[str]], taken: Mapping[str, int]
) -> Iterator[tuple[str, int, str]]:
    """Yield (field, column, why) for text, date, link and author where no name told them."""
    width = max((len(row) for row in sample), default=0)
    cells = {
        n: [row[n].strip() for row in sample if n < len(row) and row[n].strip()]
        for n in range(width)
    }
    free = {n: values for n, values in cells.items() if values and n not in taken.values()}
    if "published" not in taken:
        for column, values in free.items():
            seen = DateEvidence()
            for value in values:
                seen.see(value)
            if seen.form is not None and seen.values >= 0.8 * len(sample):
                yield "published", column, "its values are dates"
                del free[column]
                break
    if "url" not in taken:
        for column, values in free.items():
            if sum(v.startswith(("http://", "https://")) for v in values) > 0.8 * len(values):
                yield "url", column, "its values are links"
                del free[column]
                break
    if "text" not in taken and free:
        column = max(
            free, key=lambda n: fmean(len(v) for v in free[n]) * (len(free[n]) > len(sample) / 2)
        )
        if fmean(v.count(" ") for v in free[column]) >= 2:
            yield "text", column, "the longest texts stand there"
            del free[column]
    if "handle" not in taken:
        for column, values in free.items():
            if sum(v.startswith("@") for v in values) > 0.8 * len(values):
                yield "handle", column, "its values begin with @"
                break
