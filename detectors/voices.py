"""Voices: the posts of an hour that speak for somebody of their own.

Three kinds of posts raise the count of a storm without being one: copies of one text whose tone nobody
can tell (a joke that is passed on), copies of one text by accounts that hardly anybody follows (bots),
and posts that are about a named rival and only name the topic along. They are left out of *size*, on
both sides: they neither raise a level nor hide the voices beside them. What they are is a reason shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from detectors.mention import Kind
from detectors.score.base import Tone
from detectors.window import Window

COPIES = 3
"""Posts of one text in an hour from which on they are copies, and no coincidence."""
SURE = 70
"""Certainty, in percent, below which the tone of a copied text is unsure: 3 of 4 neutral texts that the
shipped scorer takes for criticism stay below, of real criticism 56 % (de) and 24 % (en)."""
HARDLY = 20
"""People: an account with a smaller reach, and far below what is usual here, is hardly followed."""
FAR_BELOW = 0.1
WAVE = 0.6
"""Share of copies by hardly followed accounts among the negatives from which on it is a wave: then
what such accounts write in other words belongs to it."""
ALONG = 0.5
"""Share of negatives that name a rival from which on the storm is the rival's."""

_NEGATIVE = int(Tone.NEGATIVE)
_SHARE = Kind.SHARE.value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Negative posts that are no voices, by why; ``rival``: which one most of them name."""

    unsure: int = 0
    bots: int = 0
    along: int = 0
    rival: str = ""

    @property
    def negatives(self) -> int:
        return self.unsure + self.bots + self.along


NOTHING = LeftOut()


def voices(window: Window, usual_reach: float) -> tuple[Window, LeftOut]:
    """Return the rows that are voices, and how many negatives are none.

    ``usual_reach``: mean reach of a post here, 0 where nothing is known. The first post of every text
    stays. About 0.3 us a row.
    """
    unsure, bots = _copies(window, usual_reach)
    along, rival = _along(window, unsure | bots)
    out = unsure | bots | along
    if not out:
        return window, NOTHING
    tone = window.tone
    unsure_n, bots_n, along_n = (
        sum(tone[i] == _NEGATIVE for i in rows) for rows in (unsure, bots - unsure, along)
    )
    return window.without(out), LeftOut(unsure_n, bots_n, along_n, rival if along_n else "")


def _copies(window: Window, usual_reach: float) -> tuple[set[int], set[int]]:
    """Return the rows that are copies of unsure tone, and those of a wave of bots."""
    sizes = Counter(window.cluster)
    sizes.pop(0, None)
    if not sizes or max(sizes.values()) < COPIES:
        return set(), set()
    followed = min(float(HARDLY), FAR_BELOW * usual_reach)
    sums: Counter[int] = Counter()
    for key, certainty in zip(window.cluster, window.certainty, strict=True):
        sums[key] += certainty
    doubtful = {key for key, n in sizes.items() if n >= COPIES and sums[key] < SURE * n}
    unsure: set[int] = set()
    bots: set[int] = set()
    seen: set[int] = set()
    for i, key in enumerate(window.cluster):
        if sizes.get(key, 0) < COPIES:
            continue
        if key not in seen:
            seen.add(key)
        elif key in doubtful:
            unsure.add(i)
        elif _hardly(window, i, followed):
            bots.add(i)
    tone = window.tone
    negatives = tone.count(_NEGATIVE)
    if sum(tone[i] == _NEGATIVE for i in bots) >= WAVE * max(1, negatives):
        bots.update(i for i in range(len(window)) if _hardly(window, i, followed))
    return unsure, bots


def _hardly(window: Window, i: int, followed: float) -> bool:
    """Return whether hardly anybody follows who wrote row ``i``, as far as its reach is stated."""
    return 0 < window.reach[i] < followed and window.kind[i] != _SHARE


def _along(window: Window, out: set[int]) -> tuple[set[int], str]:
    """Return the rows that name a rival, where most negatives do, and which."""
    named = [i for i, rival in enumerate(window.rival) if rival and i not in out]
    if not named:
        return set(), ""
    negatives = window.tone.count(_NEGATIVE) - sum(window.tone[i] == _NEGATIVE for i in out)
    angry = [i for i in named if window.tone[i] == _NEGATIVE]
    if len(angry) <= ALONG * negatives:
        return set(), ""
    return set(named), _most(window.rival, angry)


def _most(names: Sequence[str], rows: Sequence[int]) -> str:
    counted = Counter(names[i] for i in rows)
    return min(counted, key=lambda name: (-counted[name], name))
