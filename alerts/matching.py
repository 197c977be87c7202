"""Matching: which alerts are meant, written as people write it: ``topic=acme-bahn level<=4``. Pure.

Silences, recurring mute windows and routes look at alerts through the same matchers. All matchers
of a list must fit; of one matcher's values one is enough.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from fnmatch import fnmatchcase

from alerts.alert import Alert
from alerts.wall_clock import zone_of
from detectors.detection import Level


class Field(StrEnum):
    """What of an alert a matcher looks at."""

    TOPIC = "topic"
    BRAND = "brand"
    LEVEL = "level"
    LANGUAGE = "language"
    SOURCE = "source"
    TAG = "tag"
    HOUR = "hour"
    REASON = "reason"
    TERM = "term"


class Comparison(StrEnum):
    """How a matcher compares. ``at most`` and ``at least`` are for levels."""

    IS = "="
    NOT = "!="
    AT_MOST = "<="
    AT_LEAST = ">="


SEVERAL: dict[Field, Callable[[Alert], Iterable[str]]] = {
    Field.LANGUAGE: lambda alert: alert.languages,
    Field.SOURCE: lambda alert: alert.sources,
    Field.TAG: lambda alert: alert.tags,
    Field.TERM: lambda alert: alert.terms,
    Field.REASON: lambda alert: (r.code.value for r in alert.reasons if r.met),
}
"""Of these an alert has any number; ``=`` asks for one that fits, ``!=`` for none that does."""

LONGEST = 2_000
"""Characters of one text of matchers; nobody writes more by hand."""
MOST = 20
"""Matchers in one list."""
EXAMPLE = '"topic=acme-bahn level<=4"'
_ITEM = re.compile(
    r'\s*([A-Za-z_]+)\s*(<=|>=|!=|=)\s*((?:"[^"]*"|[^\s",]+)(?:,(?:"[^"]*"|[^\s",]+))*)'
)
_VALUE = re.compile(r'"([^"]*)"|([^\s",]+)')
_PLAIN = re.compile(r'[^\s",]+')
_SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition: ``field`` compared with ``values``, of which one must fit (``!=``: none).

    ``*`` stands for any characters, also none; case does not count. ``hour`` takes spans of local
    time, the end left out: ``22-6`` or ``22-6:30``; local is the alert's zone. What an alert does not
    have (an older one has no brand) fits no ``=``. Raises `ValueError` where field, comparison and
    values do not go together.
    """

    field: Field
    values: tuple[str, ...]
    comparison: Comparison = Comparison.IS

    def __post_init__(self) -> None:
        if not self.values or any(not v.strip() or '"' in v for v in self.values):
            raise ValueError(
                f'{self.field}: a value is empty or holds a "; expected such as {EXAMPLE}'
            )
        ordered = self.comparison in (Comparison.AT_MOST, Comparison.AT_LEAST)
        if ordered and (self.field is not Field.LEVEL or len(self.values) > 1):
            raise ValueError(
                f'{self}: "{self.comparison}" is for one level; expected such as "level<=4"'
            )
        if self.field is Field.LEVEL:
            for value in self.values:
                _level(value)
        if self.field is Field.HOUR:
            for value in self.values:
                _span(value)

    def fits(self, alert: Alert, now: datetime) -> bool:
        """Return whether the alert is meant; ``now`` tells the hour."""
        if self.comparison is Comparison.AT_MOST:
            return alert.level <= _level(self.values[0])
        if self.comparison is Comparison.AT_LEAST:
            return alert.level >= _level(self.values[0])
        return self._named(alert, now) is (self.comparison is Comparison.IS)

    def names(self, value: str) -> bool:
        """Return whether one value alone fits, such as a topic's id; for fields of names only."""
        fold = _fold(value, self.field)
        found = any(fnmatchcase(fold, _pattern(v, self.field)) for v in self.values)
        return found is (self.comparison is Comparison.IS)

    def _named(self, alert: Alert, now: datetime) -> bool:
        if self.field is Field.HOUR:
            local = now.astimezone(zone_of(alert.timezone)).time()
            return any(_within(local, *_span(value)) for value in self.values)
        if self.field is Field.LEVEL:
            return any(alert.level == _level(value) for value in self.values)
        patterns = [_pattern(value, self.field) for value in self.values]
        return any(
            fnmatchcase(_fold(found, self.field), pattern)
            for found in _found(self.field, alert)
            for pattern in patterns
        )

    def __str__(self) -> str:
        shown = (v if _PLAIN.fullmatch(v) else f'"{v}"' for v in self.values)
        return f"{self.field.value}{self.comparison.value}{','.join(shown)}"


def matches(matchers: Sequence[Matcher], alert: Alert, now: datetime) -> bool:
    """Return whether every matcher fits; no matcher at all fits everything."""
    return all(matcher.fits(alert, now) for matcher in matchers)


def parse(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a text, separated by blanks; raises `ValueError` with what was expected.

    A value with a blank or a comma stands in double quotes: ``term="double charge"``. Empty: none.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters of matchers; expected at most {LONGEST}")
    found: list[Matcher] = []
    at = 0
    text = text.strip()
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None or (item.end() < len(text) and not text[item.end()].isspace()):
            raise ValueError(
                f'"{text[at : at + 40].strip()}" is no matcher; expected such as {EXAMPLE}'
            )
        found.append(_matcher(item[1], item[2], item[3]))
        at = item.end()
    if len(found) > MOST:
        raise ValueError(f"{len(found)} matchers; expected at most {MOST}")
    return tuple(found)


def show(matchers: Iterable[Matcher]) -> str:
    """Return the text that `parse` reads as the same matchers."""
    return " ".join(str(matcher) for matcher in matchers)


def ceiling(matchers: Iterable[Matcher]) -> Level | None:
    """Return the highest level that matchers on level let through, None where none is named."""
    tops = [
        max(_level(v) for v in m.values)
        for m in matchers
        if m.field is Field.LEVEL and m.comparison in (Comparison.IS, Comparison.AT_MOST)
    ]
    return min(tops, default=None)


def _matcher(field: str, comparison: str, values: str) -> Matcher:
    name = field.lower()
    if name not in list(Field):
        near = difflib.get_close_matches(name, list(Field), n=1)
        meant = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'unknown field "{field}"; expected one of {", ".join(Field)}{meant}')
    parts = tuple(m[1] if m[1] is not None else m[2] for m in _VALUE.finditer(values))
    return Matcher(Field(name), parts, Comparison(comparison))


def _found(field: Field, alert: Alert) -> Iterable[str]:
    if field is Field.TOPIC:
        return (alert.topic,)
    if field is Field.BRAND:
        return (alert.brand,) if alert.brand else ()
    return SEVERAL[field](alert)


def _fold(value: str, field: Field) -> str:
    folded = value.strip().casefold()
    return folded.lstrip("#") if field is Field.TAG else folded


def _pattern(value: str, field: Field) -> str:
    # Only * is special; of fnmatch's others a name may hold any.
    return re.sub(r"([\[?])", r"[\1]", _fold(value, field))


def _level(value: str) -> Level:
    if not (len(value) == 1 and value in "0123456"):
        raise ValueError(
            f'level "{value}"; expected a whole number from 0 to 6, such as "level<=4"'
        )
    return Level(int(value))


def _span(value: str) -> tuple[time, time]:
    found = _SPAN.fullmatch(value.strip())
    hours = [int(found[i] or 0) for i in range(1, 5)] if found else []
    if not found or hours[0] > 23 or hours[1] > 59 or hours[2] > 24 or hours[3] > 59:
        raise ValueError(
            f'hour "{value}"; expected a span of local time, such as "22-6" or "22-6:30"'
        )
    if hours[2] == 24 and hours[3]:
        raise ValueError(f'hour "{value}"; expected an end of 24 at most')
    return time(hours[0], hours[1]), time(hours[2] % 24, hours[3])


def _within(at: time, since: time, until: time) -> bool:
    """Return whether ``at`` is in [since, until), over midnight too; the same twice: all day."""
    if since < until:
        return since <= at < until
    return at >= since or at < until
