"""What pages show of a query's health: names it may lack, and posts that somebody should judge."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.web.views import PostView
from detectors.query_health import Precision, Suggestion


@dataclass(frozen=True, slots=True)
class SampledPost:
    """One post of the sample; ``ours`` None: nobody has said anything, else ``by`` did."""

    num: int
    post: PostView
    ours: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class HealthPart:
    """A query's health. ``month`` names the sample, ``known_month`` that of the precision.

    ``found``: posts of the month; below ``least`` a new topic is not asked about. ``looked_at`` posts
    were read for names, and ``compared`` elsewhere. ``back``: the address to return to.
    """

    topic: str
    month: str
    found: int
    least: int
    posts: tuple[SampledPost, ...]
    precision: Precision | None
    known_month: str
    suggestions: tuple[Suggestion, ...]
    looked_at: int
    compared: int
    back: str

    @property
    def open(self) -> int:
        return sum(one.ours is None for one in self.posts)
