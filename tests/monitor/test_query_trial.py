"""Trying a query: what it finds of a day, at the desk, by API and on the settings page."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from detectors.mention import Direction, Kind
from detectors.topic import Query, Topic
from monitor.desk import query_trial as desk
from monitor.desk.query_trial import Asked, faults, try_query
from monitor.ports import Recent, Store, Unavailable
from monitor.server.query_trials import Busy, QueryTrials
from monitor.store.database import SqliteStore
from monitor.store.reader import SqlReader
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.laws.filing import file_batch
from tests.monitor.serving import Served, served

RAIL = Topic(TOPIC, "Acme Bahn", Query(any=("acme bahn",)))
API = f"/api/v1/topics/{TOPIC}/query/test"
PAGE = f"/topics/{TOPIC}/settings/query"
EN, DE = {"accept-language": "en"}, {"accept-language": "de"}


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def post(n: int, text: str, **fields: Any) -> Any:
    at = fields.pop("at", T0 - timedelta(minutes=n))
    return b.filed(n, text=text, topics=(), at=at, **fields)


def fill(store: Store) -> None:
    """Five posts of the last day in two sources and languages, and five that must not count."""
    file_batch(
        store,
        [
            post(1, "Acme Bahn fällt aus", source="forum", cluster=5),
            post(2, "Acme Bahn fällt aus!", source="news", cluster=5),
            post(3, "Bahnchaos am Morgen", source="forum", lang="en"),
            post(4, "Kaffee am Morgen", source="forum"),
            post(5, "geheim: Acme Bahn, Bahnchaos", source="news", kind=Kind.DM),
            post(6, "Acme Bahn, sagen wir selbst", direction=Direction.OWN),
            post(7, "Acme Bahn gestern", at=T0 - timedelta(hours=25)),
            post(8, "Acme Bahn morgen", at=T0 + timedelta(minutes=5)),
            post(9, "Acme Bahn gelöscht"),
        ],
    )
    with store.begin() as tx:
        tx.mark_deleted(post(9, "").id, T0)


def tried(store: Store, **asked: tuple[str, ...]) -> desk.QueryTrial:
    return try_query(store.read, RAIL, Asked(**asked), T0)


def test_what_a_query_finds_is_counted_by_source_and_language(store: SqliteStore) -> None:
    fill(store)
    trial = tried(store, any=("acme bahn", "bahn~"))
    assert (trial.looked_at, trial.complete, trial.since) == (5, True, T0 - timedelta(hours=24))
    assert (trial.found.posts, trial.found.private) == (4, 1)
    assert trial.found.sources == (("forum", 2), ("news", 2))
    assert trial.found.langs == (("de", 3), ("en", 1))


def test_newly_in_and_newly_out_are_against_the_query_of_now(store: SqliteStore) -> None:
    fill(store)
    trial = tried(store, any=("bahnchaos",))
    assert (trial.found.posts, trial.new.posts, trial.gone.posts) == (2, 1, 2)
    assert [e.post.text for e in trial.new.examples] == ["Bahnchaos am Morgen"]
    same = tried(store, any=("acme bahn",))
    assert (same.found.posts, same.new.posts, same.gone.posts) == (3, 0, 0)


def test_examples_are_the_newest_of_each_near_copy_and_never_private(store: SqliteStore) -> None:
    fill(store)
    found = tried(store, any=("acme bahn",)).found
    [example] = found.examples
    assert (example.post.text, example.copies) == ("Acme Bahn fällt aus", 2)
    file_batch(store, [post(n, f"Acme Bahn {n}") for n in range(100, 140)])
    shown = [e.post.at for e in tried(store, any=("acme bahn",)).found.examples]
    assert shown == [T0 - timedelta(minutes=n) for n in (1, *range(100, 119))]


def test_limits_of_the_query_are_obeyed(store: SqliteStore) -> None:
    fill(store)
    assert tried(store, any=("acme bahn",), sources=("forum",)).found.posts == 1
    assert tried(store, any=("bahn~",), languages=("en",)).found.posts == 1
    assert tried(store, any=("acme bahn",), none=("source:news acme",)).found.posts == 1
    assert tried(store, any=("acme bahn",), none=("bahnchaos",)).found.posts == 2


def test_hashtags_beside_the_text_and_the_title_count(store: SqliteStore) -> None:
    rows = [post(1, "wieder", tags=("acmebahn",)), post(2, "wieder", title="Acme Bahn")]
    file_batch(store, rows)
    assert tried(store, any=("#acmebahn",)).found.posts == 1
    assert tried(store, any=("acme bahn",)).found.posts == 2


def test_a_day_without_posts_is_empty_and_complete(store: SqliteStore) -> None:
    trial = tried(store, any=("acme",))
    assert (trial.looked_at, trial.complete, trial.found.posts) == (0, True, 0)


def test_the_look_ends_at_its_limit_and_says_how_far_back_it_went(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "LOOKED_AT", 6)
    monkeypatch.setattr(desk, "PAGE", 2)
    file_batch(store, [post(n, "Acme Bahn") for n in range(20, 0, -1)])
    trial = tried(store, any=("acme bahn",))
    assert (trial.looked_at, trial.complete, trial.found.posts) == (6, False, 6)
    assert trial.since == T0 - timedelta(minutes=6)


def test_the_look_ends_where_a_whole_page_came_in_before(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "PAGE", 2)
    old = [post(n, "Acme Bahn", at=T0 - timedelta(days=3)) for n in range(50, 60)]
    file_batch(store, [*old, *(post(n, "Acme Bahn") for n in range(1, 4))])
    pages: list[int] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(store.read, name)

        def recent(self, limit: int, before: int | None = None) -> list[Recent]:
            pages.append(limit)
            return store.read.recent(limit, before)

    trial = try_query(Counting(), RAIL, Asked(any=("acme",)), T0)  # type: ignore[arg-type]
    assert (trial.looked_at, trial.complete) == (3, True)
    assert len(pages) == 3


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(), [("any", 0, "no_term")]),
        (Asked(none=("acme",)), [("any", 0, "no_term")]),
        (Asked(any=("acme", "*")), [("any", 1, "alone")]),
        (Asked(all=("*er",)), [("all", 0, "short")]),
        (Asked(any=("a",), none=("x" * 201,)), [("none", 0, "long")]),
        (Asked(any=("a",) * 501), [("any", 0, "many")]),
        (Asked(any=("source:forum acme",)), []),
        (Asked(any=("source:form acme",)), [("any", 0, "unknown_source")]),
        (Asked(any=("a",), sources=("forum", "x")), [("sources", 1, "unknown_source")]),
        (Asked(any=("a",), languages=("de", "english!")), [("languages", 1, "language")]),
        (
            Asked(any=("lang: a", "a~b"), languages=("1",)),
            [("any", 0, "lang"), ("any", 1, "compound"), ("languages", 0, "language")],
        ),
    ],
)
def test_everything_wrong_with_a_query_is_told_at_once(
    asked: Asked, expected: list[tuple[str, int, str]]
) -> None:
    assert [(f.field, f.place, f.why) for f in faults(asked, {"forum"})] == expected


# --- the API ----------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def test_the_api_answers_counts_and_examples(server: Served) -> None:
    fill(server.store)
    answer = server.post(API, json={"any": ["acme bahn", "bahn~"], "languages": ["de"]})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["topic"], found["looked_at"], found["complete"]) == (TOPIC, 5, True)
    assert found["found"]["posts"] == 3
    assert found["found"]["sources"] == {"news": 2, "forum": 1}
    assert found["found"]["languages"] == {"de": 3}
    assert (found["new"]["posts"], found["gone"]["posts"]) == (0, 0)
    [example] = found["found"]["examples"]
    assert (example["copies"], example["post"]["handle"]) == (2, "kim")
    assert "geheim" not in answer.text
    assert [p["text"] for p in server.get(f"/api/v1/topics/{TOPIC}/posts").json()["posts"]] == []


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({}, "any", "no term to look for"),
        ({"any": ["ok", "*"]}, "any.1", "alone would be every word"),
        ({"any": ["ok"], "sources": ["nowhere"]}, "sources.0", "expected one of forum, shop"),
        ({"any": ["ok"], "languages": ["deutsch"]}, "languages.0", "BCP 47"),
        ({"any": ["a\u0000b"]}, "any.0", "match pattern"),
        ({"any": ["ok"], "some": []}, "some", "not permitted"),
        ({"any": "ok"}, "any", "list"),
    ],
)
def test_the_api_refuses_by_field_and_reason(
    server: Served, body: dict[str, Any], field: str, told: str
) -> None:
    answer = server.post(API, json=body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert told in error["error"]


def test_the_api_knows_no_topic_that_is_not_there(server: Served) -> None:
    answer = server.post("/api/v1/topics/nothing/query/test", json={"any": ["acme"]})
    assert answer.status_code == 404


def test_another_site_and_a_stranger_may_not_try(tmp_path: Path) -> None:
    from tests.monitor.serving import settings

    with served(tmp_path, given=settings(token="a-token-of-visitors-1")) as server:
        assert server.post(API, json={"any": ["acme"]}).status_code == 401
        known = {"authorization": "Bearer a-token-of-visitors-1"}
        assert server.post(API, json={"any": ["acme"]}, headers=known).status_code == 200
        foreign = {**known, "origin": "https://evil.example"}
        assert server.post(API, json={"any": ["acme"]}, headers=foreign).status_code == 403
        assert server.post(PAGE, data={"any": "acme"}, headers=foreign).status_code == 403


class Waiting:
    """A reader that stops before its first rows until it may go on."""

    def __init__(self, read: SqlReader) -> None:
        self._read = read
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._read, name)

    def recent(self, limit: int, before: int | None = None) -> list[Recent]:
        self.begun.set()
        assert self.go_on.wait(60)
        return self._read.recent(limit, before)


def test_only_one_query_is_tried_at_a_time(server: Served) -> None:
    slow = Waiting(server.store.read)
    store: Any = Readable(slow)
    trials = QueryTrials(replace(server.service, store=store))
    first: list[int] = []

    def try_one() -> None:
        first.append(trials.of(RAIL, Asked(any=("acme",))).looked_at)

    running = threading.Thread(target=try_one)
    running.start()
    assert slow.begun.wait(60)
    with pytest.raises(Busy):
        trials.of(RAIL, Asked(any=("acme",)))
    slow.go_on.set()
    running.join(60)
    assert first == [0]
    assert trials.of(RAIL, Asked(any=("acme",))).looked_at == 0  # the door is open again


class Readable:
    def __init__(self, read: Any) -> None:
        self.read = read


# --- the settings page ------------------------------------------------------------------------


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_form_holds_the_query_of_now(server: Served) -> None:
    page = server.get(f"/topics/{TOPIC}/settings", headers=DE).text
    assert "Eine andere Suche ausprobieren" in page
    assert re.search(r'<textarea[^>]*name="any"[^>]*>\s*acme bahn</textarea>', page)
    assert 'name="sources" value="forum"' in page
    assert 'id="qt-r"' not in page


def test_without_script_the_whole_page_comes_back_with_the_answer(server: Served) -> None:
    fill(server.store)
    form = {"any": "acme bahn\r\n\r\n bahn~ ", "languages": "de, en", "sources": ["forum", "shop"]}
    answer = server.post(PAGE, data=form, headers=EN)
    assert answer.status_code == 200
    assert "<!doctype html>" in answer.text
    found = text(answer.text)
    assert re.search(r"2 of 5 posts found", found)
    assert "1 post newly in" in found
    assert "Bahnchaos am Morgen" in found
    assert "geheim" not in found
    assert re.search(r'value="forum" checked', answer.text)
    assert "acme bahn\nbahn~</textarea>" in answer.text


def test_with_script_only_the_part_comes_back(server: Served) -> None:
    fill(server.store)
    answer = server.post(PAGE, data={"any": "kaffee"}, headers={**DE, "hx-request": "true"})
    assert answer.text.lstrip().startswith('<section class="sec" id="query"')
    found = text(answer.text)
    assert "1 Beitrag neu dabei" in found
    assert "3 Beiträge fallen weg" in found
    assert "1 private Nachricht ist gezählt und wird nicht gezeigt." in found


def test_posts_are_shown_as_text_never_as_markup(server: Served) -> None:
    file_batch(server.store, [post(1, "Acme Bahn <b>x</b>")])
    found = server.post(PAGE, data={"any": "acme bahn\n</textarea><b>y</b>"}, headers=EN).text
    assert "&lt;b&gt;x&lt;/b&gt;" in found
    assert "<b>y</b>" not in found


@pytest.mark.parametrize("htmx", [{}, {"hx-request": "true"}])
def test_what_cannot_be_looked_for_is_told_beside_what_was_written(
    server: Served, htmx: dict[str, str]
) -> None:
    form = {"any": "acme *\nok", "none": "*er", "languages": "deutsch", "sources": ["nowhere"]}
    answer = server.post(PAGE, data=form, headers={**DE, **htmx})
    assert answer.status_code == 422
    found = text(answer.text)
    assert "mindestens eines von acme * : ein * für sich wäre jedes Wort" in found
    assert "nichts von *er : neben * und ~ braucht es mindestens drei Buchstaben" in found
    assert "Sprachen deutsch : ist kein Sprachkürzel" in found
    assert "nowhere : nennt eine unbekannte Quelle" in found
    assert re.search(r'name="none"[^>]*aria-invalid="true"', answer.text)
    assert "acme *\nok</textarea>" in answer.text


def test_an_empty_day_an_empty_query_and_no_hit_are_told(server: Served) -> None:
    assert "ist kein Beitrag gespeichert" in server.post(PAGE, data={"any": "a"}, headers=DE).text
    refused = server.post(PAGE, data={}, headers=DE)
    assert (refused.status_code, "es fehlt ein Suchwort" in refused.text) == (422, True)
    file_batch(server.store, [post(1, "Kaffee")])
    found = text(server.post(PAGE, data={"any": "tee"}, headers=DE).text)
    assert "0 von 1 Beiträgen gefunden" in found
    assert "dieselben Beiträge" not in found


def test_a_part_that_was_not_looked_at_is_told(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "LOOKED_AT", 2)
    monkeypatch.setattr(desk, "PAGE", 2)
    file_batch(server.store, [post(n, "Acme Bahn") for n in range(9, 0, -1)])
    found = text(server.post(PAGE, data={"any": "acme bahn"}, headers=EN).text)
    assert "The newest 2 posts were looked at, older ones not." in found
    assert "These are the same posts" in found


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [(Busy(), 429, "nur eine zugleich"), (Unavailable("gone"), 503, "nicht lesen")],
)
def test_overload_and_a_store_that_is_away_are_told(
    server: Served,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    told: str,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(QueryTrials, "of", refuse)
    answer = server.post(PAGE, data={"any": "acme"}, headers={**DE, "hx-request": "true"})
    assert (answer.status_code, told in answer.text) == (status, True)
    assert server.post(API, json={"any": ["acme"]}).status_code == status


def test_the_address_of_the_form_leads_to_it_and_an_unknown_topic_nowhere(server: Served) -> None:
    answer = server.get(PAGE, headers=DE)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/topics/{TOPIC}/settings#query",
    )
    assert server.post("/topics/nothing/settings/query", data={"any": "a"}).status_code == 404
