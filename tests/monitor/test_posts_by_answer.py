"""Posts by kind and harm, and what an hour is about: through the API and on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from detectors.score.base import Marks
from detectors.score.heads import HARM, KINDS, MORE, NO_CLAIM
from monitor.ports import Filed, Post
from monitor.server import post_filter
from monitor.server.page_cards import evidence_views
from monitor.server.page_posts import Heard
from monitor.server.post_filter import HarmName, KindName
from tests import builders as make
from tests.builders import T0, TOPIC
from tests.monitor.serving import Served, served

PATH = f"/api/v1/topics/{TOPIC}/posts"


def row(n: int, *yes: str, offensive: float = 0.1, marks: Marks | None = None) -> Filed:
    """Return post ``n``, ``n`` minutes old, of which the named questions are answered with yes."""
    more = tuple(0.8 if name in yes else NO_CLAIM for name in MORE)
    filed = make.filed(n, at=T0 - timedelta(minutes=n), text=f"post {n}", offensive=offensive)
    score = replace(filed.score, more=more, marks=marks or filed.score.marks)
    return replace(filed, score=score)


ROWS = (
    row(1, "complaint"),
    row(2, "complaint", "insult", offensive=0.9),
    row(3, "question"),
    row(4, offensive=0.7, marks=Marks(unsure="quoted")),
    row(5, "complaint", offensive=1.0, marks=Marks(banned="acme*")),
    row(6, marks=Marks(suspect="bahn")),
    row(7),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        with one.store.begin() as tx:
            tx.add_mentions(ROWS)
        yield one


def asked(server: Served, **query: object) -> tuple[list[str], int | None]:
    answer = server.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return [post["text"] for post in found["posts"]], found["before"]


def test_a_post_tells_its_answers_and_what_rules_say(server: Served) -> None:
    posts = server.get(PATH).json()["posts"]
    assert posts[1]["answers"] == {"insult": 80, "complaint": 80}
    assert posts[3]["marks"] == {"unsure": "quoted"}
    assert posts[4]["marks"] == {"banned": "acme*"}
    assert (posts[6]["answers"], posts[6]["marks"]) == ({}, {})


def test_every_kind_and_harm_can_be_asked_for() -> None:
    assert [*KindName] == [family.name for family in KINDS]
    assert [*HarmName] == [*(family.name for family in HARM), "banned", "suspect"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "complaint"}, [1, 2, 5]),
        ({"kind": "praise"}, []),
        ({"harm": "insult"}, [2]),
        ({"harm": "offensive"}, [2, 4, 5]),
        ({"harm": "banned"}, [5]),
        ({"harm": "suspect"}, [6]),
        ({"kind": "complaint", "harm": "offensive"}, [2, 5]),
        ({"kind": "complaint", "tone": "1"}, []),
    ],
)
def test_posts_are_asked_for_by_kind_and_harm(
    server: Served, query: dict[str, str], found: list[int]
) -> None:
    assert asked(server, **query) == ([f"post {n}" for n in found], None)


def test_an_unknown_kind_is_refused_with_those_that_there_are(server: Served) -> None:
    answer = server.get(PATH, params={"kind": "complain"})
    assert answer.status_code == 422
    assert "complaint" in answer.json()["detail"]


@pytest.mark.parametrize("looked_at", [2, 3, 5_000])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_pages_of_a_kind_neither_repeat_nor_skip(
    server: Served, monkeypatch: pytest.MonkeyPatch, looked_at: int, limit: int
) -> None:
    monkeypatch.setattr(post_filter, "LOOKED_AT", looked_at)
    found, before = asked(server, kind="complaint", limit=limit)
    while before is not None:
        page, before = asked(server, kind="complaint", limit=limit, before=before)
        found += page
    assert found == ["post 1", "post 2", "post 5"]


def test_going_on_after_a_post_that_is_gone_is_the_end(server: Served) -> None:
    assert asked(server, kind="complaint", before=10**9) == ([], None)


def test_the_hour_is_counted_by_what_its_posts_are_about(server: Served) -> None:
    voices = Heard().voices(server.store.read, TOPIC, T0)
    assert voices.looked_at == 7
    assert voices.about == {
        "complaint": 3,
        "offensive": 3,
        "insult": 1,
        "question": 1,
        "banned": 1,
        "suspect": 1,
    }


def test_evidence_is_shown_with_its_answers_unless_the_post_was_changed(server: Served) -> None:
    read = server.store.read
    posts = {post.text: post for post in read.posts(list(range(1, 50)))}

    def kept(post: Post, text: str) -> Post:
        """Return a post as evidence holds it: as it was, and without answers."""
        values = {name: getattr(post, name) for name in Post.__slots__}
        return Post(**{**values, "text": text, "answers": {}, "marks": {}})

    same, edited = posts["post 2"], posts["post 4"]
    one, other = evidence_views(read, [kept(same, same.text), kept(edited, "before the edit")], [])
    assert one.answers == {"offensive": 90, "insult": 80, "complaint": 80}
    assert (other.answers, other.marks) == ({"offensive": 70}, {})
