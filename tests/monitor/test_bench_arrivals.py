"""The judge of the delivery benches notices what it is there to notice."""

from __future__ import annotations

import json
from dataclasses import replace

from alerts.alert import Action, AttemptOutcome, Delivery, DeliveryState, NotifyReason, message_id
from alerts.notices import notice
from alerts.outbox import Attempt
from monitor.bench.arrivals import EDIT, Trail, judge, rung, trails
from monitor.server.sink import Received
from monitor.store.database import SqliteStore
from tests import builders as b

STORM = b.incident()
ACCEPTED, UNKNOWN = AttemptOutcome.ACCEPTED, AttemptOutcome.UNKNOWN


def trail(
    channel: str,
    *outcomes: AttemptOutcome | None,
    reason: NotifyReason = NotifyReason.FIRST,
    seq: int = 1,
    state: DeliveryState = DeliveryState.SENT,
) -> Trail:
    alert = b.alert(STORM, reason=reason)
    delivery = Delivery(
        id=seq,
        seq=seq,
        alert=alert,
        channel=channel,
        key=alert.key,
        state=state,
        due_at=b.T0,
        created_at=b.T0,
        attempts=len(outcomes),
        may_repeat=UNKNOWN in outcomes,
    )
    return Trail(delivery, [Attempt(seq, n, b.T0, o) for n, o in enumerate(outcomes, 1)])


def got(of: Trail, *, marked: bool = False, edit: bool = False) -> Received:
    """Return what a receiver keeps of one request for this delivery."""
    one, id = of.delivery, message_id(of.delivery)
    headers, parsed, key = {}, {}, one.key
    channel = {"pager": "pagerduty", "chat": "slack", "hook": "webhook", "mail": "mail"}[
        one.channel
    ]
    match channel:
        case "pagerduty":
            parsed = {"event_action": one.alert.action.value}
            if one.alert.action is Action.TRIGGER:
                details = {"level": int(one.alert.level)}
                parsed["payload"] = {"class": one.alert.reason.value, "custom_details": details}
        case "slack":
            told = {"key": one.key, "first": 1 if edit else one.seq, "last": one.seq}
            parsed, channel = {"metadata": {"event_payload": told}}, EDIT if edit else channel
        case "webhook":
            headers = {"webhook-id": f"msg_{id}"} | (
                {"sturmglas-may-repeat": "true"} if marked else {}
            )
        case _:
            key = f"<{id}@example.org>"
    return Received(1, channel, b.T0, headers, json.dumps(parsed).encode(), parsed, key)


def test_one_of_each_class_as_it_should_be_is_no_problem() -> None:
    all_ = [trail(channel, ACCEPTED) for channel in ("pager", "chat", "hook", "mail")]
    found = judge(all_, [got(t) for t in all_])
    assert found.problems == []
    assert [found.classes[name].pages for name in "ABC"] == [1, 1, 2]
    assert (found.lost, found.wrong_keys) == (0, 0)


def test_what_was_sent_and_never_arrived_is_lost() -> None:
    assert judge([trail("hook", ACCEPTED)], []).lost == 1


def test_what_was_never_sent_is_lost() -> None:
    waiting = trail("hook", UNKNOWN, state=DeliveryState.PENDING)
    assert judge([waiting], [got(waiting)]).lost == 1


def test_what_nobody_queued_is_a_wrong_key() -> None:
    stranger = trail("mail", ACCEPTED, reason=NotifyReason.ESCALATED)
    known = trail("hook", ACCEPTED)
    assert judge([known], [got(known), got(stranger)]).wrong_keys == 1


def test_the_same_trigger_again_is_no_second_page_of_class_a() -> None:
    one = trail("pager", UNKNOWN, ACCEPTED)
    found = judge([one], [got(one), got(one)])
    assert (found.classes["A"].doubles, found.problems) == (0, [])


def test_a_trigger_after_its_end_is_a_double_of_class_a() -> None:
    first = trail("pager", UNKNOWN, ACCEPTED)
    over = trail("pager", ACCEPTED, reason=NotifyReason.RESOLVED, seq=2)
    arrived = [got(first), got(over), got(first)]
    assert rung(arrived) == {STORM.key: 2}
    found = judge([first, over], arrived)
    assert found.classes["A"].doubles == 1
    assert found.problems == ["class A: 1 doubles"]


def test_a_message_twice_is_a_double_of_class_b_and_an_edit_is_none() -> None:
    one = trail("chat", UNKNOWN, ACCEPTED)
    assert judge([one], [got(one), got(one)]).classes["B"].doubles == 1
    assert judge([one], [got(one), got(one, edit=True)]).classes["B"].doubles == 0


def test_in_a_chat_one_message_may_tell_several() -> None:
    first = trail("chat", ACCEPTED)
    later = trail("chat", ACCEPTED, reason=NotifyReason.ESCALATED, seq=2)
    assert judge([first, later], [got(later, edit=True)]).problems == []
    assert judge([first, later], [got(later)]).lost == 1


def test_a_repeat_of_class_c_must_say_so_and_have_its_unknown_outcome() -> None:
    one = trail("hook", UNKNOWN, ACCEPTED)
    assert judge([one], [got(one), got(one, marked=True)]).problems == []
    assert judge([one], [got(one), got(one)]).classes["C"].unmarked == 1
    thrice = judge([one], [got(one), *[got(one, marked=True)] * 2])
    assert thrice.classes["C"].beyond == 1


def test_an_attempt_without_an_end_or_a_mark_is_a_problem() -> None:
    open_ = trail("hook", None)
    assert judge([open_], [got(open_)]).problems == ["delivery 1: an attempt is left open"]
    one = trail("hook", UNKNOWN, ACCEPTED)
    unmarked = Trail(replace(one.delivery, may_repeat=False), one.attempts)
    assert judge([unmarked], [got(one)]).problems == [
        "delivery 1: 1 unknown outcomes, and not marked"
    ]


def test_what_goes_out_about_no_incident_was_queued_as_well() -> None:
    store = SqliteStore.open("sqlite://")
    told = notice(NotifyReason.TROUBLE, "unsent-chat", b.T0, ("zu spät", "late"), since=b.T0)
    with store.begin() as tx:
        tx.save_incident(STORM, 0)
        tx.enqueue(b.alert(STORM), ["pager"], b.T0)
        tx.enqueue(told, ["pager"], b.T0)
    assert [t.delivery.key for t in trails(store)] == [STORM.key, told.key]
    store.close()
