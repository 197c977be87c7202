"""`sturmglas duty`: a week of who is on call, taking over, being away; `route` and `doctor` know of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from typer.testing import CliRunner

from alerts.alert import AttemptOutcome
from monitor.cli import app
from monitor.desk import trials
from monitor.store.database import SqliteStore

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday, 13:00 in Berlin
CONFIG = """
timezone = "Europe/Berlin"
[store]
url = "sqlite:///{folder}/kept.db"
[topic.acme]
name = "Acme"
any = ["acme"]
[channel.push]
type = "ntfy"
topic = "a-secret"
urgent_from = 4
[person.kim]
name = "Kim Behrens"
methods = [{{ channel = "push" }}]
[person.lee]
name = "Lee"
methods = [{{ channel = "push" }}]
[rota.crew]
people = ["kim"]
since = 2026-11-23
hours = ["mon-fri 08:00-18:00"]
[chain.night]
[[chain.night.step]]
tell = ["rota.crew"]
[[route]]
wake = "night"
"""


@pytest.fixture(autouse=True)
def _on_a_tuesday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sturmglas.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def run(config: Path, *args: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*args, "--config", str(config)])
    assert result.exit_code == code, result.output
    return result.output


def lines(config: Path, *args: str, code: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(config, *args, "--json", code=code).splitlines()]


def test_a_week_is_listed_with_who_took_over(config: Path) -> None:
    until = "2026-11-24 15:00"
    out = run(config, "duty", "take-over", "crew", "lee", "--until", until, "--note", "dentist")
    assert "#1  Tue 2026-11-24 13:00 to Tue 2026-11-24 15:00  Lee (lee) takes over crew" in out
    shown = run(config, "duty", "list", "--days", "2")
    assert shown.splitlines() == [
        "crew  Tue 2026-11-24 13:00 to Tue 2026-11-24 15:00  Lee (lee)  override",
        "crew  Tue 2026-11-24 15:00 to Tue 2026-11-24 18:00  Kim Behrens (kim)",
        "crew  Wed 2026-11-25 08:00 to Wed 2026-11-25 18:00  Kim Behrens (kim)",
        "crew  Thu 2026-11-26 08:00 to Thu 2026-11-26 13:00  Kim Behrens (kim)",
        "#1  Tue 2026-11-24 13:00 to Tue 2026-11-24 15:00  Lee (lee) takes over crew  dentist",
    ]


def test_an_absence_without_a_deputy_is_a_gap_until_it_is_taken_back(config: Path) -> None:
    run(config, "duty", "away", "kim", "--until", "2026-11-25 10:00", "--by", "kim")
    found = lines(config, "duty", "list", "--days", "2", code=1)
    assert [f["type"] for f in found] == ["shift", "shift", "gap", "gap", "absence"]
    assert found[2] == {
        "type": "gap",
        "rota": "crew",
        "since": "2026-11-24T12:00:00+00:00",
        "until": "2026-11-24T17:00:00+00:00",
    }
    assert "NOBODY for 5.0 h of duty" in run(config, "duty", "list", code=1)
    [back] = lines(config, "duty", "back", "1")
    assert (back["ended_by"], back["by"]) == ("cli", "kim")
    assert {f["type"] for f in lines(config, "duty", "list")} == {"shift"}


def test_a_dry_run_goes_to_whoever_took_over(config: Path, tmp_path: Path) -> None:
    asked = ("route", "--topic", "acme", "--level", "5")
    assert "Kim Behrens (push), on call in crew" in run(config, *asked)
    assert not (tmp_path / "kept.db").exists()  # a look makes nothing
    run(config, "duty", "take-over", "crew", "lee", "--until", "2026-11-24 15:00")
    assert "Lee (push), on call in crew" in run(config, *asked)
    assert "Kim Behrens (push)" in run(config, *asked, "--at", "2026-11-24 16:00")
    (tmp_path / "kept.db").write_bytes(b"something else, and long enough to be no database" * 99)
    told = run(config, *asked)
    assert "without who took over, who is away" in told
    assert "Kim Behrens (push)" in told


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("take-over", "nights", "kim", "--until", "2026-12-01"), 1, 'rota "nights" not found'),
        (("take-over", "crew", "max", "--until", "2026-12-01"), 1, "known: kim, lee"),
        (("away", "kim", "--until", "2026-11-01"), 1, "is past"),
        (("away", "kim", "--until", "soon"), 2, "--until: 'soon'; expected a time"),
        (("back", "7"), 1, "change 7 of a rota not found"),
        (("list", "--rota", "nights"), 2, "unknown rota 'nights'; known: crew"),
    ],
)
def test_complaints_say_what_was_expected(
    config: Path, args: tuple[str, ...], code: int, told: str
) -> None:
    assert told in run(config, "duty", *args, code=code)


def test_doctor_warns_of_ways_that_were_never_heard(config: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"

    def found() -> list[dict[str, Any]]:
        out = CliRunner().invoke(app, ["doctor", "--json", "--config", str(config)]).output
        every = [json.loads(line) for line in out.splitlines()]
        return [f for f in every if f["name"].startswith("test call")]

    assert found() == []  # there is no store that could know
    store = SqliteStore.open(url)
    [never] = found()  # lee is called by nothing
    assert (never["name"], never["state"]) == ("test call kim/push", "warn")
    assert "never tested; sturmglas send-test push --to kim" in never["text"]
    trials.record(store, "push", "kim", AttemptOutcome.ACCEPTED, "200", "lee", NOW)
    assert "nobody has said whether it rang" in found()[0]["text"]
    trials.say(store, "push", "kim", True, "kim", NOW)
    [fine] = found()
    assert (fine["name"], fine["state"]) == ("test calls", "ok")
    with time_machine.travel(NOW + timedelta(days=91)):
        assert "more than 90 days ago" in found()[0]["text"]
    store.close()
