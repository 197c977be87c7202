"""Voices: the posts of an hour that speak for somebody of their own.

Three kinds of posts raise the count of a storm without being one: copies of one text whose tone nobody
can tell (a joke that is passed on), copies of one text by accounts that hardly anybody follows (bots),
and posts that are about a named rival and only name the topic along. They are left out of *size*, on
both sides: they neither raise a level nor hide the voices beside them. What they are is a reason shown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.mention import Kind
from detectors.score.base import Tone
from detectors.window import BIN_S, Window

COPIES = 3
"""Posts of one text in an hour from which on they are copies, and no coincidence."""
SURE = 70
"""Certainty, in percent, below which the tone of a copied text is unsure: 3 of 4 neutral texts that the
shipped scorer takes for criticism stay below, of real criticism 56 % (de) and 24 % (en)."""
HARDLY = 20
"""People: an account with a smaller reach, and far below what is usual here, is hardly followed."""
FAR_BELOW = 0.1
WAVE = 0.6
"""Share of hardly followed accounts among the negatives beyond the usual from which on copies by such
accounts are a wave: then what they write in other words belongs to it."""
ALONG = 0.5
"""Share of negatives beyond the usual that name a rival from which on the storm is the rival's..."""
SOME_ALONG = 0.25
"""...and from which on those that name it are left out: what is ours has to be a storm without them."""
BESIDE_RIVAL, BESIDE_COPY = 0.5, 0.1
"""For each negative post that names the rival, and for each copy of a text of unsure tone, so many other
negatives belong to the same talk: who answers there, who tells the joke in words of their own."""

_NEGATIVE = int(Tone.NEGATIVE)
_SHARE = Kind.SHARE.value


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Negative posts of the hour that are no voices, by why; ``rival``: which one most of them name.

    ``by_bin``: for bins of the hour that hold posts that are no voices, by how many bins ago (0 the
    newest): (negatives, all posts) of them.
    """

    unsure: int = 0
    bots: int = 0
    along: int = 0
    rival: str = ""
    by_bin: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def negatives(self) -> int:
        return self.unsure + self.bots + self.along


NOTHING = LeftOut()


def voices(window: Window, usual_reach: float, usual: float) -> tuple[Window, LeftOut]:
    """Return the rows that are voices, and how many negatives are none.

    ``usual_reach``: mean reach of a post here, 0 where nothing is known; ``usual``: negatives that are
    expected of this hour. The first post of every text stays. About 0.3 us a row.
    """
    unsure, bots = _copies(window, usual_reach, usual)
    told = unsure - bots
    unsure |= _beside(window, told, unsure | bots, BESIDE_COPY * len(told), usual)
    along, rival = _along(window, unsure | bots, usual)
    out = unsure | bots | along
    if not out:
        return window, NOTHING
    tone = window.tone
    unsure_n, bots_n, along_n = (
        sum(tone[i] == _NEGATIVE for i in rows) for rows in (unsure - bots, bots, along)
    )
    left = LeftOut(unsure_n, bots_n, along_n, rival if along_n else "", _by_bin(window, out))
    return window.without(out), left


def _by_bin(window: Window, out: Iterable[int]) -> dict[int, tuple[int, int]]:
    last, at, tone = int(window.until.timestamp()) - 1, window.at, window.tone
    posts = Counter([(last - at[i]) // BIN_S for i in out])
    negatives = Counter([(last - at[i]) // BIN_S for i in out if tone[i] == _NEGATIVE])
    return {ago: (negatives[ago], n) for ago, n in posts.items()}


def _copies(window: Window, usual_reach: float, usual: float) -> tuple[set[int], set[int]]:
    """Return the rows that are copies of unsure tone, and those of a wave of bots."""
    sizes = Counter(window.cluster)
    sizes.pop(0, None)
    if not sizes or max(sizes.values()) < COPIES:
        return set(), set()
    rows: dict[int, list[int]] = {key: [] for key, n in sizes.items() if n >= COPIES}
    for i, key in enumerate(window.cluster):
        if key in rows:
            rows[key].append(i)
    certainty = window.certainty
    unsure: set[int] = set()
    copies: set[int] = set()
    for found in rows.values():
        if sum(certainty[i] for i in found) < SURE * len(found):
            unsure.update(found[1:])
        copies.update(found[1:])
    followed = min(float(HARDLY), FAR_BELOW * usual_reach)
    bots = _hardly(window, copies, followed)
    if bots:
        bots |= _theirs(window, rows, bots)
        hardly = bots | _hardly(window, range(len(window)), followed)
        tone = window.tone
        beyond = tone.count(_NEGATIVE) - usual
        if sum(tone[i] == _NEGATIVE for i in hardly) >= WAVE * max(1.0, beyond):
            theirs = {window.cluster[i] for i in bots}
            bots = hardly | {
                i
                for i, key in enumerate(window.cluster)
                if key in theirs or (not window.reach[i] and window.kind[i] != _SHARE)
            }
    return unsure, bots


def _theirs(window: Window, rows: Mapping[int, Sequence[int]], bots: set[int]) -> set[int]:
    """Return all further posts of texts that are mostly copied by bots, as far as reach is stated: whose
    reach nobody states copies the same text for the same reason."""
    copied = Counter(window.cluster[i] for i in bots)
    found: set[int] = set()
    for key, n in copied.items():
        if 2 * n >= sum(window.reach[i] > 0 for i in rows[key][1:]):
            found.update(rows[key][1:])
    return found


def _hardly(window: Window, rows: Iterable[int], followed: float) -> set[int]:
    """Return those of ``rows`` whose author hardly anybody follows, as far as that is stated."""
    kind, reach = window.kind, window.reach
    return {i for i in rows if 0 < reach[i] < followed and kind[i] != _SHARE}


def _along(window: Window, out: set[int], usual: float) -> tuple[set[int], str]:
    """Return the rows that are about a rival, where many of the negatives beyond the usual name it, and which
    rival. Where most do, it is the rival's storm, and who answers there belongs to it."""
    if not any(window.rival):
        return set(), ""
    named = {i for i, rival in enumerate(window.rival) if rival and i not in out}
    angry = sorted(i for i in named if window.tone[i] == _NEGATIVE)
    beyond = window.tone.count(_NEGATIVE) - sum(window.tone[i] == _NEGATIVE for i in out) - usual
    if len(angry) <= SOME_ALONG * max(1.0, beyond):
        return set(), ""
    rival = _most(window.rival, angry)
    if len(angry) <= ALONG * max(1.0, beyond):
        return named, rival
    beside = _beside(window, named, named | out, BESIDE_RIVAL * len(angry), usual)
    return named | beside, rival


def _beside(window: Window, rows: set[int], out: set[int], many: float, usual: float) -> set[int]:
    """Return up to so ``many`` negatives that belong to the same talk as ``rows``: most likely those of
    their threads, and never the ``usual`` ones."""
    if many < 1.0:
        return set()
    texts = {window.cluster[i] for i in rows} - {0}  # the first post of each stays
    others = [
        i
        for i, tone in enumerate(window.tone)
        if tone == _NEGATIVE and i not in out and window.cluster[i] not in texts
    ]
    most = min(round(many), math.floor(len(others) - usual))
    if most <= 0:
        return set()
    thread = window.thread
    threads = {thread[i] for i in rows if thread[i]}
    theirs = [i for i in others if thread[i] in threads]
    if len(theirs) < most:
        theirs += [i for i in others if thread[i] not in threads][: most - len(theirs)]
    return set(theirs[:most])


def _most(names: Sequence[str], rows: Sequence[int]) -> str:
    counted = Counter(names[i] for i in rows)
    return min(counted, key=lambda name: (-counted[name], name))
