"""The words of a timeline: verdicts, zones, what is left out; and what a service logs of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detectors.topic import Query, Topic
from monitor.app.journal import Journal
from monitor.cli.story import Story, span
from monitor.pipeline import Line

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
AT = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # the night in which clocks in Berlin go forward
BERLIN = {"acme": Topic("acme", "Acme Bahn", Query(any=("acme",)))}


def level(at: datetime, now: int, before: int, topic: str = "acme") -> Line:
    reason = {"code": "negative_authors", "value": 9.0, "threshold": 8.0, "met": True}
    return Line("level", at, topic, {"from": before, "level": now, "reasons": [reason]})


def opened(at: datetime, ref: str, onset: datetime, topic: str = "acme", to: int = 4) -> list[Line]:
    stamp = onset.isoformat()
    about = {"incident": ref, "event": "opened", "status": "new", "level": to, "onset": stamp}
    return [Line("incident", at, topic, about), alert(at, ref, "first", to, topic)]


def alert(at: datetime, ref: str, reason: str, to: int, topic: str = "acme", *via: str) -> Line:
    data = {"incident": ref, "reason": reason, "level": to, "channels": list(via)}
    return Line("alert", at, topic, data)


def summary(last: datetime, first: datetime = FIRST, **more: Any) -> Line:
    data: dict[str, Any] = {
        "mentions": 10, "duplicates": 0, "unmatched": 0, "seconds": 0.1, "future": 0, "ancient": 0,
        "gap": None, "silent_topics": [], "first": first.isoformat(), "last": last.isoformat(),
    }  # fmt: skip
    return Line("summary", last, "", data | more)


def told(lines: list[Line], topics: dict[str, Topic] = BERLIN, **options: bool) -> list[str]:
    story = Story(topics, **({"routed": True} | options))
    seen = [text for line in lines for text in story.see(line)]
    return seen + story.end(summary(lines[-1].at if lines else AT))


def test_a_storm_over_midnight_and_a_change_of_clocks_is_told_in_local_time() -> None:
    rise = AT + timedelta(hours=3)
    lines = [*opened(AT, "AB-1", AT - timedelta(minutes=50)), alert(rise, "AB-1", "escalated", 5)]
    assert told(lines)[-1] == (
        "It would have woken you on Sat 28 March 2026 at 23:30 (Europe/Berlin), level 4, 50 minutes"
        " after the burst began; level 5 on Sun 29 March 2026 at 03:30."
    )


def test_several_storms_are_counted_and_listed_each_with_its_own_rises() -> None:
    later = AT + timedelta(days=2)
    lines = [*opened(AT, "AB-1", AT), *opened(later, "AB-2", later, to=5)]
    lines.append(alert(later + timedelta(minutes=10), "AB-2", "escalated", 6))
    assert told(lines)[-3:] == [
        "It would have woken you 2 times:",
        "  Sat 28 March 2026 at 23:30 (Europe/Berlin), level 4.",
        "  Tue 31 March 2026 at 00:30 (Europe/Berlin), level 5; level 6 at 00:40.",
    ]


def test_without_an_alert_the_highest_level_is_named() -> None:
    assert told([level(AT, 2, 0), level(AT + timedelta(hours=1), 0, 2)])[-1] == (
        "It would not have woken anybody: highest level 2, first on Sat 28 March 2026 at 23:30"
        " (Europe/Berlin)."
    )
    assert told([])[-1] == "It would not have woken anybody: level 0 all the way."


def test_small_levels_and_single_steps_are_left_out_unless_asked_for() -> None:
    step = Line("step", AT, "acme", {"step": "confirm", "state": "open", "due": "x"})
    lines = [level(AT, 2, 0), step, level(AT, 3, 2), level(AT, 1, 3)]
    brief, every = (told(lines, every=every)[:-4] for every in (False, True))
    assert brief == [
        "Times: Europe/Berlin",
        "Sat 2026-03-28 23:30  level 3 fresh breeze (watched, wakes nobody):"
        " 9 people write negatively (threshold 8)",
        "Sat 2026-03-28 23:30  level 1 light air, down from 3",
    ]
    assert len(every) == 5


def test_with_several_zones_each_line_names_its_own() -> None:
    topics = BERLIN | {"ny": Topic("ny", "York", Query(any=("y",)), timezone="America/New_York")}
    lines = [level(AT, 3, 0), level(AT, 3, 0, "ny"), *opened(AT, "Y-1", AT, "ny")]
    said = told(lines, topics)
    assert said[0] == "Times: America/New_York, Europe/Berlin"
    assert said[1].startswith("Sat 2026-03-28 23:30 CET  acme  level 3")
    assert said[2].startswith("Sat 2026-03-28 18:30 EDT  ny    level 3")
    assert said[-1].startswith(
        "It would have woken you on Sat 28 March 2026 at 18:30 (America/New_York), York, level 4"
    )


@pytest.mark.parametrize("routed", [True, False])
def test_an_alert_that_nobody_would_have_got_is_said_once(routed: bool) -> None:
    lines = [*opened(AT, "AB-1", AT), *opened(AT + timedelta(days=1), "AB-2", AT)]
    said = [line for line in told(lines, routed=routed) if "no channel would have" in line]
    assert len(said) == 1
    assert ("No route takes AB-1, AB-2" in said[0]) == routed


def test_an_alert_with_channels_names_them() -> None:
    lines = [opened(AT, "AB-1", AT)[0], alert(AT, "AB-1", "first", 4, "acme", "pager", "slack")]
    said = told(lines)
    assert said[1] == "Sat 2026-03-28 23:30  WAKES YOU: incident AB-1, level 4 -> pager, slack"
    assert not any("no channel" in line for line in said)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (99, "99 minutes"),
        (125, "2 h 5 min"),
        (13824, "9.6 days"),
    ],
)
def test_lengths_of_time_are_said_as_people_say_them(minutes: int, words: str) -> None:
    assert span(timedelta(minutes=minutes)) == words


# --- the log of a service -----------------------------------------------------------------------


def test_a_service_logs_what_matters_and_says_when_nobody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "sturmglas")
    lines = [level(AT, 2, 0), level(AT, 4, 2), *opened(AT, "AB-1", AT)]
    lines += [alert(AT, "AB-1", "escalated", 5, "acme", "pager")]
    lines += [Line("step", AT, "acme", {"step": "confirm"})]
    Journal(BERLIN).tell(lines)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("INFO", "Acme Bahn: level 4 strong wind (was 2)"),
        ("INFO", "AB-1 opened: Acme Bahn, level 4"),
        ("ERROR", "AB-1: alert, and no route takes it: nobody is told"),
        ("WARNING", "AB-1: alert (risen) to pager"),
    ]
