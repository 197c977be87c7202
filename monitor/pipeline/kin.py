"""Kin: whether what blows in one topic of a brand is the storm that blows in another already.

Topics of one brand are judged by one worker (`ownership.partition_of`), so that whoever asks here sees
every incident that may be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from detectors.score.base import Tone
from detectors.topic import Topic
from detectors.window import Window

SAME_POSTS = 0.5
"""Share of a topic's last hour that must also belong to an incident's topics to be the same storm."""
TOGETHER = timedelta(hours=1)
"""Bursts that began further apart than this are one storm only if they share their posts."""
SAME_VOICES = 0.25
LEAST_VOICES = 3
"""Share and number of the angry people (or of the copied texts) that speak in both."""
SAME_TERMS = 3
"""Of the first terms of a card, so many new words that came up in both."""
FIRST_TERMS = 6
_NEGATIVE = int(Tone.NEGATIVE)


class Shared(StrEnum):
    """What two bursts have in common; stands in the fact of the topic that joins."""

    POSTS = "posts"
    AUTHORS = "authors"
    COPIES = "copies"
    TERMS = "terms"


def together(onset: datetime, other: datetime) -> bool:
    """Return whether two bursts began within `TOGETHER` of each other."""
    return abs(onset - other) <= TOGETHER


def same_posts(mine: Window, theirs: Sequence[Window]) -> bool:
    """Return whether half of the smaller hour are posts of the other; `Shared.POSTS`."""
    a, b = set(mine.num), {n for window in theirs for n in window.num}
    return bool(a) and len(a & b) >= SAME_POSTS * min(len(a), len(b) or 1)


def same_voices(mine: Window, theirs: Sequence[Window]) -> Shared | None:
    """Return whether enough angry people, or enough texts word for word, are in both hours."""
    for column, shared in (("author", Shared.AUTHORS), ("cluster", Shared.COPIES)):
        a = _angry(mine, column)
        b = {key for window in theirs for key in _angry(window, column)}
        both, least = len(a & b), min(len(a), len(b))
        if both >= LEAST_VOICES and both >= SAME_VOICES * least:
            return shared
    return None


def same_terms(mine: Sequence[str], theirs: Sequence[str], topics: Sequence[Topic]) -> bool:
    """Return whether enough new words came up in both, the words of the queries left out."""
    known = {word for t in topics for word in _words(t)}
    a, b = ({t.lower() for t in terms[:FIRST_TERMS]} - known for terms in (mine, theirs))
    return len(a & b) >= SAME_TERMS


def _angry(window: Window, column: str) -> set[int]:
    keys: list[int] = getattr(window, column)
    return {k for k, tone in zip(keys, window.tone, strict=True) if k and tone == _NEGATIVE}


def _words(topic: Topic) -> set[str]:
    phrases = (topic.name, topic.brand, *topic.query.any, *topic.query.all)
    return {word.strip("#@*").lower() for phrase in phrases for word in phrase.split()}
