"""What pages show of how tones are read: the week's posts, how well it goes, and what corrections taught."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboards.web.views import Chrome, PostView


@dataclass(frozen=True, slots=True)
class Measured:
    """``right`` of ``n``; ``low`` to ``high``: 95 %."""

    right: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.right / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class AskedPost:
    """One post of the week. ``said``: -1, 0 or 1; None: nobody has said anything, else ``by`` did.
    ``was``: what had been read."""

    num: int
    post: PostView
    said: int | None = None
    was: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class SaidRow:
    """One word of somebody, newest first; ``text`` "" where its platform deleted the post."""

    num: int
    text: str
    lang: str
    was: int
    said: int
    by: str
    at: datetime
    drawn: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """Weights that corrections taught. ``before``, ``after``: macro-F1 of the shipped ones and of these;
    ``low``: lower end of the gain; ``may``: they read surely better; ``old``: made for other shipped weights."""

    id: int
    name: str
    learner: str
    lessons: int
    drawn: int
    before: float
    after: float
    low: float
    at: datetime
    may: bool
    speaks: bool
    old: bool


@dataclass(frozen=True, slots=True)
class SpokeRow:
    """From ``at`` on these weights spoke; ``name`` "": the shipped ones."""

    name: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Teaching:
    """What corrections taught, in the whole install. ``void``: what was to speak was made for other shipped
    weights. ``newest``: the newest row of the history, as it is sent back. ``residuals``, ``unknown``: when
    drawn posts changed."""

    lessons: int
    least: int
    needed: int
    base: str
    versions: tuple[VersionRow, ...]
    history: tuple[SpokeRow, ...]
    speaks: str
    void: bool
    newest: int
    residuals: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingPage:
    """How the tones of a topic are read. ``week``: of the posts asked about; ``wrong``: what could not be done.

    ``people`` and ``machine``: how many of the ``right.n`` drawn posts are negative, as each says.
    """

    chrome: Chrome
    topic: str
    name: str
    week: str
    asked: tuple[AskedPost, ...]
    right: Measured
    recall: Measured
    known: bool
    unreliable: bool
    least: int
    people: int
    machine: int
    said: tuple[SaidRow, ...]
    teaching: Teaching
    wrong: str = ""

    @property
    def open(self) -> int:
        return sum(one.said is None for one in self.asked)
