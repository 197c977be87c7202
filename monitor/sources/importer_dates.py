"""Dates as people and tools write them: which form a whole column has, and what each value says.

Whether 03/04 is March or April cannot be told from one value; so the whole column is asked, and
when even that does not settle it, the guess says so instead of being silently one of the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "januar", "january", "jän", "jänner"),
            ("feb", "februar", "february", "feber"),
            ("mar", "mär", "mrz", "märz", "maerz", "march"),
            ("apr", "april"),
            ("mai", "may"),
            ("jun", "juni", "june"),
            ("jul", "juli", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("okt", "oct", "oktober", "october"),
            ("nov", "november"),
            ("dez", "dec", "dezember", "december"),
        ),
        1,
    )
    for name in names
}
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 60, "mez": 60, "cet": 60, "mesz": 120, "cest": 120,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip
_WEEKDAY = re.compile(
    r"^(mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag"
    r"|samstag|sonnabend|sonntag|monday|tuesday|wednesday|thursday|friday|saturday|sunday)[a-z]*\.?,?\s+",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:(?<=\s)|(?<=t)|^)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:(?:utc|gmt)\s*)?([+-])(\d{1,2}):?(\d{2})?$", re.IGNORECASE)
_NAMED_ZONE = re.compile(r"[\s\d](" + "|".join(_ZONES) + r")$", re.IGNORECASE)
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
_NUMERIC = re.compile(r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})$")
_DAY_FIRST = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th)?[.\s-]+([a-zäöü]+)\.?[\s,-]+(\d{4}|\d{2})$", re.I
)
_MONTH_FIRST = re.compile(r"^([a-zäöü]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$", re.I)
_UNIX_STYLE = re.compile(r"^([a-zäöü]+)\s+(\d{1,2})\s+(\d{4})$", re.I)
_TWITTER = re.compile(
    r"^([A-Za-z]{3})\s+(\d{1,2})\s+(\d{2}:\d{2}:\d{2})\s+([+-]\d{4}|UTC|GMT)\s+(\d{4})$"
)
_NUMBER = re.compile(r"^\d+(?:[.,]\d+)?$")
_MIDNIGHT = time(0)
_EXCEL_ZERO = datetime.combine(date(1899, 12, 30), _MIDNIGHT)


class Order(StrEnum):
    """Which of two numbers is the day."""

    DMY = "dmy"
    MDY = "mdy"


class DateForm(StrEnum):
    """How a column writes its dates."""

    TEXT = "text"
    EXCEL = "excel"
    EPOCH_S = "epoch_s"
    EPOCH_MS = "epoch_ms"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one value says. ``at`` is aware only where the value stated an offset."""

    at: datetime
    has_time: bool

    @property
    def has_offset(self) -> bool:
        return self.at.tzinfo is not None


@dataclass(slots=True)
class DateEvidence:
    """What a whole column tells of its form, gathered value by value in one pass."""

    values: int = 0
    unreadable: int = 0
    excel: int = 0
    epoch_s: int = 0
    epoch_ms: int = 0
    dotted: int = 0
    slashed: int = 0
    first_over_12: int = 0
    second_over_12: int = 0
    meridiem: int = 0
    offsets: int = 0
    timeless: int = 0
    example: str = ""
    _last: dict[Order, datetime] = field(default_factory=dict)
    _turns: dict[Order, list[int]] = field(
        default_factory=lambda: {Order.DMY: [0, 0], Order.MDY: [0, 0]}
    )

    def see(self, value: str) -> None:
        """Take one value into account; empty ones are nothing."""
        value = value.strip()
        if not value:
            return
        self.values += 1
        form = number_form(value)
        if form is not None:
            self.excel += form is DateForm.EXCEL
            self.epoch_s += form is DateForm.EPOCH_S
            self.epoch_ms += form is DateForm.EPOCH_MS
            return
        self._see_text(value)

    def _see_text(self, value: str) -> None:
        readings = {order: parse(value, order) for order in Order}
        parsed = readings[Order.DMY] or readings[Order.MDY]
        if parsed is None:
            self.unreadable += 1
            return
        self.example = self.example or value
        self.offsets += parsed.has_offset
        self.timeless += not parsed.has_time
        self.meridiem += bool(re.search(r"\d\s*[ap]\.?m", value, re.IGNORECASE))
        numbers = _NUMERIC.match(_date_part(value))
        if numbers is None:
            return
        if numbers[2] == ".":
            self.dotted += 1
            return
        self.slashed += 1
        self.first_over_12 += int(numbers[1]) > 12
        self.second_over_12 += int(numbers[3]) > 12
        for order, reading in readings.items():
            if reading is not None:
                self._step(order, reading.at.replace(tzinfo=None))

    def _step(self, order: Order, at: datetime) -> None:
        last = self._last.get(order)
        if last is not None and at != last:
            self._turns[order][at > last] += 1
        self._last[order] = at

    @property
    def form(self) -> DateForm | None:
        """Return the column's form, None when fewer than four in five values are dates at all."""
        counts = {
            DateForm.EXCEL: self.excel,
            DateForm.EPOCH_S: self.epoch_s,
            DateForm.EPOCH_MS: self.epoch_ms,
        }
        counts[DateForm.TEXT] = self.values - self.unreadable - sum(counts.values())
        best = max(counts, key=lambda form: counts[form])
        return best if self.values and counts[best] >= 0.8 * self.values else None

    def sorted_in(self, order: Order) -> bool:
        """True when the column runs in one direction under that order."""
        down, up = self._turns[order]
        return down + up >= 3 and min(down, up) == 0


def guess_order(seen: DateEvidence) -> tuple[Order, str, bool]:
    """Return (order, why, sure) for a column of text dates."""
    if not seen.slashed:
        why = "days before months, as dots mean" if seen.dotted else "no date with two readings"
        return Order.DMY, why, True
    if seen.first_over_12 and not seen.second_over_12:
        return Order.DMY, f"{seen.first_over_12} dates begin with a number above 12", True
    if seen.second_over_12 and not seen.first_over_12:
        return Order.MDY, f"{seen.second_over_12} dates have a second number above 12", True
    if seen.first_over_12 and seen.second_over_12:
        more = Order.DMY if seen.first_over_12 >= seen.second_over_12 else Order.MDY
        return more, "the column mixes both orders", False
    ordered = [order for order in Order if seen.sorted_in(order)]
    if len(ordered) == 1:
        return ordered[0], "only so the rows are in order of time; no number is above 12", False
    if seen.meridiem:
        return (
            Order.MDY,
            "no number is above 12; AM/PM is mostly written with the month first",
            False,
        )
    return Order.DMY, "no number is above 12, so both readings fit", False


def number_form(value: str) -> DateForm | None:
    """Return which kind of number a date is written as, None for text."""
    if not _NUMBER.match(value):
        return None
    number = float(value.replace(",", "."))
    if 20_000 <= number < 80_000:
        return DateForm.EXCEL
    if 6e8 <= number < 4e9:
        return DateForm.EPOCH_S
    return DateForm.EPOCH_MS if 6e11 <= number < 4e12 else None


def parse_number(value: str, form: DateForm) -> Parsed | None:
    """Return a date written as a number; Excel's is local time, an epoch is UTC."""
    if not _NUMBER.match(value.strip()):
        return None
    number = float(value.strip().replace(",", "."))
    if form is DateForm.EXCEL:
        if not 20_000 <= number < 80_000:
            return None
        at = _EXCEL_ZERO + timedelta(seconds=round(number * 86_400))
        return Parsed(at, has_time=number != int(number))
    seconds = number / 1000 if form is DateForm.EPOCH_MS else number
    if not 6e8 <= seconds < 4e9:
        return None
    return Parsed(datetime.fromtimestamp(seconds, UTC), has_time=True)


def parse(value: str, order: Order) -> Parsed | None:
    """Return what a date in words or digits says, None when it is none.

    Takes ISO 8601, ``22.11.2026 14:05``, ``11/22/2026 2:05 PM``, ``22. November 2026, 14:05 Uhr``,
    ``22-Nov-2026 02:05PM``, ``Nov 22, 2026``, ``Sun Nov 22 14:05:00 +0000 2026``, and a zone or
    offset behind a time.
    """
    text = " ".join(value.strip().split())
    text = _WEEKDAY.sub("", text)
    twitter = _TWITTER.match(text)
    if twitter:
        month, day, clock, zone, year = twitter.groups()
        text = f"{day} {month} {year} {clock} {zone}"
    text = re.sub(r"\s*\bUhr\b", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+(um|at|on|-)\s+", " ", text, flags=re.IGNORECASE)
    if re.match(r"^\d{4}-\d{2}-\d{2}T", text):
        text = text.replace("T", " ", 1)
    zone_info, text = _take_zone(text)
    clock_time, text = _take_time(text)
    if clock_time is None and zone_info is not None:
        return None
    day_found = _parse_day(text.strip(" ,"), order)
    if day_found is None:
        return None
    at = datetime.combine(day_found, clock_time or _MIDNIGHT, zone_info)
    return Parsed(at, has_time=clock_time is not None)


def _date_part(value: str) -> str:
    text = _WEEKDAY.sub("", " ".join(value.split()))
    return re.split(r"[\s,T]", text, maxsplit=1)[0]


def _take_zone(text: str) -> tuple[tzinfo | None, str]:
    if ":" not in text:
        return None, text
    offset = _OFFSET.search(text)
    if offset and _TIME.search(text[: offset.start()]):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes > 14 * 60:
            return None, text
        delta = timedelta(minutes=minutes if offset[1] == "+" else -minutes)
        return timezone(delta), text[: offset.start()].strip()
    named = _NAMED_ZONE.search(text)
    if named:
        return timezone(timedelta(minutes=_ZONES[named[1].lower()])), text[: named.start(1)].strip()
    return None, text


def _take_time(text: str) -> tuple[time | None, str]:
    found = _TIME.search(text)
    if not found:
        return None, text
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None, text
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        clock = time(hour, minute, min(second, 59))
    except ValueError:
        return None, text
    return clock, (text[: found.start()] + text[found.end() :]).strip()


def _parse_day(text: str, order: Order) -> date | None:
    try:
        if found := _ISO.match(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _NUMERIC.match(text):
            first, second, year = int(found[1]), int(found[3]), _year(found[4])
            if found[2] == "." or order is Order.DMY:
                return date(year, second, first)
            return date(year, first, second)
        if found := _DAY_FIRST.match(text):
            month = _MONTHS.get(found[2].lower())
            return date(_year(found[3]), month, int(found[1])) if month else None
        if found := _MONTH_FIRST.match(text) or _UNIX_STYLE.match(text):
            month = _MONTHS.get(found[1].lower())
            return date(int(found[3]), month, int(found[2])) if month else None
    except ValueError:
        return None
    return None


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def parse_clock(value: str) -> time | None:
    """Return a time of day from a column of its own: ``14:05``, ``2:05 PM``, ``14``, ``14 Uhr``."""
    text = re.sub(r"\s*\bUhr\b", "", value.strip(), flags=re.IGNORECASE)
    clock, rest = _take_time(text)
    if clock is not None:
        return clock if not rest else None
    if re.fullmatch(r"\d{1,2}", text) and int(text) < 24:
        return time(int(text))
    return None
