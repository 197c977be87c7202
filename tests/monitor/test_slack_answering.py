"""After a press Slack shows how it stands: the message changes, or the one who pressed is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from alerts.channels.slack import Slack
from alerts.deliver import Deliverer
from alerts.posted import Answer
from monitor.app.slack_answering import Refreshing, answer, catch_up
from monitor.app.wiring import Built, build, open_channels
from monitor.desk import incidents as desk
from monitor.pipeline.errands import Due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.server.sink import Sink
from monitor.settings import Settings
from tests import builders as b
from tests.alerts.slacking import roots
from tests.monitor.pressing import STORM, slacked


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def built(tmp_path: Path, sink: Sink) -> Iterator[Built]:
    given = slacked(api_url=sink.slack_api_url).model_dump(by_alias=True)
    given["store"] = {"url": f"sqlite:///{tmp_path / 's.db'}"}
    given["server"] = {"allow_loopback_receivers": True}
    given["channel"]["slack"]["token"] = "xoxb-1"
    given["channel"]["slack"]["signing_secret"] = "s" * 32
    steps = [{"tell": ["channel.slack"], "wait_min": 5}, {"tell": ["person.kim"], "wait_min": 9}]
    given["chain"] = {"night": {"step": steps, "rounds": 1}}
    made = build(Settings.model_validate(given))
    with made.store.begin() as tx:
        tx.save_incident(STORM, 0)
        tx.enqueue(b.alert(STORM), ["slack", "slack/kim"], b.T0)
    yield made
    made.close()


async def deliver(built: Built, *, busy: bool = False) -> None:
    """Send what is due, as the deliverer does; ``busy``: edits wait already, and a stop comes first."""
    async with open_channels(built.settings, posted=built.store.posted) as channels:
        if busy:
            for channel in channels.values():
                assert isinstance(channel, Slack)
                channel.place.edits.pace.take()
        runner = Deliverer(built.store.outbox, channels, lambda: b.T0, Random(1))
        await runner.drain(b.T0)


async def started(built: Built) -> int:
    """Start, and wait until nothing is made up for any more; return how many edits were."""
    async with open_channels(built.settings, posted=built.store.posted) as channels:
        behind = await catch_up(built, channels)
        for channel in channels.values():
            assert isinstance(channel, Slack)
            await channel.settled()
        return behind


def test_who_owns_it_is_shown_in_every_message_of_it(built: Built, sink: Sink) -> None:
    asyncio.run(deliver(built))
    desk.assign(built.store, STORM.id, "Kim", "Kim", b.T0)
    asyncio.run(answer(built, Answer("slack", incident=STORM.id)))
    assert sorted(m.channel for m in sink.slack.messages) == ["C1", "D1"]
    assert all("Owner: Kim" in str(m.body) for m in sink.slack.messages)
    assert [m.edits for m in sink.slack.messages] == [1, 1]


def test_an_acknowledgement_by_whomever_changes_the_message(built: Built, sink: Sink) -> None:
    asyncio.run(deliver(built))
    desk.acknowledge(built.store, STORM.id, "Lee", b.T0)
    asyncio.run(deliver(built))
    assert all("Acknowledged by Lee" in str(m.body) for m in sink.slack.messages if not m.thread_ts)


def test_who_pressed_in_vain_is_told_alone_and_as_plain_words(built: Built, sink: Sink) -> None:
    told = Answer("slack", place="C1", user="U9", text="Not done: <!channel> was first")
    asyncio.run(answer(built, told))
    [whisper] = sink.slack.whispers
    assert (whisper["user"], whisper["channel"]) == ("U9", "C1")
    assert whisper["text"] == "Not done: &lt;!channel&gt; was first"


def test_what_slack_refuses_is_no_trouble_of_the_desk(built: Built, sink: Sink) -> None:
    asyncio.run(deliver(built))
    for one in sink.slack.messages:
        sink.slack.delete(one.ts)
    asyncio.run(answer(built, Answer("slack", incident=STORM.id)))
    assert sink.slack.messages == []


def test_an_edit_that_a_stop_cut_off_is_made_up_for_at_the_start(built: Built, sink: Sink) -> None:
    asyncio.run(deliver(built))
    desk.acknowledge(built.store, STORM.id, "Lee", b.T0)
    asyncio.run(deliver(built, busy=True))
    assert not any("Acknowledged by Lee" in str(m.body) for m in roots(sink))
    assert asyncio.run(started(built)) == 2
    assert ["Acknowledged by Lee" in str(m.body) for m in roots(sink)] == [True, True]
    assert asyncio.run(started(built)) == 0


def test_a_step_that_goes_to_others_changes_who_is_named_as_next(built: Built, sink: Sink) -> None:
    async def lives() -> None:
        async with open_channels(built.settings, posted=built.store.posted) as channels:
            refreshing = Refreshing(built, NoSignals())
            task = asyncio.create_task(refreshing.run(channels))
            waking = Waking(built.book, refreshing)
            runner = Deliverer(built.store.outbox, channels, lambda: b.T0, Random(1))
            with built.store.begin() as tx:
                waking.say(tx, STORM, b.alert(STORM, at=b.after(1)), [], "night", b.T0)
            await runner.drain(b.T0)
            assert "Without an answer at 13:05: Kim" in text_in("C1")
            errander = refreshing.around(Due(built.store, waking.handlers))
            assert await asyncio.to_thread(errander.run, b.after(minutes=5)) == 1
            while "13:05" in text_in("C1"):
                await asyncio.sleep(0.05)
            task.cancel()

    def text_in(channel: str) -> str:
        [root] = [m for m in roots(sink) if m.channel == channel]
        return str(root.body)

    asyncio.run(asyncio.wait_for(lives(), 60))
    assert "Without an answer" not in text_in("C1")
