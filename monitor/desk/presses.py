"""Presses: a button under a message in Slack, and what it does. However it comes to us, and how often.

Slack repeats what it was not sure of, and whoever holds a signed request may send it again: a press is known
by who pressed what and when, and has its effect once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.incident import Incident, Outcome
from alerts.render.slack_buttons import PREFIX, Button
from monitor.desk import incidents as desk
from monitor.desk.errors import DeskError, Invalid, Used
from monitor.desk.silences import Wish, silence, suggested
from monitor.desk.sleeping import sleep
from monitor.ports import Store

FROM_SLACK = "from Slack"
"""The reason of a false alarm that was ended by a press."""
_LONG = 200

Do = Callable[[Store, Incident, str, str, datetime], Incident]
"""Does it with an incident, by somebody, under the key of the press, now; raises `Used` for a repeat."""


def _acknowledge(store: Store, of: Incident, actor: str, key: str, now: datetime) -> Incident:
    return desk.acknowledge(store, of.id, actor, now, once=desk.once(key, actor, now))


def _assign(store: Store, of: Incident, actor: str, key: str, now: datetime) -> Incident:
    return desk.assign(store, of.id, actor, actor, now, once=desk.once(key, actor, now))


def _false_alarm(store: Store, of: Incident, actor: str, key: str, now: datetime) -> Incident:
    outcome, once = Outcome.FALSE_ALARM, desk.once(key, actor, now)
    return desk.resolve(store, of.id, actor, outcome, FROM_SLACK, now, once=once)


def _sleep(store: Store, of: Incident, actor: str, key: str, now: datetime) -> Incident:
    return sleep(store, of.id, actor, now, once=desk.once(key, actor, now))


def _silence(store: Store, of: Incident, actor: str, key: str, now: datetime) -> Incident:
    wish = Wish(suggested(of), FROM_SLACK, key=key, incident=of.id)
    if store.read.silence_of(wish.stored_key) is not None:
        raise Used(f"{of.ref}: this was pressed already")
    silence(store, wish, actor, now)
    return of


DOES: dict[Button, Do] = {
    Button.ACKNOWLEDGE: _acknowledge,
    Button.ASSIGN: _assign,
    Button.FALSE_ALARM: _false_alarm,
    Button.SLEEP: _sleep,
    Button.SILENCE: _silence,
}
"""What each button does with an incident; it and the memory of the press are one transaction. A button without a
row here is not shown (`alerts.render.slack_buttons.WORKING`)."""


@dataclass(frozen=True, slots=True)
class Press:
    """``key``: of the incident's episode, as it stood on the button. ``user`` and ``place``: Slack's ids of
    who pressed and of the conversation. ``once``: what a repeat is known by."""

    button: Button
    key: str
    user: str
    place: str
    once: str


class Came(StrEnum):
    """What came of a press."""

    DONE = "done"
    REPEATED = "repeated"
    OLD = "old"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Pressed:
    """``incident`` as it stands, None where there is no such; ``why``: what stood in the way, for the log and for
    who pressed."""

    came: Came
    incident: Incident | None = None
    why: str = ""


def presses_of(payload: Mapping[str, Any]) -> list[Press]:
    """Return the presses of buttons of ours in a payload of type block_actions; what else it holds is not ours.

    Raises `Invalid` where it is no payload of Slack's.
    """
    if payload.get("type") != "block_actions":
        return []
    actions = payload.get("actions")
    user, place = _id(payload, "user"), _id(payload, "channel")
    if not isinstance(actions, list) or not user:
        raise Invalid("payload: expected actions and a user")
    found = [_press(action, user, place, _id(payload, "team")) for action in actions]
    return [press for press in found if press is not None]


def press(store: Store, pressed: Press, actor: str, now: datetime) -> Pressed:
    """Do what ``pressed`` asks for, once; a repeat changes nothing and is told as such."""
    incident = store.read.incident(_incident(pressed.key))
    if incident is None or incident.key != pressed.key or pressed.button not in DOES:
        return Pressed(Came.OLD, incident, "the message is of an earlier incident or episode")
    try:
        after = DOES[pressed.button](store, incident, actor, pressed.once, now)
    except Used:
        return Pressed(Came.REPEATED, incident)
    except DeskError as error:
        return Pressed(Came.REFUSED, incident, str(error))
    return Pressed(Came.DONE, after)


def _press(action: object, user: str, place: str, team: str) -> Press | None:
    if not isinstance(action, dict):
        raise Invalid("payload: expected each action to be an object")
    id, value, at = (_word(action, name) for name in ("action_id", "value", "action_ts"))
    name = id.removeprefix(PREFIX)
    if not id.startswith(PREFIX) or name not in tuple(Button):
        return None
    if not value or not at:
        raise Invalid("payload: expected value and action_ts of a button")
    once = "\0".join(("slack", team, user, at, id, value))
    return Press(
        Button(name), value, user, place, hashlib.blake2b(once.encode(), digest_size=16).hexdigest()
    )


def _incident(key: str) -> str:
    return key.removeprefix("sturmglas-").rpartition("-")[0]


def _id(payload: Mapping[str, Any], name: str) -> str:
    found = payload.get(name)
    return _word(found, "id") if isinstance(found, dict) else ""


def _word(thing: Mapping[str, Any], name: str) -> str:
    found = thing.get(name)
    if not isinstance(found, str) or len(found) > _LONG or not found.isprintable():
        return ""
    return found
