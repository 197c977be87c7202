"""NewcomersDetector: do people write who never wrote about this before?"""

from __future__ import annotations

from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.share import ShareDetector


class NewcomersDetector(ShareDetector):
    """Share of authors of the last hour who are new to the topic, against the usual share.

    ``x``: ``authors`` and ``new_authors`` of the bin. In firestorms people gather who had nothing to do
    with each other before (Lamba, Malik & Pfeffer 2015). Fails: in a topic's first weeks everybody is
    new; where authors are not stated nothing is known.

    >>> detector = NewcomersDetector()
    >>> for _ in range(3000):
    ...     detector.learn_one({"authors": 10.0, "new_authors": 3.0})
    >>> detector.score_one({"authors": 10.0, "new_authors": 3.0}) < 1.0
    True
    """

    part: ClassVar[str] = "new_authors"
    whole: ClassVar[str] = "authors"
    series: ClassVar[Series] = Series.NEW_AUTHORS
    reason: ClassVar[ReasonCode] = ReasonCode.NEW_AUTHORS
    share_prior: ClassVar[float] = 0.5
