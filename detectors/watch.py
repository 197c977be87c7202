"""TopicWatch: one topic's detectors, its level and its memory; a closed bin in, `Closed` out.

Score first, then learn. Nothing here reads a clock, a file or a store: the same bins and windows
give the same levels, wherever the process was restarted in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from detectors.burst import numbers
from detectors.detection import WAKE, WATCH, Assessment, Level, Reason, ReasonCode, Series
from detectors.ensemble import Evidence, Judgement, Thresholds, judge
from detectors.measures import measure
from detectors.median import HourlyMedian
from detectors.online.negatives import NegativesDetector
from detectors.online.volume import VolumeDetector
from detectors.online.young import YoungDetector
from detectors.topic import Topic
from detectors.window import BIN, Bin, Counts, Window

SPAN = timedelta(hours=1)
"""How much of the past the `Window` given to `TopicWatch.close` must hold."""
HOUR_BINS = 12
SETTLED_BURSTS = 5.0
"""Past bursts from which on the learned tail is trusted and the young channel is silent."""
QUIET_RATE = 20.0
"""Expected negatives an hour above which a stream is not quiet: the young channel's forecast is
too narrow for the bursts of busy streams, and the tail's prior does without it there."""
FROZEN_BINS = 7 * 288
"""Seven days: after so long even a storm is the new normal, and is learned."""
KEEP_WEEK = 0.5 ** (1 / (7 * 288))
"""A memory with a half-life of seven days, per bin."""
MEMORY = timedelta(days=28)
"""Bins older than this before a leap leave nothing that matters."""
OUTLETS = 32
DAY_S = 86_400
VERSION = 1
QUIET = Judgement(Level.CALM, Level.CALM, interrupt=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing one bin brought: the level with its reasons, and what had been expected."""

    assessment: Assessment
    expected_mentions: float
    expected_negatives: float


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the detectors say of one bin, before anything is learned."""

    x: dict[str, float]
    mention_days: float
    negative_days: float
    young: bool
    young_score: float
    expected_mentions: float
    expected_negatives: float
    hour_negatives: int
    pace: int


class TopicWatch:
    """Watches one topic. O(1) per bin; about 0.1 ms when quiet; state below 8 KiB.

    Bins come in order of time; a bin before the newest one closed is taken as re-opened, whatever
    its revision says. Gaps are empty bins: nothing said is a count of zero.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._zone = _zone(topic)
        self._limits = Thresholds(topic.thresholds)
        self._volume = VolumeDetector()
        self._negatives = NegativesDetector()
        self._young = YoungDetector(Series.NEGATIVES)
        self._median = HourlyMedian()
        self._first: datetime | None = None
        self._next: datetime | None = None
        self._hour: deque[list[int]] = deque([[0, 0, 0, 0]] * HOUR_BINS, HOUR_BINS)
        self._reach = self._reach_weight = 0.0
        self._outlets: dict[str, int] = {}
        self._news = self._news_weight = 0.0
        self._level = Level.CALM
        self._quiet = 0
        self._onset: datetime | None = None
        self._frozen = 0
        self._scored: tuple[Bin, _Scored] | None = None

    # --- what the pipeline asks -------------------------------------------------------------

    def wants_window(self, bin: Bin) -> bool:
        """Return whether the rows of the last `SPAN` are worth loading for `close`."""
        counts = bin.counts
        if self._old(bin):
            return False
        if counts.tripwires or any(past[2] for past in self._hour):
            return True
        if counts.negatives and (counts.articles or counts.reach >= self._spark()):
            return True
        scored = self._score(bin)
        if scored.mention_days >= self._limits["loud_days"]:
            return True
        if scored.hour_negatives < self._limits["level1_authors"]:
            return False
        return scored.pace >= self._limits["level1_multiple"] * self._base()

    def close(
        self, bin: Bin, window: Window | None, *, media: int = 0, frozen: bool = False
    ) -> Closed:
        """Judge a closed bin, then learn from it.

        ``window``: the rows of the `SPAN` before ``bin.end`` (None: not loaded; then the level is
        at most 2). ``media``: the echo as set by a person, 0-6. ``frozen``: an incident is open,
        nothing is learned, for seven days in all. A bin closed before is judged again, but
        teaches nothing and raises nothing.
        """
        if bin.topic != self.topic.id:
            raise ValueError(f"bin of topic {bin.topic!r} given to the watch of {self.topic.id!r}")
        if self._old(bin):
            return self._close_again(bin, media)
        self.skip_to(bin.start)
        scored = self._score(bin)
        judged = self._judge(bin, window, scored)
        held = self._hold(judged.social, bin, scored)
        assessment = self._assess(bin, judged, held, scored, media)
        self._learn(bin, scored, frozen=frozen)
        return Closed(assessment, scored.expected_mentions, scored.expected_negatives)

    def skip_to(self, start: datetime) -> None:
        """Close the empty bins before ``start``; a leap of more than 28 days costs no more than
        one of 28 days (0.5 s), because what lies further back has faded by then.
        """
        if self._next is None:
            self._first = self._next = start
        elif start - self._next > MEMORY:
            self._next = start - MEMORY
        while self._next < start:
            self.close(Bin(self.topic.id, self._next, Counts()), None)

    # --- scoring ----------------------------------------------------------------------------

    def _old(self, bin: Bin) -> bool:
        return self._next is not None and (bin.start < self._next or bin.revision > 0)

    def _score(self, bin: Bin) -> _Scored:
        if self._scored is not None and self._scored[0] == bin:
            return self._scored[1]
        local = bin.start.astimezone(self._zone)
        hour = local.hour
        mentions, negatives = float(bin.counts.mentions), float(bin.counts.negatives)
        x = {
            "mentions": mentions,
            "negatives": negatives,
            "hour": float(hour),
            "weekday": float(local.weekday()),
        }
        past = [entry[1] for entry in self._hour]
        hour_negatives = sum(past[1:]) + bin.counts.negatives
        recent = sum(past[-2:]) + bin.counts.negatives
        expected = self._negatives.expected(hour)
        young = self._negatives.bursts < SETTLED_BURSTS and HOUR_BINS * expected < QUIET_RATE
        days = self._negatives.return_period(negatives, hour)
        young_score = 0.0
        if young:
            young_score, young_days = self._young.rarity(negatives, hour)
            days = max(days, young_days)
        scored = _Scored(
            x=x,
            mention_days=self._volume.return_period(mentions, hour),
            negative_days=days,
            young=young,
            young_score=young_score,
            expected_mentions=self._volume.expected(hour),
            expected_negatives=expected,
            hour_negatives=hour_negatives,
            pace=max(hour_negatives, 4 * recent),
        )
        self._scored = (bin, scored)
        return scored

    def _base(self) -> float:
        return max(self._median.value(), self._limits["median_floor"])

    def _spark(self) -> float:
        return max(self._limits["spark_reach"], self._limits["spark_times"] * self._usual_reach())

    def _usual_reach(self) -> float:
        return self._reach / self._reach_weight if self._reach_weight else 0.0

    def _usual_outlets(self) -> float:
        return self._news / self._news_weight if self._news_weight else 0.0

    def _days_known(self, bin: Bin) -> float:
        return (bin.end - self._first).total_seconds() / DAY_S if self._first else 0.0

    def _judge(self, bin: Bin, window: Window | None, scored: _Scored) -> Judgement:
        quiet = scored.negative_days < self._limits["level1_days"]
        if quiet and window is None and not self._outlets:
            return QUIET  # what `judge` would say, at a fraction of the cost
        evidence = self._evidence(bin, window, scored)
        judged = judge(evidence, self._limits, self.topic.alarm_budget_days)
        if evidence.caught_up and judged.social > self._level:
            return replace(judged, social=self._level, interrupt=False)
        return judged

    def _evidence(self, bin: Bin, window: Window | None, scored: _Scored) -> Evidence:
        measures = measure(window) if window is not None else None
        if measures is not None:
            self._remember_outlets(measures.outlets, bin)
        self._forget_outlets(bin)
        return Evidence(
            negatives=scored.hour_negatives,
            measures=measures,
            median=self._median.value() if measures is not None else self._base(),
            usual=HOUR_BINS * scored.expected_negatives,
            mention_days=scored.mention_days,
            negative_days=scored.negative_days,
            young=scored.young,
            young_score=scored.young_score,
            days=self._days_known(bin),
            usual_reach=self._usual_reach(),
            outlets=len(self._outlets),
            usual_outlets=self._usual_outlets(),
            caught_up=self._caught_up(bin, scored),
        )

    def _caught_up(self, bin: Bin, scored: _Scored) -> bool:
        """True when the last hour is full of late posts while what comes in now is calm."""
        late = sum(entry[3] for entry in list(self._hour)[1:])
        if not late:
            return False
        recent = list(self._hour)[-2:]
        live = bin.counts.negatives + sum(max(0, e[1] - e[3]) for e in recent)
        return 4 * live < self._limits["level4_multiple"] * self._base()

    def _remember_outlets(self, outlets: tuple[str, ...], bin: Bin) -> None:
        for outlet in outlets:
            self._outlets[outlet] = int(bin.end.timestamp())
        while len(self._outlets) > OUTLETS:
            del self._outlets[min(self._outlets, key=lambda o: (self._outlets[o], o))]

    def _forget_outlets(self, bin: Bin) -> None:
        if self._outlets:
            oldest = int(bin.end.timestamp()) - DAY_S
            self._outlets = {o: at for o, at in self._outlets.items() if at > oldest}

    # --- level ------------------------------------------------------------------------------

    def _hold(self, social: Level, bin: Bin, scored: _Scored) -> Level:
        """Rise at once; fall by one after a stretch of bins below; return the level shown."""
        before = self._level
        if social >= before:
            self._level, self._quiet = social, 0
        else:
            self._quiet += 1
            if self._quiet >= self._limits["hold_bins"]:
                self._level, self._quiet = Level(before - 1), 0
        if self._level == Level.CALM:
            self._onset = None
        elif before == Level.CALM or (before < WATCH <= self._level):
            self._onset = self._back_to_onset(bin, scored)
        return self._level

    def _back_to_onset(self, bin: Bin, scored: _Scored) -> datetime:
        """Return the start of the run of raised bins that ends here, gaps of one bin allowed."""
        raised = 2.0 * scored.expected_negatives
        onset, gap, start = bin.start, 0, bin.start
        for entry in reversed(list(self._hour)[1:]):
            start -= BIN
            if entry[1] > raised:
                onset, gap = start, 0
            else:
                gap += 1
            if gap > 1:
                break
        return onset

    def _assess(
        self, bin: Bin, judged: Judgement, held: Level, scored: _Scored, by_hand: int
    ) -> Assessment:
        reasons = judged.reasons
        if held > judged.social:
            reasons += (Reason(ReasonCode.HOLD, self._quiet, self._limits["hold_bins"], met=False),)
        media = max(judged.media, Level(by_hand))
        if media:
            text = "set by hand" if by_hand > judged.media else ""
            usual = self._limits["media_times"] * self._usual_outlets()
            need = self._limits["media_1"] + usual
            reasons += (Reason(ReasonCode.MEDIA, len(self._outlets), need, text=text),)
        return Assessment(
            topic=self.topic.id,
            at=bin.end,
            level=max(held, media),
            social=held,
            media=media,
            interrupt=judged.interrupt or by_hand >= WAKE,
            return_period_days=scored.negative_days,
            reasons=reasons,
            onset=self._onset,
            revision=bin.revision,
        )

    def _close_again(self, bin: Bin, media: int) -> Closed:
        """Take late counts into the sums of the last hour; keep the level as it is."""
        hour = bin.start.astimezone(self._zone).hour
        ago = (self._next - bin.start) // BIN if self._next else 0
        if 1 <= ago <= HOUR_BINS:
            entry = self._hour[-ago]
            more = bin.counts.negatives - entry[1]
            self._volume.add_late(ago, float(bin.counts.mentions - entry[0]))
            self._negatives.add_late(ago, float(more))
            self._young.add_late(ago, float(more))
            trips = bin.counts.tripwires
            self._hour[-ago] = [
                bin.counts.mentions,
                bin.counts.negatives,
                trips,
                max(0, entry[3] + more),
            ]
            self._scored = None
        shown = Level(media)
        assessment = Assessment(
            topic=self.topic.id,
            at=bin.end,
            level=max(self._level, shown),
            social=self._level,
            media=shown,
            interrupt=False,
            return_period_days=0.0,
            reasons=(Reason(ReasonCode.LATE, bin.revision),),
            onset=self._onset,
            revision=bin.revision,
        )
        return Closed(assessment, self._volume.expected(hour), self._negatives.expected(hour))

    # --- learning ---------------------------------------------------------------------------

    def _learn(self, bin: Bin, scored: _Scored, *, frozen: bool) -> None:
        x, counts = scored.x, bin.counts
        if frozen and self._frozen < FROZEN_BINS:
            self._volume.pass_by(x)
            self._negatives.pass_by(x)
            self._young.pass_by(x)
        else:
            self._volume.learn_one(x)
            self._negatives.learn_one(x)
            self._young.learn_one(x)
            self._median.learn(scored.hour_negatives)
            self._learn_reach(counts)
            self._news = self._news * KEEP_WEEK + len(self._outlets)
            self._news_weight = self._news_weight * KEEP_WEEK + 1.0
        # Days without an incident pay back one for one, so that a topic that opens and closes
        # incidents all the time cannot stay frozen for ever.
        self._frozen = min(self._frozen + 1, FROZEN_BINS) if frozen else max(self._frozen - 1, 0)
        self._hour.append([counts.mentions, counts.negatives, counts.tripwires, 0])
        self._next = bin.end
        self._scored = None

    def _learn_reach(self, counts: Counts) -> None:
        """Usual reach of one post: discounted mean, half-life 7 days; one bin teaches at most ten
        times the usual."""
        if not counts.mentions:
            return
        usual, n = self._usual_reach(), counts.mentions
        reach = min(counts.reach, 10.0 * n * usual) if usual else float(counts.reach)
        self._reach = self._reach * KEEP_WEEK + reach
        self._reach_weight = self._reach_weight * KEEP_WEEK + n

    # --- state ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data; restoring it is invisible."""
        return {
            "version": VERSION,
            "first": _stamp(self._first),
            "next": _stamp(self._next),
            "volume": self._volume.snapshot(),
            "negatives": self._negatives.snapshot(),
            "young": self._young.snapshot(),
            "median": self._median.snapshot(),
            "hour": [list(entry) for entry in self._hour],
            "reach": [self._reach, self._reach_weight],
            "outlets": dict(self._outlets),
            "news": [self._news, self._news_weight],
            "level": [int(self._level), self._quiet, self._frozen],
            "onset": _stamp(self._onset),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        if state.get("version") != VERSION:
            raise ValueError(
                f"detector state of topic {self.topic.id!r} has version {state.get('version')!r}, "
                f"expected {VERSION}"
            )
        hour = state.get("hour")
        if not isinstance(hour, list) or len(hour) != HOUR_BINS:
            raise ValueError(f"detector state: 'hour' must be a list of {HOUR_BINS}")
        level, quiet, frozen = (int(n) for n in numbers(state, "level", 3))
        self._volume.restore(state["volume"])
        self._negatives.restore(state["negatives"])
        self._young.restore(state["young"])
        self._median.restore(state["median"])
        self._reach, self._reach_weight = numbers(state, "reach", 2)
        self._news, self._news_weight = numbers(state, "news", 2)
        self._hour = deque([[int(n) for n in entry] for entry in hour], HOUR_BINS)
        self._outlets = {str(k): int(v) for k, v in state["outlets"].items()}
        self._level, self._quiet, self._frozen = Level(level), quiet, frozen
        self._first, self._next = _instant(state["first"]), _instant(state["next"])
        self._onset = _instant(state["onset"])
        self._scored = None


def _zone(topic: Topic) -> ZoneInfo:
    try:
        return ZoneInfo(topic.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"topic {topic.id!r}: unknown timezone {topic.timezone!r}; "
            "expected an IANA name such as 'Europe/Berlin'"
        ) from None


def _stamp(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at is not None else None


def _instant(stamp: int | None) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None
