"""Typed settings: one TOML file, every key overridable by ``STURMGLAS_...`` variables.

`load` gives `Settings` or raises `SettingsError`, whose complaints name file, line and key.
"""

from __future__ import annotations

from monitor.settings.load import Reading, SettingsError, load, read
from monitor.settings.root import Settings
from monitor.settings.routes import RouteSettings
from monitor.settings.sections import (
    CascadeSettings,
    FeedSource,
    FileSource,
    HeadSettings,
    HttpSource,
    MastodonSource,
    PlaybookSettings,
    ServerSettings,
    SourceSettings,
    StoreSettings,
    StreamSettings,
    Strict,
    SyntheticSource,
    TopicSettings,
    WorkSettings,
)

__all__ = [
    "CascadeSettings",
    "FeedSource",
    "FileSource",
    "HeadSettings",
    "HttpSource",
    "MastodonSource",
    "PlaybookSettings",
    "Reading",
    "RouteSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SourceSettings",
    "StoreSettings",
    "StreamSettings",
    "Strict",
    "SyntheticSource",
    "TopicSettings",
    "WorkSettings",
    "load",
    "read",
]
