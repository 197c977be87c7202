"""NegativesDetector: how rare is the number of negative mentions?"""

from __future__ import annotations

from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.estimator import BurstDetector


class NegativesDetector(BurstDetector):
    """Return period of bursts of negative mentions over 5, 15 and 60 minutes.

    This is what interrupts people. About 10 us and 2 KiB. Fails: where tone cannot be read it sees
    nothing (the ensemble says so instead); on streams of under five bursts' experience its tail
    is mostly prior (see `YoungDetector`).

    >>> detector = NegativesDetector()
    >>> quiet = {"negatives": 1.0, "hour": 9.0}
    >>> for _ in range(2000):
    ...     detector.learn_one(quiet)
    >>> detector.score_one({"negatives": 60.0, "hour": 9.0}) > 1.0
    True
    """

    series: ClassVar[Series] = Series.NEGATIVES
    reason: ClassVar[ReasonCode] = ReasonCode.NEGATIVE_BURST
