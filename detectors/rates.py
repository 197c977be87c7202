"""Rates: what the counts of a topic's bins say, before anybody looks at a row.

The burst engine over mentions and over negatives, the channels for quiet streams and for slow storms,
and the usual tone, which tells how many negatives a crowd explains. Score first, then learn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detectors.burst import CHANCE
from detectors.detection import Series
from detectors.last_hour import HOUR_BINS, LastHour, Out
from detectors.online.negatives import NegativesDetector
from detectors.online.slow import SlowDetector
from detectors.online.volume import VolumeDetector
from detectors.online.young import YoungDetector
from detectors.said import Said, Texts, added
from detectors.usual import UsualTone
from detectors.window import Bin, Counts

SCALES = (1, 3, 12, 36)
"""Sums of negatives over 5, 15, 60 and 180 minutes: what grows slowly is rare only over hours."""
SETTLED_BURSTS = 5.0
"""Past bursts from which on the learned tail is trusted and the young channel is silent."""
QUIET_RATE = 20.0
"""Expected negatives an hour above which a stream is not quiet: the young channel's forecast is
too narrow for the bursts of busy streams, and the tail's prior does without it there."""
TEACHES = 3.0
"""Times the usual posts of an hour from which on it teaches less of the tone, with the square."""
SOUR_HOURS = (0, 2, 5)
"""Hours before the last one over which the tone is compared with the usual one, with it..."""
SOUR_DAY = (5, 11, 23)
"""...and those of a slow storm."""
QUARTER_BINS = 3
SURELY = 3.0
"""Deviations from which on a quarter of an hour tells its own tone."""
NONE: Out = (0, 0)


@dataclass(frozen=True, slots=True)
class Scored:
    """What the detectors say of one bin, before anything is learned.

    Negatives are those of voices, as far as rows were looked at. ``pace``: negatives an hour;
    ``unexplained``: those of it that the crowd does not explain, chance taken off, and ``surely`` those
    of this bin. ``hour_mentions`` and ``mentions_expected``: of the last hour, announced ones included.
    """

    x: dict[str, float]
    slow: dict[str, float]
    mention_days: float
    negative_days: float
    slow_days: float
    young: bool
    young_score: float
    expected_mentions: float
    expected_negatives: float
    hour_negatives: int
    pace: int
    unexplained: float
    surely: float


class Rates:
    """The detectors of one topic that need counts alone, and what its last hour brought."""

    def __init__(self) -> None:
        self.hour = LastHour()
        self.tone = UsualTone()
        self.said = Said()
        self._volume = VolumeDetector(most=3.0)
        self._negatives = NegativesDetector(scales=SCALES)
        self._young = YoungDetector(Series.NEGATIVES)
        self._slow = SlowDetector()
        self._memo: tuple[Bin, Out, float, Scored] | None = None

    def expected(self, hour: int) -> tuple[float, float]:
        """Return the mentions and negatives that a bin in that local hour usually has."""
        return self._volume.expected(hour), self._negatives.expected(hour)

    def score(
        self, bin: Bin, hour: int, weekday: int, out: Out = NONE, uplift: float = 1.0
    ) -> Scored:
        """Return what is to be said of the next bin.

        ``out``: (negatives, posts) of it that are no voices. ``uplift``: how many times the usual
        mentions are expected; negatives are expected as ever.
        """
        memo = self._memo
        if memo is not None and memo[1:3] == (out, uplift) and memo[0] == bin:
            return memo[3]
        read = voiced(bin.counts, out)
        mentions = bin.counts.mentions / uplift
        expected_mentions, expected = self.expected(hour)
        negatives, doubt = self._unexplained(read, expected_mentions, expected)
        hour_negatives = self.hour.negatives() + read.negatives
        recent = self.hour.negatives(2) + read.negatives
        seen = self._negatives.seen(negatives, hour, doubt)
        surely = max(0.0, negatives - CHANCE * math.sqrt(doubt))
        days = self._negatives.return_period(negatives, hour, doubt)
        young = self._negatives.bursts < SETTLED_BURSTS and HOUR_BINS * expected < QUIET_RATE
        young_score = 0.0
        if young:
            young_score, young_days = self._young.rarity(surely, hour)
            days = max(days, young_days)
        scored = Scored(
            x={
                "mentions": mentions,
                "negatives": negatives,
                "negatives_doubt": doubt,
                "hour": float(hour),
                "weekday": float(weekday),
            },
            slow={"mentions": float(read.mentions), "negatives": float(read.negatives)},
            mention_days=self._volume.return_period(mentions, hour),
            negative_days=days,
            slow_days=self._slow.return_period(float(read.mentions), float(read.negatives)),
            young=young,
            young_score=young_score,
            expected_mentions=uplift * expected_mentions,
            expected_negatives=expected,
            hour_negatives=hour_negatives,
            pace=max(hour_negatives, 4 * recent),
            unexplained=max(seen[HOUR_BINS], 4 * seen[3]),
            surely=surely,
        )
        self._memo = (bin, out, uplift, scored)
        return scored

    def sour(self, hour: Sequence[Texts], before: Sequence[int] = SOUR_HOURS) -> float:
        """Return by how many deviations the tone is above the usual one: of the last ``hour``, told by the
        bin, or of as many ``before`` as bring texts enough to say so."""
        spans = [self.said.last(hours, hour) for hours in before]
        return max(self.tone.beyond(negativity, texts) for texts, negativity in spans)

    def worse(self, hour: Sequence[Texts]) -> float:
        """Return how many more of an ``hour``'s texts are critical than usual, as a share (`UsualTone.worse`);
        of its newest quarter where that is surely worse: an hour hides how a storm begins."""
        (texts, negativity), (newest, its_own) = added(hour), added(hour[-QUARTER_BINS:])
        worse = self.tone.worse(negativity, texts)
        if self.tone.beyond(its_own, newest) >= SURELY:
            worse = max(worse, self.tone.worse(its_own, newest))
        return worse

    def _unexplained(
        self, counts: Counts, mentions: float, negatives: float
    ) -> tuple[float, float]:
        """Return the negatives beyond what so large a crowd would usually bring, and their doubt.
        ``mentions`` and ``negatives``: what is expected of the bin.

        Below what is explained by more than one deviation of chance they do not go: a wave of
        praise must not hide the storm that follows it.
        """
        others = counts.mentions - counts.negatives - counts.unread
        explained = self.tone.explained(float(others), mentions - negatives)
        return max(counts.negatives - explained, -math.sqrt(explained)), explained

    def learn(
        self, bin: Bin, scored: Scored, out: Out = NONE, hour: Sequence[Texts] | None = None
    ) -> None:
        """Take in the bin that was scored. ``hour``: texts of its hour, None where no row was looked at."""
        late = {**scored.x, "negatives": scored.surely}
        self._volume.learn_one(scored.x)
        self._negatives.learn_one(scored.x)
        self._young.learn_one(late)
        self._slow.learn_one(scored.slow)
        self._learn_tone(bin.counts, out, int(scored.x["hour"]))
        self._close(bin, scored, out, hour)

    def pass_by(
        self, bin: Bin, scored: Scored, out: Out = NONE, hour: Sequence[Texts] | None = None
    ) -> None:
        """See the bin that was scored without learning from it: an incident is open."""
        self._volume.pass_by(scored.x)
        self._negatives.pass_by(scored.x)
        self._young.pass_by({**scored.x, "negatives": scored.surely})
        self._slow.pass_by(scored.slow)
        self._close(bin, scored, out, hour)

    def _close(self, bin: Bin, scored: Scored, out: Out, hour: Sequence[Texts] | None) -> None:
        self.hour.append(bin.counts, out)
        counts = bin.counts
        self.said.append((counts.mentions - counts.unread, counts.negativity), hour)
        self._memo = None

    def _learn_tone(self, counts: Counts, out: Out, hour: int) -> None:
        """The louder an hour, the less it teaches: an unrecognised storm must not become the usual tone."""
        posts = self.hour.mentions() + counts.mentions
        most = TEACHES * HOUR_BINS * self._volume.expected(hour) + TEACHES
        weight = min(1.0, most / max(1, posts)) ** 2
        read = voiced(counts, out)
        others = read.mentions - read.negatives - read.unread
        self.tone.learn(weight * read.negatives, weight * others)
        if out == NONE:  # what is left out is counted by its labels alone
            self.tone.learn_negativity(counts, weight)

    def amend(self, ago: int, hour: int, counts: Counts) -> None:
        """Take late counts of the bin ``ago`` bins back, in that local hour, into the sums."""
        self._change(ago, hour, counts, self.hour.out(ago))

    def leave_out(self, ago: int, hour: int, out: Out) -> None:
        """Take posts of the bin ``ago`` bins back, that turned out to be no voices, off the sums."""
        if out != self.hour.out(ago):
            self._change(ago, hour, self.hour.counts(ago), out)

    def _change(self, ago: int, hour: int, counts: Counts, out: Out) -> None:
        raw = self.hour.counts(ago)
        before, after = voiced(raw, self.hour.out(ago)), voiced(counts, out)
        self.hour.amend(ago, counts, out)
        usual = self.expected(hour)
        more = self._unexplained(after, *usual)[0] - self._unexplained(before, *usual)[0]
        self._volume.add_late(ago, float(counts.mentions - raw.mentions))
        self._negatives.add_late(ago, more)
        self._young.add_late(ago, more)
        mentions, negatives = (
            float(getattr(after, f) - getattr(before, f)) for f in ("mentions", "negatives")
        )
        self._slow.add_late(mentions, negatives)
        self._memo = None

    def snapshot(self) -> dict[str, Any]:
        return {
            "volume": self._volume.snapshot(),
            "negatives": self._negatives.snapshot(),
            "young": self._young.snapshot(),
            "slow": self._slow.snapshot(),
            **self.hour.snapshot(),
            **self.tone.snapshot(),
            **self.said.snapshot(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self.hour.restore(state)
        self._volume.restore(state["volume"])
        self._negatives.restore(state["negatives"])
        self._young.restore(state["young"])
        if "slow" in state:  # absent, as the tone, in states from before it was learned
            self._slow.restore(state["slow"])
        if "tone" in state:
            self.tone.restore(state)
        if "texts" in state:
            self.said.restore(state)
        self._memo = None


def voiced(counts: Counts, out: Out) -> Counts:
    """Return the counts without posts that are no voices; ``out``: (negatives, posts) of them."""
    if out == NONE:
        return counts
    negatives, posts = out
    kept_negatives = max(0, counts.negatives - negatives)
    mentions = max(kept_negatives, counts.mentions - posts)
    unread = min(counts.unread, mentions - kept_negatives)
    return Counts(mentions=mentions, negatives=kept_negatives, unread=unread)
