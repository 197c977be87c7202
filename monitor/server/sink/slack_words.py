"""How Slack's Web API says yes and no."""

from __future__ import annotations

import json
from collections.abc import Mapping

from monitor.server.sink.kept import Json
from monitor.server.sink.receivers import Verdict


def is_bot(headers: Mapping[str, str]) -> bool:
    return headers.get("authorization", "").startswith("Bearer xoxb-")


def no(error: str, **more: str) -> Verdict:
    return Verdict(200, json.dumps({"ok": False, "error": error, **more}))


def yes(said: Json, taken: Json) -> Verdict:
    return Verdict(200, json.dumps({"ok": True, **said}), taken)


def answer(said: Json) -> Verdict:
    """Say yes to what is not kept."""
    return Verdict(200, json.dumps({"ok": True, **said}))
