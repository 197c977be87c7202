"""DeletionsDetector: are posts taken back?"""

from __future__ import annotations

from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.share import ShareDetector


class DeletionsDetector(ShareDetector):
    """Deletions in the last hour for its posts, against the usual.

    ``x``: ``mentions`` and ``deletions`` of the bin, whenever the deleted post was written. Moderators who
    clear up, and people who regret, both raise it. Fails: on sources that do not tell of deletions it
    sees nothing; an account that is closed deletes years at once.

    >>> detector = DeletionsDetector()
    >>> for i in range(3000):
    ...     detector.learn_one({"mentions": 10.0, "deletions": float(i % 20 == 0)})
    >>> calm = detector.score_one({"mentions": 10.0, "deletions": 1.0})
    >>> calm < 1.0 < detector.score_one({"mentions": 10.0, "deletions": 12.0})
    True
    """

    part: ClassVar[str] = "deletions"
    whole: ClassVar[str] = "mentions"
    series: ClassVar[Series] = Series.DELETIONS
    reason: ClassVar[ReasonCode] = ReasonCode.DELETIONS
    share_prior: ClassVar[float] = 0.02
