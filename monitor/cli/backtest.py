"""backtest: the stored past with other settings, and when it would have called somebody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from alerts.incident import Incident
    from detectors.detection import Assessment
    from detectors.topic import Topic
    from monitor.pipeline import Line
    from monitor.pipeline.backtest import Backtest, Page
    from monitor.settings import Settings

REASONS = 3
"""Reasons told with a page; the first are the weightiest, and ``--json`` has all of them."""
OUTCOMES = {
    "real": "a person called it real",
    "false_alarm": "a person called it a false alarm",
    "not_ours": "a person said it was not ours",
    "merged": "it went on as part of another",
    "closed_itself": "it was watched then, and closed itself",
    "open": "it is still open",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest", short_help="The stored past with other settings: who would be woken?")(
        backtest
    )


def backtest(
    topic: Annotated[str, typer.Option(metavar="ID", help="Topic, as its section is called.")],
    days: Annotated[
        int, typer.Option(metavar="N", min=1, max=400, help="So many days, up to now.")
    ] = 30,
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", help="Try this alarm budget: one false alarm in so many days is fine."
        ),
    ] = None,
    changed: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Try this threshold (docs/levels.md), like level4_authors=12; may be repeated.",
        ),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Watch the stored past of a topic again: with these settings, when would it have paged?

    Beside each page stands what the incident of that time turned out to be, and at the end which
    real ones nobody would have been called for. Only reads, also beside a running service; nothing
    is sent. What lies before the span teaches what is usual.

    \b
    Example:
      sturmglas backtest --topic acme-bahn --days 90 --budget 60
      sturmglas backtest --topic acme-bahn --days 30 --set level4_authors=12
    """
    from monitor.app.backtesting import past_of
    from monitor.clock import stopwatch
    from monitor.desk.calibration import moved
    from monitor.pipeline.backtest import NoPast
    from monitor.pipeline.backtest import backtest as watch_again

    with plainly():
        settings = settings_of(config)
        configured = _named(settings, topic)
        thresholds = _thresholds(changed or [])
        _tried(configured, budget, thresholds)  # complains before a store is opened
        started = stopwatch()
        try:
            with past_of(settings) as read:
                # As it is watched now: with the thresholds that people confirmed since.
                watched = moved(configured, read.calibrations(topic))
                found = watch_again(read, _tried(watched, budget, thresholds), days)
        except NoPast as error:
            complain([error])
    told = Telling(found, watched, days)
    for text in told.lines(stopwatch() - started) if as_json else told.words():
        typer.echo(text)


def _named(settings: Settings, id: str) -> Topic:
    """Return the topic as it is configured; complains of one that is unknown."""
    from playbooks.complaints import nearest

    topics = settings.to_topics()
    if id not in topics:
        known = f"; known: {', '.join(topics)}" if topics else "; the settings name no topic"
        complain([f"--topic: unknown topic {id!r}{nearest(id, topics)}{known}"], code=WRONG_USE)
    return topics[id]


def _thresholds(changed: list[str]) -> dict[str, float]:
    """Return what is to be tried by name; complains of what is unknown."""
    from detectors.thresholds import THRESHOLDS
    from playbooks.complaints import nearest

    found: dict[str, float] = {}
    for one in changed:
        name, _, text = (part.strip() for part in one.partition("="))
        if name not in THRESHOLDS and not name.startswith("trip_"):
            hint = nearest(name, THRESHOLDS)
            complain(
                [f"--set: unknown threshold {name!r}{hint}; see docs/levels.md"], code=WRONG_USE
            )
        found[name] = _number(one, text)
    return found


def _tried(topic: Topic, budget: float | None, thresholds: dict[str, float]) -> Topic:
    """Return the topic with what is to be tried; complains of what cannot hold."""
    from monitor.pipeline.backtest import tried

    try:
        return tried(topic, budget, thresholds)
    except ValueError as error:
        complain([f"{'--budget' if 'budget' in str(error) else '--set'}: {error}"], code=WRONG_USE)


def _number(one: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        complain([f"--set: found {one!r}; expected NAME=VALUE with a number of 0 or more"], 2)
    return value


@dataclass(frozen=True, slots=True)
class Telling:
    """A backtest as lines for programs, or as words for people. ``before``: as it is watched now."""

    found: Backtest
    before: Topic
    days: int

    # --- for programs -----------------------------------------------------------------------

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield one JSON object per page, per real incident that would be lost, last the summary."""
        from monitor.pipeline import Line

        id = self.found.topic.id
        for page in self.found.pages:
            yield Line("page", page.called.at, id, _page_data(page)).json()
        for incident in self.found.lost:
            yield Line("lost", incident.opened_at, id, _incident_data(incident)).json()
        yield self._summary(seconds).json()

    def _summary(self, seconds: float) -> Line:
        from monitor.pipeline import Line
        from monitor.pipeline.lines import stamp

        found, rehearsed = self.found, self.found.rehearsed
        data: dict[str, Any] = {
            "from": stamp(rehearsed.since),
            "until": stamp(rehearsed.until),
            "days": round(rehearsed.days, 3),
            "known_since": stamp(rehearsed.first),
            "warm_days": round(found.warm_days, 3),
            "short_days": round(found.short_days, 3),
            "young_days": round(found.young_days, 3),
            "budget_days": found.topic.alarm_budget_days,
            "thresholds": found.topic.thresholds,
            "pages": len(found.pages),
            "lost": len(found.lost),
            "pages_then": len(found.then),
            "peak_level": int(rehearsed.peak),
            "bins_without_rows": rehearsed.without_rows,
            "seconds": round(seconds, 3),
        }
        return Line("summary", rehearsed.until, found.topic.id, data)

    # --- for people -------------------------------------------------------------------------

    def words(self) -> Iterator[str]:
        """Yield what a person has to know: the span, what was tried, each page, what was lost."""
        rehearsed = self.found.rehearsed
        yield (
            f"{self.found.topic.name}: {self._day(rehearsed.since)} to"
            f" {self._day(rehearsed.until)} ({self._zone.key})"
        )
        yield f"Tried: {self._tried()}."
        yield from self._known()
        yield ""
        pages = self.found.pages
        if not pages:
            yield (
                "You would not have been paged: highest level"
                f" {int(rehearsed.peak)} in {_days(rehearsed.days)}."
            )
        else:
            times = "once" if len(pages) == 1 else f"{len(pages)} times"
            yield f"You would have been paged {times} in {_days(rehearsed.days)}:"
            for page in pages:
                yield from self._page(page)
        yield from self._then()

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.found.topic.timezone)

    def _day(self, at: datetime) -> str:
        from monitor.cli.story import day

        return day(at.astimezone(self._zone))

    def _tried(self) -> str:
        now, before = self.found.topic, self.before
        parts = [f"one false alarm in {now.alarm_budget_days:g} days"]
        if now.alarm_budget_days != before.alarm_budget_days:
            parts[0] += f" (now {before.alarm_budget_days:g})"
        for name, value in sorted(now.thresholds.items()):
            was = before.thresholds.get(name)
            change = "" if was == value else f" (now {was:g})" if was is not None else " (new)"
            parts.append(f"{name} = {value:g}{change}")
        return ", ".join(parts)

    def _known(self) -> Iterator[str]:
        """Yield how far the answer can be believed."""
        found, rehearsed = self.found, self.found.rehearsed
        first = self._day(rehearsed.first)
        if found.warm_days > 0:
            yield (
                f"The topic is known since {first}: {_days(found.warm_days)} before the span taught"
                " what is usual, and are not counted."
            )
        else:
            yield (
                f"The topic is known only since {first}: of the {self.days} days asked for"
                f" {_days(found.short_days)} are missing, and nothing taught what is usual."
            )
        if found.young_days > 0:
            yield (
                f"In {_days(found.young_days)} of the span it was new: what is usual was still a guess."
            )
        if rehearsed.without_rows:
            hours = rehearsed.without_rows / 12
            yield (
                f"In {hours:.1f} busy hours only counts are kept, no posts ([store] keep_days):"
                " no page could be seen there."
            )

    def _page(self, page: Page) -> Iterator[str]:
        from alerts.words import level_name, return_period

        called = page.called
        level, rare = called.seen.level, return_period(called.seen.return_period_days, "en")
        rose = f", up to {int(called.peak)}" if called.peak > level else ""
        how = f", expected {rare}" if rare else ""
        yield (
            f"  {self._day(called.at)}  level {int(level)} {level_name(level, 'en')}{rose}{how}:"
            f" {_why(called.seen)}"
        )
        if page.incident is None:
            yield "      No incident was opened then."
        else:
            yield f"      Then incident {page.incident.ref}: {_outcome(page.incident)}."

    def _then(self) -> Iterator[str]:
        found = self.found
        yield ""
        n = len(found.then)
        yield f"In truth {n or 'no'} incident{'s' if n != 1 else ''} woke somebody in that time."
        for one in found.lost:
            yield (
                f"LOST: {one.ref} of {self._day(one.opened_at)}, up to level {int(one.peak)}, which"
                " a person called real: nobody would have been called."
            )
        real = [i for i in found.then if i.outcome is not None and i.outcome.value == "real"]
        if real and not found.lost:
            yield "None that a person called real would be lost."


def _why(seen: Assessment) -> str:
    from alerts.sentences import reason_line
    from detectors.detection import ReasonCode

    silent = (ReasonCode.YOUNG_TOPIC, ReasonCode.HOLD)
    met = [r for r in seen.reasons if r.met and r.code not in silent]
    return "; ".join(reason_line(r, "en") for r in met[:REASONS]) + "."


def _state(incident: Incident) -> str:
    return incident.outcome.value if incident.outcome else "open"


def _outcome(incident: Incident) -> str:
    return OUTCOMES[_state(incident)]


def _days(days: float) -> str:
    text = f"{days:.1f}".removesuffix(".0") if days < 10 else f"{days:.0f}"
    return f"{text} day{'s' if text != '1' else ''}"


def _page_data(page: Page) -> dict[str, Any]:
    from monitor.pipeline.lines import level_data, stamp

    called = page.called
    return {
        "reason": called.reason.value,
        "level": int(called.seen.level),
        "peak": int(called.peak),
        "ended": stamp(called.until) if called.until else None,
        "return_period_days": round(called.seen.return_period_days, 3),
        "reasons": level_data(None, called.seen)["reasons"],
        "incident": page.incident.ref if page.incident else None,
        "outcome": _state(page.incident) if page.incident else None,
    }


def _incident_data(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.ref,
        "peak": int(incident.peak),
        "outcome": _state(incident),
    }
