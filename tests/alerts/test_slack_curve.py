"""The curve in a thread of Slack: after the message, once, and never at its cost."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.alert import Delivery, NotifyReason
from alerts.channels.base import ChannelError, Receipt
from alerts.channels.pace import Places
from alerts.channels.slack import Slack
from alerts.channels.slack_api import SlackApi
from alerts.channels.transport import guarded_async
from alerts.curve import Curve
from alerts.posted import Posted, Remembered
from alerts.render import curve_png
from alerts.trial import trial_alert, trial_delivery
from detectors.detection import Level
from monitor.server.sink import Fault, FaultPlan, Sink
from monitor.server.sink.slack import Message
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.alerts.slacking import (
    ACKNOWLEDGED,
    ESCALATED,
    FIRST,
    RESOLVED,
    UNANSWERED,
    again,
    quick,
    replies,
    roots,
    settings,
    told,
)

pytest.importorskip("PIL", reason="the extra [png] is not installed")
CURVE = Curve(b.T0, ((0, 0.2),) * 44 + ((3, 0.2), (9, 0.2), (20, 0.2), (31, 0.2)))


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=20.0, retry_after_s=1)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    running.slack.files.allowed, running.slack.files.elsewhere = True, ""
    return running


def drawn(seq: int, reason: NotifyReason, level: int = 5) -> Delivery:
    return told(seq, reason, level, curve=CURVE)


def say(
    sink: Sink,
    *deliveries: Delivery,
    posted: Posted | None = None,
    places: Places | None = None,
    **changes: Any,
) -> list[Receipt | ChannelError]:
    """Send each, and wait for what follows it."""

    async def scene() -> list[Receipt | ChannelError]:
        ended: list[Receipt | ChannelError] = []
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            given = settings(sink, **{"curve": True, **changes})
            channel = Slack("there", given, client, posted or Remembered(), places or quick())
            for one in deliveries:
                try:
                    ended.append(await channel.send(one))
                except ChannelError as error:
                    ended.append(error)
                await channel.settled()
        return ended

    return asyncio.run(scene())


def pictures(sink: Sink) -> list[Message]:
    return [m for m in sink.slack.messages if m.body.get("files")]


def test_the_curve_stands_in_the_thread_of_the_first_message(sink: Sink) -> None:
    [receipt] = say(sink, drawn(1, FIRST))
    assert isinstance(receipt, Receipt)
    assert receipt.warning == ""
    [root], [shown] = roots(sink), pictures(sink)
    assert (shown.thread_ts, shown.channel) == (root.ts, root.channel)
    [file] = shown.body["files"]  # type: ignore[misc]
    assert "31" in file["alt_txt"]
    assert file["title"].startswith("Nordlicht Energie")
    kept = sink.slack.files.find(file["id"])
    assert kept is not None
    assert kept.data.startswith(b"\x89PNG")


def test_a_rise_brings_another_and_nothing_else_does(sink: Sink) -> None:
    story = [
        drawn(1, FIRST, 4),
        drawn(2, UNANSWERED, 4),
        drawn(3, ESCALATED),
        drawn(4, ACKNOWLEDGED),
    ]
    say(sink, *story, drawn(5, RESOLVED))
    assert len(pictures(sink)) == 2
    assert len(replies(sink)) == 4 + 2


def test_without_the_setting_or_a_curve_there_is_none(sink: Sink) -> None:
    say(sink, drawn(1, FIRST), curve=False)
    say(sink, told(1, FIRST))
    assert pictures(sink) == []
    assert not [r for r in sink.received if r.channel == "slack file"]


def test_the_upload_carries_no_token(sink: Sink) -> None:
    say(sink, drawn(1, FIRST))
    [shown] = pictures(sink)
    [file] = shown.body["files"]  # type: ignore[misc]
    kept = sink.slack.files.find(file["id"])
    assert kept is not None
    with_token = sink.slack.files.receive(kept.id, kept.data, {"authorization": "Bearer xoxb-1"})
    assert with_token.status == 403, "the sink would have refused it"


def test_a_person_has_it_in_the_conversation_that_slack_named(sink: Sink) -> None:
    say(sink, drawn(1, FIRST), channel="U7", places=Places())
    assert [m.channel for m in pictures(sink)] == ["D7"]


@pytest.mark.parametrize("again_reason", [FIRST, ESCALATED])
def test_a_delivery_that_is_sent_again_shows_no_second_picture(
    sink: Sink, again_reason: NotifyReason
) -> None:
    posted = Remembered()
    story = [drawn(1, FIRST)] if again_reason is FIRST else [drawn(1, FIRST), drawn(2, ESCALATED)]
    say(sink, *story, posted=posted)
    before = len(pictures(sink))
    say(sink, again(story[-1]), posted=posted)
    say(sink, again(story[-1]), posted=Remembered())  # the row is lost as well
    assert len(pictures(sink)) == before == len(story)


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.HANG_AFTER, Fault.ERROR])
def test_a_picture_of_unknown_outcome_is_not_shown_again(sink: Sink, fault: Fault) -> None:
    posted = Remembered()
    sink.faults.script([Fault.NONE, Fault.NONE, Fault.NONE, fault])
    [receipt] = say(sink, drawn(1, FIRST), posted=posted)
    assert isinstance(receipt, Receipt)
    shown = len(pictures(sink))
    say(sink, again(drawn(1, FIRST)), drawn(2, UNANSWERED), posted=posted)
    assert len(pictures(sink)) == shown <= 1


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("fault", [Fault.BUSY])
def test_what_slack_asks_to_wait_for_is_shown_after_the_wait(
    sink: Sink, step: int, fault: Fault
) -> None:
    sink.faults.script([*[Fault.NONE] * step, fault])
    places = quick()
    say(sink, drawn(1, FIRST), places=places)
    assert len(pictures(sink)) == 1
    assert places.of("C1").closed_until == 0.0, "messages were not held up"


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.MISSING])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_picture_that_fails_never_costs_the_alert(
    sink: Sink, step: int, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    sink.faults.script([*[Fault.NONE] * step, fault])
    with caplog.at_level(logging.WARNING, "sturmglas.slack"):
        [receipt] = say(sink, drawn(1, FIRST))
    assert isinstance(receipt, Receipt)
    assert receipt.warning == ""
    assert len(roots(sink)) == 1
    assert pictures(sink) == []
    assert "the curve is not shown" in caplog.text


def test_a_fault_of_the_drawing_never_costs_the_alert(
    sink: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bytes:
        raise OSError("no font at /secret/place")

    monkeypatch.setattr(curve_png, "picture", broken)
    [receipt] = say(sink, drawn(1, FIRST))
    assert isinstance(receipt, Receipt)
    assert "failed inside (OSError)" in caplog.text
    assert "secret" not in caplog.text


def test_an_address_inside_our_own_network_gets_nothing(
    sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.slack.files.elsewhere = "http://169.254.169.254/latest/meta-data"
    [receipt] = say(sink, drawn(1, FIRST))
    assert isinstance(receipt, Receipt)
    assert pictures(sink) == []
    assert "inside our own network" in caplog.text


def test_the_message_does_not_wait_for_its_picture(sink: Sink) -> None:
    async def scene() -> int:
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            given = settings(sink, curve=True)
            channel = Slack("there", given, client, Remembered(), quick())
            await channel.send(drawn(1, FIRST))
            at_once = len(pictures(sink))
            await channel.settled()
            return at_once

    sink.faults.script([Fault.NONE, Fault.BUSY])
    assert asyncio.run(scene()) == 0
    assert len(pictures(sink)) == 1


def trial() -> Delivery:
    made = trial_alert(b.T0, "en", level=Level.STRONG_WIND, timezone="Europe/Berlin")
    return trial_delivery(made, "there")


def test_a_test_shows_a_picture_of_made_up_numbers(sink: Sink) -> None:
    [receipt] = say(sink, trial())
    assert isinstance(receipt, Receipt)
    assert receipt.warning == ""
    [shown] = pictures(sink)
    assert "made-up numbers" in str(shown.body)


def test_a_test_says_which_scope_is_missing(sink: Sink) -> None:
    sink.slack.files.allowed = False
    [receipt] = say(sink, trial())
    assert isinstance(receipt, Receipt)
    assert "files:write" in receipt.warning


def test_a_test_says_how_to_install_what_draws(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_png, "installed", lambda: False)
    [receipt] = say(sink, trial())
    assert isinstance(receipt, Receipt)
    assert "pip install 'sturmglas[png]'" in receipt.warning


def test_two_that_send_the_same_show_one_picture(sink: Sink, tmp_path: Path) -> None:
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'one.db'}")

    async def scene() -> None:
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            given = settings(sink, curve=True)
            nodes = [Slack("there", given, client, store.posted, quick()) for _ in range(2)]
            await nodes[0].send(told(1, FIRST, 4))  # without a curve
            await asyncio.gather(*(node.send(again(drawn(2, ESCALATED))) for node in nodes))
            for node in nodes:
                await node.settled()

    asyncio.run(scene())
    found = store.posted.find("there", drawn(2, ESCALATED).key)
    store.close()
    assert found is not None
    assert (len(pictures(sink)), found.pictured) == (1, 2)


def test_the_sinks_page_shows_the_picture_with_its_description(sink: Sink) -> None:
    say(sink, drawn(1, FIRST))
    page = httpx.get(sink.url).text
    [found] = re.findall(r'<img class="file" src="([^"]+)" alt="([^"]+)"', page)
    shown = httpx.get(f"{sink.url.rstrip('/')}{found[0]}")
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert "142 negative posts" in found[1]
    assert httpx.get(f"{sink.url}slack/file/F0").status_code == 404


@pytest.mark.parametrize(
    ("api", "upload", "taken"),
    [
        ("https://slack.com/api", "https://files.slack.com/upload/v1/x", True),
        ("https://slack.com/api", "http://files.slack.com/upload/v1/x", False),
        ("https://slack.com/api", "file:///etc/passwd", False),
        ("http://127.0.0.1:1/api", "http://127.0.0.1:1/upload", True),  # a fake of this machine
    ],
)
def test_bytes_go_in_the_clear_only_where_the_api_does(
    sink: Sink, api: str, upload: str, taken: bool
) -> None:
    given = settings(sink, curve=True, api_url=api)
    assert (
        SlackApi("there", given, httpx.AsyncClient(), quick().of("C1"))._may_take(upload) is taken
    )
