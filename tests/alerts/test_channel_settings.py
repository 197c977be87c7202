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
    "an unknown type": ({"type": "pigeon"}, "pigeon"),
    "a typing error": ({"type": "console", "langauge": "de"}, "langauge"),
}


@pytest.mark.parametrize(("given", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_settings_say_what_is_wrong(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(ChannelSettings).validate_python(given)
