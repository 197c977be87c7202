"""Every channel but Slack and the console carries the links that answer an alarm, as its receiver shows them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from alerts.alert import NotifyReason
from alerts.channels import build_channel
from alerts.channels.transport import guarded_async
from monitor.clock import SystemClock
from monitor.server.sink import Received, Sink
from tests.alerts.samples import alert, delivery
from tests.laws.ways import NO_APPRISE, WAYS, parse

HAVE = "https://storm.example.org/answer/aaa.bbb"
CLEAR = "https://storm.example.org/answer/ccc.ddd"
LINKS = (("acknowledge", HAVE), ("all_clear", CLEAR))
CARRYING = [name for name in WAYS if not name.startswith("slack")]
every_carrier = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=NO_APPRISE if n == "apprise" else ()) for n in CARRYING]
)


def got(sink: Sink, name: str, reason: NotifyReason, **changes: object) -> Received:
    settings = parse({**WAYS[name].settings(sink), "timeout_s": 20.0, **changes})

    async def scene() -> None:
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            channel = build_channel(
                "there", settings, client, now=SystemClock().now, links=lambda _: LINKS
            )
            assert (channel.name, channel.doubles) == ("there", WAYS[name].doubles)
            await channel.send(delivery(alert(reason, test=reason is NotifyReason.TEST)))

    asyncio.run(scene())
    return sink.received[-1]


def text_of(received: Received) -> str:
    return json.dumps(received.parsed, ensure_ascii=False)


@every_carrier
def test_an_alarm_carries_both_links(sink: Sink, name: str) -> None:
    said = text_of(got(sink, name, NotifyReason.FIRST))
    assert HAVE in said
    assert CLEAR in said


@every_carrier
@pytest.mark.parametrize(
    "reason", [NotifyReason.ACKNOWLEDGED, NotifyReason.RESOLVED, NotifyReason.TEST]
)
def test_an_acknowledgement_an_end_and_a_test_carry_none(
    sink: Sink, name: str, reason: NotifyReason
) -> None:
    assert "/answer/" not in text_of(got(sink, name, reason))


@pytest.mark.parametrize("name", ["slack webhook", "slack bot"])
def test_slack_has_buttons_of_its_own(sink: Sink, name: str) -> None:
    assert "/answer/" not in text_of(got(sink, name, NotifyReason.FIRST))


def test_ntfy_answers_at_a_press_and_opens_a_page_for_the_rest(sink: Sink) -> None:
    actions: Any = got(sink, "ntfy", NotifyReason.FIRST, language="en").parsed["actions"]
    assert actions[0] == {
        "action": "http", "label": "I have it", "url": HAVE, "method": "POST", "clear": True,
    }  # fmt: skip
    assert [(a["action"], a["label"]) for a in actions[1:]] == [
        ("view", "All clear"),
        ("view", "Open incident"),
    ]


def test_teams_opens_them_and_the_page_comes_first(sink: Sink) -> None:
    parsed: Any = got(sink, "teams", NotifyReason.FIRST, language="en").parsed
    actions = parsed["attachments"][0]["content"]["actions"]
    assert [a["type"] for a in actions] == ["Action.OpenUrl"] * 3
    assert [a["url"] for a in actions][1:] == [HAVE, CLEAR]


def test_a_webhook_has_them_as_fields_and_pagerduty_as_links(sink: Sink) -> None:
    data: Any = got(sink, "webhook", NotifyReason.FIRST).parsed["data"]
    assert (data["answer_url"], data["all_clear_url"]) == (HAVE, CLEAR)
    ended: Any = got(sink, "webhook", NotifyReason.RESOLVED).parsed["data"]
    assert (ended["answer_url"], ended["all_clear_url"]) == ("", "")
    links: Any = got(sink, "pagerduty", NotifyReason.FIRST, language="en").parsed["links"]
    assert links[:2] == [{"href": HAVE, "text": "I have it"}, {"href": CLEAR, "text": "All clear"}]


def test_a_mail_has_them_in_both_parts(sink: Sink) -> None:
    parsed = got(sink, "mail", NotifyReason.FIRST, language="de").parsed
    assert f"Ich habe es: {HAVE}" in str(parsed["text"])
    assert f'href="{HAVE}"' in str(parsed["html"])


@pytest.fixture(autouse=True)
def _clean(sink: Sink) -> Iterator[None]:
    yield
    sink.clear()
