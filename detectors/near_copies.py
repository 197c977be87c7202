"""Which texts are reworded copies of one text: an index that knows the texts of the last day.

MinHash (Broder 1997; drawn as in Dahlgaard, Knudsen, Thorup: Fast Similarity Sketching, 2017, by the
library rensa) finds texts that may be alike; whether they are is decided on their words.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import add

# Before the import: rensa's vector code (AVX-512) saves nothing on texts this short and makes the
# processor slower for whatever runs next, by 7 us a mention. The sketches are the same.
os.environ.setdefault("RENSA_FORCE_KERNEL", "scalar")

from rensa import RMinHash, RMinHashLSH

from detectors.copies import key_of, words

HALF = timedelta(hours=12)
"""A text is forgotten 12 to 24 hours after it, or a copy of it, was last seen."""
MOST = 40_000
"""Texts kept at once, in both halves together; some 1.3 KB each."""
ALIKE = 8
"""Pairs of neighbouring words that a copy must share with the first text: fewer are a phrase."""
SWAPPED, SWAPPED_SHARE = 2, 8
"""Pairs of the shorter text that the longer one may lack: 2, as one word swapped for another breaks
two, or one in eight. A form filled in twice differs in more; what was only lengthened or cut, in none."""
JACCARD = 0.5
"""Least share of common pairs among those of both: a copy is not cut or lengthened beyond that."""
PERMUTATIONS, BANDS, SEED = 30, 10, 42
"""Three rows a band: texts with a Jaccard of 0.65 are looked at with 96 %, of 0.2 with 8 %."""
CROWD = 16
"""Like texts from which on a further one gets no place of its own, so that a flood of forms that are no
copies ("I have just reached level ...") costs no more than others. It keeps its exact key."""


class _Half:
    """Texts first seen, or seen again, in one half of the window.

    ``places``: of the first text, by the exact key of every text known; by place, ``clusters`` holds the
    id and ``texts`` the words, b"" for one that is in no bucket.
    """

    __slots__ = ("clusters", "index", "places", "texts")

    def __init__(self) -> None:
        self.places: dict[int, int] = {}
        self.clusters = array("q")
        self.texts: list[bytes] = []
        self.index = RMinHashLSH(JACCARD, PERMUTATIONS, BANDS)

    def like(self, sketch: RMinHash) -> list[int]:
        """Return places of texts that may be alike, earliest first; no more than 16."""
        found: list[int] = self.index.query(sketch)
        return sorted(found)[:CROWD] if found else found

    def keep(self, cluster: int, text: bytes, sketch: RMinHash | None) -> int:
        """Give a first text a place."""
        place = self.places[cluster] = len(self.texts)
        self.clusters.append(cluster)
        self.texts.append(text if sketch is not None else b"")
        if sketch is not None:
            self.index.insert(place, sketch)
        return place


class NearCopies:
    """Gives each text the id of its cluster: the exact key of the first text it is a copy of.

    A text is compared with first texts only, so that a chain of small changes does not drift away. By
    the same texts in the same order come the same ids, on every machine. ``at``: when a text was *seen*,
    not when it was written: texts are forgotten in the order in which they came, and a wrong date
    neither empties the index nor keeps anything in it. Halves change at 0 and 12 o'clock UTC, so
    that it does not matter when a process began.

    What it does not find: copies of fewer than nine words; those with all words in another order; two
    words swapped in a text of fewer than 32; other words for the same; texts without spaces between
    words. Where it errs: a form of ten words or more that differs in one word.

    Cost for 100 characters: 6 us for a known text and one that is too short, 13 us for a new one. Not thread-safe.

    >>> near, noon = NearCopies(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> first = near.cluster("The new app deletes all my playlists and nobody answers me", noon)
    >>> first == near.cluster("Read this! The new app deletes all my playlists and nobody answers me", noon)
    True
    >>> first == near.cluster("The new app is fine and I made three playlists this morning", noon)
    False
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = max(1, most // 2)
        self._now, self._before = _Half(), _Half()
        self._until = datetime.min.replace(tzinfo=UTC)

    @property
    def known(self) -> int:
        """Texts known, one of both halves twice."""
        return len(self._now.places) + len(self._before.places)

    def cluster(self, text: str, at: datetime) -> int:
        """Return the id of a text's cluster, signed, 64 bits, and remember the text; 0: too short to tell."""
        said = words(text)
        key = key_of(said)
        if len(said) <= ALIKE:
            return key
        if at >= self._until:
            self._turn(at)
        place = self._now.places.get(key)
        if place is None:
            place = self._again(key)
            if place is None:
                place = self._seen_first(key, said)
        return self._now.clusters[place]

    def learn(self, text: str, cluster: int, at: datetime) -> None:
        """Take in a text that was given its id earlier; texts must come in the order of then.

        A copy whose first text is not known stands in for it.
        """
        said = words(text)
        key = key_of(said)
        if not cluster or len(said) <= ALIKE:
            return
        if at >= self._until:
            self._turn(at)
        if key in self._now.places or self._again(key) is not None:
            return
        place = None if key == cluster else self._place_of(cluster)
        if place is None:
            sketch = _sketch(_pairs(said))
            like = len(self._before.like(sketch)) + len(self._now.like(sketch))
            place = self._add(cluster, said, sketch, like)
        self._now.places[key] = place

    def _turn(self, at: datetime) -> None:
        """Begin the half that ``at`` lies in, and forget what is older than the one before."""
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start = day + HALF if at >= day + HALF else day
        self._before = self._now if start == self._until else _Half()
        self._now, self._until = _Half(), start + HALF

    def _again(self, key: int) -> int | None:
        """Return the place now of the first text of a known text; None for one that is not known."""
        if len(self._now.places) >= self._most:
            self._before, self._now = self._now, _Half()
        before = self._before.places.get(key)
        if before is None:
            return None
        place = self._now.places[key] = self._carried(before)
        return place

    def _place_of(self, cluster: int) -> int | None:
        place = self._now.places.get(cluster)
        return self._again(cluster) if place is None else place

    def _carried(self, before: int) -> int:
        """Return the place now of a first text of the half before: what is copied on stays known."""
        cluster, text = self._before.clusters[before], self._before.texts[before]
        place = self._now.places.get(cluster)
        if place is None:
            sketch = _sketch(_pairs(text.split())) if text else None
            place = self._now.keep(cluster, text, sketch)
        return place

    def _seen_first(self, key: int, said: list[bytes]) -> int:
        """Return the place of the first text that a new one copies, or its own."""
        pairs = _pairs(said)
        sketch = _sketch(pairs)
        before, now = self._before.like(sketch), self._now.like(sketch)
        if before or now:
            place = self._copied(set(pairs), before, now)
            if place is not None:
                self._now.places[key] = place
                return place
        return self._add(key, said, sketch, len(before) + len(now))

    def _copied(self, mine: set[bytes], before: list[int], now: list[int]) -> int | None:
        """Return the place now of the first text that one with these pairs copies."""
        likest, place = _likest(mine, self._before.texts, before)
        nearer, other = _likest(mine, self._now.texts, now)
        if max(likest, nearer) == 0.0:
            return None
        return other if nearer > likest else self._carried(place)

    def _add(self, key: int, said: list[bytes], sketch: RMinHash, like: int) -> int:
        """Give a first text a place: among the others unless there are many like it."""
        return self._now.keep(key, b" ".join(said), sketch if like < CROWD else None)


def _pairs(said: Sequence[bytes]) -> list[bytes]:
    return [*map(add, said, said[1:])]


def _sketch(pairs: Sequence[bytes]) -> RMinHash:
    sketch = RMinHash(PERMUTATIONS, SEED)
    sketch.update(pairs)
    return sketch


def _likest(mine: set[bytes], texts: Sequence[bytes], places: Sequence[int]) -> tuple[float, int]:
    """Return likeness and place of the text that is likest, the earliest of equals; (0, 0): none is a copy."""
    best, found = 0.0, 0
    for place in places:
        likeness = _likeness(mine, set(_pairs(texts[place].split())))
        if likeness > best:
            best, found = likeness, place
    return best, found


def _likeness(a: set[bytes], b: set[bytes]) -> float:
    """Return the Jaccard of two sets of pairs; 0 where one text is no copy of the other."""
    shared, shorter = len(a & b), min(len(a), len(b))
    likeness = shared / (len(a) + len(b) - shared)
    lacking = shorter - shared
    copy = shared >= ALIKE and lacking <= max(SWAPPED, shorter // SWAPPED_SHARE)
    return likeness if copy and likeness >= JACCARD else 0.0
