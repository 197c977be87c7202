"""Verdicts on a topic's settings page: misses are marked, moves confirmed and taken back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alerts.incident import Outcome
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.desk import calibration as desk
from monitor.pipeline.calibrating import verify
from monitor.pipeline.past import woke
from monitor.settings import Settings
from tests.builders import T0, TOPIC
from tests.flow.scenes import calm, in_order, storm
from tests.monitor.serving import Served, served
from tests.monitor.storming import storm as storming

PAGE = f"/topics/{TOPIC}/settings"
HERE = f"/topics/{TOPIC}/calibration"
EN = {"accept-language": "en"}
MISS = {"since": "2026-11-20T09:00", "until": "2026-11-20T11:00", "note": "trains <b>stood</b>"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def move(server: Served) -> int:
    proposal = desk.Proposal(TOPIC, "level4_authors", 8, 9, desk.Outlook(1, 2), 0)
    topics = server.service.topics
    return desk.confirm(server.store, topics, proposal, "kim", "too loud", T0).id


def test_a_miss_is_marked_in_the_zone_of_the_topic_and_withdrawn(server: Served) -> None:
    answer = server.post(f"{HERE}/missed", data=MISS)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#calibration")
    [kept] = server.store.read.missed(TOPIC)
    assert kept.since.isoformat() == "2026-11-20T08:00:00+00:00"
    shown = server.get(PAGE, headers=EN).text
    assert "trains &lt;b&gt;stood&lt;/b&gt;" in shown
    assert server.post(f"{HERE}/missed/{kept.id}/withdraw").status_code == 303
    assert server.store.read.missed(TOPIC) == []
    assert server.post(f"{HERE}/missed/{kept.id}/withdraw").status_code == 404


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"since": "soon"}, "The start is no time"),
        # The clocks went from two to three.
        ({"since": "2026-03-29T02:30", "until": "2026-03-29T04:00"}, "The start is no time"),
        ({"until": "2030-01-01T00:00"}, "The end must be after the start"),
        ({"until": "2026-11-20T09:00"}, "The end must be after the start"),
        ({"since": "2026-11-01T09:00"}, "at most 7 days later"),
        ({"note": "x" * 501}, "At most 500 characters"),
    ],
)
def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(
    server: Served, change: dict[str, str], told: str
) -> None:
    answer = server.post(f"{HERE}/missed", data=MISS | change, headers=EN)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert f'value="{(MISS | change)["since"]}"' in answer.text
    assert server.store.read.missed(TOPIC) == []


def test_the_same_span_twice_is_a_conflict(server: Served) -> None:
    server.post(f"{HERE}/missed", data=MISS)
    assert server.post(f"{HERE}/missed", data=MISS).status_code == 409


def test_a_move_is_listed_and_undone(server: Served) -> None:
    number = move(server)
    shown = server.get(PAGE, headers=EN).text
    assert f"No. {number}: People that level 4 asks for at least: 8 → 9" in shown
    assert "<b>9 different people</b>" in shown  # what judges now, not what the file says
    assert server.post(f"{HERE}/undo/{number}").status_code == 303
    assert server.post(f"{HERE}/undo/{number}").status_code == 409
    assert server.post(f"{HERE}/undo/999").status_code == 404
    assert "<b>8 different people</b>" in server.get(PAGE, headers=EN).text


def test_what_would_have_kept_silent_is_told_by_the_threshold_that_judged(server: Served) -> None:
    storming(server.store)
    here = f"/?topic={TOPIC}"
    assert "at most 7 of the 48 negative voices" in plain(server.get(here, headers=EN).text)
    move(server)
    assert "at most 8 of the 48 negative voices" in plain(server.get(here, headers=EN).text)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_proposal_is_worked_out_confirmed_on_the_page_and_judges_from_then_on(
    tmp_path: Path,
) -> None:
    topic = {"name": "Acme Bahn", "any": ["acme bahn"], "alarm_budget_days": 7}
    with served(tmp_path, given=Settings.model_validate({"topic": {TOPIC: topic}})) as server:
        a_proposal_is_confirmed(server)


def a_proposal_is_confirmed(server: Served) -> None:
    start = T0 - timedelta(days=5)
    small = storm(start + timedelta(days=2, hours=9), 16, 0.5, 1e9, seed=3)
    decided = parts(server.service.settings)
    list(replay(in_order(calm(start, T0, per_hour=4), small), decided, server.store))
    (false,) = [i for i in server.store.read.incidents() if woke(i)]
    with server.store.begin() as tx:
        assert tx.save_incident(replace(false, outcome=Outcome.FALSE_ALARM), false.version)
    assert server.post(f"{HERE}/propose").status_code == 303
    shown = server.get(PAGE, headers=EN).text
    ids = re.findall(r'name="proposal" value="(\w+)"', shown)
    assert ids
    assert false.ref in shown
    assert "No real storm would be lost." in shown
    chosen = {"proposal": ids[0], "note": "one family"}
    answers = server.ask(lambda client: at_once(client, f"{HERE}/confirm", chosen))
    told = {answer.status_code: answer.text for answer in answers}
    assert set(told) == {303, 409}  # one of four, and only one
    assert sum(answer.status_code == 303 for answer in answers) == 1
    assert "holds no longer" in told[409] or "Somebody was faster" in told[409]
    assert server.post(f"{HERE}/confirm", data=chosen).status_code == 409
    [move] = server.store.read.calibrations(TOPIC)
    assert (move.note, move.after > move.before) == ("one family", True)
    assert [
        c.right for c in verify(server.store.read, server.service.topics[TOPIC], T0).checks
    ] == [True]


async def at_once(
    client: httpx.AsyncClient, path: str, data: dict[str, str]
) -> list[httpx.Response]:
    return await asyncio.gather(*(client.post(path, data=data, headers=EN) for _ in range(4)))


def test_what_was_not_worked_out_here_cannot_be_confirmed(server: Served) -> None:
    answer = server.post(f"{HERE}/confirm", data={"proposal": "abc"}, headers=EN)
    assert (answer.status_code, "holds no longer" in answer.text) == (409, True)
    assert server.store.read.calibrations(TOPIC) == []


def test_without_verdicts_no_move_is_proposed(server: Served) -> None:
    assert "Work out proposals" in server.get(PAGE, headers=EN).text
    assert server.post(f"{HERE}/propose").status_code == 303
    assert "No move would have helped" in server.get(PAGE, headers=EN).text
    assert server.post("/topics/nothing/calibration/propose").status_code == 404


def test_another_sites_page_cannot_mark_anything(server: Served) -> None:
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert server.post(f"{HERE}/missed", data=MISS, headers=foreign).status_code == 403
    assert server.store.read.missed(TOPIC) == []
