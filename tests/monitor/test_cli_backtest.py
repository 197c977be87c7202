"""backtest, as people type it: when it would have paged, what was lost, and what it never does."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alerts.incident import Outcome
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.cli import app
from monitor.settings import load
from monitor.store.database import SqliteStore
from tests.flow.scenes import MONDAY, calm, in_order, storm

END = MONDAY + timedelta(days=4)
STORMS = (MONDAY + timedelta(days=1, hours=9), MONDAY + timedelta(days=3, hours=8))
CONFIG = """\
[store]
url = "sqlite:///{store}"

[topic.acme]
name = "Acme Bahn"
any = ["acme bahn"]
timezone = "Europe/Vienna"
alarm_budget_days = 7
thresholds = {{ level5_authors = 40 }}

[topic.silent]
name = "Nobody"
any = ["nobody ever says this"]
"""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STURMGLAS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a store with four days in it: two storms; the first was called a false alarm."""
    folder = tmp_path_factory.mktemp("backtest")
    file = folder / "sturmglas.toml"
    file.write_text(CONFIG.format(store=folder / "sturmglas.db"), encoding="utf-8")
    settings = load(file, {})
    posts = in_order(
        calm(MONDAY, END, per_hour=4),
        storm(STORMS[0], 100, 0.5, 30),
        storm(STORMS[1], 100, 0.4, 25, seed=2),
    )
    with closing(SqliteStore.open(settings.store.url)) as store:
        list(replay(posts, parts(settings), store))
        _judge_the_first(store)
    return file


def _judge_the_first(store: SqliteStore) -> None:
    """Let a person have said of the first incident that it was nothing."""
    first = min(store.read.incidents(), key=lambda i: i.opened_at)
    with store.begin() as tx:
        assert tx.save_incident(replace(first, outcome=Outcome.FALSE_ALARM), first.version)


def called(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)])


def asked(config: Path, *arguments: object) -> list[dict[str, Any]]:
    done = called("--config", config, "--topic", "acme", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(config: Path, *arguments: object) -> str:
    done = called("--config", config, "--topic", "acme", *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


# --- for programs -----------------------------------------------------------------------------


def test_each_page_is_a_line_with_its_reasons_and_what_it_was_then(config: Path) -> None:
    *pages, summary = asked(config, "--days", 30)
    assert [p["type"] for p in pages] == ["page", "page"]
    assert [p["outcome"] for p in pages] == ["false_alarm", "real"]
    assert [p["reason"] for p in pages] == ["first", "first"]
    for page, begun in zip(pages, STORMS, strict=True):
        at = datetime.fromisoformat(page["at"])
        assert begun < at < begun + timedelta(minutes=90)
        assert 4 <= page["level"] <= page["peak"]
        assert {r["code"] for r in page["reasons"]} >= {"negative_authors", "negative_burst"}
    assert summary["type"] == "summary"
    assert (summary["pages"], summary["lost"], summary["pages_then"]) == (2, 0, 2)
    assert summary["budget_days"] == 7
    assert summary["thresholds"] == {"level5_authors": 40}
    assert summary["short_days"] == pytest.approx(26, abs=0.1)


def test_what_is_tried_is_judged_by_and_told(config: Path) -> None:
    *lines, summary = asked(config, "--budget", 90, *_deaf())
    assert summary["budget_days"] == 90
    assert summary["thresholds"]["level4_authors"] == 900
    assert summary["pages"] == 0
    # Of the two, only the one that was real is a loss.
    assert [(x["type"], x["outcome"]) for x in lines] == [("lost", "real")]


def test_only_the_span_asked_for_is_counted(config: Path) -> None:
    *pages, summary = asked(config, "--days", 2)
    assert [p["outcome"] for p in pages] == ["real"]
    assert summary["days"] == pytest.approx(2)
    assert summary["warm_days"] == pytest.approx(2, abs=0.1)


# --- for people -------------------------------------------------------------------------------


def test_the_answer_in_words_has_times_in_the_topics_zone_and_the_telling_reasons(
    config: Path,
) -> None:
    text = said(config, "--days", 2, "--budget", 14)
    assert "(Europe/Vienna)" in text
    assert "one false alarm in 14 days (now 7), level5_authors = 40." in text
    assert re.search(r"The topic is known since Mon 2 March 2026 at 01:\d\d: 2 days before", text)
    assert "You would have been paged once in 2 days:" in text
    # 08:00 UTC is nine in Vienna.
    assert re.search(r"Thu 5 March 2026 at (09|10):\d\d  level 4 strong wind", text)
    assert re.search(r"Then incident AB-\d: a person called it real\.", text)
    assert "None that a person called real would be lost." in text


def test_what_would_be_lost_is_said_last_and_loudest(config: Path) -> None:
    text = said(config, *_deaf())
    assert "You would not have been paged: highest level 3" in text
    assert re.search(r"LOST: AB-\d of Thu 5 March 2026 at \d\d:\d\d, up to level \d", text)
    assert "of the 30 days asked for 26 days are missing" in text


def _deaf() -> list[str]:
    return [
        part for n in (4, 5, 6) for part in ("--set", f"level{n}_authors={900 if n == 4 else 1e5}")
    ]


# --- what it never does -----------------------------------------------------------------------


def test_it_only_reads_also_beside_whoever_writes(config: Path) -> None:
    path = config.parent / "sturmglas.db"
    with closing(SqliteStore.open(f"sqlite:///{path}")) as store, store.begin() as tx:
        tx.set_media("silent", 1, "kim", MONDAY)
        before = _content(path)
        assert "paged" in said(config, "--days", 2)  # does not wait for the writer
        assert _content(path) == before


def _content(path: Path) -> str:
    """Return a digest of every row that is committed."""
    with closing(sqlite3.connect(path)) as base:
        tables = [t for (t,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(t, base.execute(f'SELECT * FROM "{t}"').fetchall()) for t in sorted(tables)]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_no_store_is_made_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(CONFIG.format(store=tmp_path / "none.db"), encoding="utf-8")
    done = called("--config", file, "--topic", "acme")
    assert done.exit_code == 1
    assert "none.db: no such file; nothing has been stored there yet" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_an_older_store_is_not_migrated_but_told(config: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with (
        closing(sqlite3.connect(config.parent / "sturmglas.db")) as source,
        closing(sqlite3.connect(old)) as copy,
    ):
        source.backup(copy)
        copy.execute("UPDATE alembic_version SET version_num = '0002'")
        copy.commit()
    file = tmp_path / "s.toml"
    file.write_text(CONFIG.format(store=old), encoding="utf-8")
    done = called("--config", file, "--topic", "acme")
    assert done.exit_code == 1
    assert "of an older Sturmglas (schema 0002" in done.stderr
    with closing(sqlite3.connect(old)) as base:
        assert base.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)


# --- wrong use --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint", "code"),
    [
        (("--topic", "acne"), "unknown topic 'acne'; did you mean \"acme\"?", 2),
        (("--topic", "acme", "--set", "level4_autors=9"), 'did you mean "level4_authors"?', 2),
        (("--topic", "acme", "--set", "level4_authors=many"), "expected NAME=VALUE", 2),
        (("--topic", "acme", "--set", "level4_authors"), "expected NAME=VALUE", 2),
        (("--topic", "acme", "--budget", 0), "--budget: a budget of 0 days", 2),
        (("--topic", "acme", "--days", 0), "--days", 2),
        (("--topic", "silent"), "not one mention of the topic 'silent'", 1),
    ],
)
def test_what_cannot_be_answered_is_complained_of(
    config: Path, arguments: tuple[object, ...], complaint: str, code: int
) -> None:
    done = called("--config", config, *arguments)
    assert done.exit_code == code
    assert complaint in done.stderr
    assert done.stdout == ""
