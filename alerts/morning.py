"""Morning: one calm line a day, and what the night left. Pure; words in German and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.alert import Alert, NotifyReason
from alerts.night_calls import BUDGET, Called
from alerts.notices import Pair, notice
from alerts.wall_clock import instant, zone_of
from alerts.words import Language, clock, level_name, number
from detectors.detection import Level

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When a line is due: ``at`` local time of ``timezone``, on these ``weekdays`` (empty: every day)."""

    at: time
    timezone: str
    weekdays: tuple[str, ...] = ()

    def of(self, day: date) -> datetime:
        """Return the instant of a local day; see `alerts.wall_clock` for the edges of summer time."""
        return instant(self.timezone, day, self.at)

    def next(self, after: datetime) -> date:
        """Return the first local day whose time is later than ``after``."""
        day = after.astimezone(zone_of(self.timezone)).date()
        while self.of(day) <= after or not self._has(day):
            day += DAY
        return day

    def _has(self, day: date) -> bool:
        return not self.weekdays or DAYS[day.weekday()] in self.weekdays


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen since the last line.

    ``alarms``: incidents that woke, or would have. ``blind``: spans in which we were not there. ``held``: what
    waited for the morning, by reference. ``called``: whom the night called, ``month``: the same in 30 days.
    """

    since: datetime
    mentions: int
    level: Level
    sources: int
    healthy: int
    alarms: int
    blind: tuple[tuple[datetime, datetime], ...] = ()
    held: tuple[str, ...] = ()
    called: Sequence[Called] = ()
    month: Sequence[Called] = ()


def morning_line(seen: Seen, names: Mapping[str, str], now: datetime, timezone: str) -> Alert:
    """Return the line as an alert about no incident; ``names`` of people by id."""
    lines = [*_blind(seen, now, timezone), *_held(seen), *_called(seen, names, now, timezone)]
    lines += _budget(seen, names)
    title = _title(seen)
    return notice(NotifyReason.MORNING, "morning", now, title, lines, since=now, timezone=timezone)


def _title(seen: Seen) -> Pair:
    def said(lang: Language) -> tuple[str, str]:
        return number(seen.mentions, lang), level_name(seen.level, lang)

    (n, level), (m, word) = said("de"), said("en")
    de = f"{n} Erwähnung{'' if seen.mentions == 1 else 'en'}, {level}, "
    de += f"{seen.healthy} von {seen.sources} Quellen gesund, "
    de += f"{seen.alarms} Alarm{'' if seen.alarms == 1 else 'e'}"
    en = f"{m} mention{'' if seen.mentions == 1 else 's'}, {word}, "
    en += f"{seen.healthy} of {seen.sources} sources healthy, "
    en += f"{seen.alarms} alarm{'' if seen.alarms == 1 else 's'}"
    return de, en


def _span(since: datetime, until: datetime, zone: str, lang: Language, now: datetime) -> str:
    return f"{clock(since, zone, lang, near=now)}–{clock(until, zone, lang, near=now)}"


def _blind(seen: Seen, now: datetime, zone: str) -> Iterator[Pair]:
    for since, until in seen.blind:
        de, en = (_span(since, until, zone, lang, now) for lang in ("de", "en"))
        yield f"Blind {de}: Sturmglas lief nicht", f"Blind {en}: Sturmglas did not run"


def _held(seen: Seen) -> Iterator[Pair]:
    if seen.held:
        refs = ", ".join(seen.held)
        yield f"Wartete auf den Morgen: {refs}", f"Waited for the morning: {refs}"


def _called(seen: Seen, names: Mapping[str, str], now: datetime, zone: str) -> Iterator[Pair]:
    for one in seen.called:
        name = names.get(one.person, one.person)
        de, en = (", ".join(clock(at, zone, lang, near=now) for at in one.at) for lang in _BOTH)
        rest_de, rest_en = (clock(one.rests_until, zone, lang, near=now) for lang in _BOTH)
        yield (
            f"Nachts geweckt: {name} ({de}); elf Stunden Ruhe bis {rest_de}",
            f"Called at night: {name} ({en}); eleven hours of rest until {rest_en}",
        )


def _budget(seen: Seen, names: Mapping[str, str]) -> Iterator[Pair]:
    for one in seen.month:
        if one.over_budget:
            name, n = names.get(one.person, one.person), len(one.at)
            yield (
                f"{name}: {n} Nachtrufe in 30 Tagen, ab {BUDGET} ist der Plan zu prüfen",
                f"{name}: {n} night calls in 30 days; from {BUDGET} on look at the rota",
            )


_BOTH: tuple[Language, Language] = ("de", "en")
