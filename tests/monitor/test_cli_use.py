"""Every command as a newcomer meets it: help, typing errors, wrong files, a reader that leaves."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from monitor.cli import ORDER, app
from tests.monitor.exporting import posts, write_export

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(getattr(get_command(app), "commands"))  # noqa: B009  # click's Group, typed as Command


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def called(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_lists_every_command_in_the_order_of_need_and_whole() -> None:
    told = called("--help").stdout
    listed = re.findall(r"^  ([a-z-]+)  +\S", told[told.index("Commands:") :], re.MULTILINE)
    assert listed == [name for name in ORDER if name in COMMANDS]
    assert sorted(listed) == COMMANDS
    cut = [line.split()[0] for line in told.splitlines() if line.endswith("...")]
    assert set(cut) <= {"Usage:", "score", "train", "eval"}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_shows_an_example_and_explains_every_option(name: str) -> None:
    told = called(name, "--help").stdout
    assert f"sturmglas {name}" in told.partition("\n")[2], "no example"
    options = told[told.index("Options:") :]
    bare = [
        line for line in options.splitlines() if re.fullmatch(r"  -\S+( <?[\w|=\[\]]+>?)?", line)
    ]
    assert not bare, "an option without a word of explanation"
    assert called("help", name).stdout == told


@pytest.mark.parametrize("missing", ["drill"])
def test_what_is_not_built_is_not_there(missing: str) -> None:
    done = called(missing)
    assert done.exit_code == 2
    assert f"No such command '{missing}'" in done.stderr


def test_a_typing_error_is_wrong_use_and_is_answered_with_the_likely_word() -> None:
    command, option = called("repaly"), called("replay", "x", "--jsn")
    assert command.exit_code == option.exit_code == 2
    assert "'replay'" in command.stderr
    assert "--json" in option.stderr


def test_version_is_one_line() -> None:
    assert re.fullmatch(r"sturmglas \d+\.\d+\.\d+\n", called("--version").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "{}"),
        ("import", "{}"),
        ("detect", "{}"),
        ("replay", "good.jsonl", "--config", "{}"),
        ("serve", "--config", "{}"),
        ("work", "--config", "{}"),
    ],
    ids=" ".join,
)
def test_a_file_that_is_not_there_or_is_a_folder_is_wrong_use(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "good.jsonl").touch()
    for wrong in ("gone", str(tmp_path)):
        done = called(*(a.format(wrong) for a in arguments))
        assert done.exit_code == 2, done.output
        assert done.stderr.startswith(f"{wrong}: ")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--port", "99999"),
        ("demo", "--factor", "0"),
        ("replay", "x", "--budget", "-3"),
        ("bench", "nothing"),
        ("detect", "-", "--bin", "5x"),
    ],
    ids=" ".join,
)
def test_values_that_cannot_be_are_wrong_use(arguments: tuple[str, ...]) -> None:
    done = called(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_a_term_by_which_nothing_can_be_found_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    for term in ("", "*", " * "):
        done = called("replay", "x.jsonl", "--topic", term)
        assert (done.exit_code, done.stderr[:8]) == (2, "--topic:")


def test_bench_without_a_name_lists_what_there_is() -> None:
    done = called("bench")
    assert done.exit_code == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"pipeline", "ingest", "http", "insert", "scale", "exact", "storm", "nab"} <= set(listed)
    assert listed[-1] == "all"


def test_work_is_refused_with_the_reason_and_without_the_password(tmp_path: Path) -> None:
    postgres = '[store]\nurl = "postgresql://me@db/s"\npassword = "hunter2"\n'
    for text, reason in (
        ("", "one SQLite file"),
        (f'{postgres}[stream]\nurl = "sqlite:///log.db"\n', "the log is a file of one machine"),
        ('[store]\nurl = "postgresql://me:hunter2@db/s"\n', "expected it in store.password"),
    ):
        (tmp_path / "s.toml").write_text(text)
        done = called("work", "-c", "s.toml")
        assert done.exit_code == 2
        assert reason in done.stderr
        assert "hunter2" not in done.output


def test_a_database_of_another_program_is_found(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "theirs.db") as base:
        base.execute("CREATE TABLE letters (text)")
    base.close()
    (tmp_path / "a.toml").write_text('[store]\nurl = "sqlite:///theirs.db"\n')
    done = called("doctor", "-c", "a.toml")
    assert done.exit_code == 1
    [line] = [x for x in done.stdout.splitlines() if x.startswith("fail")]
    assert "of another program" in line


def test_addresses_on_this_machine_are_warned_of_until_they_are_allowed(tmp_path: Path) -> None:
    text = '[source.news]\ntype = "feed"\nurl = "http://127.0.0.1:9/rss"\n'
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(f"[server]\nallow_loopback_receivers = true\n{text}")
    refused, allowed = (called("check", "-c", f"{name}.toml").stdout for name in "ab")
    assert "a.toml:3: source.news.url: 127.0.0.1 is this machine: refused without" in refused
    assert "is this machine" not in allowed


def test_the_settings_of_the_first_hour_are_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
    [settings] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "sturmglas.toml").write_text(settings)
    (tmp_path / "forum.token").write_text("a-long-random-token")
    done = called("check", "-c", "sturmglas.toml")
    assert done.exit_code == 0
    assert "0 complaints, 1 warning" in done.stdout
    assert "its only channel is the console" in done.stdout


# --- detect -----------------------------------------------------------------------------------


def test_detect_reads_packed_series_and_warns_of_a_span_that_does_not_fit(tmp_path: Path) -> None:
    import gzip

    rows = "".join(f"2026-03-01T{h:02}:{m:02}:00Z,{m}\n" for h in range(9) for m in range(0, 60, 5))
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress(f"timestamp,value\n{rows}".encode()))
    right, wrong = called("detect", "s.csv.gz"), called("detect", "s.csv.gz", "--bin", "1h")
    assert (right.exit_code, right.stderr) == (0, "")
    assert len(right.stdout.splitlines()) == 109
    assert wrong.stderr == "warning: most rows are 5m apart, but --bin says 1h\n"


def test_detect_names_a_wrong_separator_and_prints_nothing_then(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("timestamp;value\n2026-03-01;1\n")
    done = called("detect", "s.csv")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the separator must be a comma" in done.stderr


# --- processes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT"])
def test_a_demo_that_is_stopped_while_it_builds_ends_at_once_and_leaves_nothing(
    tmp_path: Path, end: str
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo", "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
        # Whoever runs the tests in the background has told their children to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert "Building eight calm days" in process.stdout.readline()
        assert list(temporary.iterdir())
        process.send_signal(getattr(signal, end))
        rest, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert "Traceback" not in rest
    assert list(temporary.iterdir()) == []


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    hours = [f"2026-03-{d:02}T{h:02}:00:00Z,{h}\n" for d in range(1, 29) for h in range(24)]
    (tmp_path / "s.csv").write_text("timestamp,value\n" + "".join(hours))
    script = (
        f"{sys.executable} -m monitor detect {tmp_path}/s.csv --json --bin 1h | head -n 1;"
        ' echo "${PIPESTATUS[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 0"
    assert done.stderr == ""


def test_on_a_terminal_import_asks_for_zone_and_file(tmp_path: Path) -> None:
    write_export(tmp_path / "export.csv", posts()[:200])
    child, terminal = pty.fork()
    if child == 0:
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "monitor", "import", "export.csv"])
    said = ""
    try:
        for question, answer in (
            ("which one are they in?", "Europe/Berlin\n"),
            ("Write the mentions to", "\n"),
        ):
            said = _until(terminal, said, question)
            os.write(terminal, answer.encode())
            said = said[said.rindex(question) + len(question) :]
        said = _until(terminal, said, "Next: sturmglas replay export.jsonl")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    assert len((tmp_path / "export.jsonl").read_text().splitlines()) == 200


def _until(terminal: int, said: str, wanted: str) -> str:
    """Read a terminal until it shows ``wanted``; return all of it."""
    deadline = time.monotonic() + 60
    while wanted not in said:
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 4096).decode(errors="replace")
    return said
