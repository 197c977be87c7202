"""A test alert says that it is one, in every message, and is nobody's incident."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from alerts.alert import Action, AttemptOutcome, Delivery, NotifyReason
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.trying import tried
from alerts.render import apprise, message, ntfy, pagerduty, plain, slack, teams, webhook
from alerts.trial import trial_alert, trial_delivery
from alerts.words import Language
from detectors.detection import Level
from tests import builders as b


def trial(lang: Language = "de", level: Level = Level.STORM) -> Delivery:
    alert = trial_alert(b.T0, lang, level=level, timezone="Europe/Berlin", page_url="http://x/")
    return trial_delivery(alert, "there")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_message_says_that_nothing_has_happened(lang: Language) -> None:
    mark = {"de": "nichts ist geschehen", "en": "nothing has happened"}[lang]
    one = trial(lang)
    said = {
        "plain": "\n".join(plain.lines(one, lang)),
        "slack": str(slack.body(one, lang)),
        "teams": str(teams.body(one, lang)),
        "ntfy": str(ntfy.publication(one, lang, "t", Level.STORM)),
        "apprise": apprise.title(one, lang),
        "pagerduty": str(pagerduty.event(one, lang)["payload"]),
    }
    assert [name for name, text in said.items() if mark not in text] == []
    assert '"test":true' in webhook.body(one, lang)


def test_it_is_an_alarm_of_the_level_asked_for_and_of_no_incident() -> None:
    alert = trial(level=Level.HURRICANE).alert
    assert (alert.reason, alert.action, alert.test) == (NotifyReason.TEST, Action.TRIGGER, True)
    assert (alert.level, alert.incident, alert.quotes) == (Level.HURRICANE, "", ())
    assert message.message(trial(), "de").links == (("Vorfall öffnen", "http://x/"),)


def test_each_test_has_a_key_of_its_own() -> None:
    later = trial_alert(b.T0 + timedelta(seconds=1), "de", level=Level.STORM, timezone="UTC")
    assert later.key != trial().key


class Answering:
    """A channel that does as it is told."""

    name = "there"
    doubles = ChannelClass.C

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def send(self, delivery: Delivery) -> Receipt:
        if self._error is not None:
            raise self._error
        return Receipt("answered 202: taken")


@pytest.mark.parametrize(
    ("error", "outcome", "answer"),
    [
        (None, AttemptOutcome.ACCEPTED, "answered 202: taken"),
        (ChannelError("busy"), AttemptOutcome.RETRY, "busy"),
        (ChannelError("no", permanent=True), AttemptOutcome.REFUSED, "no"),
        (ChannelError("cut off", ambiguous=True), AttemptOutcome.UNKNOWN, "cut off"),
        (ValueError("a secret"), AttemptOutcome.UNKNOWN, "failed inside (ValueError)"),
    ],
)
def test_what_came_of_it_is_told_as_it_was(
    error: Exception | None, outcome: AttemptOutcome, answer: str
) -> None:
    found = asyncio.run(tried(Answering(error), trial()))
    assert (found.channel, found.outcome, found.answer) == ("there", outcome, answer)
    assert found.accepted == (error is None)
    assert found.latency_ms >= 0
