"""check and doctor as people call them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from monitor.cli.doctor import State, examine
from monitor.settings import read

CONFIG = Path(__file__).resolve().parents[2] / "config"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.output.splitlines()]


def test_good_settings_pass() -> None:
    result = called("check", "--config", str(CONFIG / "example.toml"))
    assert result.exit_code == 0
    assert result.output.endswith(
        "2 topics, 4 sources, 7 channels, 3 routes, 3 playbooks, 0 complaints, 0 warnings\n"
    )


def test_complaints_of_settings_and_playbooks_come_together_and_fail(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("id: own\n")
    text = '[playbooks]\npaths = ["own.yaml"]\n[channel.screen]\ntype = "console"\n'
    (tmp_path / "good.toml").write_text(text)
    (tmp_path / "bad.toml").write_text("[server]\nprot = 1\n")
    good, bad = (called("check", "-c", f"{name}.toml") for name in ("good", "bad"))
    assert good.exit_code == bad.exit_code == 1
    assert "own.yaml:1: title is missing" in good.output
    assert "bad.toml:2: server.prot: unknown key; " in bad.output


def test_a_warning_alone_does_not_fail() -> None:
    result = called("check")
    assert result.exit_code == 0
    assert "warning: settings: topic: no topic: nothing is watched" in result.output


def test_a_playbook_may_name_own_tripwires_and_no_others(tmp_path: Path) -> None:
    own = (CONFIG.parent / "playbooks/library/produktgefahr.yaml").read_text()
    (tmp_path / "own.yaml").write_text(own.replace("- recall", "- signalausfall"))
    (tmp_path / "a.toml").write_text('[playbooks]\npaths = ["own.yaml"]\n')
    (tmp_path / "b.toml").write_text(
        '[playbooks]\npaths = ["own.yaml"]\n[tripwires.de]\nsignalausfall = ["stellwerk brennt"]\n'
    )
    without, with_own = (called("check", "-c", f"{name}.toml") for name in "ab")
    assert 'unknown tripwire "signalausfall"' in without.output
    assert (without.exit_code, with_own.exit_code) == (1, 0)


def test_json_is_one_object_a_line_and_ends_with_a_summary(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[server]\nprot = 1\n")
    found = objects(called("check", "-c", "bad.toml", "--json"))
    assert [o["type"] for o in found] == ["complaint", "summary"]
    assert (found[0]["line"], found[0]["key"]) == (2, "server.prot")
    assert found[1]["complaints"] == 1


def test_wrong_use_is_told_apart_from_failed_work() -> None:
    assert called("check", "--nope").exit_code == 2
    assert called("check", "--config", "gone.toml").exit_code == 1


# --- doctor ---------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a loopback port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def states(
    text: str, tmp_path: Path, *, reach: bool = False, now: datetime = NOW
) -> dict[str, State]:
    (tmp_path / "s.toml").write_text(text)
    reading = read(tmp_path / "s.toml", {})
    return {f.name: f.state for f in examine(reading, now, reach=reach)}


def test_a_healthy_machine_has_no_failure(tmp_path: Path) -> None:
    result = called("doctor", "--json")
    assert result.exit_code == 0, result.output
    names = [o["name"] for o in objects(result)]
    assert names[:7] == ["python", "packages", "time zones", "clock", "settings", "store", "disk"]
    assert list(tmp_path.iterdir()) == [], "it looks, it does not touch"


def test_broken_settings_are_said_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    found = states("[server]\nprot = 1\n", tmp_path)
    assert found["settings"] is State.FAIL
    assert found["python"] is State.OK


def test_a_clock_before_this_program_was_written_is_wrong(tmp_path: Path) -> None:
    found = states("", tmp_path, now=datetime(2020, 1, 1, tzinfo=UTC))
    assert found["clock"] is State.FAIL


def test_a_store_without_a_folder_and_one_that_is_no_database_fail(tmp_path: Path) -> None:
    nowhere = f'[store]\nurl = "sqlite:///{tmp_path}/gone/s.db"\n'
    assert states(nowhere, tmp_path)["store"] is State.FAIL
    (tmp_path / "s.db").write_text("this is a letter, not a database, and long enough to tell")
    assert states(f'[store]\nurl = "sqlite:///{tmp_path}/s.db"\n', tmp_path)["store"] is State.FAIL


def test_a_store_in_memory_and_a_busy_port_are_warned_of(tmp_path: Path, taken: int) -> None:
    found = states(f'[store]\nurl = "sqlite://"\n[server]\nport = {taken}\n', tmp_path)
    assert found["store"] is State.WARN
    assert found["port"] is State.WARN


def test_addresses_are_reached_only_when_asked(tmp_path: Path, taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    text = (
        f'[source.here]\ntype = "feed"\nurl = "http://127.0.0.1:{taken}/rss"\n'
        f'[channel.gone]\ntype = "smtp"\nhost = "127.0.0.1"\nport = {gone}\n'
        'from = "a@example.org"\nto = ["b@example.org"]\n'
        '[source.file]\ntype = "file"\npath = "gone.jsonl"\n'
    )
    quiet = states(text, tmp_path)
    assert not [name for name in quiet if name.startswith("reach")]
    assert quiet["source file"] is State.WARN  # it is followed, so it may come later
    found = states(text, tmp_path, reach=True)
    assert found["reach source here"] is State.OK
    assert found["reach channel gone"] is State.FAIL
