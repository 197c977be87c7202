"""What each channel does about a repeat: known by its key, looked up, or marked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook as Verifier

from alerts.alert import message_id
from alerts.channels.base import ChannelError, Receipt
from monitor.server.sink import Fault, Sink
from tests.alerts.samples import alert, delivery
from tests.laws.answering import answering
from tests.laws.ways import NO_APPRISE, SECRET_WORD, WAYS, sent


def test_pagerduty_knows_a_repeat_by_its_key(sink: Sink) -> None:
    sent(sink, "pagerduty", delivery(), delivery(may_repeat=True))
    first, again = sink.received
    assert (first.key, again.key) == (delivery().key, delivery().key)
    assert (first.repeat, again.repeat) == (0, 1)


def test_a_webhook_repeats_its_id_with_a_signature_of_its_own(sink: Sink) -> None:
    sent(sink, "webhook", delivery(), delivery(may_repeat=True))
    ids = [got.headers["webhook-id"] for got in sink.received]
    assert ids == [f"msg_{message_id(delivery())}"] * 2
    assert [got.headers.get("sturmglas-may-repeat") for got in sink.received] == [None, "true"]
    for got in sink.received:
        Verifier(sink.webhook_secret).verify(got.raw, dict(got.headers))


def test_a_mail_repeats_its_message_id_and_says_so(sink: Sink) -> None:
    sent(sink, "mail", delivery(), delivery(may_repeat=True))
    first, again = sink.received
    assert first.key == again.key
    assert "x-sturmglas-possible-repeat" not in first.headers
    assert again.headers["x-sturmglas-possible-repeat"] == "yes"
    assert "möglicherweise wiederholt" in str(again.parsed["subject"])
    assert first.parsed["recipients"] == ["bereitschaft@example.org", "zweite@example.org"]


def test_a_slack_webhook_marks_a_possible_repeat(sink: Sink) -> None:
    sent(sink, "slack webhook", delivery(may_repeat=True))
    assert "möglicherweise wiederholt" in str(sink.received[0].parsed["text"])


def test_a_slack_bot_looks_before_it_sends_again(sink: Sink) -> None:
    sink.faults.script([Fault.RESET_AFTER])
    lost, found = sent(sink, "slack bot", delivery(), delivery(may_repeat=True))
    assert isinstance(lost, ChannelError)
    assert found == Receipt("already there")
    assert len(sink.received) == 1


def test_a_slack_bot_finds_its_own_among_many_long_ones(sink: Sink) -> None:
    sink.faults.script([Fault.RESET_AFTER])
    _, *_, found = sent(
        sink,
        "slack bot",
        delivery(),
        *[delivery(replace(alert(), id=f"{n:016x}", key=f"other-{n}")) for n in range(90)],
        delivery(may_repeat=True),
    )
    assert sum(len(got.raw) for got in sink.received) > 64 * 1024
    assert found == Receipt("already there")


def test_a_slack_bot_sends_what_it_does_not_find(sink: Sink) -> None:
    sink.faults.script([Fault.RESET_BEFORE])
    sent(sink, "slack bot", delivery(alert(level=4)), delivery(may_repeat=True))
    assert len(sink.received) == 1


def test_a_slack_bot_that_may_not_look_sends_and_marks(sink: Sink) -> None:
    sink.faults.script([Fault.REFUSE])
    [receipt] = sent(sink, "slack bot", delivery(may_repeat=True))
    assert isinstance(receipt, Receipt)
    assert "möglicherweise wiederholt" in str(sink.received[0].parsed["text"])


def test_a_look_that_fails_for_now_sends_nothing(sink: Sink) -> None:
    sink.faults.script([Fault.HANG_AFTER, Fault.ERROR])  # the post hangs, then the look fails
    lost, look = sent(sink, "slack bot", delivery(), delivery(may_repeat=True))
    assert isinstance(lost, ChannelError)
    assert isinstance(look, ChannelError)
    assert (look.permanent, look.ambiguous) == (False, False)
    assert len(sink.received) == 1


@pytest.mark.parametrize("name", ["teams", "ntfy", pytest.param("apprise", marks=NO_APPRISE)])
def test_a_channel_that_knows_no_repeat_marks_it(sink: Sink, name: str) -> None:
    sent(sink, name, delivery(), delivery(may_repeat=True))
    first, again = (WAYS[name].says(got) for got in sink.received)
    assert "möglicherweise wiederholt" not in first
    assert "möglicherweise wiederholt" in again


def test_ntfy_lets_a_repeat_replace_the_first(sink: Sink) -> None:
    sent(sink, "ntfy", delivery(), delivery(may_repeat=True))
    assert [got.key for got in sink.received] == [message_id(delivery())] * 2


def test_ntfy_sends_its_token_or_user_and_password(sink: Sink) -> None:
    sent(sink, "ntfy", delivery(), token=SECRET_WORD)
    sent(sink, "ntfy", delivery(), token=None, user="kim", password="pass")
    sent(sink, "ntfy", delivery(), token=None)
    told = [got.headers.get("authorization") for got in sink.received]
    assert told == [f"Bearer {SECRET_WORD}", "Basic a2ltOnBhc3M=", None]


@pytest.mark.parametrize(
    ("error", "permanent"), [("invalid_auth", True), ("ratelimited", False), ("odd", True)]
)
def test_slack_refuses_with_200(sink: Sink, error: str, permanent: bool) -> None:
    with answering(200, json.dumps({"ok": False, "error": error})) as url:
        [ended] = sent(sink, "slack bot", delivery(), api_url=url)
    assert isinstance(ended, ChannelError)
    assert ended.permanent is permanent
    assert error in str(ended)
