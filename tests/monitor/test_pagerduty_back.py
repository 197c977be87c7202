"""PagerDuty's way back: signed or refused, once, no echo, never an end; and every rise rings there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.alert import NotifyReason, compose
from alerts.book import Book
from alerts.channels import build_channel
from alerts.channels.transport import guarded_async
from alerts.deliver import Deliverer
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.people import Person
from detectors.detection import Level
from detectors.topic import Query, Topic
from monitor.desk import incidents as desk
from monitor.server.api.pagerduty import signed_by
from monitor.server.sink import Sink
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.pagerduty import OURSELVES, Account, Stands, signed, webhook
from tests.monitor.serving import Served, served, settings

PATH = "/api/v1/pagerduty/pager"
SECRET, NEXT = "whsecret-of-the-subscription", "the-secret-that-comes-next"
TOPIC = Topic(id=b.TOPIC, name="Acme Bahn", query=Query(any=("acme",)))
NOW = b.after(minutes=31)


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


@pytest.fixture
def server(sink: Sink, tmp_path: Path) -> Iterator[Served]:
    """A server that asks everybody else for a token."""
    pager = {
        "type": "pagerduty",
        "routing_key": "k" * 32,
        "url": sink.pagerduty_url,
        "webhook_secret": f"{SECRET} {NEXT}",
        "users": {"PLEE": "lee"},
    }
    base = settings(token="a-token-of-the-house-01", allow_loopback_receivers=True)
    given = Settings.model_validate({**dict(base), "channels": {"pager": pager}})
    people = {"kim": Person("kim", "Kim Nordin"), "lee": Person("lee", "Lee")}
    with served(tmp_path, given=given, book=Book(people=people)) as one:
        one.clock.set(NOW)
        yield one


def say(server: Served, reason: NotifyReason, of: Incident) -> None:
    """Queue an alert as the pipeline composes it."""
    alert = compose(
        of, TOPIC, reason=reason, at=server.clock.now(), mentions=9, negatives=9, expected=1.0
    )
    with server.store.begin() as tx:
        tx.enqueue(alert, ["pager"], server.clock.now())


def opened(server: Served, level: Level = Level.STRONG_WIND) -> Incident:
    made = b.incident(level=level)
    with server.store.begin() as tx:
        assert tx.save_incident(made, 0)
    say(server, NotifyReason.FIRST, made)
    return stands(server, made)


def stands(server: Served, of: Incident) -> Incident:
    found = server.store.read.incident(of.id)
    assert found is not None
    return found


def rises(server: Served, of: Incident, level: Level) -> Incident:
    held = stands(server, of)
    risen = replace(held, level=level, peak=max(level, held.peak))
    with server.store.begin() as tx:
        assert tx.save_incident(risen, held.version)
    say(server, NotifyReason.ESCALATED, risen)
    return stands(server, of)


def deliver(server: Served, sink: Sink, account: Account) -> None:
    """Send what is due through the real channel, and let the account take what arrived."""
    before = len(sink.received)

    async def scene() -> None:
        pager = server.service.settings.channels["pager"]
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            channel = build_channel("pager", pager, client, now=server.clock.now)
            deliverer = Deliverer(
                server.store.outbox, {"pager": channel}, server.clock.now, random.Random(1)
            )
            await deliverer.drain(server.clock.now())

    asyncio.run(scene())
    account.take_all(got.parsed for got in sink.received[before:])


def post(server: Served, body: bytes, *secrets: str) -> httpx.Response:
    return server.post(PATH, content=body, headers=signed(body, *(secrets or (SECRET,))))


def effect(server: Served, kind: str, key: str | None, **more: Any) -> str:
    at = more.pop("at", NOW)
    answer = post(server, webhook(kind, key, at, **more))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["effect"])


def kinds(server: Served, of: Incident) -> list[tuple[FactKind, str]]:
    wanted = (FactKind.ACKNOWLEDGED, FactKind.NOTE, FactKind.RESOLVED)
    return [(f.kind, f.actor) for f in server.store.read.facts(of.id) if f.kind in wanted]


# --- what people do there -----------------------------------------------------------------------


def test_an_acknowledgement_there_is_one_here_by_the_person_of_that_name(server: Served) -> None:
    of = opened(server)
    assert effect(server, "acknowledged", of.key) == "acknowledged"
    after = stands(server, of)
    assert (after.status, after.acked_by) == (Status.ACKNOWLEDGED, "kim")


@pytest.mark.parametrize(
    ("agent", "actor"),
    [
        ({"id": "PLEE", "type": "user_reference", "summary": "Somebody"}, "lee"),
        ({"id": "PX", "type": "user_reference", "summary": "Robin\n  Unknown"}, "Robin Unknown"),
    ],
)
def test_who_did_it_is_told_by_the_settings_or_by_the_name_there(
    server: Served, agent: dict[str, str], actor: str
) -> None:
    of = opened(server)
    effect(server, "acknowledged", of.key, agent=agent)
    assert stands(server, of).acked_by == actor


def test_an_end_there_stops_the_calls_and_is_a_note_but_no_end(server: Served) -> None:
    of = opened(server, Level.STORM)
    assert effect(server, "resolved", of.key) == "acknowledged"
    after = stands(server, of)
    assert after.is_open
    assert after.acked_level is Level.STORM
    assert kinds(server, of) == [(FactKind.ACKNOWLEDGED, "kim"), (FactKind.NOTE, "kim")]


def test_an_end_there_of_what_somebody_has_is_a_note(server: Served) -> None:
    of = opened(server)
    desk.acknowledge(server.store, of.id, "lee", NOW - timedelta(minutes=1))
    assert effect(server, "resolved", of.key) == "noted"
    assert stands(server, of).acked_by == "lee"
    assert kinds(server, of)[-1] == (FactKind.NOTE, "kim")


def test_handing_on_there_is_a_note_with_the_names(server: Served) -> None:
    of = opened(server)
    to = [{"id": "P2", "type": "user_reference", "summary": "Robin"}]
    assert effect(server, "reassigned", of.key, assignees=to) == "noted"
    [note] = [f for f in server.store.read.facts(of.id) if f.kind is FactKind.NOTE]
    assert "Robin" in note.payload["text"]
    assert stands(server, of).acked_level is None


def test_the_same_event_a_thousand_times_has_one_effect(server: Served) -> None:
    of = opened(server)
    body = webhook("resolved", of.key, NOW)
    effects = [post(server, body).json()["effect"] for _ in range(1000)]
    assert effects == ["acknowledged", *["repeated"] * 999]
    print(f"\nreplayed 1,000 times: {len(kinds(server, of)) - 1} effect")
    assert len(kinds(server, of)) == 2


def test_our_own_words_that_come_back_change_nothing(server: Served, sink: Sink) -> None:
    of, account = opened(server), Account()
    desk.acknowledge(server.store, of.id, "kim", NOW)
    deliver(server, sink, account)
    assert account.states == [Stands.ACKNOWLEDGED]
    before = stands(server, of)
    for agent in (OURSELVES, None):
        assert effect(server, "acknowledged", of.key, agent=agent, id=f"echo{agent}") == "machine"
    assert effect(server, "acknowledged", of.key, id="an app's press") == "taken"
    assert stands(server, of) == before
    deliver(server, sink, account)
    assert [got.parsed["event_action"] for got in sink.received] == ["trigger", "acknowledge"]


@pytest.mark.parametrize(
    ("kind", "key", "expected"),
    [
        ("acknowledged", "somebody-elses-key", "not_ours"),
        ("acknowledged", "sturmglas-test-20260302T132000", "not_ours"),
        ("acknowledged", "sturmglas-ffffffffffff-1", "not_ours"),
        ("acknowledged", None, "not_ours"),
        ("triggered", None, "ignored"),
        ("priority_updated", None, "ignored"),
    ],
)
def test_what_is_not_ours_or_says_nothing_is_taken_and_changes_nothing(
    server: Served, kind: str, key: str | None, expected: str
) -> None:
    opened(server)
    before = server.store.read.totals()
    assert effect(server, kind, key) == expected
    assert server.store.read.totals() == before


def test_an_event_of_another_episode_or_of_a_day_ago_changes_nothing(server: Served) -> None:
    of = opened(server)
    assert effect(server, "acknowledged", f"{of.key[:-1]}2") == "not_now"
    day = timedelta(days=1, seconds=1)
    assert effect(server, "acknowledged", of.key, at=NOW - day) == "old"
    assert effect(server, "acknowledged", of.key, at=NOW + timedelta(minutes=6)) == "old"
    assert stands(server, of).acked_by == ""
    late = NOW - timedelta(minutes=20)  # its fifth try
    assert effect(server, "acknowledged", of.key, at=late) == "acknowledged"


def test_an_ended_incident_hears_nothing(server: Served) -> None:
    of = opened(server)
    desk.resolve(server.store, of.id, "lee", Outcome.REAL, "", NOW)
    assert effect(server, "acknowledged", of.key) == "not_now"
    assert effect(server, "resolved", of.key, id="2") == "not_now"


# --- signatures ---------------------------------------------------------------------------------


def test_either_secret_signs_while_they_change_and_several_signatures_may_come(
    server: Served,
) -> None:
    of = opened(server)
    body = webhook("acknowledged", of.key, NOW)
    assert post(server, body, "of somebody else", NEXT).status_code == 202
    assert stands(server, of).acked_by == "kim"


@pytest.mark.parametrize("path", ["/api/v1/pagerduty/other", "/api/v1/pagerduty/"])
def test_a_channel_without_a_secret_takes_nothing(server: Served, path: str) -> None:
    body = webhook("acknowledged", "x", NOW)
    assert server.post(path, content=body, headers=signed(body, SECRET)).status_code == 404


def test_twenty_thousand_forged_signatures_are_refused(server: Served) -> None:
    of = opened(server)
    rng = random.Random(7)
    good = webhook("acknowledged", of.key, NOW)
    header = signed(good, SECRET)["x-pagerduty-signature"]
    accepted = 0
    for n in range(20_000):
        body, said = forged(n % 5, good, header, rng)
        if n % 100 < 5:  # the whole way
            answer = server.post(PATH, content=body, headers={"x-pagerduty-signature": said})
            accepted += answer.status_code != 401
        else:
            accepted += signed_by([SECRET, NEXT], said, body)
    print(f"\n20,000 forged signatures, accepted: {accepted}")
    assert accepted == 0
    assert stands(server, of).acked_by == ""
    assert signed_by([SECRET, NEXT], header, good)


def forged(sort: int, body: bytes, header: str, rng: random.Random) -> tuple[bytes, str]:
    at = rng.randrange(3, len(header))
    if sort == 0:
        other = rng.choice("0123456789abcdef".replace(header[at], ""))
        return body, header[:at] + other + header[at + 1 :]
    if sort == 1:
        return body, header[:at]
    if sort == 2:
        return body, signed(body, str(rng.random()))["x-pagerduty-signature"]
    if sort == 3:
        place = rng.randrange(len(body))
        changed = bytes([body[place] ^ (1 << rng.randrange(7))])
        return body[:place] + changed + body[place + 1 :], header
    return body, rng.choice(["", "v1=", "v1=,", header[3:], header.replace("v1=", "v0="), "v1"])


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", b'{"event": {"id": 1}}', b'{"event": null}',
     webhook("acknowledged", "k", NOW).replace(b"2026", b"year")],
)  # fmt: skip
def test_a_signed_body_of_another_shape_is_a_400(server: Served, body: bytes) -> None:
    assert post(server, body).status_code == 400


# --- ringing again ------------------------------------------------------------------------------


def test_every_rise_above_the_acknowledged_level_rings_there_and_all_are_closed(
    server: Served, sink: Sink
) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    deliver(server, sink, account)
    assert len(account.rang) == 1
    desk.acknowledge(server.store, of.id, "kim", server.clock.now())
    for n, level in enumerate((Level.STORM, Level.HURRICANE), 2):
        server.clock.set(server.clock.now() + timedelta(minutes=10))
        rises(server, of, level)
        deliver(server, sink, account)
        assert len(account.rang) == n, "a rise above what was acknowledged rings"
        assert account.states[-1] is Stands.TRIGGERED
        server.clock.set(server.clock.now() + timedelta(minutes=1))
        desk.acknowledge(server.store, of.id, "kim", server.clock.now())
        deliver(server, sink, account)
        assert set(account.states) == {Stands.ACKNOWLEDGED}
    desk.resolve(server.store, of.id, "kim", Outcome.REAL, "", server.clock.now())
    deliver(server, sink, account)
    assert account.states == [Stands.RESOLVED] * 3
    assert len(set(account.keys)) == 3
    assert all(key.startswith(of.key) for key in account.keys)


def test_a_rise_that_nobody_acknowledged_opens_no_second_incident_there(
    server: Served, sink: Sink
) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    rises(server, of, Level.STORM)
    deliver(server, sink, account)
    assert account.keys == [of.key]


def test_two_rises_above_one_acknowledgement_ring_twice(server: Served, sink: Sink) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    desk.acknowledge(server.store, of.id, "kim", NOW)
    rises(server, of, Level.STORM)
    rises(server, of, Level.HURRICANE)
    deliver(server, sink, account)
    assert len(account.rang) == 3


def test_who_acknowledges_the_page_before_the_rise_does_not_mute_the_rise(
    server: Served, sink: Sink
) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    desk.acknowledge(server.store, of.id, "lee", NOW)
    rises(server, of, Level.STORM)
    deliver(server, sink, account)
    first, second = account.keys
    assert effect(server, "acknowledged", first, id="1") == "not_now"
    assert stands(server, of).acked_level is Level.STRONG_WIND
    assert effect(server, "acknowledged", second, id="2") == "acknowledged"
    assert stands(server, of).acked_level is Level.STORM


def test_a_page_for_more_than_there_is_by_now_is_an_acknowledgement(
    server: Served, sink: Sink
) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    desk.acknowledge(server.store, of.id, "lee", NOW)
    of = rises(server, of, Level.HURRICANE)
    deliver(server, sink, account)
    with server.store.begin() as tx:
        assert tx.save_incident(replace(of, level=Level.STORM), of.version)
    assert effect(server, "acknowledged", account.keys[-1]) == "acknowledged"


def test_a_kill_between_two_keys_sends_both_again_and_rings_nobody_twice(
    server: Served, sink: Sink
) -> None:
    account = Account()
    of = opened(server, Level.STRONG_WIND)
    desk.acknowledge(server.store, of.id, "kim", NOW)
    rises(server, of, Level.STORM)
    deliver(server, sink, account)
    desk.acknowledge(server.store, of.id, "kim", NOW)
    deliver(server, sink, account)
    rang = len(account.rang)
    account.take_all([got.parsed for got in sink.received[-2:]])
    assert len(account.rang) == rang
    assert account.states == [Stands.ACKNOWLEDGED] * 2
