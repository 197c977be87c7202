"""Mention: the one thing that flows in. UTC, identified, never changed.

The wire form and the inner form are one type: the door decodes JSON straight into it, so that
nothing is copied between them. Every other floor reads mentions; none makes its own.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

TEXT_LIMIT = 20_000
"""Longest accepted text, in characters (docs/architecture.md, contract of the wire)."""


class Kind(StrEnum):
    """What sort of thing was published."""

    POST = "post"
    COMMENT = "comment"
    REPLY = "reply"
    SHARE = "share"
    REVIEW = "review"
    DM = "dm"
    ARTICLE = "article"
    VIDEO = "video"
    MAIL = "mail"


class Direction(StrEnum):
    """Who speaks: the public, the brand itself, or a partner in its name."""

    INBOUND = "inbound"
    OWN = "own"
    PARTNER = "partner"


class AccountType(StrEnum):
    """What the platform says the author is."""

    PERSON = "person"
    ORG = "org"
    BOT = "bot"


class _Wire(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """Base of all wire types: frozen, keyword-only, unknown fields refused by name.

    ``gc=False``: text and numbers hold no cycles, so the garbage collector need not look at them.
    """


Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Short = Annotated[str, msgspec.Meta(max_length=512)]


class Author(_Wire, frozen=True):
    """Who wrote it, as far as the source says. Lives only in the identity vault once stored."""

    handle: Short = ""
    name: Short = ""
    followers: Count | None = None
    verified: bool | None = None
    account_type: AccountType | None = None


class Media(_Wire, frozen=True):
    """One attached picture, film or sound; never fetched by us."""

    type: Short = ""
    url: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    alt: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class Metrics(_Wire, frozen=True):
    """Public counters of a post at the time it was seen."""

    likes: Count | None = None
    replies: Count | None = None
    shares: Count | None = None
    views: Count | None = None
    reach: Count | None = None


class Mention(_Wire, frozen=True):
    """One public utterance about something we watch.

    Identity is (``source``, ``source_id``): the same pair is the same mention for ever, whatever
    its date or text. ``published_at`` carries an offset on the wire; ``published_utc`` is what
    everything inside uses.
    """

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    source_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    text: Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
    published_at: Annotated[datetime, msgspec.Meta(tz=True)]
    url: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    title: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    lang: Annotated[str, msgspec.Meta(max_length=35)] = ""
    kind: Kind = Kind.POST
    author: Author | None = None
    thread_id: Short = ""
    parent_id: Short = ""
    direction: Direction = Direction.INBOUND
    tags: Annotated[tuple[Short, ...], msgspec.Meta(max_length=100)] = ()
    links: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=2048)], ...], msgspec.Meta(max_length=100)
    ] = ()
    media: Annotated[tuple[Media, ...], msgspec.Meta(max_length=50)] = ()
    metrics: Metrics | None = None
    rating: float | None = None
    country: Annotated[str, msgspec.Meta(max_length=2)] = ""

    @property
    def id(self) -> bytes:
        """16 bytes that name this mention in every store (see `mention_id`)."""
        return mention_id(self.source, self.source_id)

    @property
    def published_utc(self) -> datetime:
        """The time of publication in UTC."""
        return self.published_at.astimezone(UTC)

    @property
    def reach(self) -> int:
        """How many people may have seen it: stated reach, else views, else followers, else 0."""
        metrics, author = self.metrics, self.author
        if metrics is not None:
            if metrics.reach is not None:
                return metrics.reach
            if metrics.views is not None:
                return metrics.views
        if author is not None and author.followers is not None:
            return author.followers
        return 0


def readable(title: str, text: str) -> str:
    """Return what is read and looked through of a mention: its text, below its title if it has one."""
    return f"{title}\n{text}" if title else text


def mention_id(source: str, source_id: str) -> bytes:
    """Return the 128-bit identity of a mention: BLAKE2b of source, NUL, source_id."""
    return hashlib.blake2b(f"{source}\0{source_id}".encode(), digest_size=16).digest()


def author_key(secret: bytes, source: str, handle: str) -> int:
    """Return a signed 64-bit pseudonym of an author, stable for one install's ``secret``.

    0 means "no author stated" and is never returned for a non-empty handle. Handles are compared
    without case and without a leading ``@``; the same handle on two sources is two authors,
    because nothing proves that it is one person.
    """
    handle = handle.strip().lstrip("@").casefold()
    if not handle:
        return 0
    digest = hashlib.blake2b(
        f"{source}\0{handle}".encode(), key=secret[:64], digest_size=8
    ).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


class MentionRef(_Wire, frozen=True):
    """Names one mention that its platform deleted; nothing else is known of it any more."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    source_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class MetricsUpdate(_Wire, frozen=True):
    """New public counters of a mention that was sent before."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    source_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    metrics: Metrics
