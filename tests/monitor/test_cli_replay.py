"""From an export to the answer: would it have warned us? As people type it."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from monitor.cli import app
from tests.monitor.exporting import STORM_AT, posts, write_export

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, and with what `import` makes of it."""
    folder = tmp_path_factory.mktemp("crisis")
    export = write_export(folder / "export.csv", posts())
    done = called("import", export, "--zone", "Europe/Berlin", "--out", folder / "crisis.jsonl")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def story(folder: Path) -> list[str]:
    """The answer in words."""
    done = called("replay", folder / "crisis.jsonl")
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def called(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def process(*arguments: object, hash_seed: str = "0") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def wire(n: int, at: str, text: str = "Acme Bahn ist heute furchtbar") -> str:
    return json.dumps({"source": "f", "source_id": str(n), "text": text, "published_at": at})


def replayed(path: Path, *lines: str) -> Result:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return called("replay", path)


# --- import -----------------------------------------------------------------------------------


def test_the_zone_is_asked_for_and_an_unknown_one_is_answered_with_the_likely_one(
    folder: Path,
) -> None:
    asked = called("import", folder / "export.csv")
    wrong = called("import", folder / "export.csv", "--zone", "Berlin")
    assert asked.exit_code == wrong.exit_code == 2
    assert "which one are they in? (example: 05.03.2026) Give --zone, like" in asked.stderr
    assert "times as written" in asked.stderr
    assert 'unknown zone "Berlin"; did you mean Europe/Berlin?' in wrong.stderr


def test_umlauts_local_times_and_every_row_come_through(folder: Path) -> None:
    lines = (folder / "crisis.jsonl").read_text(encoding="utf-8").splitlines()
    sent = posts()
    assert len(lines) == len(sent)
    first = json.loads(lines[0])
    written = sent[0].published_utc.replace(second=0, microsecond=0)
    assert datetime.fromisoformat(first["published_at"]) == written
    assert any("ä" in line for line in lines)


def test_what_comes_next_is_said(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    done = called("import", folder / "export.csv", "--zone", "Europe/Berlin", "--out", out)
    assert done.stdout.splitlines()[-1] == f"Written to {out}. Next: sturmglas replay {out}"


def test_json_and_what_is_no_text_are_named_as_what_they_are(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "x.bin").write_bytes(bytes(range(256)) * 20)
    assert "JSON, no table" in called("import", folder / "crisis.jsonl").stderr
    assert "no text file" in called("import", tmp_path / "x.bin").stderr


# --- the answer -------------------------------------------------------------------------------


def test_the_last_line_says_when_it_would_have_woken_and_how_loud(story: list[str]) -> None:
    start = "It would have woken you on Tue 10 March 2026 at "
    assert story[-1].startswith(start)
    clock = story[-1].removeprefix(start)[:5]
    woken = datetime.fromisoformat(f"2026-03-10T{clock}:00+01:00")
    assert 0 < (woken - STORM_AT).total_seconds() <= 90 * 60
    told = story[-1].removeprefix(f"{start}{clock} (Europe/Berlin), ")
    assert re.match(r"level [45], \d+ minutes after the burst began[.;]", told)


def test_the_storm_stands_out_and_single_steps_do_not(story: list[str]) -> None:
    assert story[0] == "Times: Europe/Berlin"
    assert 1 <= sum("WAKES YOU" in line for line in story) <= 2
    assert not any("level 1" in line or "playbook step" in line for line in story[:-5])
    assert len(story) < 60


def test_what_was_known_is_said_and_a_missing_route_once(story: list[str]) -> None:
    assert sum("No route is set" in line for line in story) == 1
    [known] = [line for line in story if line.startswith("It had known the topic for ")]
    assert "5.6 days" in known
    assert "less than a week" in known


def test_two_runs_print_the_same_json_but_for_the_summary(folder: Path) -> None:
    one = process("replay", folder / "crisis.jsonl", "--json", hash_seed="1")
    two = called("replay", folder / "crisis.jsonl", "--json").stdout.splitlines()
    assert one[:-1] == two[:-1]
    assert len(one) > 20
    assert json.loads(one[-1])["type"] == json.loads(two[-1])["type"] == "summary"
    assert all(json.loads(line)["at"].endswith("Z") for line in one)


def test_everything_is_told_on_request_also_of_a_packed_file(
    folder: Path, tmp_path: Path, story: list[str]
) -> None:
    packed = tmp_path / "crisis.jsonl.gz"
    packed.write_bytes(gzip.compress((folder / "crisis.jsonl").read_bytes()))
    every = called("replay", packed, "--all").stdout.splitlines()
    assert len(every) > 2 * len(story)
    assert any("playbook step" in line for line in every)
    assert [line for line in story if line not in every and "read in" not in line] == []
    assert every[-1] == story[-1]


def test_standard_input_is_read_as_a_file_is(folder: Path, story: list[str]) -> None:
    given = (folder / "crisis.jsonl").read_bytes()
    told = CliRunner().invoke(app, ["replay", "-"], input=given).stdout.splitlines()
    assert [x for x in told if "read in" not in x] == [x for x in story if "read in" not in x]


def test_settings_bring_topics_routes_and_their_zone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        '[topic.nordlicht]\nname = "Nordlicht Energie"\nany = ["nordlicht*"]\n'
        'timezone = "America/New_York"\n'
        '[topic.other]\nname = "Other"\nany = ["acme bahn"]\ntimezone = "America/New_York"\n'
        '[channel.screen]\ntype = "console"\n[[route]]\nmin_level = 4\nchannels = ["screen"]\n'
    )
    told = called("replay", folder / "crisis.jsonl", "-c", "s.toml").stdout.splitlines()
    assert told[0] == "Times: America/New_York"
    assert any(re.search(r"WAKES YOU: incident NE-\d, level [45] -> screen", line) for line in told)
    assert not any("No route" in line for line in told)
    assert "Nothing in the file belongs to the topic other." in told
    assert re.search(r"\(America/New_York\), Nordlicht Energie, level [45], ", told[-1])


def test_a_term_narrows_and_one_that_matches_nothing_is_no_calm(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    replayed(path, wire(1, "2026-03-01T10:00:00Z"), wire(2, "2026-03-01T11:00:00Z", "Falkenbahn"))
    some, none = (
        called("replay", path, "--topic", "falken*"),
        called("replay", path, "--topic", "x"),
    )
    assert some.exit_code == 0
    assert "2 mentions, 1 of no topic; " in some.stdout
    assert (none.exit_code, none.stdout) == (1, "")
    assert none.stderr == f"{path}: none of its 2 posts belongs to x\n"


def test_calm_posts_would_not_have_woken_anybody(tmp_path: Path) -> None:
    calm = [m for m in posts() if m.published_utc < STORM_AT]
    path = tmp_path / "calm.jsonl"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, calm)))
    told = called("replay", path).stdout.splitlines()
    assert told[-1].startswith("It would not have woken anybody: highest level ")
    assert not any("WAKES" in line for line in told)


# --- files that are not as they should be -------------------------------------------------------


def test_a_foreign_export_is_sent_to_import(folder: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "tool.csv"
    foreign.write_text("Datum;Text\n01.03.2026;Hallo\n")
    for path in (folder / "export.csv", foreign):
        done = called("replay", path)
        assert done.exit_code == 1
        assert f"`sturmglas import {path}` first" in done.stderr


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not one mention in it"),
        (b"\n\n", "not one mention in it"),
        (bytes(range(128, 256)), "not UTF-8"),
        (gzip.compress(b'{"source"' * 999)[:60], "damaged gzip"),
        (b'[{"source": "f"}]', ":1: a JSON array; expected one object on each line"),
        (b'{"source": "\xe4"}', ":1: not UTF-8 (byte 0xe4)"),
    ],
    ids=["empty", "blank", "binary", "cut", "array", "latin"],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    done = called("replay", tmp_path / "x")
    assert (done.exit_code, done.stdout) == (1, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_one_bad_line_costs_itself_and_a_flood_of_them_is_counted(tmp_path: Path) -> None:
    good = [wire(i, f"2026-03-01T10:{i:02}:00Z") for i in range(50)]
    one = replayed(tmp_path / "one.jsonl", *good[:25], "{}", *good[25:])
    assert one.exit_code == 0
    assert "50 mentions, 1 line not usable" in one.stdout
    assert "one.jsonl:26: " in one.stderr
    many = replayed(tmp_path / "many.jsonl", *["{}"] * 99, *good)
    assert len(many.stderr.splitlines()) == 21
    assert many.stderr.splitlines()[-1] == "... and 79 more lines that cannot be used"
    assert "Most lines could not be used" in many.stdout


def test_a_file_too_short_to_know_a_normal_says_so(tmp_path: Path) -> None:
    done = replayed(
        tmp_path / "x.jsonl", wire(1, "2026-03-01T10:00:00Z"), wire(2, "2026-03-01T13:00:00Z")
    )
    assert "The file covers 3 h 0 min: too short to know what is normal." in done.stdout


@pytest.mark.parametrize(
    ("dates", "doubt"),
    [
        (
            ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", "2099-01-01T00:00:00Z"),
            "1 dated in the future: counted where the file had got to.",
        ),
        (
            ("1970-01-01T00:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"),
            "1 dated before 1990: exports write that for an empty date.",
        ),
        (
            ("2026-03-01T10:00:00Z", "2026-03-09T10:00:00Z", "2026-03-09T11:00:00Z"),
            "Nothing at all from Sun 1 March 2026 at 11:00 to Mon 9 March 2026 at 11:00: taken as",
        ),
        (
            ("2016-01-01T00:00:00Z", "2026-03-09T10:00:00Z", "2026-03-09T11:00:00Z"),
            "to Mon 9 March 2026 at 11:00: what lies before is left out.",
        ),
    ],
    ids=["2099", "1970", "hole", "stray"],
)
def test_dates_that_make_the_answer_less_sure_are_said(
    tmp_path: Path, dates: tuple[str, ...], doubt: str
) -> None:
    done = replayed(tmp_path / "x.jsonl", *(wire(i, at) for i, at in enumerate(dates)))
    assert done.exit_code == 0
    assert doubt in done.stdout
    assert done.stdout.splitlines()[-1] == "It would not have woken anybody: level 0 all the way."
