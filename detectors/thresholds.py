"""Every number of the level reading, with its unit and its reason; a topic overrides any by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Threshold(NamedTuple):
    """A default, its unit, and why it is what it is."""

    value: float
    unit: str
    why: str


THRESHOLDS: dict[str, Threshold] = {
    "level1_authors": Threshold(2, "authors/h", "one voice is a customer, two are a rustle"),
    "level1_multiple": Threshold(2, "x median", "half again the usual is still mostly chance"),
    "level2_authors": Threshold(4, "authors/h", "repeated criticism by individuals"),
    "level2_multiple": Threshold(2, "x median", "twice the usual hour"),
    "level3_authors": Threshold(6, "authors/h", "lasting criticism, below the floor of waking"),
    "level3_multiple": Threshold(3, "x median", "a day at 2.3 times was a crisis; an hour needs more"),
    "level4_authors": Threshold(8, "authors/h", "floor: an angry family of a small brand has fewer"),
    "level4_threads": Threshold(2, "threads", "floor: one quarrel under one post is not a storm"),
    "level4_multiple": Threshold(3, "x median", "rarity decides above this"),
    "level5_authors": Threshold(25, "authors/h", "a crowd: nobody knows each other any more"),
    "level5_threads": Threshold(5, "threads", "it has left the first post"),
    "level5_multiple": Threshold(8, "x median", "frozen, so the fourth storm counts like the first"),
    "level6_authors": Threshold(100, "authors/h", "beyond what any team can answer one by one"),
    "level6_sources": Threshold(2, "sources", "it has left the first platform"),
    "level6_multiple": Threshold(20, "x median", "the storms of the literature peak at 20 to 100 x"),
    "level6_offensive": Threshold(20, "posts/h", "mostly insulting or threatening tone, in numbers"),
    "median_floor": Threshold(2, "negatives/h", "below two an hour a multiple says nothing"),
    "rarity_family": Threshold(0.1, "x budget", "size and tone stop most bursts that are as rare, "
        "measured on calm streams; so the budget is spent"),
    "level1_days": Threshold(0.25, "days", "what comes four times a day is calm weather"),
    "level2_days": Threshold(1, "days", "a burst of every day is the day's rhythm"),
    "level3_days": Threshold(3, "days", "a watch more often than that would not be read"),
    "slow_family": Threshold(0.7, "x budget", "tone stops some slow sums that are as rare"),
    "slow_sour": Threshold(3.2, "deviations", "above the usual share over 6, 12 or 24 hours"),
    "slow_authors": Threshold(2, "authors/h", "a slow storm has few at a time, but not one alone"),
    "slow_days_raised": Threshold(1.5, "x median day", "half again the usual day..."),
    "slow_days": Threshold(3, "of 7 days", "...so often in a week is worth a look by daylight"),
    "gross_authors": Threshold(25, "authors/h", "so many interrupt whatever the history says..."),
    "gross_multiple": Threshold(8, "x expected", "...if they are far above even the learned usual"),
    "new_topic_days": Threshold(1, "days", "before that nothing is known: fixed counts only"),
    "new_topic_authors": Threshold(25, "authors/h", "the fixed count that wakes for an unknown topic"),
    "new_topic_share": Threshold(0.4, "share", "and the least share of negatives, lower end"),
    "young_topic_days": Threshold(14, "days", "until then the page says how long it knows the topic"),
    "loud_days": Threshold(3, "days", "a burst of mentions so rare is worth a look"),
    "loud_mentions": Threshold(20, "mentions/h", "fewer are read in a minute, whatever they are"),
    "tone_low": Threshold(0.35, "share", "an upper end below this is attention, not a storm; the "
        "model error of 0.07 is in it"),
    "tone_worse": Threshold(0.25, "share", "so many more texts than usual are critical at times, misreading "
        "taken out and copies counted once"),
    "tone_sour": Threshold(3.5, "deviations", "and that over some hours; a surge is looked at often enough "
        "for less to happen by chance"),
    "tone_far": Threshold(0.30, "share", "below, only the whole budget's rarity wakes"),
    "tone_sure": Threshold(0.60, "share", "a lower end above this is a campaign even if copied"),
    "unread": Threshold(0.30, "share", "so much unread leaves the tone open"),
    "left_out": Threshold(0.25, "share", "so much that is no voice is worth a line, and "
        "what is left beside it needs the whole budget's rarity"),
    "strange": Threshold(0.7, "share", "so many whose words were never said of the brand: a namesake"),
    "cliff_multiple": Threshold(10, "x expected", "from the usual to this in one bin is a broadcast"),
    "cliff_mentions": Threshold(20, "mentions", "fewer at once are chance"),
    "cliff_bins": Threshold(2, "bins", "then whoever is angry has begun to write"),
    "night_rate": Threshold(1, "negatives/h", "below, a handful at once may be one late delivery"),
    "night_bins": Threshold(2, "bins", "and has to go on into the next bin"),
    "spark_reach": Threshold(50_000, "people", "one post that a town may have read"),
    "spark_times": Threshold(20, "x usual reach", "and far above what posts here usually reach"),
    "wide_authors": Threshold(3, "authors/h", "beside one very wide post, so few others suffice"),
    "hold_bins": Threshold(6, "bins", "half an hour below, and the level falls by one"),
    "media_times": Threshold(2, "x usual outlets", "a brand that is in the papers daily has a floor"),
    "media_1": Threshold(1, "outlets/day", "first critical article"),
    "media_2": Threshold(2, "outlets/day", "a second newsroom"),
    "media_3": Threshold(4, "outlets/day", "many; more than 3 only a person sets"),
    "trip_death": Threshold(1, "authors", "duty: one voice is enough"),
    "trip_threat": Threshold(1, "authors", "duty: one voice is enough"),
    "trip_raid": Threshold(1, "authors", "rare, and found by one at first"),
    "trip_injury": Threshold(2, "authors", "one may be a figure of speech"),
    "trip_poisoning": Threshold(2, "authors", "one may be a figure of speech"),
    "trip_fire_explosion": Threshold(2, "authors", "one may be a figure of speech"),
    "trip_recall": Threshold(2, "authors", "one may be rumour"),
    "trip_data_leak": Threshold(2, "authors", "one may be rumour"),
    "trip_abuse": Threshold(2, "authors", "one may be rumour"),
    "trip_other": Threshold(3, "authors", "own categories, unless set"),
}  # fmt: skip
"""Every number of the level reading. A topic overrides any by name (`Topic.thresholds`)."""


class ThresholdError(ValueError):
    """A topic overrides a threshold that does not exist or cannot hold."""


class Thresholds:
    """`THRESHOLDS` with a topic's overrides; ThresholdError names an unknown or negative one."""

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        self._values = {name: t.value for name, t in THRESHOLDS.items()}
        for name, value in (overrides or {}).items():
            if name not in self._values and not name.startswith("trip_"):
                raise ThresholdError(f"unknown threshold {name!r}; known: {', '.join(THRESHOLDS)}")
            if not value >= 0:
                raise ThresholdError(f"threshold {name!r} must be 0 or more, got {value}")
            self._values[name] = float(value)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def trip(self, category: str) -> float:
        """Return from how many independent authors a tripwire of that category acts."""
        return self._values.get(f"trip_{category}", self._values["trip_other"])
