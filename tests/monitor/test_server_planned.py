"""Planned events over HTTP: announced, changed by version, called off; problems in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import TOPIC
from tests.monitor.serving import Served, served

PATH = "/api/v1/planned"
BODY: dict[str, Any] = {
    "title": "Webinar on fares",
    "topics": [TOPIC],
    "type": "webinar",
    "starts": "2026-11-25T18:00:00+01:00",
    "ends": "2026-11-25T20:00:00+01:00",
    "uplift": 8,
    "by": "kim",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def call(server: Served, method: str, path: str, **kwargs: Any) -> Any:
    return server.ask(lambda client: client.request(method, path, **kwargs))


def test_what_is_announced_is_listed_changed_and_called_off(server: Served) -> None:
    made = server.post(PATH, json=BODY)
    assert made.status_code == 201
    entry = made.json()
    assert (entry["starts"], entry["version"], entry["past"]) == ("2026-11-25T17:00:00Z", 1, False)
    assert server.get(PATH, params={"topic": TOPIC}).json() == [entry]
    assert server.get(f"{PATH}/{entry['id']}").json() == entry

    body = {**BODY, "uplift": None, "by": "robin", "version": 1}
    changed = call(server, "PUT", f"{PATH}/{entry['id']}", json=body)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = call(server, "PUT", f"{PATH}/{entry['id']}", json=body)
    assert (stale.status_code, stale.json()["by"]) == (409, "robin")

    off = call(server, "DELETE", f"{PATH}/{entry['id']}")
    assert off.json()["cancelled"] == "2026-11-22T12:00:00Z"
    assert server.get(PATH).json() == []
    assert [e["version"] for e in server.get(PATH, params={"cancelled": True}).json()] == [3]


def test_a_post_needs_no_end(server: Served) -> None:
    body = {k: v for k, v in BODY.items() if k != "ends"} | {"kind": "post"}
    made = server.post(PATH, json=body).json()
    assert made["starts"] == made["ends"]
    missing = server.post(PATH, json={**body, "kind": "event", "title": "An event"})
    assert (missing.status_code, "is not after its start" in missing.json()["detail"]) == (
        422,
        True,
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"topics": ["acme-bhan"]}, f'unknown topic "acme-bhan"; known: {TOPIC}'),
        ({"topics": []}, "topics"),
        ({"ends": "2026-12-25T18:00:00+01:00"}, "expected at most 14"),
        ({"starts": "2026-11-25T18:00:00"}, "starts"),  # no offset
        ({"uplift": 0.5}, "greater than or equal to 1"),
        ({"title": ""}, "title"),
        ({"expected": 8}, "expected"),  # unknown fields are refused by name
    ],
)
def test_what_cannot_be_announced_is_a_problem_in_words(
    server: Served, change: dict[str, Any], told: str
) -> None:
    answer = server.post(PATH, json=BODY | change)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert told in answer.json()["detail"]
    assert server.get(PATH).json() == []


def test_what_is_there_already_or_not_at_all_is_said(server: Served) -> None:
    server.post(PATH, json=BODY)
    again = server.post(PATH, json=BODY)
    assert (again.status_code, again.json()["by"]) == (409, "kim")
    assert call(server, "DELETE", f"{PATH}/nothing").status_code == 404
    assert server.get(f"{PATH}/nothing").status_code == 404
    assert server.get(PATH, params={"topic": "nothing"}).status_code == 404
    backwards = {"since": "2026-11-25T18:00:00Z", "until": "2026-11-24T18:00:00Z"}
    assert server.get(PATH, params=backwards).status_code == 422
