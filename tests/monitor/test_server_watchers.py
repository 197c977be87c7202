"""Heartbeats over HTTP: by their own token and nothing else; and what the watchers know, to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.pipeline.awake import RUNNING, next_beat
from monitor.settings import Settings
from tests.builders import T0
from tests.monitor.serving import Served, served, settings

TOKEN = "crawler-token-000001"
BEARER = {"authorization": f"Bearer {TOKEN}"}
PATH = "/api/v1/heartbeats/crawler"
M = timedelta(minutes=1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    given = settings(token="a-visitors-token-01").model_dump(by_alias=True)
    given["server"]["token"] = "a-visitors-token-01"
    watches = {
        "crawler": {"token": f"{TOKEN} crawler-token-before", "every_min": 10},
        "other": {"token": "other-token-00000001", "every_min": 5},
    }
    with served(tmp_path, given=Settings.model_validate(given | {"watch": watches})) as one:
        yield one


def look(server: Served) -> dict[str, Any]:
    found: dict[str, Any] = server.get(
        "/api/v1/watchers", headers={"authorization": "Bearer a-visitors-token-01"}
    ).json()
    return found


def test_a_heartbeat_is_heard_by_its_own_token(server: Served) -> None:
    answer = server.post(PATH, headers=BEARER)
    assert (answer.status_code, answer.json()["name"]) == (200, "crawler")
    assert answer.json()["next_before"] == (T0 + 10 * M).isoformat().replace("+00:00", "Z")
    before = {"authorization": "Bearer crawler-token-before"}
    assert server.post(PATH, headers=before).status_code == 200
    [crawler, other] = look(server)["expected"]
    assert (crawler["name"], crawler["every_min"]) == ("crawler", 10.0)
    assert crawler["heard_at"] is not None
    assert other["heard_at"] is None


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {}),
        (PATH, {"authorization": "Bearer other-token-00000001"}),  # another's
        (PATH, {"authorization": "Bearer a-visitors-token-01"}),  # who looks is no sender
        (PATH, {"authorization": f"Basic {TOKEN}"}),
        (PATH, {"authorization": "Bearer "}),
        ("/api/v1/heartbeats/nobody", BEARER),
    ],
)
def test_anybody_else_is_refused_and_not_heard(
    server: Served, path: str, headers: dict[str, str]
) -> None:
    assert server.post(path, headers=headers).status_code == 401
    assert [one["heard_at"] for one in look(server)["expected"]] == [None, None]


def test_a_heartbeats_token_opens_nothing_else(server: Served) -> None:
    assert server.get("/api/v1/watchers", headers=BEARER).status_code == 401
    assert server.get(PATH, headers=BEARER).status_code == 401


def test_spans_in_which_we_did_not_run_are_shown(server: Served) -> None:
    for at in (T0, T0 + M, T0 + 60 * M):
        with server.store.begin() as tx:
            tx.save_beat(next_beat(tx.beat(RUNNING), at))
    [span] = look(server)["blind"]
    assert span["since"] == (T0 + M).isoformat().replace("+00:00", "Z")


def test_a_missing_heartbeat_is_a_metric(server: Served) -> None:
    server.post(PATH, headers=BEARER)
    answer = server.get("/metrics", headers={"authorization": "Bearer a-visitors-token-01"})
    assert 'sturmglas_heartbeat_missing{name="crawler"} 0.0' in answer.text
