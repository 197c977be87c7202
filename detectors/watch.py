"""TopicWatch: one topic's detectors, its level and its memory; a closed bin in, `Closed` out.

Score first, then learn. Nothing here reads a clock, a file or a store: the same bins and windows
give the same levels, wherever the process was restarted in between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from detectors.burst import numbers
from detectors.context import PLAIN, Context
from detectors.detection import WAKE, WATCH, Assessment, Level, Reason, ReasonCode
from detectors.ensemble import Evidence, Judgement, judge
from detectors.heard import Heard
from detectors.last_hour import HOUR_BINS, Out
from detectors.median import HourlyMedian
from detectors.rates import NONE, SOUR_DAY, Rates, Scored
from detectors.signs import Signs
from detectors.thresholds import Thresholds
from detectors.topic import Topic
from detectors.usual import DAY_S, Days, Outlets, UsualReach
from detectors.voices import NOTHING, LeftOut, voices
from detectors.window import BIN, Bin, Counts, Window, instant, stamp

SPAN = timedelta(hours=1)
"""How much of the past the `Window` given to `TopicWatch.close` must hold."""
FROZEN_BINS = 7 * 288
"""Seven days: after so long even a storm is the new normal, and is learned."""
MEMORY = timedelta(days=28)
"""Bins older than this before a leap leave nothing that matters."""
VERSION = 1
QUIET = Judgement(Level.CALM, Level.CALM, interrupt=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing one bin brought: the level with its reasons, and what had been expected."""

    assessment: Assessment
    expected_mentions: float
    expected_negatives: float


class TopicWatch:
    """Watches one topic. O(1) per bin; about 0.1 ms when quiet; state below 9 KiB.

    Bins come in order of time; a bin before the newest one closed is taken as re-opened, whatever
    its revision says. Gaps are empty bins: nothing said is a count of zero.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._zone = topic.zone()
        self._limits = Thresholds(topic.thresholds)
        self._rates = Rates()
        self._days = Days()
        self._signs = Signs()
        self._median = HourlyMedian()
        self._first: datetime | None = None
        self._next: datetime | None = None
        self._reach = UsualReach()
        self._outlets = Outlets()
        self._level = Level.CALM
        self._quiet = 0
        self._onset: datetime | None = None
        self._frozen = 0

    # --- what the pipeline asks -------------------------------------------------------------

    def wants_window(self, bin: Bin, context: Context = PLAIN) -> bool:
        """Return whether the rows of the last `SPAN` are worth loading for `close`."""
        counts = bin.counts
        if self._old(bin):
            return False
        if counts.tripwires or self._rates.hour.tripped():
            return True
        # One very wide post shows as reach beyond what so many posts usually have.
        beyond = counts.reach - self._reach.value() * counts.mentions
        if counts.negatives and (counts.articles or 2 * beyond >= self._spark()):
            return True
        scored = self._score(bin, context)
        if scored.mention_days >= self._limits["loud_days"]:
            return True
        if scored.slow_days >= self._limits["level3_days"]:
            return True
        if scored.hour_negatives < self._limits["level1_authors"]:
            return False
        if scored.negative_days < self._limits["level1_days"] and not self._gross(bin, scored):
            return False
        return scored.pace >= self._limits["level1_multiple"] * self._base()

    def close(
        self,
        bin: Bin,
        window: Window | None,
        *,
        media: int = 0,
        frozen: bool = False,
        context: Context = PLAIN,
    ) -> Closed:
        """Judge a closed bin, then learn from it.

        ``window``: the rows of the `SPAN` before ``bin.end`` (None: not loaded; then the level is
        at most 2). ``media``: the echo as set by a person, 0-6. ``frozen``: an incident is open,
        nothing is learned, for seven days in all. ``context``: what is known besides the posts. A bin
        closed before is judged again, but teaches nothing and raises nothing.
        """
        if bin.topic != self.topic.id:
            raise ValueError(f"bin of topic {bin.topic!r} given to the watch of {self.topic.id!r}")
        if self._old(bin):
            return self._close_again(bin, media)
        self.skip_to(bin.start)
        heard, left_out = self._hear(bin, window)
        out = left_out.by_bin.get(0, NONE)
        scored = self._score(bin, context, out)
        judged = self._judge(bin, heard, left_out, scored, context)
        held = self._hold(judged.social, bin, scored)
        told = self._tell(bin, heard, scored, out, context, frozen=frozen)
        assessment = self._assess(bin, judged, told, held, scored, media)
        self._learn(bin, scored, out, heard, frozen=frozen)
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

    def _local(self, start: datetime) -> datetime:
        return start.astimezone(self._zone)

    def _hear(self, bin: Bin, window: Window | None) -> tuple[Heard | None, LeftOut]:
        """Return the rows that are voices; what is none is taken off the last hour's counts."""
        if window is None:
            return None, NOTHING
        expected = HOUR_BINS * self._rates.expected(self._local(bin.start).hour)[1]
        heard, left_out = voices(window, self._reach.value(), expected)
        for ago, out in left_out.by_bin.items():
            # A text's copies may no longer be enough of them once the first have left the hour.
            if 0 < ago < HOUR_BINS and out[0] > self._rates.hour.out(ago)[0]:
                self._rates.leave_out(ago, self._local(bin.start - ago * BIN).hour, out)
        return Heard.of(heard), left_out

    def _score(self, bin: Bin, context: Context, out: Out = NONE) -> Scored:
        local = self._local(bin.start)
        return self._rates.score(bin, local.hour, local.weekday(), out, context.uplift)

    def _gross(self, bin: Bin, scored: Scored) -> bool:
        """Return whether so many negatives might interrupt whatever the history says."""
        if self._days_known(bin) < self._limits["new_topic_days"]:
            return scored.hour_negatives >= self._limits["new_topic_authors"]
        usual = max(self._base(), HOUR_BINS * scored.expected_negatives)
        return scored.unexplained >= self._limits["gross_multiple"] * usual

    def _base(self) -> float:
        return max(self._median.value(), self._limits["median_floor"])

    def _spark(self) -> float:
        return max(self._limits["spark_reach"], self._limits["spark_times"] * self._reach.value())

    def _days_known(self, bin: Bin) -> float:
        return (bin.end - self._first).total_seconds() / DAY_S if self._first else 0.0

    def _judge(
        self,
        bin: Bin,
        heard: Heard | None,
        left_out: LeftOut,
        scored: Scored,
        context: Context,
    ) -> Judgement:
        quiet = scored.negative_days < self._limits["level1_days"]
        raised = self._days.raised(self._limits["slow_days_raised"])
        if quiet and heard is None and not self._outlets and raised < self._limits["slow_days"]:
            return QUIET  # what `judge` would say, at a fraction of the cost
        evidence = self._evidence(bin, heard, left_out, scored, context)
        judged = judge(evidence, self._limits, self.topic.alarm_budget_days)
        if evidence.caught_up and judged.social > self._level:
            return replace(judged, social=self._level, interrupt=False)
        return judged

    def _evidence(
        self,
        bin: Bin,
        heard: Heard | None,
        left_out: LeftOut,
        scored: Scored,
        context: Context,
    ) -> Evidence:
        measures = heard.measures if heard is not None else None
        if measures is not None:
            self._outlets.add(measures.outlets, bin.end)
        self._outlets.forget(bin.end)
        hour = self._rates.hour
        return Evidence(
            negatives=scored.hour_negatives,
            unexplained=scored.unexplained,
            measures=measures,
            median=self._median.value() if measures is not None else self._base(),
            usual=HOUR_BINS * scored.expected_negatives,
            mention_days=scored.mention_days,
            negative_days=scored.negative_days,
            slow_days=scored.slow_days,
            raised_days=self._days.raised(self._limits["slow_days_raised"]),
            young=scored.young,
            young_score=scored.young_score,
            days=self._days_known(bin),
            usual_reach=self._reach.value(),
            outlets=len(self._outlets),
            usual_outlets=self._outlets.usual(),
            caught_up=self._caught_up(bin),
            left_out=left_out,
            worse=self._rates.worse(heard.texts) if heard is not None else math.inf,
            sour=self._rates.sour(heard.texts) if heard is not None else math.inf,
            sour_day=self._rates.sour(heard.texts, SOUR_DAY) if heard is not None else math.inf,
            cliff=hour.cliff(
                bin.counts.mentions,
                scored.expected_mentions,
                times=self._limits["cliff_multiple"],
                least=self._limits["cliff_mentions"],
            ),
            bins=hour.bins_with_negatives() + (bin.counts.negatives > 0),
            mentions=hour.mentions() + bin.counts.mentions,
            usual_mentions=HOUR_BINS * scored.expected_mentions,
            context=context,
        )

    def _caught_up(self, bin: Bin) -> bool:
        """True when the last hour is full of late posts while what comes in now is calm."""
        hour = self._rates.hour
        if not hour.late():
            return False
        live = bin.counts.negatives + hour.live(2)
        return 4 * live < self._limits["level4_multiple"] * self._base()

    # --- level ------------------------------------------------------------------------------

    def _hold(self, social: Level, bin: Bin, scored: Scored) -> Level:
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
            self._onset = self._rates.hour.onset(bin.start, 2.0 * scored.expected_negatives)
        return self._level

    def _tell(
        self,
        bin: Bin,
        heard: Heard | None,
        scored: Scored,
        out: Out,
        context: Context,
        *,
        frozen: bool,
    ) -> tuple[Reason, ...]:
        """Return what is told beside the level, whatever it is."""
        return self._signs.see(
            bin,
            self._local(bin.start),
            scored.expected_negatives,
            heard.window if heard is not None else None,
            out,
            new_authors=context.new_authors,
            deletions=context.deletions,
            frozen=frozen and self._frozen < FROZEN_BINS,
        )

    def _assess(
        self,
        bin: Bin,
        judged: Judgement,
        told: tuple[Reason, ...],
        held: Level,
        scored: Scored,
        by_hand: int,
    ) -> Assessment:
        reasons = judged.reasons + told
        if held > judged.social:
            reasons += (Reason(ReasonCode.HOLD, self._quiet, self._limits["hold_bins"], met=False),)
        media = max(judged.media, Level(by_hand))
        if media:
            text = "set by hand" if by_hand > judged.media else ""
            usual = self._limits["media_times"] * self._outlets.usual()
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
        hour = self._local(bin.start).hour
        ago = (self._next - bin.start) // BIN if self._next else 0
        if 1 <= ago <= HOUR_BINS:
            self._rates.amend(ago, hour, bin.counts)
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
        return Closed(assessment, *self._rates.expected(hour))

    # --- learning ---------------------------------------------------------------------------

    def _learn(
        self, bin: Bin, scored: Scored, out: Out, heard: Heard | None, *, frozen: bool
    ) -> None:
        texts = heard.texts if heard is not None else None
        if frozen and self._frozen < FROZEN_BINS:
            self._rates.pass_by(bin, scored, out, texts)
        else:
            self._rates.learn(bin, scored, out, texts)
            self._median.learn(scored.hour_negatives)
            self._reach.learn(bin.counts)
            self._outlets.learn()
        day = self._local(bin.start).toordinal()
        self._days.add(day, int(scored.slow["negatives"]), learn=not frozen)
        # Days without an incident pay back one for one, so that a topic that opens and closes
        # incidents all the time cannot stay frozen for ever.
        self._frozen = min(self._frozen + 1, FROZEN_BINS) if frozen else max(self._frozen - 1, 0)
        self._next = bin.end

    # --- state ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data; restoring it is invisible."""
        return {
            "version": VERSION,
            "first": stamp(self._first),
            "next": stamp(self._next),
            **self._rates.snapshot(),
            **self._days.snapshot(),
            "median": self._median.snapshot(),
            **self._reach.snapshot(),
            **self._outlets.snapshot(),
            "signs": self._signs.snapshot(),
            "level": [int(self._level), self._quiet, self._frozen],
            "onset": stamp(self._onset),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        if state.get("version") != VERSION:
            raise ValueError(
                f"detector state of topic {self.topic.id!r} has version {state.get('version')!r}, "
                f"expected {VERSION}"
            )
        level, quiet, frozen = (int(n) for n in numbers(state, "level", 3))
        self._rates.restore(state)
        self._median.restore(state["median"])
        if "days" in state:  # absent in states from before they were counted
            self._days.restore(state)
        self._signs.restore(state.get("signs", {}))
        self._reach.restore(state)
        self._outlets.restore(state)
        self._level, self._quiet, self._frozen = Level(level), quiet, frozen
        self._first, self._next = instant(state["first"]), instant(state["next"])
        self._onset = instant(state["onset"])
