"""Merging, splitting and sending again, as a person does them on the incident page and by the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.incident import Outcome, Status
from detectors.detection import Level
from tests import builders as b
from tests.monitor.serving import Served, served
from tests.monitor.storming import STORM, storm

EN = {"accept-language": "en", "hx-request": "true"}
OTHER = replace(b.incident(topics=("acme-app",), level=Level.STORM, counter=7), ref="AA-7")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        storm(running.store)
        with running.store.begin() as tx:
            assert tx.save_incident(OTHER, 0)
        yield running


def test_an_incident_is_merged_from_its_page(server: Served) -> None:
    page = server.get(f"/incidents/{OTHER.ref}", headers=EN).text
    assert STORM.ref in page[page.index('name="into"') :]
    answer = server.post(f"/incidents/{OTHER.ref}/merge", data={"into": STORM.id}, headers=EN)
    assert answer.status_code == 200
    assert "merged it into" in answer.text
    ended = server.store.read.incident(OTHER.id)
    assert ended is not None
    assert ended.outcome is Outcome.MERGED
    into = server.store.read.incident(STORM.id)
    assert into is not None
    assert "acme-app" in into.topics


def test_with_what_has_ended_nothing_is_merged_and_the_page_says_so(server: Served) -> None:
    server.post(f"/incidents/{OTHER.ref}/merge", data={"into": STORM.id}, headers=EN)
    again = server.post(f"/incidents/{OTHER.ref}/merge", data={"into": STORM.id}, headers=EN)
    assert again.status_code == 409
    assert "Already so" in again.text
    assert 'name="into"' not in again.text


def test_by_the_api_the_one_that_goes_on_is_answered(server: Served) -> None:
    body = {"into": STORM.ref, "by": "kim"}
    answer = server.post(f"/api/v1/incidents/{OTHER.id}/merge", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["incident"]["id"] == STORM.id
    body = {"topic": b.TOPIC, "by": "kim"}
    answer = server.post(f"/api/v1/incidents/{STORM.id}/split", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["incident"]["status"] == Status.ACKNOWLEDGED
    assert answer.json()["incident"]["topics"] == [b.TOPIC]
    again = server.post(f"/api/v1/incidents/{STORM.id}/split", json=body)
    assert again.status_code == 409
    nowhere = server.post(f"/api/v1/incidents/{STORM.id}/split", json={**body, "topic": "x"})
    assert nowhere.status_code == 404


def test_what_was_given_up_is_sent_again_from_the_page(server: Served) -> None:
    now = b.after(hours=1)
    with server.store.begin() as tx:
        tx.enqueue(replace(b.alert(OTHER), id="alert-x"), ["pager"], now)
    [waiting] = [d for d in server.store.outbox.due(now, 50) if d.alert.incident == OTHER.id]
    attempt = server.store.outbox.begin(waiting, now)
    assert attempt is not None
    server.store.outbox.finish(
        attempt, AttemptOutcome.REFUSED, DeliveryState.DEAD, now, error="404"
    )
    page = server.get(f"/incidents/{OTHER.ref}", headers=EN).text
    assert f'id="resend-{waiting.id}"' in page
    path = f"/incidents/{OTHER.ref}/deliveries/{waiting.id}/resend"
    answer = server.post(path, headers=EN)
    assert answer.status_code == 200
    assert "Is sent again" in answer.text
    [again] = [d for d in server.store.read.deliveries(OTHER.id) if d.id == waiting.id]
    assert again.state is DeliveryState.PENDING
    assert server.post(path, headers=EN).status_code == 409
