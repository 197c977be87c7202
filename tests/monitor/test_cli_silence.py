"""`sturmglas silence`: seen beforehand, made, listed and taken back beside the running service."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from detectors.detection import Level
from monitor.cli import app
from monitor.clock import SystemClock
from monitor.store.database import SqliteStore
from tests import builders as b

RUN = CliRunner()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings over a store in which an alert went out an hour ago."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    path = tmp_path / "sturmglas.toml"
    path.write_text(f'[store]\nurl = "{url}"\n[topic.acme-bahn]\nname = "Acme"\nany = ["acme"]\n')
    store = SqliteStore.open(url)
    at = SystemClock().now() - timedelta(hours=1)
    storm = b.incident(topics=("acme-bahn",), onset=at, level=Level.STRONG_WIND)
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.enqueue(b.alert(storm, at=at), ["pager"], at)
    store.close()
    return path


def run(config: Path, *args: str) -> Result:
    return RUN.invoke(app, ["silence", *args, "--config", str(config)])


def lines(found: Result) -> list[dict[str, object]]:
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_it_is_seen_made_listed_and_taken_back(config: Path) -> None:
    match = "topic=acme-bahn level<=4"
    seen = run(config, "preview", match)
    assert "level 4  to pager  held back" in seen.output
    assert "held back 1 alerts; 0 would have broken it" in seen.output

    made = lines(run(config, "add", match, "--for", "90min", "--reason", "known", "--json"))
    assert [m["type"] for m in made] == ["foretold", "silence"]
    assert (made[1]["match"], made[1]["author"], made[1]["breaks_at"]) == (match, "cli", 5)

    assert f"{match}  cli  known  breaks at level 5" in run(config, "list").output
    [ended] = lines(run(config, "end", str(made[1]["id"]), "--by", "lee", "--json"))
    assert (ended["standing"], ended["ended_by"]) == (False, "lee")
    assert "nothing is silenced" in run(config, "list").output
    assert "(lee)" in run(config, "list", "--ended", "1").output
    again = run(config, "end", str(made[1]["id"]))
    assert (again.exit_code, "over already (by lee)" in again.output) == (1, True)


def test_a_dry_run_only_looks(config: Path) -> None:
    seen = run(config, "add", "topic=acme-bahn", "--dry-run")
    assert "would have held back 1 alerts" in seen.output
    assert "nothing is silenced" in run(config, "list").output


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("topc=a", "--reason", "x"), 1, 'did you mean "topic"?'),
        (("topic=a",), 1, "reason: is empty"),
        (("topic=a", "--reason", "x", "--for", "a while"), 2, "expected a time like 4h or 90min"),
        (("topic=a", "--reason", "x", "--for", "25h"), 1, "for: 1 day"),
    ],
)
def test_what_cannot_be_silenced_is_said(
    config: Path, args: tuple[str, ...], code: int, says: str
) -> None:
    found = run(config, "add", *args)
    assert (found.exit_code, says in found.output) == (code, True), found.output
