"""What comes back from Slack, by request or by socket: who pressed, what it did, and what they are told."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from alerts.people import parted
from alerts.posted import Answer
from alerts.render.slack_buttons import Button
from alerts.words import pick
from monitor.desk.presses import Came, Press, Pressed, press, presses_of
from monitor.ports import Unavailable
from monitor.service import Service

log = logging.getLogger("sturmglas.slack")

TRY_AGAIN = "nothing was stored, press again in a moment"
OLD: tuple[str, str] = (
    "Nichts geändert: diese Nachricht gehört zu einem früheren Vorfall.",
    "Nothing changed: this message is of an earlier incident.",
)
NOT_DONE: tuple[str, str] = ("Nicht ausgeführt: {}", "Not done: {}")


class SlackPresses:
    """Does what a payload asks for. Safe between threads; holds no state of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def take(self, payload: Mapping[str, Any], channels: Sequence[str]) -> list[Answer]:
        """Do what was pressed; ``channels``: those of the settings whose app it came from. Blocks on the store.

        Returns what is still to be told in Slack. Raises `monitor.desk.errors.Invalid` for what is no
        payload.
        """
        answers = [self._one(one, channels) for one in presses_of(payload)]
        return [answer for answer in answers if answer is not None]

    def _one(self, one: Press, channels: Sequence[str]) -> Answer | None:
        service, actor = self._service, self.who(one.user, channels)
        try:
            pressed = press(service.store, one, actor, service.clock.now())
        except Unavailable:
            pressed = Pressed(Came.REFUSED, None, TRY_AGAIN)
        ref = pressed.incident.ref if pressed.incident else "?"
        log.info("%s: %s pressed %s: %s %s", ref, actor, one.button, pressed.came, pressed.why)
        if pressed.came is Came.DONE and pressed.incident is not None:
            service.signals.publish("incident", pressed.incident.id, pressed.incident.version)
            service.wake()
            shows = one.button is Button.ASSIGN  # of the others the outbox tells
            return Answer(channels[0], incident=pressed.incident.id) if shows else None
        if pressed.came is Came.REPEATED:
            return None
        text = self._words(channels[0], pressed)
        return Answer(channels[0], place=one.place, user=one.user, text=text)

    def _words(self, channel: str, pressed: Pressed) -> str:
        lang = self._service.settings.channels[channel].language
        if pressed.came is Came.OLD:
            return pick(OLD, lang)
        return pick(NOT_DONE, lang).format(pressed.why)

    def who(self, user: str, channels: Sequence[str]) -> str:
        """Return the person of the settings behind a user of Slack, else a name that says where from."""
        for person in self._service.book.people.values():
            for method in person.methods:
                if parted(method.channel)[0] in channels and method.address == user:
                    return person.name
        return f"slack:{user}"
