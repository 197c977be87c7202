"""A settings file that is good, and what comes of it when it is changed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from monitor.settings import Settings, SettingsError, load

TOKEN = "0123456789abcdef-token"
GOOD = dedent(
    """\
    language = "en"
    timezone = "Europe/Vienna"

    [server]
    port = 9000

    [topic.acme-bahn]
    name = "Acme Bahn"
    any = ["acme bahn"]

    [topic.acme-app]
    name = "App"
    all = ["acme", "app"]
    timezone = "Europe/Berlin"

    [source.tool]
    type = "http"
    token = "0123456789abcdef-token"

    [channel.pager]
    type = "pagerduty"
    routing_key = "0123456789abcdef0123456789abcdef"

    [[route]]
    channels = ["pager"]

    [[route]]
    min_level = 5
    topics = ["acme-bahn"]
    channels = ["pager"]
    """
)


def loaded(path: Path, text: str, env: dict[str, str] | None = None) -> Settings:
    path.write_text(text)
    return load(path, env or {})


def complaints(path: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """Return the complaints, the file's name cut short."""
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path, env or {})
    return [str(c).replace(str(path.parent) + "/", "") for c in caught.value.complaints]
