"""Many numbers into one level 0-6, with its reasons. Pure: evidence in, judgement out.

Rarity interrupts, size ranks. *Size* (unique negative authors, threads, the pace against a
frozen median) names the level; *rarity* (the return period of negatives against the topic's
alarm budget) decides whether it may be 4 or more, that is, whether somebody is woken. A size so
gross that no history excuses it interrupts by itself, so that a battered brand does not go deaf.
Every number stands in `THRESHOLDS`; docs/levels.md says the same in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from detectors.context import PLAIN, Context
from detectors.detection import WAKE, Level, Reason, ReasonCode
from detectors.measures import Measures
from detectors.thresholds import Thresholds
from detectors.voices import NOTHING, LeftOut

MISREAD = "misread"
"""Stands with `ReasonCode.TONE_UNREADABLE` where people's samples say that tone is unreliable."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at the end of one bin. ``measures`` None: rows were not looked at.

    ``negatives``: of the last hour, from counts; ``unexplained``: pace of those that the crowd does
    not explain, an hour. ``median``: frozen 28-day median of an hour's
    negatives; ``usual``: what is expected of this hour. ``mention_days`` / ``negative_days``:
    return periods; ``slow_days``: that of the last 6 to 24 hours; ``raised_days``: of the last seven, those
    well above the usual day. ``young``: the young channel speaks, with ``young_score`` = -log10 p.
    ``days``: how long the topic is known. ``caught_up``: late mentions fill the last hour while
    its newest bins are quiet. ``outlets``: with critical articles in the last 24 h, and the usual
    number of them. ``worse``: how many more of the hour's texts are critical than usual, as a share;
    ``sour``: by how many deviations those of some hours are, ``sour_day`` those of the last 6 to 24 hours. ``left_out``: negatives of the last hour that are no voices; ``measures`` are of
    the others. ``cliff``: bins since mentions rose at once, 0 where they did not; ``bins``: how many
    bins of the last hour brought negatives. ``mentions``, ``usual_mentions``: of the last hour, and as
    many as were expected of it, announced ones included. ``context``: what the posts do not tell.
    """

    negatives: int = 0
    unexplained: float = 0.0
    measures: Measures | None = None
    median: float = 0.0
    usual: float = 0.0
    mention_days: float = 0.0
    negative_days: float = 0.0
    slow_days: float = 0.0
    raised_days: int = 0
    young: bool = False
    young_score: float = 0.0
    days: float = 365.0
    usual_reach: float = 0.0
    outlets: int = 0
    usual_outlets: float = 0.0
    caught_up: bool = False
    left_out: LeftOut = NOTHING
    worse: float = math.inf
    sour: float = math.inf
    sour_day: float = math.inf
    cliff: int = 0
    bins: int = 12
    mentions: int = 0
    usual_mentions: float = 0.0
    context: Context = PLAIN


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evidence says, before hysteresis. ``interrupt`` is true exactly at level >= 4."""

    social: Level
    media: Level
    interrupt: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(slots=True)
class _Story:
    """Reasons as they are found."""

    reasons: list[Reason] = field(default_factory=list)

    def test(
        self,
        code: ReasonCode,
        value: float,
        threshold: float,
        *,
        met: bool | None = None,
        text: str = "",
    ) -> bool:
        holds = value >= threshold if met is None else met
        self.reasons.append(Reason(code, float(value), float(threshold), holds, text))
        return holds


def judge(evidence: Evidence, limits: Thresholds, budget_days: float) -> Judgement:
    """Return the level that the evidence supports. Monotone: more negatives, authors, threads,
    sources, reach or rarity never lower it.
    """
    media = _media(evidence, limits)
    seen = evidence.measures
    story = _Story()
    if seen is None:
        level = max(_from_counts(evidence, limits, story), _raised(story, evidence, limits))
        return Judgement(level, media, interrupt=False, reasons=tuple(story.reasons))
    base = max(evidence.median, limits["median_floor"])
    multiple = max(evidence.negatives, seen.negatives, 4 * seen.recent) / base
    usual = evidence.unexplained / max(base, evidence.usual)
    size = _size(seen, multiple, limits)
    _tell_size(story, seen, multiple, size, limits)
    wide = _reach(story, evidence, seen, limits)
    rare = _rarity(story, evidence, seen, usual, limits, budget_days)
    if (
        wide
        and rare
        and seen.authors >= limits["wide_authors"]
        and multiple >= limits["level4_multiple"]
    ):
        size = max(size, WAKE)
    level = size if rare else min(size, _ordinary(evidence, limits))
    level = min(level, _ceiling(story, evidence, seen, limits))
    level = max(level, _slow(story, evidence, seen, limits, budget_days))
    level = max(level, _raised(story, evidence, limits))
    level = max(level, _loudness(story, evidence, seen, limits))
    if wide:
        level = max(level, Level.FRESH_BREEZE)
    level = max(level, _tripwires(story, seen, limits))
    if evidence.days < limits["young_topic_days"]:
        story.test(ReasonCode.YOUNG_TOPIC, evidence.days, limits["young_topic_days"], met=True)
    return Judgement(level, media, level >= WAKE, tuple(story.reasons))


def _from_counts(evidence: Evidence, limits: Thresholds, story: _Story) -> Level:
    """Without rows nothing is known of authors: at most a light breeze."""
    if evidence.negative_days < limits["level1_days"]:
        return Level.CALM
    multiple = evidence.negatives / max(evidence.median, limits["median_floor"])
    level = Level.CALM
    for step in (Level.LIGHT_AIR, Level.LIGHT_BREEZE):
        enough = evidence.negatives >= limits[f"level{int(step)}_authors"]
        if enough and multiple >= limits[f"level{int(step)}_multiple"]:
            level = step
    if level:
        story.test(ReasonCode.MULTIPLE, multiple, limits[f"level{int(level)}_multiple"])
    return level


_STEPS = [(int(level), level) for level in Level if level > Level.CALM]


def _size(seen: Measures, multiple: float, limits: Thresholds) -> Level:
    """Return the highest level whose every condition of size holds."""
    level = Level.CALM
    for n, step in _STEPS:
        if seen.authors < limits[f"level{n}_authors"] or multiple < limits[f"level{n}_multiple"]:
            break
        if n in (4, 5) and seen.threads < limits[f"level{n}_threads"]:
            break
        if n == 6 and (
            len(seen.sources) < limits["level6_sources"]
            or seen.offensive < limits["level6_offensive"]
        ):
            break
        level = step
    return level


def _tell_size(
    story: _Story, seen: Measures, multiple: float, size: Level, limits: Thresholds
) -> None:
    """Tell each size against what the level reached asked for (at level 0: what 1 would)."""
    n = max(int(size), 1)
    story.test(ReasonCode.NEGATIVE_AUTHORS, seen.authors, limits[f"level{n}_authors"])
    story.test(ReasonCode.MULTIPLE, multiple, limits[f"level{n}_multiple"])
    if n >= 3:
        threads = limits["level4_threads"] if n < 5 else limits["level5_threads"]
        story.test(ReasonCode.NEGATIVE_THREADS, seen.threads, threads)
        story.test(ReasonCode.GROWTH, seen.growth, 1.5)
    if n >= 5:
        story.test(ReasonCode.SOURCES, len(seen.sources), limits["level6_sources"])
        share = limits["level6_offensive"] / max(seen.negatives, 1)
        story.test(ReasonCode.AGGRESSION, seen.aggression, share)


def _rarity(
    story: _Story,
    evidence: Evidence,
    seen: Measures,
    usual: float,
    limits: Thresholds,
    budget_days: float,
) -> bool:
    """Return whether somebody may be interrupted."""
    if evidence.caught_up:
        story.test(ReasonCode.LATE, 1.0, 1.0, met=True, text="newest bins are quiet")
        return False
    if evidence.days < limits["new_topic_days"]:
        many = story.test(
            ReasonCode.YOUNG_NEGATIVES, seen.authors, limits["new_topic_authors"], text="authors"
        )
        return many and seen.share.low >= limits["new_topic_share"]
    need = budget_days
    far = evidence.worse >= limits["tone_far"] or not _readable(evidence, seen, limits)
    if far and _left_out(evidence) < limits["left_out"]:
        need *= limits["rarity_family"]
    code = ReasonCode.NEGATIVE_BURST
    rare = story.test(code, evidence.negative_days, need)
    if evidence.young:
        story.test(ReasonCode.YOUNG_NEGATIVES, evidence.young_score, 0.0, met=rare)
    gross = seen.authors >= limits["gross_authors"] and usual >= limits["gross_multiple"]
    return rare or gross


def _readable(evidence: Evidence, seen: Measures, limits: Thresholds) -> bool:
    """Return whether enough could be read. The rest might be criticism: where much is unread, nothing
    is said to be as usual."""
    return _unread(evidence, seen) < limits["unread"]


def _unread(evidence: Evidence, seen: Measures) -> float:
    """Return the share that could not be read of the posts that are not negative: more criticism must not
    make the rest readable. All of them, where a topic's tone is unreliable."""
    if evidence.context.misread:
        return 1.0
    return seen.unread / max(1, seen.mentions - seen.negatives)


def _ordinary(evidence: Evidence, limits: Thresholds) -> Level:
    """Return the highest level that a burst too common to interrupt may show."""
    if evidence.days < limits["new_topic_days"] or evidence.caught_up:
        return Level.LIGHT_BREEZE
    if evidence.negative_days >= limits["level3_days"]:
        return Level.FRESH_BREEZE
    if evidence.negative_days >= limits["level2_days"]:
        return Level.LIGHT_BREEZE
    return Level.LIGHT_AIR if evidence.negative_days >= limits["level1_days"] else Level.CALM


def _ceiling(story: _Story, evidence: Evidence, seen: Measures, limits: Thresholds) -> Level:
    """Return the highest level that tone and context allow."""
    _tell_left_out(story, evidence, limits)
    story.test(ReasonCode.NEGATIVE_SHARE, seen.share.low, limits["tone_sure"])
    ceiling = Level.HURRICANE
    if seen.share.high < limits["tone_low"] and not evidence.context.misread:
        story.test(ReasonCode.TONE_LOW, seen.share.high, limits["tone_low"], met=True)
        ceiling = Level.FRESH_BREEZE
    as_usual = evidence.worse < limits["tone_worse"] or evidence.sour < limits["tone_sour"]
    if as_usual and _readable(evidence, seen, limits) and seen.share.low < limits["tone_sure"]:
        more = min(1.0, max(0.0, evidence.worse))
        text = "by chance" if evidence.worse >= limits["tone_worse"] else ""
        story.test(ReasonCode.TONE_USUAL, more, limits["tone_worse"], met=True, text=text)
        ceiling = Level.FRESH_BREEZE
    if 0 < evidence.cliff <= limits["cliff_bins"] and seen.share.low < limits["tone_sure"]:
        story.test(ReasonCode.CLIFF, evidence.cliff, limits["cliff_bins"], met=True)
        ceiling = Level.FRESH_BREEZE
    # The burst itself may already have raised what is expected of this hour; not the median.
    few = min(evidence.usual, evidence.median)
    if few < limits["night_rate"] and evidence.bins < limits["night_bins"]:
        story.test(ReasonCode.ONE_BIN, evidence.bins, limits["night_bins"], met=True)
        ceiling = Level.FRESH_BREEZE
    strange = evidence.context.strange
    if strange >= limits["strange"]:
        story.test(ReasonCode.NOT_OURS, strange, limits["strange"])
        ceiling = Level.FRESH_BREEZE
    if evidence.context.capped:
        at_least = max(evidence.mentions, seen.mentions)
        names = ", ".join(evidence.context.capped)
        story.test(ReasonCode.CAPPED, at_least, at_least, met=True, text=names)
    return ceiling


def _left_out(evidence: Evidence) -> float:
    """Return the share of the hour's negatives that are no voices, 0..1; what is left beside many is less
    sure to be one."""
    left = evidence.left_out.negatives
    return min(1.0, left / max(1, evidence.negatives + left))


def _tell_left_out(story: _Story, evidence: Evidence, limits: Thresholds) -> None:
    """Say which negatives are no voices; size was judged without them."""
    left = evidence.left_out
    for code, n, text in (
        (ReasonCode.COPIES, left.unsure, ""),
        (ReasonCode.BOTS, left.bots, ""),
        (ReasonCode.NAMED_ALONG, left.along, left.rival),
    ):
        share = n / max(1, evidence.negatives + left.negatives)
        if share >= limits["left_out"]:
            story.test(code, min(1.0, share), limits["left_out"], text=text)


def _loudness(story: _Story, evidence: Evidence, seen: Measures, limits: Thresholds) -> Level:
    """Return the level that volume alone deserves: attention, or a look at unreadable tone."""
    planned = evidence.context.planned
    if planned:
        times = max(evidence.mentions, seen.mentions) / max(1.0, evidence.usual_mentions)
        story.test(ReasonCode.EXPECTED_EVENT, times, 1.0, text=planned)
    if evidence.mention_days < limits["loud_days"] or seen.mentions < limits["loud_mentions"]:
        return Level.CALM
    story.test(ReasonCode.MENTION_BURST, evidence.mention_days, limits["loud_days"])
    down = evidence.context.down
    if down:
        story.test(ReasonCode.MOVED, len(down), 1, text=", ".join(down))
    unread = _unread(evidence, seen)
    if evidence.negative_days < limits["level1_days"] and unread < limits["unread"]:
        return Level.LIGHT_AIR
    if unread >= limits["unread"]:
        misread = evidence.context.misread
        value, text = (misread, MISREAD) if misread else (unread, "")
        story.test(ReasonCode.TONE_UNREADABLE, value, limits["unread"], met=True, text=text)
    return Level.FRESH_BREEZE


def _slow(
    story: _Story, evidence: Evidence, seen: Measures, limits: Thresholds, budget_days: float
) -> Level:
    """Return the level that hours of a raised share deserve, though no bin is rare."""
    if evidence.days < limits["young_topic_days"] or seen.authors < limits["slow_authors"]:
        return Level.CALM
    if evidence.slow_days < limits["level3_days"] or evidence.caught_up:
        return Level.CALM
    need = budget_days
    if _left_out(evidence) < limits["left_out"]:
        need *= limits["slow_family"]
    sour = evidence.sour_day >= limits["slow_sour"] or not _readable(evidence, seen, limits)
    rare = evidence.slow_days >= need and sour
    story.test(ReasonCode.SLOW_NEGATIVES, evidence.slow_days, need, met=rare)
    ours = evidence.context.strange < limits["strange"]
    return WAKE if rare and ours else Level.FRESH_BREEZE


def _raised(story: _Story, evidence: Evidence, limits: Thresholds) -> Level:
    """Return the level that several raised days of a week deserve: a look by daylight."""
    if evidence.raised_days < limits["slow_days"]:
        return Level.CALM
    story.test(ReasonCode.SLOW_DAYS, evidence.raised_days, limits["slow_days"])
    return Level.FRESH_BREEZE


def _reach(story: _Story, evidence: Evidence, seen: Measures, limits: Thresholds) -> bool:
    """Return whether one negative post reaches far above what posts here usually do."""
    need = max(limits["spark_reach"], limits["spark_times"] * evidence.usual_reach)
    if seen.reach < need:
        return False
    alone = seen.authors < limits["level3_authors"]
    return story.test(ReasonCode.FIRST_SPARK if alone else ReasonCode.REACH, seen.reach, need)


def _tripwires(story: _Story, seen: Measures, limits: Thresholds) -> Level:
    """Return the level that words of danger ask for: 4 from enough voices, 2 from fewer."""
    level = Level.CALM
    for category, authors in seen.tripwires:
        enough = story.test(ReasonCode.TRIPWIRE, authors, limits.trip(category), text=category)
        level = max(level, WAKE if enough else Level.LIGHT_BREEZE)
    return level


def _media(evidence: Evidence, limits: Thresholds) -> Level:
    """Return the echo in articles beyond the usual, at most 3: more is for a person to set."""
    if evidence.days < limits["new_topic_days"]:
        return Level.CALM
    beyond = evidence.outlets - limits["media_times"] * evidence.usual_outlets
    steps = [n for n in (1, 2, 3) if beyond >= limits[f"media_{n}"]]
    return Level(max(steps, default=0))
