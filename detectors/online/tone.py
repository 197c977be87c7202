"""ToneDetector: is the tone worse than usual, misreading included?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from detectors.detection import ReasonCode, Series
from detectors.measures import MODEL_ERROR, Share, negative_share
from detectors.share import ShareDetector


class ToneDetector(ShareDetector):
    """Share of negatives of the last hour, against the usual share.

    ``x``: ``mentions`` and ``negatives`` of the bin and, for the interval, ``unread`` of the hour.
    The model's error is in the score and in the interval. `adjusted` takes the scorer's misreading
    out (Rogan & Gladen 1978). Fails: where little is negative and much is posted, a raised count
    stays a low share.

    >>> detector = ToneDetector()
    >>> detector.adjusted({"mentions": 100.0, "negatives": 32.0}, recall=0.6, false=0.1).value
    0.44
    """

    part: ClassVar[str] = "negatives"
    whole: ClassVar[str] = "mentions"
    series: ClassVar[Series] = Series.NEGATIVES
    reason: ClassVar[ReasonCode] = ReasonCode.NEGATIVE_SHARE
    error: ClassVar[float] = MODEL_ERROR

    def interval(self, x: Mapping[str, float]) -> Share:
        """Return the share of negatives of the last hour with its doubt, as it was read."""
        part, whole = self._hour(x)
        return negative_share(int(part), int(x.get("unread", 0.0)), int(whole))

    def adjusted(self, x: Mapping[str, float], *, recall: float, false: float) -> Share:
        """Return the share with the scorer's errors taken out: (read - false) / (recall - false).

        ``recall``: share of negative posts read as negative; ``false``: share of the others read so. The
        interval widens by the same division. ValueError where the reading says nothing.
        """
        if not 0.0 <= false < recall <= 1.0:
            raise ValueError(
                f"recall must lie above the false rate, within 0 and 1; got {recall} and {false}"
            )
        read = self.interval(x)
        ends = ((s - false) / (recall - false) for s in (read.value, read.low, read.high))
        value, low, high = (round(min(1.0, max(0.0, end)), 6) for end in ends)
        return Share(value, low, high)
