"""calibrate, as people type it: a miss is marked, tried, and a move taken back."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.incident import Outcome
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.cli import app
from monitor.desk import calibration as desk
from monitor.pipeline.past import woke
from monitor.settings import load
from monitor.store.database import SqliteStore
from tests.flow.scenes import MONDAY, calm, in_order, storm

CONFIG = """\
[store]
url = "sqlite:///{store}"

[topic.acme]
name = "Acme Bahn"
any = ["acme bahn"]
timezone = "Europe/Vienna"
"""
SPAN = ("2026-03-02 09:00", "2026-03-02 11:00")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a store with a calm day in it."""
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    file = tmp_path / "s.toml"
    file.write_text(CONFIG.format(store=tmp_path / "s.db"), encoding="utf-8")
    settings = load(file, {})
    with closing(SqliteStore.open(settings.store.url)) as store:
        day = in_order(calm(MONDAY, MONDAY.replace(day=3), per_hour=4))
        list(replay(day, parts(settings), store))
    return file


def called(config: Path, *arguments: object) -> Result:
    asked = ["calibrate", "--config", config, "--topic", "acme", *arguments]
    return CliRunner().invoke(app, [str(a) for a in asked])


def test_a_marked_miss_fails_the_check_until_it_is_withdrawn(config: Path) -> None:
    assert called(config, "--verify").exit_code == 0
    done = called(config, "--missed", *SPAN, "--note", "trains stood", "--json")
    assert done.exit_code == 0, done.output
    missed = json.loads(done.stdout)
    assert missed["from"] == "2026-03-02T08:00:00+00:00"
    failed = called(config, "--verify")
    assert failed.exit_code == 1
    assert f"miss-{missed['id']}  marked miss  2026-03-02 09:00 to" in failed.stdout
    assert "1 of 1 verdicts tested, 1 judged wrong" in failed.stdout
    assert called(config, "--missed", *SPAN).exit_code == 1
    assert called(config, "--withdraw", missed["id"]).exit_code == 0
    assert called(config, "--verify").exit_code == 0


def test_a_proposal_is_confirmed_by_its_id_and_the_check_holds_from_then_on(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = MONDAY + timedelta(days=5)
    config.write_text(CONFIG.format(store=tmp_path / "past.db") + "alarm_budget_days = 7\n")
    settings = load(config, {})
    small = storm(MONDAY + timedelta(days=2, hours=9), 16, 0.5, 1e9, seed=3)
    with closing(SqliteStore.open(settings.store.url)) as store:
        list(replay(in_order(calm(MONDAY, end, per_hour=4), small), parts(settings), store))
        (false,) = [i for i in store.read.incidents() if woke(i)]
        with store.begin() as tx:
            assert tx.save_incident(replace(false, outcome=Outcome.FALSE_ALARM), false.version)
    monkeypatch.setattr("monitor.clock.SystemClock.now", lambda _: end)
    assert called(config, "--verify").exit_code == 1
    told = [json.loads(line) for line in called(config, "--json").stdout.splitlines()]
    best = next(line for line in told if line["type"] == "proposal")
    assert (best["false_gone"], best["lost"]) == ([false.ref], [])
    assert paged_again(config) == (1, {})
    done = called(config, "--confirm", best["id"], "--by", "kim")
    assert (done.exit_code, "confirmed by kim" in done.stdout) == (0, True), done.output
    assert called(config, "--verify").exit_code == 0
    assert paged_again(config) == (0, {best["threshold"]: best["after"]})
    tried = [str(a) for a in ("--set", f"{best['threshold']}={best['before']}")]
    assert paged_again(config, *tried)[0] == 1  # what is tried counts over what was confirmed
    assert called(config, "--confirm", best["id"]).exit_code == 1


def paged_again(config: Path, *arguments: str) -> tuple[int, dict[str, float]]:
    """Return how many pages a backtest finds, and by which thresholds."""
    asked = ["backtest", "--config", str(config), "--topic", "acme", *arguments, "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout.splitlines()[-1])
    return summary["pages"], summary["thresholds"]


def test_a_move_is_listed_and_taken_back(config: Path) -> None:
    settings = load(config, {})
    topics = settings.to_topics()
    with closing(SqliteStore.open(settings.store.url)) as store:
        seen = desk.Proposal("acme", "level4_authors", 8, 9, desk.Outlook(1, 2), 0)
        move = desk.confirm(store, topics, seen, "kim", "", MONDAY)
    assert f"move {move.id}  level4_authors 8 -> 9  confirmed by kim" in called(config).stdout
    undone = called(config, "--undo", move.id, "--by", "robin")
    assert "level4_authors 9 -> 8  takes back move" in undone.stdout
    again = called(config, "--undo", move.id)
    assert (again.exit_code, "taken back already (by robin)" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (("--confirm", "abc"), "no proposal 'abc' now", 1),
        (("--undo", 7), "move 7 of the topic acme not found", 1),
        (("--undo", 7, "--verify"), "expected one of --confirm", 2),
        (("--missed", "soon", "later"), "--missed: 'soon'; expected a time", 2),
        (("--topic", "acne"), "unknown topic 'acne'", 2),
    ],
)
def test_what_cannot_be_done_is_complained_of(
    config: Path, arguments: tuple[object, ...], told: str, code: int
) -> None:
    done = called(config, *arguments)
    assert (done.exit_code, told in done.stderr) == (code, True), done.output
