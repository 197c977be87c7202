"""`sturmglas plan`: announce, list, call off, take a calendar; complaints say what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from monitor.cli import app

CONFIG = """
timezone = "Europe/Berlin"
[store]
url = "sqlite:///{folder}/kept.db"
[topic.acme-bahn]
name = "Acme Bahn"
any = ["acme bahn"]
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//
BEGIN:VEVENT
UID:jour-fixe
SUMMARY:Jour fixe
CATEGORIES:Webinar
DTSTART;TZID=Europe/Berlin:20200107T180000
DTEND;TZID=Europe/Berlin:20200107T190000
RRULE:FREQ=WEEKLY
END:VEVENT
END:VCALENDAR
"""
TIMES = ["--from", "2026-11-25 18:00", "--topic", "acme-bahn"]


@pytest.fixture(autouse=True)
def _before_the_event() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sturmglas.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def plan(config: Path, *args: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["plan", *args, "--config", str(config)])
    assert result.exit_code == code, result.output
    return result.output


def objects(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def test_what_is_announced_is_listed_until_it_is_called_off(config: Path) -> None:
    told = plan(
        config, "add", "Webinar on fares", *TIMES, "--hours", "2", "--uplift", "8", "--json"
    )
    [made] = objects(told)
    assert made["starts"] == "2026-11-25T17:00:00+00:00"  # in the topic's zone
    [shown] = objects(plan(config, "list", "--days", "3660", "--json"))
    assert shown == made
    plan(config, "cancel", made["id"], "--by", "robin")
    assert "nothing is announced" in plan(config, "list", "--days", "3660")
    [off] = objects(plan(config, "list", "--days", "3660", "--cancelled", "--json"))
    assert (off["by"], off["version"]) == ("robin", 2)


def test_a_person_reads_when_what_and_how_much(config: Path) -> None:
    until = ["--until", "25.11.2026 20:00", "--type", "webinar"]
    told = plan(config, "add", "Fares", *TIMES, *until).strip().split("  ")
    assert told[1:] == ["2026-11-25 18:00 to 20:00", "webinar", "learned", "acme-bahn", "Fares"]


def test_a_calendar_is_taken_and_taking_it_again_changes_nothing(
    config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "weekly.ics"
    file.write_text(CALENDAR)
    args = ["import", str(file), "--topic", "acme-bahn", "--days", "21", "--json"]
    *entries, summary = objects(plan(config, *args))
    assert len(entries) == summary["announced"] == 6
    assert {e["of"] for e in entries} == {"webinar"}
    [again] = objects(plan(config, *args))
    assert (again["announced"], again["as_before"]) == (0, 6)


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["add", "x", *TIMES], 2, "--until: missing; expected an end, --hours N, or --post"),
        (["add", "x", *TIMES, "--hours", "1", "--until", "2026-11-26"], 2, "one of the two"),
        (["add", "x", *TIMES, "--until", "soon"], 2, "expected a time like 2026-11-25 18:00"),
        (["add", "x", *TIMES, "--hours", "1", "--zone", "Mars/Olympus"], 2, "unknown zone"),
        (["add", "x", *TIMES, "--until", "2026-11-25 17:00"], 1, "is not after its start"),
        (["add", "x", *TIMES, "--hours", "1", "--uplift", "0.1"], 1, "expected 1 to 1000"),
        (["add", "x", "--from", "2026-11-25", "--topic", "y", "--post"], 1, "unknown topic"),
        (["cancel", "nothing"], 1, "not found"),
        (["list", "--topic", "nothing"], 2, "known: acme-bahn"),
        (["import", "no-such-file.ics", "--topic", "acme-bahn"], 2, "no-such-file.ics"),
    ],
)
def test_wrong_use_is_told_in_words(config: Path, args: list[str], code: int, told: str) -> None:
    assert told in plan(config, *args, code=code)


def test_a_file_that_is_no_calendar_is_said(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "dates.csv"
    file.write_text("title;date\n")
    told = plan(config, "import", str(file), "--topic", "acme-bahn", code=1)
    assert "no iCalendar file" in told
