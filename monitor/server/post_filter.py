"""Posts of a topic by kind or harm: a bounded look at its newest posts, no index over answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from detectors.window import Window
from monitor.ports import Post, Reader

LOOKED_AT: Final = 5_000
"""Posts whose answers are looked at for one page; short rows, 30 to 60 ms."""


class KindName(StrEnum):
    """What a post may be asked for by kind: `detectors.score.heads.KINDS`."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    BUG = "bug"
    FEATURE_REQUEST = "feature_request"


class HarmName(StrEnum):
    """What a post may be asked for by harm: `detectors.score.heads.HARM`, and the two word lists."""

    OFFENSIVE = "offensive"
    INSULT = "insult"
    ABUSE = "abuse"
    PROFANITY = "profanity"
    HATE = "hate"
    TOXIC_COMMENT = "toxic_comment"
    BANNED = "banned"
    SUSPECT = "suspect"


class Wanted(NamedTuple):
    """Of which kind, with which harm, of which tone; None: of any."""

    kind: KindName | None = None
    harm: HarmName | None = None
    tone: int | None = None


def some_posts(
    read: Reader,
    topic: str,
    since: datetime,
    until: datetime,
    wanted: Wanted,
    *,
    limit: int,
    before: int | None,
) -> tuple[list[Post], int | None]:
    """Return the posts that are as wanted among the newest `LOOKED_AT` before ``before``, newest first,
    and what to go on with, None at the end. Fewer than ``limit``, even none, may be found on the way.

    Beyond `LOOKED_AT` posts of one topic in one second the rest of that second is passed over.
    """
    edge = None
    if before is not None:
        edge = next(iter(read.posts([before])), None)
        if edge is None:
            return [], None
        until = min(until, edge.at.replace(microsecond=0) + timedelta(seconds=1))
    window = read.window(topic, since, until, LOOKED_AT)
    found = _fitting(read, window, wanted, edge)
    shown = found[:limit]
    cut_short = len(window) == LOOKED_AT
    oldest = shown[-1] if len(found) > limit else window.num[0] if cut_short else None
    return read.posts(shown), oldest


def _fitting(read: Reader, window: Window, wanted: Wanted, edge: Post | None) -> list[int]:
    """Return the numbers of the posts of a window that are as wanted, newest first."""
    last = (int(edge.at.timestamp()), edge.num) if edge else None
    rows = zip(window.at, window.num, window.tone, window.offensive, strict=True)
    left = [
        (num, offensive)
        for at, num, tone, offensive in rows
        if (last is None or (at, num) < last)
        and (wanted.tone is None or tone == wanted.tone)
        and (wanted.harm != HarmName.OFFENSIVE or offensive)
    ]
    asked = [name for name in (wanted.kind, wanted.harm) if name and name != HarmName.OFFENSIVE]
    answers = read.answers([num for num, _ in left]) if asked else {}
    return [
        num
        for num, _ in reversed(left)
        if all(
            num in answers and (name in answers[num].yes or name in answers[num].marks)
            for name in asked
        )
    ]
