"""Settings of channels: what is wrong is said before anything is sent."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from alerts.channels import ChannelSettings

WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no way into slack": ({"type": "slack"}, "exactly one of webhook_url and token"),
    "two ways into slack": (
        {"type": "slack", "webhook_url": "https://x", "token": "t", "channel": "C1"},
        "exactly one of",
    ),
    "a bot without a channel": ({"type": "slack", "token": "t"}, "token needs channel"),
    "a short secret": (
        {"type": "webhook", "url": "https://x", "signing_secret": "whsec_c2hvcnQ="},
        "24 to 64 bytes",
    ),
    "a secret without prefix": (
        {"type": "webhook", "url": "https://x", "signing_secret": "x" * 40},
        "whsec_",
    ),
    "nobody to mail to": ({"type": "smtp", "host": "h", "from": "a@b.de", "to": []}, "to"),
    "no address": ({"type": "smtp", "host": "h", "from": "me", "to": ["a@b.de"]}, "'me' is no"),
    "half an access": (
        {"type": "smtp", "host": "h", "from": "a@b.de", "to": ["a@b.de"], "user": "u"},
        "belong together",
    ),
    "no topic to push to": ({"type": "ntfy", "topic": "a/b"}, "letters, digits"),
    "two accesses": (
        {"type": "ntfy", "topic": "t", "token": "t", "user": "u", "password": "p"},
        "either token, or user",
    ),
    "half an access to ntfy": ({"type": "ntfy", "topic": "t", "user": "u"}, "belong together"),
    "a service that is not allowed": (
        {"type": "apprise", "url": "syslog://local", "schemas": ["twilio"]},
        "none of schemas; expected one of twilio",
    ),
    "no address at all": ({"type": "apprise", "url": "twilio", "schemas": ["twilio"]}, "none of"),
    "an unknown type": ({"type": "pigeon"}, "pigeon"),
    "a typing error": ({"type": "console", "langauge": "de"}, "langauge"),
}


@pytest.mark.parametrize(("given", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_settings_say_what_is_wrong(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(ChannelSettings).validate_python(given)


PIERCES: dict[str, tuple[dict[str, object], int | None]] = {
    "pagerduty rings by its own rules": ({"type": "pagerduty", "routing_key": "k"}, 0),
    "ntfy at its highest priority": ({"type": "ntfy", "topic": "t"}, 5),
    "ntfy always": ({"type": "ntfy", "topic": "t", "urgent_from": 0}, 0),
    "a text": ({"type": "apprise", "url": "twilio://a:b@1/2", "schemas": ["twilio"]}, 0),
    "a chat": ({"type": "apprise", "url": "discord://a/b", "schemas": ["discord"]}, None),
    "slack": ({"type": "slack", "webhook_url": "https://x"}, None),
    "teams": ({"type": "teams", "webhook_url": "https://x"}, None),
    "mail": ({"type": "smtp", "host": "h", "from": "a@b.de", "to": ["a@b.de"]}, None),
    "console": ({"type": "console"}, None),
}


@pytest.mark.parametrize(("given", "level"), PIERCES.values(), ids=PIERCES.keys())
def test_each_channel_says_from_which_level_it_can_wake(
    given: dict[str, object], level: int | None
) -> None:
    assert TypeAdapter(ChannelSettings).validate_python(given).pierces_from == level
