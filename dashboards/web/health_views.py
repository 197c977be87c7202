"""What pages show of a query's health: names it may lack, and posts that somebody should judge."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.web.views import PostView


@dataclass(frozen=True, slots=True)
class SampledPost:
    """One post of the sample; ``ours`` None: nobody has said anything, else ``by`` did."""

    num: int
    post: PostView
    ours: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ours:
    """How many of the posts judged are about the brand, in which month; ``low`` to ``high``: 95 %."""

    ours: int
    marked: int
    share: float
    low: float
    high: float
    month: str
    too_low: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that the query may lack. ``sort``: hashtag, handle or name; ``share`` of posts here."""

    term: str
    sort: str
    share: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class HealthPart:
    """A query's health. ``month`` names the sample; ``precision`` None: too few were judged.

    ``found``: posts of the month; below ``least`` a new topic is not asked about. ``looked_at`` posts
    were read for names, and ``compared`` elsewhere. ``back``: the address to return to.
    """

    topic: str
    month: str
    found: int
    least: int
    posts: tuple[SampledPost, ...]
    precision: Ours | None
    suggestions: tuple[Missing, ...]
    looked_at: int
    compared: int
    back: str

    @property
    def open(self) -> int:
        return sum(one.ours is None for one in self.posts)
