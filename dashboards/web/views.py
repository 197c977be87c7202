"""What the pages show: frozen view types, filled by `monitor.server.pages`, drawn by `render`.

Views hold data, never words: a level is a `Level`, a time a `datetime`, a cause a code. Words and
formats are chosen while drawing, because they depend on who looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.incident import Outcome, Status
from dashboards.web.curve import Curve, Range, Span, Spark
from dashboards.web.gaps import Gap
from detectors.detection import Level, Reason
from detectors.silencers import Silencer


class Trend(StrEnum):
    """Where the last quarter of an hour stands against the one before."""

    RISING = "rising"
    FLAT = "flat"
    FALLING = "falling"


class Unknown(StrEnum):
    """Why a topic has no level."""

    NO_DATA = "no_data"  # no bin was ever closed
    STALLED = "stalled"  # the newest closed bin is too old
    BLIND = "blind"  # every source that could tell is failed or silent
    HUSHED = "hushed"  # nothing is said where something should be


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and how: ``theme`` is "", "light" or "dark"; ``actor`` "" until a name is given."""

    lang: str = "de"
    theme: str = ""
    actor: str = ""
    shortcuts: bool = True


@dataclass(frozen=True, slots=True)
class Chrome:
    """What every page carries around its content.

    ``here`` is the address of this page for its own re-fetch and language links, ``base`` that of
    this server as the reader reaches it, without a slash at its end. ``data_until`` is
    the newest time that any source told us of. ``failures`` are plain sentences of what is broken.
    """

    viewer: Viewer
    now: datetime
    zone: str
    here: str
    page: str
    base: str = ""
    data_until: datetime | None = None
    open_incidents: int = 0
    demo: bool = False
    drill: bool = False
    sink_url: str = ""
    failures: tuple[str, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of an action: ``key`` of the message, ``by`` and ``at`` of who was first."""

    key: str
    what: str = ""
    by: str = ""
    at: datetime | None = None
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """One topic in the list. ``level`` None: unknown, with ``unknown`` saying why.

    ``negatives`` of the last hour against ``expected``; ``blind`` names the sources that are
    missing although a level is shown; ``capped`` those of which only a part of the hour was seen,
    so that there were at least so many; ``at`` end of the newest closed bin.
    """

    topic: str
    name: str
    brand: str
    level: Level | None
    trend: Trend
    negatives: int
    expected: Range | None
    spark: Spark
    at: datetime | None
    unknown: Unknown | None = None
    blind: tuple[str, ...] = ()
    capped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostView:
    """One post that stands for ``copies`` more. Never a private message.

    ``num``: its number in the store, 0 for unknown. ``tone``: -1, 0, 1, 2 for unread; None where it is
    not shown. ``topic``: where its tone may be corrected, "" for nowhere. ``answers``: questions answered
    with yes, in percent by name; ``marks``: what rules say ("banned", "suspect": a term; "unsure": why).
    """

    text: str
    lang: str
    source: str
    at: datetime
    url: str = ""
    handle: str = ""
    reach: int = 0
    copies: int = 0
    deleted: bool = False
    num: int = 0
    tone: int | None = None
    topic: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is new: ``count`` in the last hour where ``usual`` would be expected."""

    term: str
    count: int
    usual: float


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole, 0..1, with its number of posts."""

    name: str
    share: float
    count: int


@dataclass(frozen=True, slots=True)
class AuthorView:
    """One author of a burst. ``handle`` is "" where the vault has none; then ``key`` tells them apart.

    ``reach`` of their widest post, ``posts`` negatives of theirs; ``new`` to the topic.
    """

    key: str
    handle: str
    reach: int
    posts: int
    new: bool


@dataclass(frozen=True, slots=True)
class CriticalView:
    """Share of critical ones among ``texts``, with the ends of its interval; in [0, 1]."""

    value: float
    low: float
    high: float
    texts: int


@dataclass(frozen=True, slots=True)
class CardView:
    """A burst as it stood at ``at``, when the incident last opened or rose to ``level``.

    ``hour`` negatives of the last hour against ``expected``; ``days`` return period, 0 where unknown.
    ``negatives`` since ``onset``, the first of them. ``new_share`` of ``authors_known`` different
    people. ``silent``: what would have kept it below 4. ``critical``: share of the hour's texts, with the
    ends of its interval and their number; None where it was not told.
    """

    at: datetime
    level: Level
    onset: datetime
    hour: int
    expected: Range
    days: float
    negatives: int
    authors_known: int
    new_share: float
    term_posts: int
    terms: tuple[Term, ...] = ()
    authors: tuple[AuthorView, ...] = ()
    sources: tuple[Share, ...] = ()
    langs: tuple[Share, ...] = ()
    silent: tuple[Silencer, ...] = ()
    critical: CriticalView | None = None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident in one line. ``held_by``: whose silence holds it back; ``asked``: what it was is still to be
    said by whoever cleared it."""

    id: str
    ref: str
    title: str
    brand: str
    level: Level
    peak: Level
    status: Status
    onset: datetime
    opened_at: datetime
    updated_at: datetime
    needs_ack: bool = False
    owner: str = ""
    overdue: int = 0
    outcome: Outcome | None = None
    resolved_at: datetime | None = None
    held_by: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """The chosen topic, from verdict to evidence. Counts are of the last hour unless named else.

    ``since_*`` count from ``onset``. ``authors`` unique negative authors as measured, None where
    no assessment says so. ``ours``: share of what the query finds that is about the brand,
    ``recall``: share of critical posts that are seen to be so; each only where it is too low. ``about``:
    how many of the ``looked_at`` posts were answered how, by name.
    """

    tile: Tile
    mentions: int
    curve: Curve
    onset: datetime | None = None
    since_mentions: int = 0
    since_negatives: int = 0
    authors: int | None = None
    media: Level = Level.CALM
    reasons: tuple[Reason, ...] = ()
    silent: tuple[Silencer, ...] = ()
    posts: tuple[PostView, ...] = ()
    terms: tuple[Term, ...] = ()
    term_posts: int = 0
    sources: tuple[Share, ...] = ()
    sources_known: int = 0
    langs: tuple[Share, ...] = ()
    unread: int = 0
    about: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    incident: IncidentRow | None = None
    playbook: str = ""
    run_anchor: str = ""
    ours: float | None = None
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The situation room. ``detail`` None: there is no topic, or nothing came in at all.

    ``senders``: sources that wait for posts sent to them. ``silences``: matchers and end of those that stand.
    """

    chrome: Chrome
    gaps: tuple[Gap, ...]
    tiles: tuple[Tile, ...]
    detail: Detail | None
    span: Span
    table: bool = False
    anything: bool = True
    topics_configured: bool = True
    sources_configured: bool = True
    senders: tuple[str, ...] = ()
    silences: tuple[tuple[str, datetime], ...] = ()
