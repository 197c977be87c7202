"""Who is on call in the demo: settings as a file could hold them, of which nothing is to be said."""

from __future__ import annotations

from datetime import date

from detectors.detection import Level
from monitor.app.demo_duty import on_call
from monitor.settings import Settings
from tests.monitor.serving import settings


def test_the_demo_calls_people_who_can_be_told_apart() -> None:
    pager = {"type": "pagerduty", "routing_key": "d" * 32}
    slack = {"type": "slack", "token": "xoxb-1", "channel": "C1", "signing_secret": "s" * 32}
    mail = {"type": "smtp", "host": "127.0.0.1", "from_": "a@example.org", "to": ["b@example.org"]}
    hook = {
        "type": "webhook",
        "url": "https://example.org/x",
        "signing_secret": "whsec_" + "QUFB" * 8,
    }
    given = settings().model_dump(by_alias=True) | {
        "channel": {"pager": pager, "slack": slack, "mail": mail, "webhook": hook},
        "route": [],
    }
    made = on_call(Settings.model_validate(given), date(2026, 3, 2))
    again = Settings.model_validate(made.model_dump(by_alias=True))
    assert again == made
    keys = {
        c.routing_key.get_secret_value() for c in made.channels.values() if c.type == "pagerduty"
    }
    assert len(keys) == 3
    assert {p.name for p in made.to_people(Level.STORM).values() if p.wakes} == {
        "Community-Team",
        "Kundenservice",
        "Teamleitung",
    }
