"""Story: a timeline told to people, with a plain verdict at its end. Times are the topic's own.

Programs read the lines themselves (``--json``); here only what a person has to know is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from alerts.sentences import reason_line
from alerts.words import level_name
from detectors.detection import WATCH, Level, Reason, ReasonCode
from detectors.topic import Topic

if TYPE_CHECKING:
    from monitor.pipeline import Line

REASONS = 3
"""Reasons told with a level; the first are the weightiest, and ``--json`` has all of them."""
_BACKGROUND = (ReasonCode.YOUNG_TOPIC, ReasonCode.HOLD)
"""Told once at the end, or of no use to people."""
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
_WAKES = ("first", "escalated", "reopened")


@dataclass(slots=True)
class Wake:
    """One incident that would have woken somebody."""

    incident: str
    topic: str
    at: datetime
    level: int
    onset: datetime | None
    rises: list[tuple[int, datetime]] = field(default_factory=list)


class Story:
    """Turns lines into sentences. ``every``: also small changes, falls and single steps."""

    def __init__(self, topics: Mapping[str, Topic], *, routed: bool, every: bool = False) -> None:
        self._topics = topics
        self._routed = routed
        self._every = every
        self._zones = sorted({topic.timezone for topic in topics.values()})
        self._width = max((len(id) for id in topics), default=0)
        self._onsets: dict[str, datetime] = {}
        self._wakes: list[Wake] = []
        self._unheard: list[Wake] = []
        self._peak: tuple[int, str, datetime] | None = None
        self._begun = False

    def see(self, line: Line) -> list[str]:
        """Return what ``line`` has to tell, mostly nothing."""
        self._remember(line)
        told = _TOLD.get(line.type, _anything)(line.data)
        if not told or not (self._every or _matters(line)):
            return []
        topic = f"{line.topic:<{self._width}}  " if len(self._topics) > 1 else ""
        local = line.at.astimezone(self._zone(line.topic))
        zone = f" {local:%Z}" if len(self._zones) > 1 else ""
        lines = [f"{local:%a %Y-%m-%d %H:%M}{zone}  {topic}{told}".rstrip()]
        if not self._begun:
            self._begun = True
            zones = ", ".join(self._zones)
            lines.insert(0, f"Times: {zones}")
        return lines

    def _remember(self, line: Line) -> None:
        data = line.data
        if line.type == "level" and (self._peak is None or data["level"] > self._peak[0]):
            self._peak = (data["level"], line.topic, line.at)
        elif line.type == "incident":
            self._onsets[data["incident"]] = datetime.fromisoformat(data["onset"])
        elif line.type == "alert" and data["reason"] in _WAKES:
            self._wake(line)

    def _wake(self, line: Line) -> None:
        data = line.data
        if data["reason"] == "escalated" and self._wakes:
            of = next((w for w in self._wakes[::-1] if w.incident == data["incident"]), None)
            if of is not None:
                of.rises.append((data["level"], line.at))
                return
        onset = self._onsets.get(data["incident"])
        wake = Wake(data["incident"], line.topic, line.at, data["level"], onset)
        self._wakes.append(wake)
        if not data["channels"]:
            self._unheard.append(wake)

    def _zone(self, topic: str) -> ZoneInfo:
        known = self._topics.get(topic)
        return ZoneInfo(known.timezone if known else self._zones[0] if self._zones else "UTC")

    # --- the end ----------------------------------------------------------------------------

    def end(self, summary: Line, unusable: int = 0) -> list[str]:
        """Return what was read, what to know about it, and last the verdict."""
        data = summary.data
        first, last = (datetime.fromisoformat(data[key]) for key in ("first", "last"))
        zone = self._zone("")
        lines = ["", *_read(data, first.astimezone(zone), last.astimezone(zone), unusable)]
        if unusable > data["mentions"]:
            lines.append("Most lines could not be used: mend them first, this answers little.")
        lines += _doubts(data, first, zone)
        lines += self._history(first, last)
        if self._unheard:
            lines.append(self._nobody_told())
        return [*lines, *self._verdict()]

    def _history(self, first: datetime, last: datetime) -> list[str]:
        onsets = [wake.onset or wake.at for wake in self._wakes]
        known = min(onsets, default=last) - first
        what = (
            f"It had known the topic for {span(known)} when the burst began"
            if onsets
            else f"The file covers {span(known)}"
        )
        if known < ONE_DAY:
            return [
                f"{what}: too short to know what is normal. A topic known for less than a day wakes"
                " by fixed counts only (docs/levels.md); put the weeks before in front of it."
            ]
        if known < ONE_WEEK:
            return [f"{what}: less than a week, so what is normal is still a guess."]
        return [f"{what}."]

    def _nobody_told(self) -> str:
        if not self._routed:
            return "No route is set, so no channel would have been told: [[route]] in docs/settings.md."
        refs = ", ".join(wake.incident for wake in self._unheard)
        return f"No route takes {refs}, so no channel would have been told: see [[route]]."

    def _verdict(self) -> list[str]:
        if not self._wakes:
            if self._peak is None:
                return ["It would not have woken anybody: level 0 all the way."]
            level, topic, at = self._peak
            when = day(at.astimezone(self._zone(topic)))
            return [
                f"It would not have woken anybody: highest level {level},"
                f" first on {when} ({self._zone(topic).key})."
            ]
        told = [self._woken(wake) for wake in self._wakes]
        if len(told) == 1:
            return [f"It would have woken you on {told[0]}."]
        return [f"It would have woken you {len(told)} times:", *(f"  {one}." for one in told)]

    def _woken(self, wake: Wake) -> str:
        zone = self._zone(wake.topic)
        topic = f", {self._topics[wake.topic].name}" if len(self._topics) > 1 else ""
        text = f"{day(wake.at.astimezone(zone))} ({zone.key}){topic}, level {wake.level}"
        if wake.onset is not None and wake.at > wake.onset:
            text += f", {span(wake.at - wake.onset)} after the burst began"
        before = wake.at
        for level, at in wake.rises:
            text += f"; level {level} {_later(at.astimezone(zone), before.astimezone(zone))}"
            before = at
        return text


# --- words ------------------------------------------------------------------------------------


def day(at: datetime) -> str:
    """Return "Tue 10 March 2026 at 15:15"."""
    return f"{at:%a} {at.day} {at:%B %Y} at {at:%H:%M}"


def span(time: timedelta) -> str:
    """Return a length of time as people say it: "40 minutes", "2 h 5 min", "9.6 days"."""
    minutes = max(0, round(time.total_seconds() / 60))
    if minutes < 100:
        return f"{minutes} minute{'s' if minutes != 1 else ''}"
    if time < 2 * ONE_DAY:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{time / ONE_DAY:.1f} days"


def _later(at: datetime, before: datetime) -> str:
    return f"at {at:%H:%M}" if at.date() == before.date() else f"on {day(at)}"


def _read(data: Mapping[str, Any], first: datetime, last: datetime, unusable: int) -> list[str]:
    beside = (
        (data["duplicates"], "repeated"),
        (data["unmatched"], "of no topic"),
        (unusable, "line not usable" if unusable == 1 else "lines not usable"),
    )
    also = "".join(f", {count:,} {what}" for count, what in beside if count)
    posts = "mention" if data["mentions"] == 1 else "mentions"
    return [
        f"{data['mentions']:,} {posts}{also}; {day(first)} to {day(last)};"
        f" read in {data['seconds']:.1f} s."
    ]


def _doubts(data: Mapping[str, Any], first: datetime, zone: ZoneInfo) -> list[str]:
    """Return what makes the answer less sure than it looks."""
    lines = []
    if data["future"]:
        lines.append(
            f"{data['future']:,} dated in the future: counted where the file had got to."
            " Is the date column right?"
        )
    if data["ancient"]:
        lines.append(
            f"{data['ancient']:,} dated before 1990: exports write that for an empty date."
        )
    if gap := data["gap"]:
        since, until = (datetime.fromisoformat(gap[k]).astimezone(zone) for k in ("from", "until"))
        empty = f"Nothing at all from {day(since)} to {day(until)}"
        lines.append(
            f"{empty}: what lies before is left out."
            if since < first
            else f"{empty}: taken as silence. If posts are missing there, the normal is too low."
        )
    silent = data["silent_topics"]
    return lines + [f"Nothing in the file belongs to the topic {topic}." for topic in silent]


def _matters(line: Line) -> bool:
    """True for what a person has to know: from level 3 up, who is told, and what is begun."""
    data = line.data
    if line.type == "level":
        return int(max(data["level"], data["from"])) >= WATCH
    if line.type == "incident":
        return data["event"] in ("topic_joined", "end_proposed")
    return line.type in ("alert", "run", "delivery")


def _level(data: Mapping[str, Any]) -> str:
    level, before = Level(data["level"]), data["from"]
    name = f"level {int(level)} {level_name(level, 'en')}"
    if level < before:
        return f"{name}, down from {before}"
    reasons = [_reason(r) for r in data["reasons"] if r["met"]]
    why = "; ".join([text for code, text in reasons if code not in _BACKGROUND][:REASONS])
    watched = " (watched, wakes nobody)" if level == WATCH else ""
    return f"{name}{watched}: {why}" if why else f"{name}{watched}"


def _reason(data: Mapping[str, Any]) -> tuple[ReasonCode, str]:
    code = ReasonCode(data["code"])
    reason = Reason(code, data["value"], data["threshold"], data["met"], data.get("text", ""))
    return code, reason_line(reason, "en")


def _incident(data: Mapping[str, Any]) -> str:
    event = str(data["event"])
    if event == "topic_joined":
        return f"incident {data['incident']} reaches this topic, too"
    if event == "end_proposed":
        return f"incident {data['incident']}: calm again, a person would be asked to end it"
    return f"incident {data['incident']}: {event.replace('_', ' ')}, {data['status']}"


def _alert(data: Mapping[str, Any]) -> str:
    to = f" -> {', '.join(data['channels'])}" if data["channels"] else ""
    incident, level = data["incident"], data["level"]
    match data["reason"]:
        case "first":
            said = f"WAKES YOU: incident {incident}, level {level}"
        case "reopened":
            said = f"WAKES YOU: incident {incident} is back, level {level}"
        case "escalated":
            said = f"WAKES YOU AGAIN: incident {incident} rises to level {level}"
        case "resolved":
            said = f"tells: incident {incident} has ended"
        case other:
            said = f"tells: incident {incident} is {other}"
    return said + to


def _run(data: Mapping[str, Any]) -> str:
    steps = data["steps"]
    return f"playbook {data['playbook']} starts: {steps} step{'s' if steps != 1 else ''}"


def _step(data: Mapping[str, Any]) -> str:
    return f"playbook step {data['step']}: {data['state']}"


def _revised(data: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(data["start"])
    return f"latecomers: {at:%Y-%m-%d %H:%M} UTC now holds {data['mentions']} mentions"


def _delivery(data: Mapping[str, Any]) -> str:
    return f"{data['channel']}: {data['state']}"


def _anything(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in data.items())


def _nothing(data: Mapping[str, Any]) -> str:
    return ""


_TOLD: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "level": _level,
    "incident": _incident,
    "alert": _alert,
    "run": _run,
    "step": _step,
    "revised": _revised,
    "delivery": _delivery,
    "summary": _nothing,
}
