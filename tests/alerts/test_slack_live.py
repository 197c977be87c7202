"""One message per incident in Slack: it changes with it, and its thread tells each thing once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from alerts.alert import Call, NotifyReason
from alerts.channels.base import ChannelError, Receipt
from alerts.channels.slack import Slack
from alerts.channels.transport import guarded_async
from alerts.posted import Remembered
from monitor.server.sink import Fault, FaultPlan, Sink
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
    say,
    settings,
    told,
)


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=20.0, retry_after_s=7)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


def test_an_incident_is_one_message_and_its_story_is_the_thread(sink: Sink) -> None:
    story = [told(1, FIRST, 4), told(2, ESCALATED), told(3, UNANSWERED), told(4, ACKNOWLEDGED)]
    ended = say(sink, *story, told(5, RESOLVED))
    assert all(isinstance(one, Receipt) for one in ended)
    [root] = roots(sink)
    assert root.edits == 4
    assert "ended" in root.text
    assert [m.thread_ts for m in replies(sink)] == [root.ts] * 4
    assert ["risen" in replies(sink)[0].text, "ended" in replies(sink)[3].text] == [True, True]


def test_what_rings_is_also_shown_in_the_channel_and_the_rest_is_not(sink: Sink) -> None:
    rest = (told(4, ACKNOWLEDGED), told(5, RESOLVED))
    say(sink, told(1, FIRST), told(2, ESCALATED), told(3, UNANSWERED), *rest)
    assert [m.body["reply_broadcast"] for m in replies(sink)] == [True, True, False, False]


def test_the_message_keeps_its_facts_and_says_who_has_it_and_who_is_called_next(
    sink: Sink,
) -> None:
    call = Call(b.after(minutes=30), ("Lee", "community (Kim)"))
    say(sink, told(1, FIRST, call=call))
    assert "Without an answer at 13:30: Lee, community (Kim)" in str(roots(sink)[0].body)
    say(
        sink,
        told(1, FIRST, call=call),
        told(2, ACKNOWLEDGED, acked_by="Kim <!here>", owner="Lee", call=call),
    )
    shown = str(roots(sink)[1].body)
    for part in ("Acknowledged by Kim <!here>", "Owner: Lee", "zweimal abgebucht", "118"):
        assert part in shown
    assert "Without an answer" not in shown, "nobody is called after an acknowledgement"


def test_a_restart_finds_the_message_by_the_row(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    before = len(sink.received)
    say(sink, told(2, ESCALATED), posted=posted)
    assert len(roots(sink)) == 1
    assert len(sink.received) - before == 2, "a reply and an edit, nothing was looked up"


def test_a_lost_row_is_found_again_by_the_metadata(sink: Sink) -> None:
    say(sink, told(1, FIRST))
    say(sink, told(2, ESCALATED))
    [root] = roots(sink)
    assert (root.edits, len(replies(sink))) == (1, 1)


def test_a_message_that_somebody_deleted_is_posted_anew(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    sink.slack.delete(roots(sink)[0].ts)
    say(sink, told(2, ESCALATED), told(3, ACKNOWLEDGED), posted=posted)
    [root] = roots(sink)
    assert root.edits == 1
    assert len(replies(sink)) == 1


def test_another_channel_in_the_settings_gets_a_message_of_its_own(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    say(sink, told(2, ESCALATED), posted=posted, channel="C2")
    assert [m.channel for m in roots(sink)] == ["C1", "C2"]


def test_with_a_person_the_conversation_has_an_id_of_its_own(sink: Sink) -> None:
    say(sink, told(1, FIRST), told(2, ESCALATED), channel="U7")
    say(sink, told(3, UNANSWERED), channel="U7")  # the row is lost
    [root] = roots(sink)
    assert (root.channel, root.edits) == ("D7", 2)


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.RESET_BEFORE, Fault.HANG_AFTER])
def test_a_reply_of_unknown_outcome_is_told_once(sink: Sink, fault: Fault) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    sink.faults.script([fault])
    [lost] = say(sink, told(2, ESCALATED), posted=posted)
    assert isinstance(lost, ChannelError)
    assert lost.ambiguous
    [done] = say(sink, again(told(2, ESCALATED)), posted=posted)
    assert isinstance(done, Receipt)
    assert len(replies(sink)) == 1
    assert roots(sink)[0].edits == 1
    assert "possible repeat" not in str(sink.slack.messages)


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.BUSY, Fault.RESET_AFTER])
def test_an_edit_that_fails_does_not_tell_the_thread_twice(sink: Sink, fault: Fault) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    sink.faults.script([Fault.NONE, fault])
    [lost] = say(sink, told(2, ESCALATED), posted=posted)
    assert isinstance(lost, ChannelError)
    assert lost.ambiguous, "the reply is out, so the next attempt must look"
    assert not lost.permanent
    say(sink, again(told(2, ESCALATED)), posted=posted)
    assert len(replies(sink)) == 1
    assert "risen" in roots(sink)[0].text


def test_an_edit_that_is_refused_for_good_is_told_and_holds_up_nothing(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    sink.faults.script([Fault.NONE, Fault.REFUSE])
    done, after = say(sink, told(2, ESCALATED), told(3, ACKNOWLEDGED), posted=posted)
    assert isinstance(done, Receipt)
    assert "400" in done.warning
    assert isinstance(after, Receipt)
    assert len(replies(sink)) == 2
    assert "acknowledged" in roots(sink)[0].text


def test_who_may_not_look_tells_it_again_and_marks_it(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), told(2, ESCALATED), posted=posted)
    sink.faults.script([Fault.REFUSE])
    say(sink, again(told(3, UNANSWERED)), posted=posted)
    assert "possible repeat" in replies(sink)[-1].text
    assert "possible repeat" not in roots(sink)[0].text


def test_what_asks_to_wait_is_left_alone_for_as_long(sink: Sink) -> None:
    sink.faults.script([Fault.BUSY])
    busy, spared = say(sink, told(1, FIRST), told(1, FIRST))
    assert isinstance(busy, ChannelError)
    assert isinstance(spared, ChannelError)
    assert busy.retry_after_s == 7
    assert spared.retry_after_s is not None
    assert 5 < spared.retry_after_s <= 7
    assert sink.received == [], "the second made no request"


def test_several_of_one_key_are_one_reply_and_one_edit(sink: Sink) -> None:
    many = [told(n, UNANSWERED) for n in range(2, 40)]
    say(sink, told(1, FIRST), many)
    [reply] = replies(sink)
    assert roots(sink)[0].edits == 1
    assert "28 more before" in reply.text
    assert reply.body["reply_broadcast"] is True
    say(sink, told(40, ACKNOWLEDGED))  # the row is lost, and what was merged is known all the same
    assert len(replies(sink)) == 2


def test_several_of_an_unknown_outcome_are_looked_up_one_by_one(sink: Sink) -> None:
    posted = Remembered()
    say(sink, told(1, FIRST), posted=posted)
    sink.faults.script([Fault.RESET_AFTER])
    many = [told(n, UNANSWERED) for n in (2, 3, 4)]
    say(sink, many, posted=posted)
    say(sink, [*(again(one) for one in many), told(5, UNANSWERED)], posted=posted)
    assert [m.text.count("unanswered") for m in replies(sink)] == [3, 1]


def test_a_first_that_comes_with_later_ones_is_one_message_of_the_newest_state(sink: Sink) -> None:
    say(sink, [told(1, FIRST, 4), told(2, ESCALATED, 6)], told(3, ACKNOWLEDGED, 6))
    [root] = roots(sink)
    assert "6 hurricane" in root.text
    assert len(replies(sink)) == 1


def test_a_page_of_a_hundred_long_messages_is_read_to_its_end(sink: Sink) -> None:
    crowd = [replace(told(1, FIRST), key=f"k{n}") for n in range(130)]
    say(sink, told(1, FIRST), *crowd)
    say(sink, told(2, ESCALATED))  # the row is lost, and 130 others stand above it
    assert roots(sink)[0].edits == 1


def test_buttons_stand_where_a_press_would_reach_us(sink: Sink) -> None:
    say(sink, told(1, FIRST))
    say(sink, told(1, FIRST), signing_secret="s" * 32)
    say(sink, told(1, FIRST), told(2, ACKNOWLEDGED), app_token="xapp-1")
    say(sink, told(1, FIRST), told(2, RESOLVED), app_token="xapp-1")
    found = [[e["action_id"] for e in elements(m.body)] for m in roots(sink)]
    rest = [f"sturmglas_{name}" for name in ("assign", "false_alarm", "sleep", "silence")]
    assert found == [
        ["open"],
        ["sturmglas_acknowledge", *rest, "open"],
        [*rest, "open"],
        ["open"],
    ]


def elements(body: object) -> list[dict[str, str]]:
    """Return the buttons of a message."""
    if isinstance(body, dict) and body.get("type") == "actions":
        return list(body["elements"])
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return [button for part in inner for button in elements(part)]


def test_a_test_says_which_scope_is_missing_for_looking(sink: Sink) -> None:
    one = told(1, NotifyReason.TEST)
    test = replace(one, alert=replace(one.alert, test=True))
    [fine] = say(sink, test)
    assert fine == Receipt(f"answered 200: message {roots(sink)[0].ts}", "")
    sink.slack.lacks = "channels:history"
    [told_of] = say(sink, test)
    sink.slack.lacks = ""
    assert isinstance(told_of, Receipt)
    assert "missing_scope; give the app the scope channels:history" in told_of.warning


def test_where_edits_wait_nothing_else_does_and_the_newest_state_is_shown_in_the_end(
    sink: Sink,
) -> None:
    async def scene() -> None:
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            place = quick()
            place.of("C1").edits.pace.spacing_s = 3.0
            channel = Slack("there", settings(sink), client, Remembered(), place)
            story = [
                told(1, FIRST, 4),
                told(2, ESCALATED),
                told(3, ESCALATED),
                told(4, ACKNOWLEDGED),
            ]
            for one in [*story, told(5, RESOLVED)]:
                await channel.send(one)
            [root] = roots(sink)
            assert (root.edits, len(replies(sink))) == (1, 4)
            await channel.settled()
            [root] = roots(sink)
            assert root.edits == 2
            assert "ended" in root.text

    asyncio.run(scene())
