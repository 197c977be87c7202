"""A button in Slack: pressed once, it has its effect once, under the name of who pressed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.fact import FactKind
from alerts.incident import Outcome, Status
from alerts.posted import Answer
from alerts.render.slack_buttons import WORKING
from monitor.desk.presses import DOES
from tests import builders as b
from tests.monitor.pressing import STORM, form, headers, payload, slacked
from tests.monitor.serving import Served, served
from tests.threads import together

PATH = "/slack/interactions"


@pytest.fixture
def answers() -> list[Answer]:
    return []


@pytest.fixture
def server(tmp_path: Path, answers: list[Answer]) -> Iterator[Served]:
    async def answer(told: Answer) -> None:
        answers.append(told)

    given = slacked()
    from monitor.app.wiring import book_of

    with served(tmp_path, given=given, answer=answer, book=book_of(given)) as server:
        with server.store.begin() as tx:
            tx.save_incident(STORM, 0)
            tx.enqueue(b.alert(STORM), ["slack"], b.T0)
        yield server


def press(server: Served, *args: Any, extra: dict[str, str] | None = None, **kwargs: Any) -> int:
    return sent(server, form(payload(*args, **kwargs)), extra).status_code


def sent(server: Served, body: bytes, extra: dict[str, str] | None = None) -> httpx.Response:
    given = {**headers(body, server.clock.now()), **(extra or {})}
    return server.post(PATH, content=body, headers=given)


def kinds(server: Served) -> list[FactKind]:
    return [fact.kind for fact in server.store.read.facts(STORM.id)]


def test_a_press_acknowledges_under_the_persons_name(server: Served) -> None:
    assert press(server) == 200
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert (found.status, found.acked_by) == (Status.ACKNOWLEDGED, "Kim")
    told = server.store.read.deliveries(STORM.id)[-1].alert
    assert told.acked_by == "Kim"


def test_whoever_is_no_person_of_the_settings_is_named_by_where_they_came_from(
    server: Served,
) -> None:
    press(server, user="U99")
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert found.acked_by == "slack:U99"


def test_assign_to_me_makes_it_mine_and_shows_it(server: Served, answers: list[Answer]) -> None:
    press(server, "assign")
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert found.owner == "Kim"
    assert answers == [Answer("slack", incident=STORM.id)]


def test_a_false_alarm_ends_it_with_a_reason(server: Served) -> None:
    press(server, "false_alarm")
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert (found.status, found.outcome) == (Status.RESOLVED, Outcome.FALSE_ALARM)
    assert "from Slack" in str(server.store.read.facts(STORM.id))


def test_one_request_a_thousand_times_has_one_effect(server: Served) -> None:
    body = form(payload("assign"))
    given = headers(body, server.clock.now())
    codes = set()
    for n in range(1000):
        retry = {"x-slack-retry-num": str(n)} if n else {}
        codes.add(server.post(PATH, content=body, headers={**given, **retry}).status_code)
    effects = kinds(server).count(FactKind.ASSIGNED)
    print(f"1000 times the same request: {effects} effect")
    assert codes == {200}
    assert effects == 1


def test_a_replay_after_somebody_else_took_over_changes_nothing(server: Served) -> None:
    mine = form(payload("assign", at="1.1"))
    sent(server, mine)
    press(server, "assign", user="U99", at="1.2")
    sent(server, mine)
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert found.owner == "slack:U99"


def test_a_second_press_of_the_same_person_has_no_second_effect(server: Served) -> None:
    press(server, at="1.1")
    press(server, at="1.2")
    assert kinds(server).count(FactKind.ACKNOWLEDGED) == 1


def test_who_was_second_is_told_who_was_first(server: Served, answers: list[Answer]) -> None:
    press(server)
    press(server, user="U99")
    [told] = answers
    assert (told.user, told.place) == ("U99", "C1")
    assert "Kim" in told.text


def test_an_old_message_answers_no_new_episode(server: Served, answers: list[Answer]) -> None:
    old = replace(STORM, episode=7)
    assert press(server, of=old) == 200
    assert kinds(server) == []
    assert "earlier incident" in answers[0].text


def test_presses_at_the_same_moment_are_one(server: Served) -> None:
    from monitor.server.slack_presses import SlackPresses

    presses = SlackPresses(server.service)
    together(*[lambda: presses.take(payload("assign"), ["slack"]) for _ in range(16)])
    assert kinds(server).count(FactKind.ASSIGNED) == 1


@pytest.mark.parametrize(
    "body",
    [
        form(payload("open")),
        form(payload("dance")),
        form(payload(type="view_submission")),
        form(payload(actions=[])),
    ],
)
def test_what_is_not_ours_is_taken_and_changes_nothing(server: Served, body: bytes) -> None:
    assert sent(server, body).status_code == 200
    assert kinds(server) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"payload=", 400),
        (b"payload=[]", 400),
        (b"payload={", 400),
        (b"payload=" + b"[" * 100_000, 400),
        (b"payload=%ff%fe", 400),
        (b"payload={}&payload={}", 400),
        (b"a=1&" * 50, 400),
        (form(payload(actions="x")), 200),
        (form(payload(actions=[7])), 200),
        (form(payload(user={"id": 7})), 200),
        (form(payload(at="x" * 5000)), 200),
    ],
)
def test_what_is_signed_and_odd_is_no_error_of_ours(
    server: Served, body: bytes, status: int
) -> None:
    assert sent(server, body).status_code == status
    assert kinds(server) == []


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "٣", "-5", "99999999999999"])
def test_a_timestamp_that_is_no_number_is_401(server: Served, stamp: str) -> None:
    body = form(payload())
    given = {**headers(body, server.clock.now()), "x-slack-request-timestamp": stamp}
    encoded = {name: value.encode() for name, value in given.items()}
    assert server.post(PATH, content=body, headers=encoded).status_code == 401


def test_too_large_a_request_is_not_read_to_its_end(server: Served) -> None:
    assert sent(server, b"payload=" + b"x" * 600_000).status_code == 413


def test_where_nothing_is_set_there_is_nobody(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        body = form(payload())
        assert server.post(PATH, content=body, headers=headers(body, b.T0)).status_code == 404


def test_every_button_that_is_shown_does_something() -> None:
    assert set(WORKING) <= set(DOES)
