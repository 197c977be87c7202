"""Coverage: what is NOT seen right now, as data. Wording is the page's.

A monitor that shows calm where it is blind is worse than none; so everything that keeps a
mention from being seen is a `Gap`, and a topic of which no source is seen is blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from detectors.detection import WATCH, Reason, ReasonCode
from detectors.topic import Topic
from detectors.window import AHEAD
from monitor.ports import BinResult, Capped, SourceState

HOUR = timedelta(hours=1)
"""A span counts for the hour after it, as it does for the level."""
LATE = timedelta(minutes=10)
"""Live lateness of DESIGN section 2: usually later than this, and a source is called late."""
YOUNG_ITEMS = 50
"""Arrivals after which a source's rhythm is known (the weight in `SourceClock.saw`)."""
PARTIAL: Mapping[str, str] = {
    "mastodon": "public_only",  # private and followers-only posts never come by the stream
    "feed": "newest_only",  # a feed shows its newest entries; what scrolls out between polls is gone
}


class GapKind(StrEnum):
    """Why something is not seen. `BLINDING` are those that make "calm" unknown."""

    NEVER = "never"  # configured, but never reached
    EMPTY = "empty"  # reached, but never a mention
    FAILED = "failed"  # the last try went wrong
    SILENT = "silent"  # nothing for twice its usual gap
    LATE = "late"  # comes usually more than `LATE` after publication
    AHEAD = "ahead"  # its clock runs ahead of ours
    YOUNG = "young"  # too few arrivals to know its rhythm
    CAPPED = "capped"  # gave no more than it gives at most: there were at least so many
    PARTIAL = "partial"  # by its nature shows only a part
    LANGUAGES = "languages"  # the topic leaves out other languages
    BLIND = "blind"  # a topic: none of the sources is seen


BLINDING = frozenset({GapKind.NEVER, GapKind.FAILED, GapKind.SILENT})


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is not seen. ``source`` or ``topic`` is "" where it is not about one.

    ``since``: from when on, None when unknown or by nature. ``detail``: the error as it was told,
    languages, or a code of `PARTIAL`. ``seconds``: the size where there is one (silent for, usual
    lag, ahead by).
    """

    kind: GapKind
    source: str = ""
    topic: str = ""
    since: datetime | None = None
    detail: str = ""
    seconds: float = 0.0


def gaps(
    states: Mapping[str, SourceState],
    topics: Sequence[Topic],
    now: datetime,
    *,
    configured: Mapping[str, str] | None = None,
    capped: Sequence[Capped] = (),
) -> list[Gap]:
    """Return everything that is not seen at ``now``: sources first, by name, then topics.

    ``configured`` maps each configured source to its type ("feed", "http", ...): one that was
    never heard of has no state and is a gap all the same. ``capped``: spans of which only a part came;
    those that reach into the last hour before ``now`` are one gap a source. Pure; cost is the number of sources.
    """
    types = dict(configured or {})
    names = sorted({*states, *types})
    found = [
        gap
        for name in names
        for gap in _source_gaps(name, states.get(name), types.get(name, ""), now)
    ]
    dark = {gap.source for gap in found if gap.kind in BLINDING}
    found += _capped(capped, now)
    found += [
        Gap(GapKind.PARTIAL, name, detail=PARTIAL[types[name]])
        for name in names
        if types.get(name) in PARTIAL
    ]
    for topic in topics:
        if topic.languages:
            found.append(Gap(GapKind.LANGUAGES, topic=topic.id, detail=" ".join(topic.languages)))
        if names and dark.issuperset(names):
            starts = [g.since for g in found if g.kind in BLINDING and g.since is not None]
            found.append(Gap(GapKind.BLIND, topic=topic.id, since=max(starts) if starts else None))
    return found


def unseen(found: Sequence[Gap]) -> frozenset[str]:
    """Return the sources of which "calm" must not be said."""
    return frozenset(gap.source for gap in found if gap.source and gap.kind in BLINDING)


def hushed(latest: BinResult | None) -> Reason | None:
    """Return why a topic that looks calm is merely silent; None where it is not, or a storm is seen.

    Its sources may all be well: a query that finds nothing more, or a platform that shows nothing
    more, looks just like that.
    """
    if latest is None or latest.assessment is None or latest.level >= WATCH:
        return None
    told = latest.assessment.reasons
    return next((r for r in told if r.code is ReasonCode.SILENCE and r.met), None)


def _capped(spans: Sequence[Capped], now: datetime) -> list[Gap]:
    since: dict[str, datetime] = {}
    for span in spans:
        if span.since < now and span.until > now - HOUR:
            since[span.source] = min(span.since, since.get(span.source, span.since))
    return [Gap(GapKind.CAPPED, name, since=since[name]) for name in sorted(since)]


def _source_gaps(name: str, state: SourceState | None, type_: str, now: datetime) -> list[Gap]:
    if state is None:
        return [Gap(GapKind.NEVER, name)]
    clock, found = state.clock, []
    failed = state.error_at is not None and (state.ok_at is None or state.error_at >= state.ok_at)
    if failed:
        found.append(
            Gap(GapKind.FAILED, name, since=state.ok_at or state.error_at, detail=state.error)
        )
    if clock.seen_at is None:
        if state.ok_at is not None:
            # A file's mentions carry the names of their own sources, so it never has any itself.
            return found if type_ == "file" else [*found, Gap(GapKind.EMPTY, name)]
        return found or [Gap(GapKind.NEVER, name)]
    if clock.silent(now):
        quiet = (now - clock.seen_at).total_seconds()
        found.append(Gap(GapKind.SILENT, name, since=clock.seen_at, seconds=quiet))
    if clock.lag_s > LATE.total_seconds():
        found.append(Gap(GapKind.LATE, name, seconds=clock.lag_s))
    if clock.watermark is not None and clock.watermark >= clock.seen_at + AHEAD:
        ahead = (clock.watermark - clock.seen_at).total_seconds()
        found.append(Gap(GapKind.AHEAD, name, seconds=ahead))
    if clock.items < YOUNG_ITEMS:
        found.append(Gap(GapKind.YOUNG, name, seconds=float(clock.items)))
    return found
