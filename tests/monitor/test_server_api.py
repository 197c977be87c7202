"""The JSON API: what it tells of topics, incidents and sources, and what people do through it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.fact import FactKind
from detectors.detection import Level, Reason, ReasonCode
from detectors.window import BIN
from monitor.ports import Signals
from tests import builders as make
from tests.builders import T0, TOPIC
from tests.monitor.serving import Served, served, settings

STORM = make.incident()
RUN = make.run(STORM)
NEWEST = T0 - BIN


class Heard(Signals):
    """Remembers what was published."""

    def __init__(self) -> None:
        self.signals: list[tuple[str, str, int]] = []

    def publish(self, kind: str, id: str, version: int) -> None:
        self.signals.append((kind, id, version))


def fill(server: Served, *, seen: bool = True) -> None:
    """Store one storm with everything that belongs to it."""
    rows = [make.filed(n, at=T0 - timedelta(minutes=n)) for n in range(1, 8)]
    assessed = make.assessment(at=T0)
    with server.store.begin() as tx:
        tx.add_mentions(rows)
        tx.add_result(make.result(NEWEST - BIN, level=Level.CALM))
        tx.add_result(make.result(NEWEST, level=Level.STRONG_WIND, assessed=assessed, negatives=9))
        tx.save_incident(STORM, 0)
        tx.add_facts(STORM.id, [make.fact(FactKind.OPENED, level=4)])
        tx.save_run(RUN, 0)
        tx.enqueue(make.alert(STORM), ["console"], T0)
        if seen:
            tx.save_source(make.source_state("shop"))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(tmp_path: Path, heard: Heard) -> Iterator[Served]:
    with served(tmp_path, signals=heard) as one:
        fill(one)
        yield one


def test_topics_are_listed_with_their_query(server: Served) -> None:
    (topic,) = server.get("/api/v1/topics").json()
    assert (topic["id"], topic["name"], topic["any"]) == (TOPIC, "Acme Bahn", ["acme bahn"])


def test_the_weather_tells_level_reasons_and_since_when(server: Served) -> None:
    weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert weather["unknown"] is False
    assert (weather["level"], weather["social"], weather["media"]) == (4, 4, 0)
    assert weather["since"] == "2026-11-22T11:45:00Z"
    assert weather["observed"] == {"mentions": 4.0, "negatives": 9.0}
    assert weather["expected"] == {"mentions": 3.5, "negatives": 0.5}
    assert weather["reasons"][0] == {
        "code": "negative_burst",
        "value": 90.0,
        "threshold": 30.0,
        "met": True,
        "text": "",
    }
    assert weather["incident"] == STORM.ref


def test_before_the_first_bin_the_weather_is_unknown(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert (weather["unknown"], weather["level"]) == (True, None)
    assert "nothing has been judged yet" in weather["why"][0]


def test_when_judging_is_behind_or_all_are_silent_it_is_unknown_not_calm(server: Served) -> None:
    server.clock.move(timedelta(hours=1))
    weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert weather["unknown"] is True
    assert weather["why"] == [
        "judging is behind: the newest bin ended 60 min ago",
        "every source is silent: shop",
    ]


def test_a_topic_that_is_silent_is_unknown_not_calm_until_it_speaks(server: Served) -> None:
    silence = Reason(ReasonCode.SILENCE, 90.0, 30.0)
    seen = make.assessment(Level.CALM, reasons=(silence,))
    with server.store.begin() as tx:
        tx.add_result(make.result(T0, level=Level.CALM, assessed=seen))
    weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert weather["unknown"] is True
    assert weather["why"][-1].endswith("such a silence is expected once in 90 days")
    assert [r["code"] for r in weather["reasons"]] == ["silence"]
    with server.store.begin() as tx:
        tx.add_result(make.result(T0 + BIN, level=Level.CALM))
    weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert (weather["unknown"], weather["why"], weather["reasons"]) == (False, [], [])


def test_a_level_that_has_passed_lends_no_reasons_to_a_calm_one(server: Served) -> None:
    with server.store.begin() as tx:
        tx.add_result(make.result(T0, level=Level.CALM))
    weather = server.get(f"/api/v1/topics/{TOPIC}/weather").json()
    assert (weather["level"], weather["social"], weather["reasons"]) == (0, 0, [])


def test_the_curve_has_one_point_a_step(server: Served) -> None:
    query = {"since": "2026-11-22T11:50:00Z", "until": "2026-11-22T13:00:00+01:00"}
    curve = server.get(f"/api/v1/topics/{TOPIC}/curve", params=query).json()
    assert [(p["at"], p["level"]) for p in curve["points"]] == [
        ("2026-11-22T11:50:00Z", 0),
        ("2026-11-22T11:55:00Z", 4),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-11-22T12:00:00"},
        {"since": "yesterday"},
        {"since": "2026-11-23T00:00:00Z"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "1991-01-01T00:00:00Z"},
        {"step_s": "7"},
        {"step_s": "0"},
    ],
)
def test_an_impossible_span_is_refused_with_a_reason(server: Served, query: dict[str, str]) -> None:
    answer = server.get(f"/api/v1/topics/{TOPIC}/curve", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert next(iter(query)) in answer.json()["detail"] or "since" in answer.json()["detail"]


def test_posts_are_paged_newest_first(server: Served) -> None:
    first = server.get(f"/api/v1/topics/{TOPIC}/posts", params={"limit": 4}).json()
    second = server.get(
        f"/api/v1/topics/{TOPIC}/posts", params={"limit": 4, "before": first["before"]}
    ).json()
    assert (len(first["posts"]), len(second["posts"]), second["before"]) == (4, 3, None)
    nums = [post["num"] for post in first["posts"] + second["posts"]]
    assert len(set(nums)) == 7
    assert first["posts"][0]["tone"] == -1


def test_an_incident_carries_timeline_runs_and_deliveries(server: Served) -> None:
    by_ref = server.get(f"/api/v1/incidents/{STORM.ref}").json()
    assert by_ref == server.get(f"/api/v1/incidents/{STORM.id}").json()
    assert (by_ref["level"], by_ref["open"], by_ref["status"]) == (4, True, "new")
    assert [fact["kind"] for fact in by_ref["facts"]] == ["opened"]
    (run,) = by_ref["runs"]
    assert [step["state"] for step in run["steps"]] == ["open", "open"]
    assert run["steps"][0]["title"] == {"de": "Schritt 1", "en": "Step 1"}
    (delivery,) = by_ref["deliveries"]
    assert (delivery["channel"], delivery["state"], delivery["trail"]) == ("console", "pending", [])


def test_what_is_not_there_is_a_problem_that_names_it(server: Served) -> None:
    for path in (
        "/api/v1/topics/nowhere/weather",
        "/api/v1/topics/nowhere/curve",
        "/api/v1/topics/nowhere/posts",
        "/api/v1/incidents/nowhere",
    ):
        answer = server.get(path)
        assert answer.status_code == 404
        assert "nowhere" in answer.json()["detail"]
    assert server.get("/nothing").json()["type"] == "urn:sturmglas:problem:not-found"


def test_acknowledging_is_told_to_pages_and_only_the_first_counts(
    server: Served, heard: Heard
) -> None:
    path = f"/api/v1/incidents/{STORM.ref}/acknowledge"
    first = server.post(path, json={"by": "anna"})
    assert first.status_code == 200
    assert first.json()["incident"]["acked_by"] == "anna"
    assert heard.signals == [("incident", STORM.id, 2)]
    second = server.post(path, json={"by": "ben"})
    assert second.status_code == 409
    assert (second.json()["by"], second.json()["at"]) == ("anna", "2026-11-22T12:00:00Z")
    assert "anna" in second.json()["detail"]
    facts = server.get(f"/api/v1/incidents/{STORM.id}").json()["facts"]
    assert [f["actor"] for f in facts if f["kind"] == "acknowledged"] == ["anna"]


def test_assign_note_and_resolve_stand_on_the_timeline(server: Served) -> None:
    base = f"/api/v1/incidents/{STORM.id}"
    assert server.post(f"{base}/assign", json={"by": "a", "owner": "ben"}).status_code == 200
    assert server.post(f"{base}/note", json={"by": "a", "text": "Lage ruhig"}).status_code == 200
    done = server.post(
        f"{base}/resolve", json={"by": "a", "outcome": "false_alarm", "note": "Testlauf"}
    )
    assert done.json()["incident"]["status"] == "resolved"
    found = server.get(base).json()
    assert (found["owner"], found["outcome"], found["open"]) == ("ben", "false_alarm", False)
    kinds = [fact["kind"] for fact in found["facts"]]
    assert [k for k in kinds if k in ("assigned", "note", "resolved")] == [
        "assigned",
        "note",
        "resolved",
    ]


def test_steps_are_ticked_once_and_skipped_with_a_reason(server: Served) -> None:
    steps = f"/api/v1/incidents/{STORM.id}/runs/{RUN.id}/steps"
    assert server.post(f"{steps}/step-1/done", json={"by": "a", "note": "ok"}).status_code == 200
    assert server.post(f"{steps}/step-1/done", json={"by": "b"}).status_code == 409
    assert server.post(f"{steps}/step-2/skip", json={"by": "a"}).status_code == 422
    skip = server.post(f"{steps}/step-2/skip", json={"by": "a", "reason": "passt nicht"})
    assert skip.status_code == 200
    assert server.post(f"{steps}/step-9/done", json={}).status_code == 404
    elsewhere = f"/api/v1/incidents/{STORM.id}/runs/other/steps/step-1/done"
    assert server.post(elsewhere, json={}).status_code == 404
    (run,) = server.get(f"/api/v1/incidents/{STORM.id}").json()["runs"]
    assert [step["state"] for step in run["steps"]] == ["done", "skipped"]
    assert run["finished_at"] is not None


def test_a_delivery_that_was_given_up_can_be_sent_again(tmp_path: Path) -> None:
    woken: list[int] = []
    with served(tmp_path, wake=lambda: woken.append(1)) as server:
        fill(server)
        outbox = server.store.outbox
        (due,) = outbox.due(T0, 10)
        path = f"/api/v1/deliveries/{due.id}/resend"
        assert server.post(path, json={"by": "a"}).status_code == 409
        attempt = outbox.begin(due, T0)
        assert attempt is not None
        outbox.finish(attempt, AttemptOutcome.REFUSED, DeliveryState.DEAD, T0, error="410 Gone")
        assert server.post(path, json={"by": "a"}).status_code == 200
        assert woken
        (again,) = server.get(f"/api/v1/incidents/{STORM.id}").json()["deliveries"]
        assert again["state"] == "pending"
        assert again["trail"][0]["error"] == "410 Gone"
        assert server.post("/api/v1/deliveries/999/resend", json={}).status_code == 409


def test_the_media_echo_is_set_by_hand(server: Served, heard: Heard) -> None:
    path = f"/api/v1/topics/{TOPIC}/media"
    assert server.post(path, json={"by": "a", "level": 3}).status_code == 200
    assert server.post(path, json={"by": "a", "level": 7}).status_code == 422
    assert server.post("/api/v1/topics/nowhere/media", json={"level": 1}).status_code == 404
    with server.store.begin() as tx:
        assert tx.media(TOPIC) == 3
    assert ("topic", TOPIC, 0) in heard.signals


def test_sources_tell_what_is_not_seen(server: Served) -> None:
    shown = server.get("/api/v1/sources").json()
    by_name = {source["name"]: source for source in shown["sources"]}
    assert by_name["shop"]["silent"] is False
    assert by_name["shop"]["last_item_at"] == "2026-11-22T12:00:02Z"
    assert (by_name["forum"]["silent"], by_name["forum"]["last_item_at"]) == (True, None)
    assert shown["gaps"] == ["forum: nothing has come yet"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"by": 7}, "by"),
        ({"by": "x" * 81}, "by"),
        ({"by": "a\nb"}, "by"),
        ({"bye": "x"}, "bye"),
        ([], "body"),
    ],
)
def test_a_bad_request_names_the_field(server: Served, body: Any, field: str) -> None:
    answer = server.post(f"/api/v1/incidents/{STORM.id}/acknowledge", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_with_a_token_strangers_see_nothing_and_names_are_those_of_the_login(
    tmp_path: Path,
) -> None:
    config = settings(host="0.0.0.0", token="a-token-for-people-01")
    with served(tmp_path, given=config) as server:
        fill(server)
        for path in ("/api/v1/incidents", "/metrics", "/docs", "/openapi.json", "/live"):
            assert server.get(path).status_code == 401
        assert server.get("/healthz").status_code == 200
        wrong = server.get("/api/v1/incidents", auth=("anna", "guess"))
        assert wrong.status_code == 401
        assert wrong.headers["www-authenticate"].startswith("Basic")
        bearer = {"authorization": "Bearer a-token-for-people-01"}
        assert server.get("/api/v1/incidents", headers=bearer).status_code == 200
        path = f"/api/v1/incidents/{STORM.ref}/acknowledge"
        done = server.post(path, json={"by": "mallory"}, auth=("anna", "a-token-for-people-01"))
        assert done.json()["incident"]["acked_by"] == "anna"
