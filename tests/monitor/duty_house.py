"""An install with people, their methods and a rota, for tests of who is on call."""

from __future__ import annotations

from typing import Any

from monitor.server.sink import Sink
from monitor.settings import Settings
from tests.monitor.serving import settings

PEOPLE: dict[str, Any] = {
    "kim": {"name": "Kim Behrens", "methods": [{"channel": "push", "address": "kim-7"}]},
    "lee": {"name": "Lee Hansen", "methods": [{"channel": "mail", "address": "lee@example.org"}]},
    "ben": {"name": "Ben Otto", "methods": []},
}
ROTAS: dict[str, Any] = {
    "community": {
        "people": ["kim", "lee"],
        "since": "2026-11-16",
        "timezone": "Europe/Berlin",
        "deputy": "ben",
    },
    "desk": {
        "people": ["lee"],
        "since": "2026-11-16",
        "timezone": "Europe/Berlin",
        "hours": ["mon-fri 08:00-18:00"],
    },
}


def house(sink: Sink | None = None, **more: Any) -> Settings:
    """Return its settings; without a sink the pushes go to an address that nobody asks."""
    channels: dict[str, Any] = {
        "push": {"type": "ntfy", "topic": "s3cr3t", "urgent_from": 4},
        "mail": {
            "type": "smtp",
            "host": "mail.example.org",
            "from": "glass@example.org",
            "to": ["all@example.org"],
        },
    }
    if sink is not None:
        channels["push"]["url"] = sink.ntfy_url
    base = settings(allow_loopback_receivers=True)
    kept = {name: getattr(base, name) for name in base.model_fields_set}
    given = {"channels": channels, "people": PEOPLE, "rotas": ROTAS, **more}
    return Settings.model_validate({**kept, **given})
