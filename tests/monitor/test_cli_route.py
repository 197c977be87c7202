"""`sturmglas route`: who would get what now, and why."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from monitor.clock import SystemClock
from monitor.desk.silences import Wish, silence
from monitor.store.database import SqliteStore

CONFIG = """
[topic.acme]
name = "Acme"
any = ["acme"]
brand = "Acme"
timezone = "Europe/Berlin"
[channel.room]
type = "console"
[channel.post]
type = "console"
[person.kim]
name = "Kim"
methods = [{ channel = "post" }]
[rota.crew]
people = ["kim"]
since = 2026-11-23
hours = ["mon-fri 08:00-18:00"]
[chain.night]
rounds = 2
[[chain.night.step]]
tell = ["rota.crew"]
wait_min = 5
[[chain.night.step]]
tell = ["person.kim", "channel.room"]
[[route]]
name = "everything"
inform = ["room"]
wake = "night"
repeat_min = 60
[[route.child]]
name = "press"
match = "source=press-*"
inform = ["room", "rota.crew"]
[[route.child]]
name = "small talk"
match = "language=en"
inform = []
wake = ""
watch = ["post"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sturmglas.toml"
    path.write_text(CONFIG)
    return path


def asked(config: Path, *args: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["route", "--config", str(config), *args])
    assert result.exit_code == code, result.output
    return result.output


def found(config: Path, *args: str, code: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(asked(config, *args, "--json", code=code))
    return told


def test_it_names_the_route_the_receivers_and_each_call_with_its_time(config: Path) -> None:
    told = asked(config, "--topic", "acme", "--level", "5", "--at", "2026-11-25 10:00")
    assert told.splitlines() == [
        "Acme, level 5 storm, Wed 25 Nov 2026 10:00 (Europe/Berlin)",
        "routes   everything",
        "inform   room",
        "         again every 60 min until somebody answers",
        "wake     chain night, until somebody acknowledges; 2 rounds in all",
        "         10:00 step 1: Kim (post), on call in crew",
        "         10:05 step 2: Kim (post); room",
    ]


def test_outside_the_hours_of_duty_the_first_step_is_skipped_and_at_night_level_4_waits(
    config: Path,
) -> None:
    told = found(config, "--topic", "acme", "--at", "2026-11-25 23:00")
    assert told["held_until"] == "2026-11-26T05:30:00+00:00"
    assert [call["step"] for call in told["calls"]] == [2]
    assert told["skipped"] == [1]
    danger = found(config, "--topic", "acme", "--at", "2026-11-25 23:00", "--danger")
    assert danger["held_until"] is None


def test_a_child_speaks_instead_and_what_it_leaves_open_is_its_parents(config: Path) -> None:
    press = found(config, "--topic", "acme", "--source", "press-dpa", "--at", "2026-11-25 10:00")
    assert (press["routes"], press["wake"]) == (["press"], "night")
    assert [r["receiver"] for r in press["inform"]] == ["channel.room", "rota.crew"]
    assert press["inform"][1]["person"] == "Kim"
    small = found(config, "--topic", "acme", "--language", "en")
    assert (small["inform"], small["wake"], small["repeat_s"]) == ([], "", 3600.0)
    assert [r["targets"] for r in small["watch"]] == [["post"]]


def test_a_silence_in_the_store_and_a_mute_window_are_told_and_what_breaks_them(
    config: Path, tmp_path: Path
) -> None:
    config.write_text(f'{CONFIG}\n[store]\nurl = "sqlite:///{tmp_path / "s.db"}"\n')
    with closing(SqliteStore.open(f"sqlite:///{tmp_path / 's.db'}")) as store:
        now = SystemClock().now()
        silence(store, Wish("topic=acme", "known outage"), "kim", now)
    told = asked(config, "--topic", "acme", code=1)
    assert "silenced by kim until" in told
    held = found(config, "--topic", "acme", code=1)
    assert (held["silenced_by"], held["reached"]) == ("kim", False)
    broken = found(config, "--topic", "acme", "--danger")
    assert (broken["silenced_by"], broken["breaks"]) == (None, ["topic=acme"])
    muted = '[mute.night]\nmatch = "topic=acme level<=4"\nhours = ["mon-sun 00:00-00:00"]\nreason = "r"\n'
    config.write_text(f"{CONFIG}\n{muted}")
    assert found(config, "--topic", "acme", code=1)["silenced_by"] == "mute.night"


def test_where_nobody_hears_of_it_the_exit_code_says_so(config: Path) -> None:
    told = asked(config, "--topic", "acme", "--level", "3", code=1)
    assert "none fits: nobody hears of it" in told


def test_an_unknown_topic_is_named_with_those_that_there_are(config: Path) -> None:
    result = CliRunner().invoke(app, ["route", "--config", str(config), "--topic", "acne"])
    assert result.exit_code == 2
    assert "unknown topic 'acne'; known: acme" in result.output
