"""Typed settings: one TOML file, every key overridable by ``STURMGLAS_...`` environment variables.

Channels declare their own settings beside their code (`alerts.channels`); sources, which are
above this floor, are declared here. Complaints name file and line (`load`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Strict(BaseModel):
    """Unknown keys are refused, so that a typing error is never a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Strict):
    """Where the service listens; loopback unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535, description="0 takes a free port")
    public_url: str = Field(default="", description="address people use; links in alerts start with it")
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    max_backlog_bytes: int = Field(
        default=512 * 1024 * 1024, description="beyond this much unread log, ingest answers 503"
    )


class StoreSettings(Strict):
    """Where everything is kept."""

    url: str = "sqlite:///sturmglas.db"
    max_bytes: int = Field(default=0, ge=0, description="upper bound of the file; 0 = the disk's")


class TopicSettings(Strict):
    """What we watch. See `detectors.topic`."""

    name: str
    any: list[str] = []
    all: list[str] = []
    none: list[str] = []
    brand: str = ""
    languages: list[str] = []
    timezone: str = "Europe/Berlin"
    alarm_budget_days: float = Field(default=30.0, gt=0, le=365)
    thresholds: dict[str, float] = {}


class HttpSource(Strict):
    """Mentions pushed to ``POST /api/v1/mentions``; at least one of token and secret."""

    type: Literal["http"]
    token: SecretStr | None = None
    signing_secret: SecretStr | None = Field(
        default=None, description="Standard Webhooks secret, whsec_..."
    )


class FeedSource(Strict):
    """An RSS or Atom feed, polled politely (ETag, Last-Modified)."""

    type: Literal["feed"]
    url: str
    every_s: int = Field(default=300, ge=30)
    kind: Literal["article", "post", "review", "video"] = "article"


class MastodonSource(Strict):
    """A Mastodon server's stream: public, hashtag or user."""

    type: Literal["mastodon"]
    url: str
    token: SecretStr | None = None
    stream: Literal["public", "public/local", "hashtag", "user"] = "hashtag"
    hashtag: str = ""


class FileSource(Strict):
    """A file of mentions (JSONL, CSV; .gz too), read to its end and then followed."""

    type: Literal["file"]
    path: Path
    follow: bool = True


class SyntheticSource(Strict):
    """The demo's invented world; never mixed with real sources unless asked for."""

    type: Literal["synthetic"]
    seed: int = 1


SourceSettings = Annotated[
    HttpSource | FeedSource | MastodonSource | FileSource | SyntheticSource, Field(discriminator="type")
]


class RouteSettings(Strict):
    """Which channels hear of what; every route that fits is used, in the order of the file."""

    min_level: int = Field(default=4, ge=0, le=6)
    topics: list[str] = []
    channels: list[str]
