"""How tones are read, on pages and over HTTP: said, taken back, asked about, and who may speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from detectors.score.base import Tone
from detectors.score.linear import shipped_version
from monitor.desk import corrections as desk
from monitor.ports import Speaking, Taught
from tests import builders as make
from tests.builders import T0, TOPIC
from tests.laws.filing import file_batch
from tests.laws.test_store_corrections import SAID
from tests.monitor.serving import Served, served
from tests.monitor.storming import calm_past

PATH = f"/topics/{TOPIC}/reading"
API = f"/api/v1/topics/{TOPIC}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        calm_past(one.store)
        yield one


def fill(server: Served, n: int = 40, tone: Tone = Tone.NEGATIVE, **fields: Any) -> list[int]:
    start = T0 - timedelta(minutes=50)
    rows = [
        make.filed(f"{tone}-{i}", at=start + timedelta(minutes=i % 45), tone=tone, **fields)
        for i in range(n)
    ]
    file_batch(server.store, rows)
    return server.store.read.window(TOPIC, start, T0).num


def version(server: Served, **change: Any) -> Taught:
    base = shipped_version()
    good = Taught(base, f"{base}+ab12", "refit", 240, 90, 0.51, 0.64, 0.03, T0)
    with server.store.begin() as tx:
        made = tx.add_taught(replace(good, **change), b"weights")
    assert made is not None
    return made


def call(server: Served, method: str, path: str, **kwargs: Any) -> Any:
    return server.ask(lambda client: client.request(method, path, **kwargs))


# --- words on posts -------------------------------------------------------------------------------


def test_a_quoted_post_is_corrected_where_it_stands(server: Served) -> None:
    fill(server)
    shown = server.get("/", params={"topic": TOPIC, "lang": "en"}).text
    assert "read as critical" in shown
    num = int(shown.split(f'action="/topics/{TOPIC}/posts/')[1].split("/")[0])
    back = f"/?topic={TOPIC}&range=1h"
    answer = server.post(f"/topics/{TOPIC}/posts/{num}/tone", data={"tone": "0", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    [said] = server.store.read.corrections()
    assert (said.num, said.label, said.drawn, said.actor) == (num, Tone.NEUTRAL, False, "anonym")
    page = server.get(PATH, params={"lang": "en"}).text
    assert "neutral, says anonym" in page
    taken = server.post(f"/topics/{TOPIC}/posts/{num}/tone/back", data={"back": PATH})
    assert taken.status_code == 303
    assert server.store.read.corrections() == []


@pytest.mark.parametrize("tone", ["", "2", "angry", "-1; drop"])
def test_other_words_are_refused(server: Served, tone: str) -> None:
    num = fill(server)[0]
    assert server.post(f"/topics/{TOPIC}/posts/{num}/tone", data={"tone": tone}).status_code == 422
    assert server.store.read.corrections() == []


def test_nothing_leads_off_the_site(server: Served) -> None:
    num = fill(server)[0]
    there = {"tone": "1", "back": "https://elsewhere.example"}
    assert server.post(f"/topics/{TOPIC}/posts/{num}/tone", data=there).headers["location"] == "/"


def test_the_weeks_posts_are_asked_about_without_what_the_machine_read(server: Served) -> None:
    fill(server)
    asked = server.get(PATH, params={"lang": "en"}).text
    assert "30 random posts of week 2026-W47: 30 still open" in asked
    assert "read as" not in asked
    num = int(asked.split('id="ask-')[1].split('"')[0])
    answer = server.post(f"/topics/{TOPIC}/posts/{num}/tone", data={"tone": "0", "drawn": "1"})
    assert answer.headers["location"] == PATH
    asked = server.get(PATH, params={"lang": "en"}).text
    assert "29 still open" in asked
    assert "read as critical" in asked
    assert server.store.read.corrections()[0].drawn


def test_a_post_that_was_not_drawn_is_not_taken_for_drawn(server: Served) -> None:
    nums = set(fill(server, 60))
    drawn = {one.post.num for one in desk.asked(server.store.read, TOPIC, T0)}
    path = f"/topics/{TOPIC}/posts/{min(nums - drawn)}/tone"
    assert server.post(path, data={"tone": "0", "drawn": "1"}).status_code == 422


def test_unreliable_tone_is_said_on_the_pages_and_by_the_api(server: Served) -> None:
    for num in fill(server, 12, Tone.NEUTRAL):
        desk.correct(
            server.store, server.service.topics, TOPIC, num, Tone.NEGATIVE, "kim", T0, drawn=True
        )
    assert "<b>Tone is unreliable here:</b>" in server.get(PATH, params={"lang": "en"}).text
    room = server.get("/", params={"topic": TOPIC, "lang": "en"}).text
    assert "Tone is unreliable here" in room
    assert server.get(f"{API}/weather").json()["tone_unreliable"] is True


def test_an_empty_topic_has_a_page(server: Served) -> None:
    shown = server.get(PATH, params={"lang": "de"}).text
    assert "0 von 200 Worten" in shown
    assert "Noch hat niemand" in shown
    assert server.get("/topics/nothing/reading").status_code == 404


def test_hostile_words_are_shown_as_text(server: Served) -> None:
    nums = fill(server, 3, text="<script>alert(1)</script> acme bahn")
    server.post(f"/topics/{TOPIC}/posts/{nums[0]}/tone", data={"tone": "0"})
    page = server.get(PATH).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- over HTTP ------------------------------------------------------------------------------------


def test_a_tone_is_said_and_taken_back_over_http(server: Served) -> None:
    num = fill(server)[0]
    put = call(server, "PUT", f"{API}/posts/{num}/tone", json={"tone": "neutral", "by": "kim"})
    assert put.status_code == 200
    assert put.json() | {"at": ""} == {
        "post": num, "topic": TOPIC, "was": -1, "tone": 0, "drawn": False, "by": "kim", "at": "",
    }  # fmt: skip
    told = server.get(f"{API}/reading").json()
    assert (told["lessons"], told["needed"], told["right"]["n"]) == (1, 200, 0)
    assert (len(told["asked"]), told["unreliable"], told["weights"]) == (
        30,
        False,
        shipped_version(),
    )
    assert call(server, "DELETE", f"{API}/posts/{num}/tone").status_code == 204
    assert call(server, "DELETE", f"{API}/posts/{num}/tone").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{API}/posts/4711/tone", {"tone": "neutral"}, 404),
        ("/api/v1/topics/nothing/posts/1/tone", {"tone": "neutral"}, 404),
        (f"{API}/posts/1/tone", {"tone": "unread"}, 422),
        (f"{API}/posts/1/tone", {}, 422),
        (f"{API}/posts/{2**63}/tone", {"tone": "neutral"}, 422),
    ],
)
def test_what_cannot_be_said_is_a_problem(
    server: Served, path: str, body: dict[str, str], status: int
) -> None:
    assert call(server, "PUT", path, json=body).status_code == status
    assert server.get("/api/v1/topics/nothing/reading").status_code == 404


# --- who speaks -----------------------------------------------------------------------------------


def test_a_version_is_let_speak_and_taken_back(server: Served) -> None:
    made = version(server)
    shown = server.get(PATH, params={"lang": "en"}).text
    assert "let it read" in shown
    form = {"version": str(made.id), "newest": "0", "note": "for the trains"}
    answer = server.post(f"{PATH}/speak", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}#teaching")
    shown = server.get(PATH, params={"lang": "en"}).text
    assert f"Reading now: {made.name}." in shown
    assert "for the trains" in shown
    newest = str(server.store.read.speaking(1)[0].id)
    assert server.post(f"{PATH}/back", data={"newest": newest}).status_code == 303
    assert "Reading now: the shipped weights" in server.get(PATH, params={"lang": "en"}).text


def test_who_was_too_late_is_told(server: Served) -> None:
    made = version(server)
    with server.store.begin() as tx:
        tx.add_speaking(Speaking(made.id, "robin", T0), 0)
    form = {"version": str(made.id), "newest": "0"}
    late = server.post(f"{PATH}/speak", data=form, params={"lang": "en"})
    assert late.status_code == 409
    assert "Somebody was faster" in late.text


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"low": -0.01}, 422, "do not surely read better"),
        ({"base": "linear-0"}, 422, "do not surely read better"),
        ({"id": 4711}, 404, "no longer to be chosen"),
        ({"note": "x" * 501}, 422, "the note is too long"),
    ],
)
def test_what_may_not_speak_is_refused(
    server: Served, change: dict[str, Any], status: int, told: str
) -> None:
    form = {"note": change.get("note", ""), "newest": "0", "version": str(change.get("id", ""))}
    if "id" not in change:
        of = {k: v for k, v in change.items() if k in ("low", "base")}
        form["version"] = str(version(server, **of).id)
    answer = server.post(f"{PATH}/speak", data=form, params={"lang": "en"})
    assert answer.status_code == status
    assert told in answer.text
    assert server.store.read.speaking() == []
    nothing = server.post(f"{PATH}/back", data={"newest": "0"})
    assert nothing.status_code == 409


def test_weights_for_another_version_are_void_and_said_so(server: Served) -> None:
    made = version(server, base="linear-0-older")
    with server.store.begin() as tx:
        tx.add_speaking(Speaking(made.id, "kim", T0), 0)
        tx.add_correction(SAID)
    assert "do not fit this version" in server.get(PATH, params={"lang": "en"}).text
