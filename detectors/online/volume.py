"""VolumeDetector: how rare is the number of mentions?"""

from __future__ import annotations

from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.estimator import BurstDetector


class VolumeDetector(BurstDetector):
    """Return period of bursts of mentions over 5, 15 and 60 minutes.

    A burst here is attention, not yet a storm. About 10 us and 2 KiB. Fails: on streams of under
    five bursts' experience its tail is mostly prior (see `YoungDetector`); a slow surge without a
    rare hour is not seen; a drop is never seen.

    >>> detector = VolumeDetector()
    >>> quiet = {"mentions": 4.0, "hour": 12.0}
    >>> for _ in range(2000):
    ...     detector.learn_one(quiet)
    >>> detector.score_one(quiet)
    0.0
    >>> detector.score_one({"mentions": 400.0, "hour": 12.0}) > 1.5
    True
    """

    series: ClassVar[Series] = Series.MENTIONS
    reason: ClassVar[ReasonCode] = ReasonCode.MENTION_BURST
