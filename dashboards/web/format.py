"""Numbers, times and spans as one reader reads them: one language, one time zone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_decimal, format_percent

_LOCALES = {"de": Locale.parse("de_DE"), "en": Locale.parse("en_GB")}
# en_GB, because plain `en` writes dates the US way and zones as bare offsets (babel 2.17).
NNBSP = "\u202f"


@dataclass(frozen=True, slots=True)
class Formats:
    """Writes values for ``lang`` in ``zone``; ``now`` is what relative times count from."""

    lang: str
    zone: ZoneInfo
    now: datetime

    @property
    def locale(self) -> Locale:
        return _LOCALES["de" if self.lang == "de" else "en"]

    def number(self, value: float) -> str:
        """Return 12400 as 12.400 or 12,400; fractions only below 10."""
        if not math.isfinite(value):
            return "∞"
        pattern = "#,##0.#" if abs(value) < 10 else "#,##0"
        return str(format_decimal(value, pattern, locale=self.locale))

    def percent(self, share: float) -> str:
        return str(format_percent(share, "#,##0 %" if self.lang == "de" else "#,##0%", self.locale))

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        """Return the time of day; in the doubled hour of autumn with its zone, so that it is one."""
        local = self.local(at)
        text = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
        return f"{text} {self.zone_name(at)}" if _doubled(local) else text

    def moment(self, at: datetime) -> str:
        """Return the time of day, with the date when it is not today's."""
        local, today = self.local(at), self.local(self.now)
        if local.date() == today.date():
            return self.clock(at)
        pattern = "dd.MM." if self.lang == "de" else "d MMM"
        return f"{format_date(local.date(), pattern, locale=self.locale)} {self.clock(at)}"

    def day(self, at: datetime) -> str:
        pattern = "EE dd.MM." if self.lang == "de" else "EE d MMM"
        return str(format_date(self.local(at).date(), pattern, locale=self.locale))

    def zone_name(self, at: datetime) -> str:
        return str(get_timezone_name(self.local(at), width="short", locale=self.locale))

    def stamp(self, at: datetime) -> str:
        """Return date, time with seconds and zone, in full: what a title shows."""
        pattern = "dd.MM.yyyy HH:mm:ss" if self.lang == "de" else "d MMM yyyy HH:mm:ss"
        local = self.local(at)
        return f"{format_datetime(local, pattern, locale=self.locale)} {self.zone_name(at)}"

    def iso(self, at: datetime) -> str:
        return self.local(at).isoformat(timespec="seconds")

    def span(self, length: timedelta) -> str:
        """Return a length of time in its one or two largest units: 45 s, 12 min, 3 h 20 min, 2 d 4 h.

        Abbreviations that both languages share, except days.
        """
        seconds = max(0, int(length.total_seconds()))
        day = "T" if self.lang == "de" else "d"
        if seconds < 60:
            return f"{seconds}{NNBSP}s"
        if seconds < 3600:
            return f"{seconds // 60}{NNBSP}min"
        hours, minutes = seconds // 3600, seconds % 3600 // 60
        if hours < 24:
            rest = f" {minutes}{NNBSP}min" if minutes and hours < 10 else ""
            return f"{hours}{NNBSP}h{rest}"
        days, hours = hours // 24, hours % 24
        rest = f" {hours}{NNBSP}h" if hours and days < 7 else ""
        return f"{days}{NNBSP}{day}{rest}"

    def span_s(self, seconds: float) -> str:
        return self.span(timedelta(seconds=seconds))

    def seconds(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)


def _doubled(local: datetime) -> bool:
    """True in the hour that comes twice when summer time ends: the other fold has another offset."""
    other = local.replace(fold=1 - local.fold)
    gap = other.utcoffset() != local.utcoffset()
    return gap and other.astimezone(UTC).astimezone(local.tzinfo).time() == local.time()
