"""What every channel keeps, tried against real receivers on this machine: real HTTP, real SMTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from pydantic import TypeAdapter
from standardwebhooks import Webhook as Verifier

from alerts.alert import Delivery, NotifyReason, message_id
from alerts.channels import ChannelSettings, build_channel
from alerts.channels.base import Channel, ChannelClass, ChannelError, Receipt
from alerts.channels.transport import guarded_async
from alerts.render.slack import texts
from monitor.clock import SystemClock
from monitor.server.sink import Fault, FaultPlan, Received, Sink
from tests.alerts.samples import alert, delivery
from tests.laws.answering import answering, dripping

SECRET_WORD = "s3cr3t0r" * 4
TIMEOUT_S = 1.0
parse: Callable[[object], ChannelSettings] = TypeAdapter(ChannelSettings).validate_python


@dataclass(frozen=True)
class Way:
    """One channel of the laws: its settings for a sink, what it should be, how it reads."""

    settings: Callable[[Sink], dict[str, object]]
    doubles: ChannelClass
    kept_as: str
    says: Callable[[Received], str]


def slack_says(got: Received) -> str:
    return "\n".join(texts(got.parsed))


def mail_says(got: Received) -> str:
    return f"{got.parsed['subject']}\n{got.parsed['text']}"


def json_says(got: Received) -> str:
    return json.dumps(got.parsed, ensure_ascii=False)


WAYS = {
    "slack webhook": Way(
        lambda s: {"type": "slack", "webhook_url": f"{s.slack_url}/{SECRET_WORD}"},
        ChannelClass.C,
        "slack",
        slack_says,
    ),
    "slack bot": Way(
        lambda s: {
            "type": "slack",
            "token": f"xoxb-{SECRET_WORD}",
            "channel": "C1",
            "api_url": s.slack_api_url,
        },
        ChannelClass.B,
        "slack",
        slack_says,
    ),
    "pagerduty": Way(
        lambda s: {"type": "pagerduty", "routing_key": SECRET_WORD, "url": s.pagerduty_url},
        ChannelClass.A,
        "pagerduty",
        json_says,
    ),
    "webhook": Way(
        lambda s: {"type": "webhook", "url": s.webhook_url, "signing_secret": s.webhook_secret},
        ChannelClass.C,
        "webhook",
        json_says,
    ),
    "mail": Way(
        lambda s: {
            "type": "smtp",
            "host": "127.0.0.1",
            "port": s.smtp_port,
            "tls": "none",
            "from": "Sturmglas <sturmglas@example.org>",
            "to": ["bereitschaft@example.org", "zweite@example.org"],
        },
        ChannelClass.C,
        "mail",
        mail_says,
    ),
}
OVER_HTTP = [name for name in WAYS if name != "mail"]


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=20.0, retry_after_s=7)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


def sent(
    sink: Sink, name: str, *deliveries: Delivery, **changes: object
) -> list[Receipt | ChannelError]:
    """Send each delivery by the way ``name`` through one client; return what came of each."""

    async def scene() -> list[Receipt | ChannelError]:
        ended: list[Receipt | ChannelError] = []
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            channel = built(sink, name, client, **changes)
            for one in deliveries:
                try:
                    ended.append(await channel.send(one))
                except ChannelError as error:
                    ended.append(error)
        return ended

    return asyncio.run(scene())


def built(sink: Sink, name: str, client: httpx.AsyncClient, **changes: object) -> Channel:
    settings = parse({**WAYS[name].settings(sink), "timeout_s": TIMEOUT_S, **changes})
    return build_channel("there", settings, client, now=SystemClock().now, page_url="http://x")


def failed(sink: Sink, name: str, *faults: Fault, **changes: object) -> ChannelError:
    """Send once with ``faults`` ahead; return the error."""
    sink.faults.script(faults)
    [error] = sent(sink, name, delivery(), **changes)
    assert isinstance(error, ChannelError)
    return error


def led_to(name: str, url: str) -> dict[str, object]:
    """Return the change of settings that leads a way over HTTP to another address."""
    return {{"slack webhook": "webhook_url", "slack bot": "api_url"}.get(name, "url"): url}


every_way = pytest.mark.parametrize("name", WAYS)


# --- accepted ---------------------------------------------------------------------------------


@every_way
def test_what_the_receiver_takes_gives_a_receipt(sink: Sink, name: str) -> None:
    [receipt] = sent(sink, name, delivery())
    assert isinstance(receipt, Receipt)
    [got] = sink.received
    assert got.channel == WAYS[name].kept_as


@every_way
@pytest.mark.parametrize("reason", NotifyReason)
def test_every_kind_of_alert_is_taken(sink: Sink, name: str, reason: NotifyReason) -> None:
    [receipt] = sent(sink, name, delivery(alert(reason)))
    assert isinstance(receipt, Receipt)


@every_way
@pytest.mark.parametrize(("lang", "word"), [("de", "Sturm"), ("en", "storm")])
def test_the_message_carries_level_why_three_posts_and_the_next_step(
    sink: Sink, name: str, lang: str, word: str
) -> None:
    sent(sink, name, delivery(), language=lang)
    said = WAYS[name].says(sink.received[0])
    assert f"5 {word}" in said
    for part in ("142", "118", "zweimal abgebucht", "{{ 7 * 7 }}", "Charged twice", "Sachstand"):
        assert part in said


@every_way
def test_it_says_its_name_and_class(sink: Sink, name: str) -> None:
    channel = built(sink, name, httpx.AsyncClient())
    assert (channel.name, channel.doubles) == ("there", WAYS[name].doubles)


# --- refused ----------------------------------------------------------------------------------


@every_way
def test_an_error_of_the_receiver_may_be_tried_again(sink: Sink, name: str) -> None:
    error = failed(sink, name, Fault.ERROR)
    assert not error.permanent
    assert not error.ambiguous
    assert sink.received == []


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_busy_receiver_says_how_long_to_wait(sink: Sink, name: str) -> None:
    error = failed(sink, name, Fault.BUSY)
    assert not error.permanent
    assert error.retry_after_s == 7


def test_a_busy_mail_server_may_be_tried_again(sink: Sink) -> None:
    error = failed(sink, "mail", Fault.BUSY)
    assert (error.permanent, error.ambiguous) == (False, False)
    assert "450" in str(error)


@every_way
@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.MISSING])
def test_a_refusal_is_permanent_and_quotes_the_answer(sink: Sink, name: str, fault: Fault) -> None:
    error = failed(sink, name, fault)
    assert error.permanent
    assert not error.ambiguous
    assert any(code in str(error) for code in ("400", "404", "550", "554"))


# --- unknown ----------------------------------------------------------------------------------


@every_way
@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER])
def test_a_reset_is_ambiguous(sink: Sink, name: str, fault: Fault) -> None:
    error = failed(sink, name, fault)
    assert error.ambiguous
    assert not error.permanent
    assert len(sink.received) == (1 if fault is Fault.RESET_AFTER else 0)


@every_way
def test_a_receiver_that_hangs_is_ambiguous_and_costs_no_more_than_the_time_out(
    sink: Sink, name: str
) -> None:
    began = time.monotonic()
    error = failed(sink, name, Fault.HANG_AFTER)
    assert error.ambiguous
    assert TIMEOUT_S * 0.9 <= time.monotonic() - began <= TIMEOUT_S * 10
    assert len(sink.received) == 1


@pytest.mark.parametrize("name", OVER_HTTP)
def test_an_answer_that_drips_for_ever_is_cut_off(sink: Sink, name: str) -> None:
    """Each byte comes in time; the whole never ends."""
    with dripping() as url:
        began = time.monotonic()
        [error] = sent(sink, name, delivery(), **led_to(name, url))
        assert isinstance(error, ChannelError)
        assert error.ambiguous
        assert time.monotonic() - began <= TIMEOUT_S * 10


@every_way
def test_nobody_there_is_not_ambiguous(sink: Sink, name: str) -> None:
    nowhere = "http://127.0.0.1:9/"  # the port of discard: nothing listens
    changes: dict[str, object] = {"port": 9} if name == "mail" else led_to(name, nowhere)
    [error] = sent(sink, name, delivery(), **changes)
    assert isinstance(error, ChannelError)
    assert (error.permanent, error.ambiguous) == (False, False)


# --- secrets ----------------------------------------------------------------------------------


@every_way
@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
def test_no_error_tells_a_secret_or_an_address(sink: Sink, name: str, fault: Fault) -> None:
    error = failed(sink, name, fault)
    said = f"{error!r} {error.__cause__!r}"
    for secret in (SECRET_WORD, sink.webhook_secret, "127.0.0.1", "bereitschaft"):
        assert secret not in said
    assert "there" in said


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_secret_that_the_receiver_sends_back_is_blotted_out(sink: Sink, name: str) -> None:
    with answering(400, f"who is {SECRET_WORD} and {sink.webhook_secret}?") as url:
        changes = {
            "slack webhook": {"webhook_url": f"{url}{SECRET_WORD}"},
            "slack bot": {"api_url": url, "token": SECRET_WORD},
        }.get(name, {"url": url})
        [error] = sent(sink, name, delivery(), **changes)
    assert "who is" in str(error)
    if name == "webhook":
        assert sink.webhook_secret not in str(error)
    elif name != "slack webhook":  # there the secret is the whole address
        assert SECRET_WORD not in str(error)


@every_way
def test_settings_do_not_print_their_secrets(sink: Sink, name: str) -> None:
    text = repr(parse(WAYS[name].settings(sink)))
    assert SECRET_WORD not in text
    assert sink.webhook_secret not in text


# --- the guard --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OVER_HTTP)
def test_the_inside_of_our_network_is_out_of_reach(sink: Sink, name: str) -> None:
    async def scene() -> None:
        async with httpx.AsyncClient(transport=guarded_async()) as client:
            with pytest.raises(ChannelError, match="inside our own network") as caught:
                await built(sink, name, client).send(delivery())
            assert caught.value.permanent

    asyncio.run(scene())
    assert sink.received == []


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_redirect_is_not_followed(sink: Sink, name: str) -> None:
    with answering(307, "", location=sink.url) as url:
        [error] = sent(sink, name, delivery(), **led_to(name, url))
    assert isinstance(error, ChannelError)
    assert error.permanent
    assert "307" in str(error)
    assert sink.received == []


# --- repeats ----------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("error", "permanent"), [("invalid_auth", True), ("ratelimited", False), ("odd", True)]
)
def test_slack_refuses_with_200(sink: Sink, error: str, permanent: bool) -> None:
    with answering(200, json.dumps({"ok": False, "error": error})) as url:
        [ended] = sent(sink, "slack bot", delivery(), api_url=url)
    assert isinstance(ended, ChannelError)
    assert ended.permanent is permanent
    assert error in str(ended)
