"""A query's health end to end: at the desk, on the settings page, by command, and in `check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from detectors.query_health import Mark, month_of
from detectors.topic import Query, Topic
from monitor.cli import app
from monitor.clock import SystemClock
from monitor.desk import query_health as desk
from monitor.desk.errors import Invalid, NotFound
from monitor.ports import Store
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.laws.filing import file_batch
from tests.monitor.serving import Served, served
from tests.monitor.storming import calm_past

RAIL = Topic(TOPIC, "Acme Bahn", Query(any=("acme bahn",)))
TOPICS = {TOPIC: RAIL}


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def fill(store: Store, count: int, at: Any = T0, text: str = "Acme Bahn, #bahnchaos") -> None:
    file_batch(
        store,
        [
            b.filed(
                f"{at:%d%H}-{n}", at=at - timedelta(minutes=n), text=f"{text} {n}", handle=f"h{n}"
            )
            for n in range(1, count + 1)
        ],
    )


def health(store: Store, now: Any = T0) -> desk.Health:
    return desk.health(store.read, RAIL, TOPICS, now)


def say(store: Store, ours: int, not_ours: int) -> None:
    drawn = [one.post.num for one in health(store).sample]
    for n, num in enumerate(drawn[: ours + not_ours]):
        desk.mark(store, TOPICS, TOPIC, num, n < ours, "kim", T0)


def test_a_new_topic_is_asked_about_from_its_first_twenty_posts_on(store: SqliteStore) -> None:
    fill(store, 19)
    assert (health(store).found, health(store).sample) == (19, ())
    fill(store, 1, T0 - timedelta(hours=5))
    assert (len(health(store).sample), health(store).open) == (20, 20)


def test_what_people_say_makes_the_precision_of_the_month(store: SqliteStore) -> None:
    fill(store, 60)
    say(store, 5, 4)
    assert health(store).standing.precision is None  # nine say nothing yet
    say(store, 9, 6)
    found = health(store)
    assert found.standing.precision is not None
    assert (found.standing.precision.ours, found.standing.precision.marked) == (9, 15)
    assert (found.open, found.standing.too_low) == (5, True)
    said = {one.post.num: one.mark for one in found.sample if one.mark}
    assert {m.actor for m in said.values()} == {"kim"}


def test_a_month_without_marks_keeps_what_is_known_for_three(store: SqliteStore) -> None:
    fill(store, 40)
    say(store, 12, 8)
    later = desk.standing(store.read, TOPIC, T0 + timedelta(days=60))
    assert (later.month, later.too_low) == ("2026-11", True)
    assert desk.standing(store.read, TOPIC, T0 + timedelta(days=150)).precision is None


def test_only_what_was_drawn_can_be_judged(store: SqliteStore) -> None:
    fill(store, 60)
    drawn = {one.post.num for one in health(store).sample}
    other = next(n for n in range(1, 61) if n not in drawn)
    with pytest.raises(Invalid, match="not in the sample"):
        desk.mark(store, TOPICS, TOPIC, other, True, "kim", T0)
    with pytest.raises(NotFound):
        desk.mark(store, TOPICS, "nothing", min(drawn), True, "kim", T0)
    assert store.read.marks(TOPIC) == []


def test_names_are_held_against_posts_of_no_topic(store: SqliteStore) -> None:
    fill(store, 30, text="Acme Bahn, #bahnchaos #montag")
    rows = [
        b.filed(f"x{n}", topics=(), text=f"Kaffee #montag {n}", handle=f"x{n}") for n in range(50)
    ]
    file_batch(store, rows)
    found = health(store)
    assert [s.term for s in found.suggestions] == ["#bahnchaos"]
    assert (found.looked_at, found.compared) == (30, 50)


# --- the settings page ------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


ADDRESS = f"/topics/{TOPIC}/settings"


def test_the_settings_page_asks_and_keeps_what_is_said(server: Served) -> None:
    fill(server.store, 30, text="Acme Bahn <b>x</b>, #bahnchaos")
    shown = server.get(ADDRESS, params={"lang": "en"}).text
    assert shown.count(">not ours</button>") == 20
    assert "Acme Bahn &lt;b&gt;x&lt;/b&gt;" in shown
    assert "#bahnchaos" in shown
    num = desk.health(server.store.read, RAIL, TOPICS, T0).sample[0].post.num
    answer = server.post(f"/topics/{TOPIC}/sample/{num}", data={"ours": "0", "back": ADDRESS})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ADDRESS}#qh-{num}")
    [mark] = server.store.read.marks(TOPIC)
    assert (mark.num, mark.ours, mark.actor, mark.month) == (num, False, "anonym", "2026-11")
    assert "not ours, says anonym" in server.get(ADDRESS, params={"lang": "en"}).text


def test_too_low_a_precision_is_a_warning_on_the_page(server: Served) -> None:
    fill(server.store, 30)
    say(server.store, 13, 7)
    told = "Only 65% of the posts found are about the brand"
    calm_past(server.store)
    assert told in server.get("/", params={"lang": "en", "topic": TOPIC}).text
    assert "Only 65% are about the brand" in server.get(ADDRESS, params={"lang": "en"}).text
    assert "Nur 65 % gehören zur Marke" in server.get(ADDRESS, params={"lang": "de"}).text.replace(
        "\xa0", " "
    ).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        (f"/topics/{TOPIC}/sample/999", {"ours": "1"}, 422),
        (f"/topics/{TOPIC}/sample/999", {"ours": "perhaps"}, 422),
        (f"/topics/{TOPIC}/sample/-1", {"ours": "1"}, 422),
        ("/topics/nothing/sample/1", {"ours": "1"}, 404),
    ],
)
def test_what_was_not_asked_is_refused(
    server: Served, path: str, form: dict[str, str], status: int
) -> None:
    assert server.post(path, data=form).status_code == status
    assert server.store.read.totals()["relevance"] == 0


# --- the command line -------------------------------------------------------------------------


CONFIG = """
[store]
url = "sqlite:///{folder}/kept.db"
[topic.acme-bahn]
name = "Acme Bahn"
any = ["acme bahn"]
"""


def call(config: Path, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*args, "--config", str(config)])
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sturmglas.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def kept(tmp_path: Path, ours: int) -> None:
    """Make the install's store: 30 posts of today, twenty of them judged."""
    now = SystemClock().now()
    store = SqliteStore.open(f"sqlite:///{tmp_path}/kept.db")
    fill(store, 30, now)
    with store.begin() as tx:
        for num in range(1, 21):
            tx.mark_relevance(Mark(TOPIC, num, month_of(now), num <= ours, "kim", now))
    store.close()


def test_the_command_tells_precision_and_names(config: Path, tmp_path: Path) -> None:
    kept(tmp_path, 13)
    code, told = call(config, "query-health", "--topic", TOPIC)
    assert code == 0
    assert "65% ours (13 of 20" in told
    assert "#bahnchaos  hashtag" in told
    code, told = call(config, "query-health", "--topic", TOPIC, "--json")
    *names, summary = [json.loads(line) for line in told.splitlines()]
    assert [n["term"] for n in names] == ["#bahnchaos"]
    assert (summary["too_low"], summary["precision"]["marked"]) == (True, 20)


def test_check_warns_below_eighty_percent_and_only_then(config: Path, tmp_path: Path) -> None:
    code, told = call(config, "check")  # there is no store yet, and none is made
    assert (code, "is ours" in told) == (0, False)
    assert not (tmp_path / "kept.db").exists()
    kept(tmp_path, 15)
    code, told = call(config, "check")
    assert code == 0
    assert "only 75% of what it finds is ours (15 of 20" in told
    assert f"{config}:4" in told  # where the topic stands


def test_check_says_nothing_of_a_query_that_does_well(config: Path, tmp_path: Path) -> None:
    kept(tmp_path, 16)
    assert "is ours" not in call(config, "check")[1]


def test_without_a_store_or_a_topic_the_command_says_so(config: Path) -> None:
    assert call(config, "query-health", "--topic", TOPIC)[0] == 1
    code, told = call(config, "query-health", "--topic", "nothing")
    assert (code, "known: acme-bahn" in told) == (2, True)
