"""The sections of the settings, typed. Each says what it holds, its defaults and its limits.

Channels declare their own settings beside their code (`alerts.channels`); sources, which are
above this floor, are declared here. What a person reads when a value does not fit is made from
these types by `monitor.settings.load`.
"""

from __future__ import annotations

import functools
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from detectors.fold import fold
from detectors.term import A_LANGUAGE, is_language, read, sources_of
from playbooks.complaints import nearest


@functools.cache
def _zones() -> frozenset[str]:
    """Return all zone names; asked once, for it reads hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> str:
    """Return ``name`` when the time zone data know it."""
    known = _zones()
    if name not in known:
        raise ValueError(
            f'expected the name of a time zone, such as "Europe/Berlin"{nearest(name, known)}'
        )
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""A name that people give: it stands in addresses, metrics and files."""
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


def _findable(term: str) -> str:
    """Return ``term`` when something can be found by it; "*" alone would be every word."""
    read(term)
    return term


def _phrase(phrase: str) -> str:
    """Return ``phrase`` when a tripwire can be it: these know no limits, and * only at the end."""
    if "*" in phrase.rstrip("* ") or not fold(phrase).rstrip("* "):
        raise ValueError('expected a word or a phrase, * only at its end, such as "verletzt*"')
    return phrase


_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Term = Annotated[_Line, AfterValidator(_findable)]
"""What a query looks for, in the language of `detectors.term`."""
Phrase = Annotated[_Line, AfterValidator(_phrase)]


def _language(tag: str) -> str:
    if not is_language(tag):
        raise ValueError(A_LANGUAGE)
    return tag


Language = Annotated[str, AfterValidator(_language)]


class Strict(BaseModel):
    """Unknown keys are refused, so that a typing error is never a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Strict):
    """Where the service listens; loopback unless told otherwise."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8787, ge=0, le=65535, description="0 takes a free port")
    token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="asked of everybody who looks; needed as soon as host is not this machine",
    )
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+\S*)?$")] = Field(
        default="", description="address people use; links in alerts start with it"
    )
    max_body_bytes: int = Field(
        default=4 * 1024 * 1024, ge=1024, description="largest body a sender may post"
    )
    max_backlog_bytes: int = Field(
        default=512 * 1024 * 1024,
        ge=1024 * 1024,
        description="beyond this much unread log, ingest answers 503",
    )
    allow_loopback_receivers: bool = Field(
        default=False, description="feeds and channels may be on this machine (demo, tests)"
    )
    inside_hosts: list[Annotated[str, Field(pattern=r"^[^\s/:]+$")]] = Field(
        default=[], description="names of hosts in our own network that may be reached as well"
    )


class StoreSettings(Strict):
    """Where everything is kept."""

    url: str = Field(
        default="sqlite:///sturmglas.db",
        description="sqlite:///FILE, or postgresql://USER@HOST:PORT/DATABASE",
    )
    password: SecretStr | None = Field(
        default=None, description="PostgreSQL: password of the user in url"
    )
    max_bytes: int = Field(
        default=0, ge=0, description="SQLite: upper bound of the file; 0: what the disk holds"
    )
    keep_days: int = Field(
        default=0, ge=0, description="mentions older than this are dropped; 0: none ever are"
    )


class StreamSettings(Strict):
    """The log between senders and pipeline: what was accepted waits here until it is filed."""

    url: str = Field(
        default="",
        description="empty: in the store's SQLite file; else redis://, rediss://, redis+cluster://, or sqlite:///FILE",
    )
    password: SecretStr | None = Field(
        default=None, description="Redis: password of the user in url"
    )
    shards: int = Field(
        default=8, ge=1, le=256, description="Redis: parts that workers share; fixed while in use"
    )
    # The length apart from the pattern: with {1,64} in it the pattern takes 30 ms to compile.
    prefix: str = Field(
        default="sturmglas",
        min_length=1,
        max_length=64,
        pattern=r"^[\w.-]+$",
        description="Redis: begins every key of ours",
    )
    replicas: int = Field(
        default=0,
        ge=0,
        le=5,
        description="Redis: replicas that must have it before we say accepted",
    )


class WorkSettings(Strict):
    """How the work is shared where several processes work on one PostgreSQL and one Redis."""

    partitions: int = Field(
        default=8, ge=1, le=256, description="groups of topics, each judged by one worker at a time"
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="where `sturmglas work` shows its /metrics"
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="its port; 0: `sturmglas work` shows none"
    )


class CascadeSettings(Strict):
    """What may be asked of transformers, where `HeadSettings` name one."""

    queue: int = Field(default=2000, ge=1, le=100_000, description="mentions that may wait for it")
    deadline_s: int = Field(
        default=300, ge=1, le=86_400, description="seconds after which it is too late for one"
    )
    batch: int = Field(default=16, ge=1, le=256, description="texts read at once")
    uncertain_from: float = Field(
        default=0.6, ge=0, le=1, description="0: everything is read again; 1: only the undecided"
    )
    threads: int = Field(default=1, ge=1, le=64, description="cores that it may use")


class HeadSettings(Strict):
    """A transformer that answers a head where the built-in scorer is in doubt: ``[transformer.HEAD]``."""

    model: str = Field(default="", pattern=r"^\S*$", description="name on the hub; or set path")
    path: Path | None = Field(default=None, description="folder of a model; nothing is fetched")
    revision: str = Field(default="main", min_length=1, description="of a named model: commit")
    runtime: Literal["torch", "onnx"] = Field(
        default="torch", description="onnx: the .onnx file in path, 8 bits if there are several"
    )
    labels: dict[str, str] = Field(
        default={}, description="the model's labels, where their names do not say ours"
    )
    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]] = Field(
        default=["de", "en"], description="that the model was taught with; empty: every language"
    )
    max_tokens: int = Field(default=128, ge=8, le=8192, description="of a text that are read")

    @model_validator(mode="after")
    def _names_one_model(self) -> HeadSettings:
        if bool(self.model) == (self.path is not None):
            raise ValueError("expected either model, a name, or path, a folder")
        if self.runtime == "onnx" and self.path is None:
            raise ValueError('runtime = "onnx" without path; expected a folder with an .onnx file')
        return self


def _for_all_sources(term: str) -> str:
    """Return ``term`` when it is a term without a limit to sources: a word list is for all of them."""
    if sources_of(term):
        raise ValueError('expected a term without source:, such as "lang:de idiot*"')
    return term


Word = Annotated[Term, AfterValidator(_for_all_sources)]
"""What a word list looks for."""


class WordSettings(Strict):
    """Words that decide by themselves, whatever the model says. See `detectors.score.words`."""

    banned: list[Word] = Field(default=[], description="a text with one of these is offensive")
    suspect: list[Word] = Field(default=[], description="a text with one of these is marked")


class RivalSettings(Strict):
    """A competitor that posts may name along: ``[topic.x.rivals.y]``."""

    any: list[Term] = Field(min_length=1, description="at least one of these names the rival")
    none: list[Term] = Field(default=[], description="none of these may stand in a text")


class TopicSettings(Strict):
    """What we watch. See `detectors.topic`."""

    name: str = Field(min_length=1, max_length=200, description="what people call it")
    any: list[Term] = Field(default=[], description="at least one of these must stand in a text")
    all: list[Term] = Field(default=[], description="every one of these must stand in a text")
    none: list[Term] = Field(default=[], description="none of these may stand in a text")
    brand: str = Field(default="", description="groups the topics of one brand")
    languages: list[Language] = Field(default=[], description="BCP 47 tags; empty: every language")
    sources: list[Name] = Field(default=[], description="names of sources; empty: every source")
    timezone: Zone = Field(
        default="Europe/Berlin", description="its hours of the week; unset: the install's"
    )
    alarm_budget_days: float = Field(
        default=30.0, gt=0, le=365, description="one page without a real storm in so many days"
    )
    thresholds: dict[str, float] = Field(
        default={}, description="single thresholds of the levels, by name"
    )
    rivals: dict[Name, RivalSettings] = Field(
        default={}, description="competitors: a storm that is theirs is said to be"
    )

    @model_validator(mode="after")
    def _has_a_term(self) -> TopicSettings:
        if not self.any and not self.all:
            raise ValueError("no term to look for; expected at least one in any or in all")
        return self


class Fed(Strict):
    """A source from which something is expected."""

    expect_every_min: float | None = Field(
        default=None,
        ge=0.02,
        le=60 * 24 * 31,
        description="minutes without a mention after which it is missing; unset: none",
    )


class HttpSource(Fed):
    """Mentions pushed to ``POST /api/v1/mentions``; at least one of token and secret."""

    type: Literal["http"]
    token: SecretStr | None = Field(default=None, description="bearer token of this sender")
    signing_secret: SecretStr | None = Field(
        default=None, description="Standard Webhooks secret, whsec_..."
    )

    @model_validator(mode="after")
    def _can_be_told(self) -> HttpSource:
        given = [s for s in (self.token, self.signing_secret) if s and s.get_secret_value()]
        if not given:
            raise ValueError(
                "neither token nor signing_secret; expected at least one, else anybody could post"
            )
        return self


class FeedSource(Fed):
    """An RSS or Atom feed, polled politely (ETag, Last-Modified)."""

    type: Literal["feed"]
    url: WebAddress = Field(description="address of the feed")
    every_s: int = Field(default=300, ge=30, le=86_400, description="seconds between two polls")
    kind: Literal["article", "post", "review", "video"] = Field(
        default="article", description="what its entries are"
    )


class MastodonSource(Fed):
    """A Mastodon server's stream: public, hashtag or user."""

    type: Literal["mastodon"]
    url: WebAddress = Field(description="address of the server")
    token: SecretStr | None = Field(default=None, description="access token with scope read")
    stream: Literal["public", "public/local", "hashtag", "user"] = Field(
        default="hashtag", description="which stream to follow"
    )
    hashtag: str = Field(default="", description='without #; needed by stream = "hashtag"')

    @model_validator(mode="after")
    def _names_its_hashtag(self) -> MastodonSource:
        if self.stream == "hashtag" and not self.hashtag.strip("# "):
            raise ValueError('stream = "hashtag" without hashtag; expected hashtag = "yourbrand"')
        if self.stream == "user" and self.token is None:
            raise ValueError('stream = "user" without token; expected the token of that user')
        return self


class FileSource(Fed):
    """A file of mentions (JSONL, CSV; .gz too), read to its end and then followed."""

    type: Literal["file"]
    path: Path = Field(description="file of mentions")
    follow: bool = Field(default=True, description="keep reading what is appended")


class SyntheticSource(Strict):
    """The demo's invented world; never mixed with real sources unless asked for."""

    type: Literal["synthetic"]
    seed: int = Field(default=1, description="the same seed invents the same world")


SourceSettings = Annotated[
    HttpSource | FeedSource | MastodonSource | FileSource | SyntheticSource,
    Field(discriminator="type"),
]


class PlaybookSettings(Strict):
    """Where playbooks come from besides the shipped library."""

    paths: list[Path] = Field(
        default=[],
        description="files or folders of own playbooks; an own id replaces a shipped one",
    )
