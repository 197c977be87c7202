"""Wording: what is usually said with each topic, kept from day to day, and how strange a burst speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from statistics import median

from detectors.measures import PRIVATE
from detectors.score.base import Tone
from detectors.thresholds import Thresholds
from detectors.topic import Topic
from detectors.vocabulary import learn, strange
from detectors.window import Window
from monitor.ports import Reader, Transaction

EVERY = timedelta(days=1)
REACH_BACK = timedelta(days=28)
ROWS = 2_000
"""Newest posts of a day that are looked at..."""
SAMPLE = 200
"""...and how many of them are read, evenly spread."""
BURSTING = 3.0
"""Hours with so many times the usual hour's posts are left out: a burst is not what is usually said."""
TEXTS = 200
"""Negatives of a burst whose words are looked at, the newest; of near-copies one."""
_NEGATIVE = int(Tone.NEGATIVE)


class Wording:
    """Learns each topic's vocabulary once a day, and asks it about bursts. Not thread-safe.

    Holds only when each was last refreshed; the vocabularies stay in the store.
    """

    def __init__(self, reader: Reader, topics: Mapping[str, Topic]) -> None:
        self._reader = reader
        self._topics = topics
        self._least = {t.id: Thresholds(t.thresholds)["level3_authors"] for t in topics.values()}
        self._at: dict[str, datetime] = {}

    def refresh(self, tx: Transaction, topic: str, end: datetime, *, frozen: bool) -> None:
        """Learn what was said since the last time, at most once a day of event time; 30 ms then.

        ``frozen``: an incident is open; then what is known only fades, lest a storm become usual.
        """
        known = self._at.get(topic)
        if known is not None and end - known < EVERY:
            return
        before = tx.vocabulary(topic)
        self._at[topic] = before.at or end
        if before.at is not None and end - before.at < EVERY:
            return
        texts: list[str] = []
        if not frozen:
            since = max(before.at or end - REACH_BACK, end - REACH_BACK)
            rows = self._reader.window(topic, since, end, ROWS)
            texts = [p.text for p in self._reader.posts(_sample(rows)) if p.text]
        tx.save_vocabulary(topic, learn(before, texts, self._topics[topic].query, end))
        self._at[topic] = end

    def strange(self, tx: Transaction, topic: str, window: Window | None) -> float:
        """Return how strange the hour's criticism speaks, 0..1; 0 where it cannot reach level 3.

        At most 200 texts are read, 13 ms; none where the vocabulary does not know enough.
        """
        if window is None or window.tone.count(_NEGATIVE) < self._least[topic]:
            return 0.0
        known = tx.vocabulary(topic)
        if not known.speaks:
            return 0.0
        posts = self._reader.posts([window.num[i] for i in _voices(window)][-TEXTS:])
        return strange([p.text for p in posts if p.text], known, self._topics[topic].query)


def _voices(window: Window) -> Iterator[int]:
    """Yield the rows of public criticism, of near-copies the first."""
    seen: set[int] = set()
    for i, (tone, kind, cluster) in enumerate(
        zip(window.tone, window.kind, window.cluster, strict=True)
    ):
        if tone == _NEGATIVE and kind not in PRIVATE and cluster not in seen:
            if cluster:
                seen.add(cluster)
            yield i


def _sample(rows: Window) -> list[int]:
    """Return numbers of public posts, evenly spread over the rows of hours that are no bursts."""
    hours = Counter(at // 3600 for at in rows.at)
    if not hours:
        return []
    most = BURSTING * max(1.0, median(hours.values()))
    nums = [
        num
        for at, num, kind in zip(rows.at, rows.num, rows.kind, strict=True)
        if kind not in PRIVATE and hours[at // 3600] <= most
    ]
    if len(nums) <= SAMPLE:
        return nums
    return [nums[i * len(nums) // SAMPLE] for i in range(SAMPLE)]
