"""What every channel keeps, tried against real receivers on this machine: real HTTP, real SMTP.

A new channel is one row in ways.py.
"""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from alerts.alert import NotifyReason
from alerts.channels.base import ChannelError, Receipt
from alerts.channels.transport import guarded_async
from monitor.server.sink import Fault, Sink
from tests.alerts.samples import alert, delivery
from tests.laws.answering import answering, dripping
from tests.laws.ways import (
    OVER_HTTP,
    SECRET_WORD,
    TELLING,
    TIMEOUT_S,
    WAYS,
    built,
    every_way,
    failed,
    led_to,
    parse,
    sent,
)

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


@pytest.mark.parametrize("name", TELLING)
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


@pytest.mark.parametrize("name", TELLING)
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
            "teams": {"webhook_url": f"{url}{SECRET_WORD}"},
        }.get(name, {"url": url})
        [error] = sent(sink, name, delivery(), **changes)
    assert "who is" in str(error)
    if name == "webhook":
        assert sink.webhook_secret not in str(error)
    elif name not in ("slack webhook", "teams"):  # there the secret is the whole address
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
