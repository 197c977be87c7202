"""How a topic's query does: names it may lack, and a monthly sample that people judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detectors.query_health import (
    SAMPLE,
    Mark,
    Precision,
    Said,
    Suggestion,
    month_of,
    precision,
    sample,
    suggest,
)
from detectors.topic import Topic
from monitor.desk.errors import Invalid, NotFound
from monitor.ports import Post, Reader, Store

SPAN = timedelta(days=28)
"""How far back names are looked for."""
LOOKED_AT = 1_000
"""Posts of a topic, and as many others, that are read for names: 50 ms."""
OTHER_TOPICS = 10
VALID = 3
"""So many months a precision stands while nobody marks."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One post of the sample, and what was said of it."""

    post: Post
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest precision that is known, and its month; None where too few were ever marked."""

    month: str = ""
    precision: Precision | None = None

    @property
    def too_low(self) -> bool:
        return self.precision is not None and self.precision.too_low


@dataclass(frozen=True, slots=True)
class Health:
    """How a query does. ``found``: posts of the month; ``sample`` is empty while a topic has had fewer
    than `SAMPLE` in its first month. ``compared``: posts elsewhere that names were held against."""

    topic: str
    month: str
    found: int
    sample: tuple[Sampled, ...]
    standing: Standing
    suggestions: tuple[Suggestion, ...]
    looked_at: int
    compared: int

    @property
    def open(self) -> int:
        """Posts of the sample of which nobody has said anything yet."""
        return sum(one.mark is None for one in self.sample)


def health(read: Reader, topic: Topic, topics: Mapping[str, Topic], now: datetime) -> Health:
    """Return how the query of ``topic`` does at ``now``. Months are those of UTC."""
    month = month_of(now)
    found = _found(read, topic.id, _month_start(now), now)
    marks = {mark.num: mark for mark in read.marks(topic.id, month)}
    drawn = sample(topic.id, month, found) if _may_ask(read, topic.id, found) else []
    posts = [p for p in read.posts(drawn) if not p.deleted]
    here, others = _texts(read, topic.id, topics, now)
    return Health(
        topic=topic.id,
        month=month,
        found=len(found),
        sample=tuple(Sampled(post, marks.get(post.num)) for post in posts),
        standing=standing(read, topic.id, now),
        suggestions=tuple(suggest(topic, here, others)),
        looked_at=len(here),
        compared=len(others),
    )


def standing(read: Reader, topic: str, now: datetime) -> Standing:
    """Return the newest precision of a topic that is known, of the last `VALID` months; one read."""
    by_month: dict[str, list[Mark]] = {}
    oldest = month_of(now - VALID * timedelta(days=30))
    for mark in read.marks(topic):
        if mark.month >= oldest:
            by_month.setdefault(mark.month, []).append(mark)
    for month in sorted(by_month, reverse=True):
        seen = precision(by_month[month])
        if seen.known:
            return Standing(month, seen)
    return Standing()


def mark(
    store: Store,
    topics: Mapping[str, Topic],
    topic: str,
    num: int,
    ours: bool,
    actor: str,
    now: datetime,
) -> Mark:
    """Keep what a person says of one post of this month's sample; saying it anew replaces it."""
    if topic not in topics:
        raise NotFound(f"topic {topic[:80]!a}")
    month = month_of(now)
    found = _found(store.read, topic, _month_start(now), now)
    known = {m.num for m in store.read.marks(topic, month)}
    if num not in known and num not in sample(topic, month, found):
        raise Invalid(f"post {num} is not in the sample of {month}; others would not be by chance")
    said = Mark(topic, num, month, ours, actor, now)
    with store.begin() as tx:
        tx.mark_relevance(said)
    return said


def _may_ask(read: Reader, topic: str, found: Sequence[int]) -> bool:
    """A new topic is asked about from its first `SAMPLE` posts on; later months from their first."""
    return len(found) >= SAMPLE or bool(read.marks(topic))


def _found(read: Reader, topic: str, since: datetime, until: datetime) -> list[int]:
    """Return the numbers of a topic's posts; of more than 50,000 the newest."""
    return read.window(topic, since, until + timedelta(minutes=1)).num


def _month_start(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _texts(
    read: Reader, topic: str, topics: Mapping[str, Topic], now: datetime
) -> tuple[list[Said], list[Said]]:
    """Return posts of the topic and posts elsewhere, by chance as far as there are too many."""
    since = now - SPAN
    mine = _found(read, topic, since, now)
    elsewhere = read.unmatched(since, LOOKED_AT)
    for other in [id for id in topics if id != topic][:OTHER_TOPICS]:
        elsewhere += read.window(other, since, now, LOOKED_AT).num
    others = set(elsewhere) - set(mine)
    return _said(read, sample(topic, "names", mine, LOOKED_AT)), _said(
        read, sample(topic, "names", others, LOOKED_AT)
    )


def _said(read: Reader, nums: Sequence[int]) -> list[Said]:
    return [
        Said(f"{post.title}. {post.text}" if post.title else post.text, post.author)
        for post in read.posts(nums)
        if not post.deleted
    ]
