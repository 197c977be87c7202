"""`serve` as it is run: what it says, what it refuses, and that a kill costs nothing."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from monitor.cli import app
from monitor.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-long-random-token"
SETTINGS = f"""
[server]
port = 0
allow_loopback_receivers = true

[store]
url = "sqlite:///my.db"

[topic.acme-bahn]
name = "Acme Bahn"
any = ["acme bahn"]

[source.shop]
type = "http"
token = "{TOKEN}"

[source.export]
type = "file"
path = "mentions.jsonl"

[channel.screen]
type = "console"
language = "en"

[[route]]
min_level = 4
channels = ["screen"]
"""


@dataclass(slots=True)
class Running:
    """A service in a process of its own; its output lands in a file."""

    process: subprocess.Popen[bytes]
    url: str
    output: Path

    def said(self, wanted: str) -> str:
        """Return all it has said, once that holds ``wanted``."""
        return until(lambda: wanted in (text := self.output.read_text()) and text, wanted)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def until(look: Callable[[], str | bool | None], what: str) -> str:
    deadline = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
    return str(found)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "monitor", *arguments]


def environment() -> dict[str, str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith("STURMGLAS_")}
    return {**bare, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def serving(folder: Path) -> Iterator[Running]:
    """Run `sturmglas serve` in ``folder`` until it is stopped; it is killed at the end."""
    output = folder / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            command("serve", "-c", "sturmglas.toml"), cwd=folder, stdout=out, stderr=out,
            env=environment(),
        )  # fmt: skip
    try:
        running = Running(process, "", output)
        url = re.search(r"Sturmglas: (\S+)\n", running.said("Sturmglas: http://127.0.0.1:"))
        assert url is not None
        running.url = url[1]
        yield running
    finally:
        process.kill()
        process.wait()


def refused(folder: Path, settings: str) -> tuple[int, str, list[str]]:
    """Return exit code, standard output and lines of complaint of a start that fails."""
    (folder / "other.toml").write_text(settings)
    done = CliRunner().invoke(app, ["serve", "-c", "other.toml"])
    return done.exit_code, done.stdout, done.stderr.splitlines()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sturmglas.toml").write_text(SETTINGS)
    yield tmp_path
    for name in ("sturmglas", "alerts"):  # `serve` raises them for its own process
        logging.getLogger(name).setLevel(logging.NOTSET)


def post(running: Running, *ids: str, token: str = TOKEN) -> httpx.Response:
    now = SystemClock().now().isoformat()
    mentions = [
        {"source": "shop", "source_id": id, "text": f"Acme Bahn {id}", "published_at": now}
        for id in ids
    ]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{running.url}/api/v1/mentions", json=mentions, headers=headers)


def stored(folder: Path) -> int:
    with sqlite3.connect(f"file:{folder}/my.db?mode=ro", uri=True) as base:
        count: int = base.execute("SELECT count(*) FROM mention").fetchone()[0]
    base.close()
    return count


def test_the_log_has_a_line_for_what_matters_and_nothing_else(folder: Path) -> None:
    with serving(folder) as running:
        running.said("WARNING source export: mentions.jsonl: cannot be read")
        (folder / "mentions.jsonl").write_text("")
        running.said("INFO source export: fine again")
        with (folder / "mentions.jsonl").open("a") as file:
            file.write('{"source": "export"}\n')
        running.said("WARNING source export: mentions.jsonl: line 1: ")
        assert post(running, "1", token="a-wrong-but-long-token").status_code == 401
        assert post(running, "1").json() == {"accepted": 1, "duplicates": 0, "rejected": []}
        assert running.stop() == 0
        lines = running.said("stopped").splitlines()
    assert lines[0] == "settings file sturmglas.toml"
    assert f"INFO store {folder / 'my.db'}" in lines[2]
    dated = [line for line in lines if not line.startswith(("settings file", "Sturmglas: "))]
    assert all(re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} [A-Z]+ ", x) for x in dated)
    told = [line.split(" ", 3)[3].split(":")[0] for line in dated]
    # How often the bad line is told and forgotten again depends on how busy the machine is.
    assert [what for what, _ in groupby(told)] == [
        "sturmglas.toml", f"store {folder / 'my.db'}", "source shop", "source export",
        "stopped; nothing accepted is lost",
    ]  # fmt: skip
    assert len(told) < 12
    assert TOKEN not in "".join(lines)


def test_what_was_accepted_before_a_kill_is_counted_after_it(folder: Path) -> None:
    with serving(folder) as running:
        assert post(running, *map(str, range(50))).json()["accepted"] == 50
        running.stop(signal.SIGKILL)
    with serving(folder) as running:  # the lock on the store went with its process
        until(lambda: stored(folder) == 50, "50 mentions stored")
        assert post(running, *map(str, range(60))).json()["accepted"] == 60
        until(lambda: stored(folder) == 60, "60 mentions stored")
        assert running.stop(signal.SIGTERM) == 0


def test_a_second_process_on_the_same_store_is_refused_and_the_first_goes_on(folder: Path) -> None:
    with serving(folder) as running:
        code, out, complaints = refused(folder, SETTINGS)
        assert code == 1
        assert "http" not in out
        assert complaints == [
            f"my.db: in use by another sturmglas (process {running.process.pid}); stop it first,"
            " or name another file in [store] url"
        ]
        assert post(running, "1").status_code == 202
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("change", "code", "complaint"),
    [
        (("port = 0", "port = {taken}"), 1, r"127.0.0.1:{taken} is taken: another program listens"),
        (("port = 0", 'port = 1\nhost = "192.0.2.1"\ntoken = "0123456789abcdef"'), 1,
         r"cannot listen on 192.0.2.1:1 \(.*\); set server.host"),
        (("my.db", "theirs.db"), 1, r"theirs.db: an SQLite file of another program"),
        (("my.db", "letter.db"), 1, r"letter.db: not an SQLite file"),
        (("my.db", "gone/my.db"), 1, r"gone/my.db: its folder does not exist"),
        (("my.db", "folder"), 1, r"folder: a folder; name a file in it"),
        (("any =", "anny ="), 2, r'other.toml:11: topic.acme-bahn.anny: unknown key.*"any"\?'),
        (("[topic.", "[[topic."), 2, r"other.toml:9: not TOML: "),
        (('"acme bahn"', '"*"'), 2, r'other.toml:11: topic.acme-bahn.any.1: found "\*"'),
        (("[server]", '[playbooks]\npaths = ["gone"]\n[server]'), 2, r"gone: cannot be read"),
    ],
    ids=[
        *("port", "host", "theirs", "letter", "nowhere", "folder", "key", "toml", "term", "playbook")
    ],
)  # fmt: skip
def test_a_start_that_cannot_work_says_why_in_one_line(
    folder: Path, change: tuple[str, str], code: int, complaint: str
) -> None:
    with sqlite3.connect(folder / "theirs.db") as base:
        base.execute("CREATE TABLE letters (text)")
    base.close()
    (folder / "letter.db").write_text("this is a letter, not a database, and long enough to tell")
    (folder / "folder").mkdir()
    before = (folder / "theirs.db").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = SETTINGS.replace(change[0], change[1].replace("{taken}", port), 1)
        found, out, complaints = refused(folder, settings)
    assert found == code, complaints
    assert "http" not in out
    assert len(complaints) == 1, complaints
    assert re.match(complaint.replace("{taken}", port), complaints[0])
    assert (folder / "theirs.db").read_bytes() == before
    assert not (folder / "my.db").exists(), "a start that fails opens no store"
