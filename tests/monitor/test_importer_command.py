"""`sturmglas import`: what it writes, asks and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from detectors.mention import Mention
from monitor.cli import importing
from monitor.sources.replay import read

EXPORTS = Path(__file__).parent / "exports"


APP = typer.Typer()
importing.register(APP)


@APP.callback()
def _main() -> None:
    """Typer makes a lone command the app itself; with a callback it keeps its name."""


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(APP, ["import", *args])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_writes_mentions_and_tells_guesses_and_summary(tmp_path: Path) -> None:
    out = tmp_path / "crisis.jsonl"
    code, told, _ = run(
        str(EXPORTS / "hootsuite.csv"), "--zone", "Europe/Berlin", "--out", str(out), "--json"
    )
    assert code == 0
    lines = [json.loads(line) for line in told.splitlines()]
    guesses = {line["what"]: line for line in lines if line["type"] == "guess"}
    assert guesses["tool"] == {
        "type": "guess", "what": "tool", "value": "Hootsuite", "why": "its column names", "sure": False,
    }  # fmt: skip
    assert sum(line["type"] == "row" for line in lines) == 3
    assert [line["line"] for line in lines if line["type"] == "complaint"] == [6, 7]
    assert lines[-1] == {
        "type": "summary", "rows": 5, "mentions": 3, "complaints": 2,
        "first": "2026-11-21T07:02:00+00:00", "last": "2026-11-22T13:31:00+00:00",
    }  # fmt: skip
    written = list(read(out))
    assert len(written) == 3
    assert all(isinstance(item, Mention) for item in written)
    assert not list(tmp_path.glob("*.part"))


def test_off_a_terminal_a_missing_zone_ends_with_2_and_names_the_option(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    code, _, err = run(str(EXPORTS / "brand24.csv"), "--out", str(out))
    assert code == 2
    assert "--zone" in err
    assert not out.exists()


def test_mentions_go_to_standard_output_alone_without_out() -> None:
    code, out, err = run(str(EXPORTS / "mention.csv"))
    assert code == 0
    assert [json.loads(line)["source_id"] for line in out.splitlines()] == ["m-1", "m-2", "m-3"]
    assert "3 rows in, 3 mentions out, 0 rows not usable" in err
    assert "encoding" in err


def test_an_existing_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    out.write_text("dear", encoding="utf-8")
    assert run(str(EXPORTS / "mention.csv"), "--out", str(out))[0] == 2
    assert out.read_text(encoding="utf-8") == "dear"
    assert run(str(EXPORTS / "mention.csv"), "--out", str(out), "--yes")[0] == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3


def test_wrong_columns_and_missing_files_are_told() -> None:
    assert run(str(EXPORTS / "mention.csv"), "--columns", "text")[0] == 2
    code, _, err = run(str(EXPORTS / "not_there.csv"))
    assert code == 2
    assert "no such file" in err


def test_source_names_all_rows() -> None:
    _, out, _ = run(str(EXPORTS / "mention.csv"), "--source", "altes-tool")
    assert {json.loads(line)["source"] for line in out.splitlines()} == {"altes-tool"}
