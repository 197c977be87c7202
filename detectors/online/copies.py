"""CopiesDetector: is one text passed on?"""

from __future__ import annotations

from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.share import ShareDetector


class CopiesDetector(ShareDetector):
    """Share of near-copies among the posts of the last hour, against the usual share.

    ``x``: ``mentions``, and ``copies``: posts that repeat a text of their hour. High in campaigns, jokes
    and waves of bots alike: it says that, not which (`detectors.voices`). Fails: where every share
    carries the shared text, a widely read post looks like a campaign.

    >>> detector = CopiesDetector()
    >>> for _ in range(3000):
    ...     detector.learn_one({"mentions": 10.0, "copies": 1.0})
    >>> calm = detector.score_one({"mentions": 10.0, "copies": 1.0})
    >>> calm < 1.0 < detector.score_one({"mentions": 90.0, "copies": 70.0})
    True
    """

    part: ClassVar[str] = "copies"
    whole: ClassVar[str] = "mentions"
    series: ClassVar[Series] = Series.COPIES
    reason: ClassVar[ReasonCode] = ReasonCode.COPIES
    share_prior: ClassVar[float] = 0.1
