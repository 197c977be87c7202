"""What people write in the last hour: quotes, words, shares; private messages only counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboards.web.views import PostView, Share, Term
from detectors.measures import PRIVATE, representatives
from detectors.score.base import YES, Tone, percent
from detectors.terms import burst_terms
from detectors.window import Window
from monitor.ports import Post, Reader

HOUR = timedelta(hours=1)
ROWS = 5_000
"""Newest posts of the last hour that are looked at for quotes, shares and terms."""
TEXTS = 400
"""Texts on either side of the comparison of words."""

KEPT_S = 60
"""Longest time an answer is kept: what a platform deletes must not stay on the page."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What the last hour's posts say, who says it where, and which words are new.

    ``texts`` is the number of posts that ``terms`` were counted in. ``about``: of all posts, how many were
    answered how, by name, most first; ``looked_at`` how many those are.
    """

    posts: tuple[PostView, ...] = ()
    terms: tuple[Term, ...] = ()
    texts: int = 0
    sources: tuple[Share, ...] = ()
    langs: tuple[Share, ...] = ()
    unread: int = 0
    about: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0


FRESH = timedelta(seconds=2)
"""An answer younger than this is given again unasked: in a storm posts come faster than people read."""


class Heard:
    """Gives the voices of a topic; what was heard is kept until a further post comes, or a minute.

    Comparing words costs some 30 ms, and in a storm every open page asks at every signal. One
    answer a topic is kept, for at least `FRESH`. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, tuple[int, ...], Voices]] = {}

    def voices(self, read: Reader, topic: str, now: datetime) -> Voices:
        with self._lock:
            known = self._kept.get(topic)
        if known is not None and timedelta() <= now - known[0] < FRESH:
            return known[2]
        window = read.window(topic, now - HOUR, now + timedelta(minutes=1), ROWS)
        mark = (int(now.timestamp()) // KEPT_S, len(window), *window.num[-1:], sum(window.tone))
        same = known is not None and known[1] == mark
        found = known[2] if known is not None and same else _voices(read, topic, window, now)
        with self._lock:
            self._kept[topic] = (now, mark, found)
        return found


def _voices(read: Reader, topic: str, window: Window, now: datetime) -> Voices:
    negative = [i for i, tone in enumerate(window.tone) if tone == Tone.NEGATIVE]
    quoted = representatives(window, 3)
    copies = {window.num[i]: n for i, n in quoted}
    found = read.posts([window.num[i] for i, _ in quoted])
    posts = tuple(post_view(p, copies[p.num], topic) for p in found if p.text)
    terms, texts = _terms(read, topic, window, now) if negative else ((), 0)
    return Voices(
        posts=posts,
        terms=terms,
        texts=texts,
        sources=_shares(window.source[i] for i in negative),
        langs=_shares(window.lang[i] or "und" for i in negative),
        unread=sum(tone == Tone.UNREAD for tone in window.tone),
        about=_about(read, window),
        looked_at=len(window),
    )


def _about(read: Reader, window: Window) -> dict[str, int]:
    """Return how many posts were answered how; one read of short rows, 10 to 40 ms for `ROWS` posts."""
    counted: Counter[str] = Counter()
    for answers in read.answers(window.num).values():
        counted.update(list(answers.yes))
        counted.update(name for name in answers.marks if name != "unsure")
    counted["offensive"] = sum(window.offensive)
    return {name: n for name, n in counted.most_common() if n}


def post_view(post: Post, copies: int = 0, topic: str = "") -> PostView:
    """Return a post as it is shown, all its answers side by side, offensive among them; ``topic``: where
    its tone may be corrected."""
    answers, offensive = post.answers, percent(post.offensive)
    return PostView(
        text=post.text or post.title,
        lang=post.lang,
        source=post.source,
        at=post.at,
        url=post.url,
        handle=post.handle,
        reach=post.reach,
        copies=copies,
        deleted=post.deleted,
        num=post.num,
        tone=post.tone,
        topic=topic,
        answers=answers if post.offensive < YES else {"offensive": offensive, **answers},
        marks=post.marks,
    )


def _terms(read: Reader, topic: str, window: Window, now: datetime) -> tuple[tuple[Term, ...], int]:
    """Return the words that set this hour's negative posts apart from what was said before.

    "Before" ends where a running burst began: a storm of hours would else explain itself away.
    """
    latest, calm = read.latest(topic), now - HOUR
    seen = read.latest_assessment(topic) if latest is not None and latest.level else None
    if seen is not None and seen.onset is not None:
        calm = min(calm, seen.onset)
    before = read.window(topic, calm - timedelta(days=7), calm, TEXTS)
    here = _texts(read, [n for n, tone in _public(window) if tone == Tone.NEGATIVE][-TEXTS:])
    there = _texts(read, [n for n, _ in _public(before)])
    found = burst_terms(here, there)
    return tuple(Term(b.term, b.count, b.expected) for b in found), len(here)


def _public(window: Window) -> list[tuple[int, int]]:
    rows = zip(window.num, window.tone, window.kind, strict=True)
    return [(num, tone) for num, tone, kind in rows if kind not in PRIVATE]


def _texts(read: Reader, nums: Sequence[int]) -> list[str]:
    return [post.text for post in read.posts(nums) if post.text]


def _shares(names: Iterable[str]) -> tuple[Share, ...]:
    counted = Counter(names)
    total = sum(counted.values())
    return tuple(Share(name, n / total, n) for name, n in counted.most_common(6))
