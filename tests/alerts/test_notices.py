"""What is about no incident reads as such at every receiver: no level, no button, no alarm for a calm morning."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.alert import NotifyReason
from alerts.notices import notice
from alerts.render import mail, ntfy, pagerduty, plain, slack, webhook
from alerts.render.message import OwnWords, message
from alerts.trial import trial_delivery
from detectors.detection import Level

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TITLE = ("143 Erwähnungen, Windstille", "143 mentions, calm")
LINES = (("Blind 22:10–06:30", "Blind 22:10–06:30"), ("Nachts geweckt: Kim", "Called: Kim"))
MORNING = trial_delivery(
    notice(NotifyReason.MORNING, "morning", AT, TITLE, LINES, since=AT), "mail"
)


def test_a_message_says_title_and_lines_in_the_language_of_the_channel() -> None:
    assert message(MORNING, "de").title == TITLE[0]
    assert message(MORNING, "en").lead == LINES[0][1]
    assert message(MORNING, "en").why == ("Called: Kim",)
    assert plain.subject(MORNING, "en") == TITLE[1]
    assert "expected" not in "\n".join(plain.lines(MORNING, "en"))


def test_an_operators_template_for_storms_does_not_touch_it() -> None:
    assert message(MORNING, "en", OwnWords(title="STORM", text="ring")).title == TITLE[1]


def test_a_calm_morning_makes_no_noise_and_has_no_button() -> None:
    sent = ntfy.publication(MORNING, "en", "topic", Level.STORM)
    assert (sent["priority"], sent["tags"]) == (2, ["sunrise"])
    assert "actions" not in sent
    assert "actions" not in str(slack.body(MORNING, "en"))
    assert '"number"' not in mail.html(MORNING, "en")
    assert ">0</td>" not in mail.html(MORNING, "en")


def test_programs_know_it_by_its_type() -> None:
    body = webhook.body(MORNING, "en")
    assert '"type":"notice.morning"' in body
    assert '"lines":["Blind 22:10–06:30","Called: Kim"]' in body


def test_trouble_pages_and_its_recovery_ends_it() -> None:
    pair = ("Kanal tot", "channel dead")
    trouble = notice(NotifyReason.TROUBLE, "failing-mail", AT, pair, since=AT)
    over = notice(NotifyReason.RECOVERED, "failing-mail", AT, pair, since=AT)
    first, last = (pagerduty.event(trial_delivery(one, "pager"), "en") for one in (trouble, over))
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == last["dedup_key"]
    assert trouble.id != over.id
