"""What one hour of posts holds: authors, threads, sources, tone with its doubt, telling posts."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.mention import Kind
from detectors.score.base import Tone
from detectors.window import Window

RECENT_S = 900
"""The newest quarter of an hour, against the one before it: how fast it grows."""
MODEL_ERROR = 0.07
"""How far the negative share of 200 posts may be off because single labels are (the bar of
`sturmglas bench` for the shipped weights); added to both ends of the interval."""
ENOUGH = 50
"""Posts that the last 15 minutes must hold before their own share of negatives is looked at."""
TURNED = 0.40
"""Share of negatives from which the newest quarter speaks for itself: it has turned. A lower one
is mostly the chance of small numbers, which a fading cheer has many of."""
PRIVATE = frozenset({Kind.DM, Kind.MAIL})
"""Kinds that are counted but never quoted."""

# Plain values, looked up once: comparing each row with a member of an enumeration costs fivefold.
_NEGATIVE, _POSITIVE, _UNREAD = int(Tone.NEGATIVE), int(Tone.POSITIVE), int(Tone.UNREAD)
_ARTICLE, _SHARE = Kind.ARTICLE.value, Kind.SHARE.value


@dataclass(frozen=True, slots=True)
class Share:
    """A share in [0, 1] with the ends of its interval, sampling and model error included."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measures:
    """What a window holds. "Unique" things are counted among negative posts only.

    ``recent`` / ``prior``: negatives of the last 15 minutes and of the 15 before. ``originals``:
    negatives with near-copies counted once. ``reach``: of the widest negative post.
    ``tripwires``: independent authors per category. ``outlets``: keys of the outlets whose
    articles are negative. ``share``: of the last hour; where the newest quarter has
    turned, the higher ends of both.
    """

    mentions: int = 0
    negatives: int = 0
    positives: int = 0
    unread: int = 0
    recent: int = 0
    prior: int = 0
    authors: int = 0
    threads: int = 0
    sources: tuple[str, ...] = ()
    originals: int = 0
    offensive: int = 0
    reach: int = 0
    tripwires: tuple[tuple[str, int], ...] = ()
    outlets: tuple[str, ...] = ()
    share: Share = Share(0.0, 0.0, 1.0)

    @property
    def growth(self) -> float:
        """Negatives of the last 15 minutes over those of the 15 before; one is added to both."""
        return (self.recent + 1.0) / (self.prior + 1.0)

    @property
    def copies_share(self) -> float:
        """Share of near-copies among the negatives, 0..1."""
        return 1.0 - self.originals / self.negatives if self.negatives else 0.0

    @property
    def aggression(self) -> float:
        """Share of offensive posts among the negatives, 0..1."""
        return self.offensive / self.negatives if self.negatives else 0.0

    @property
    def unread_share(self) -> float:
        """Share of posts whose tone could not be read, 0..1."""
        return self.unread / self.mentions if self.mentions else 0.0


def wilson(hits: int, total: int, z: float = 1.645) -> tuple[float, float]:
    """Return the Wilson interval of a share (90 % by default); (0, 1) for nothing."""
    if total <= 0:
        return 0.0, 1.0
    p, zz = hits / total, z * z
    middle = (p + zz / (2 * total)) / (1 + zz / total)
    half = z * math.sqrt(p * (1 - p) / total + zz / (4 * total * total)) / (1 + zz / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def negative_share(negatives: int, unread: int, total: int) -> Share:
    """Return the share of negatives with its doubt.

    Unread posts may be anything: they count as not negative at the lower end and as negative at
    the upper end. `MODEL_ERROR` widens both.
    """
    if total <= 0:
        return Share(0.0, 0.0, 1.0)
    low = wilson(negatives, total)[0] - MODEL_ERROR
    high = wilson(min(total, negatives + unread), total)[1] + MODEL_ERROR
    return Share(negatives / total, max(0.0, low), min(1.0, high))


def measure(window: Window) -> Measures:
    """Return the measures of a window; about 0.2 us a row."""
    recent_from = int(window.until.timestamp()) - RECENT_S
    negative = [i for i, tone in enumerate(window.tone) if tone == _NEGATIVE]
    at = [window.at[i] for i in negative]
    before_recent, before_prior = (bisect_left(at, recent_from - s) for s in (0, RECENT_S))
    recent, prior = len(at) - before_recent, before_recent - before_prior
    unread = window.tone.count(_UNREAD)
    articles = [i for i in negative if window.kind[i] == _ARTICLE]
    return Measures(
        mentions=len(window),
        negatives=len(negative),
        positives=window.tone.count(_POSITIVE),
        unread=unread,
        recent=recent,
        prior=prior,
        authors=_authors(window, negative),
        threads=_distinct(window.thread, negative),
        sources=tuple(sorted({window.source[i] for i in negative})),
        originals=_distinct(window.cluster, negative),
        offensive=sum(window.offensive[i] for i in negative),
        reach=max((window.reach[i] for i in negative), default=0),
        tripwires=_tripwires(window),
        outlets=tuple(sorted({_outlet(window, i) for i in articles})),
        share=_share(window.at, window.tone, recent_from),
    )


def _share(at: Sequence[int], tone: Sequence[int], recent_from: int) -> Share:
    """Return the share of negatives of an hour; where its newest quarter has turned, the higher one."""
    newest = tone[bisect_left(at, recent_from) :]
    hour = negative_share(tone.count(_NEGATIVE), tone.count(_UNREAD), len(tone))
    if len(newest) < ENOUGH:
        return hour
    quarter = negative_share(newest.count(_NEGATIVE), newest.count(_UNREAD), len(newest))
    return _higher(hour, quarter) if quarter.value >= TURNED else hour


def firsts(window: Window) -> list[int]:
    """Return the rows that hold the first post of each text, in order; a row without a cluster is a text
    of its own."""
    cluster = window.cluster
    # From the last to the first, so that of equal keys the first row stays.
    found = dict(zip(reversed(cluster), range(len(cluster) - 1, -1, -1), strict=True))
    if found.pop(0, None) is None:
        return sorted(found.values())
    return sorted([*found.values(), *(i for i, key in enumerate(cluster) if not key)])


def _higher(a: Share, b: Share) -> Share:
    return Share(max(a.value, b.value), max(a.low, b.low), max(a.high, b.high))


def representatives(window: Window, limit: int = 3) -> list[tuple[int, int]]:
    """Return (row, number of copies) of the most telling negative posts, most telling first.

    One post per near-copy cluster: its widest, earliest first. Ranked by reach and copies on a
    log scale, a copy weighing somewhat more than reach; ``copies`` stand behind the post and do
    not count it. Before them stand posts with a word of danger or duty, also in a neutral tone:
    whoever is woken by one must read it.
    Private kinds (dm, mail) are never among them.
    """
    clusters: dict[tuple[int, int], list[int]] = {}
    for i, tone in enumerate(window.tone):
        telling = tone == _NEGATIVE or (window.tripwire[i] and tone != _POSITIVE)
        if telling and window.kind[i] not in PRIVATE:
            key = window.cluster[i]
            clusters.setdefault((0, key) if key else (1, i), []).append(i)
    ranked = []
    for rows in clusters.values():
        best = min(rows, key=lambda i: (-window.reach[i], i))
        weight = math.log10(1 + window.reach[best]) + 2.0 * math.log10(len(rows))
        tripped = any(window.tripwire[i] for i in rows)
        ranked.append((not tripped, -weight, best, len(rows) - 1))
    ranked.sort()
    return [(best, copies) for *_, best, copies in ranked[:limit]]


def _distinct(keys: list[int], rows: Iterable[int]) -> int:
    """Count distinct keys over rows; a row without a key (0) counts as its own."""
    found = [keys[i] for i in rows]
    nameless = found.count(0)
    return len(set(found)) - (nameless > 0) + nameless


def _authors(window: Window, rows: Sequence[int]) -> int:
    """Count distinct authors; posts without a stated author count once per near-copy cluster."""
    author, cluster = window.author, window.cluster
    named = {author[i] for i in rows}
    if 0 not in named:
        return len(named)
    return len(named) - 1 + _distinct(cluster, [i for i in rows if not author[i]])


def _tripwires(window: Window) -> tuple[tuple[str, int], ...]:
    """Count independent authors per category: shares and copies of one text are one voice, and
    praise never trips."""
    if not any(window.tripwire):
        return ()
    hits: dict[str, list[int]] = {}
    for i, category in enumerate(window.tripwire):
        if category and window.tone[i] != _POSITIVE and window.kind[i] != _SHARE:
            hits.setdefault(category, []).append(i)
    return tuple(
        (category, min(_authors(window, rows), _distinct(window.cluster, rows)))
        for category, rows in sorted(hits.items())
    )


def _outlet(window: Window, i: int) -> str:
    return f"{window.source[i]}:{window.author[i]:x}" if window.author[i] else window.source[i]
