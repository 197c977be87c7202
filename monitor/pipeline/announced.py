"""Announced: how many times the usual mentions each closed bin was to have, from what was planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from detectors.planned import (
    CORE,
    FADE,
    LEAD,
    LONGEST,
    NOTHING,
    Brought,
    Planned,
    Uplift,
    learned,
    ratio,
    uplift,
)
from detectors.window import BIN, bin_start
from monitor.ports import BinResult, PlannedReads

LEARN_FROM = timedelta(days=366)
"""A yearly meeting is to find the one of last year."""
PAST_ONES = 10
"""The newest of a type: brands grow."""


class Past(PlannedReads, Protocol):
    """Whoever knows what is planned and what bins led to: a transaction, or what reads."""

    def results(self, topic: str, since: datetime, until: datetime) -> list[BinResult]: ...


class Announced:
    """What was announced for the bins that end in (``since``, ``until``]; one small read.

    Uplifts that past ones of the type must tell are looked up when a bin asks first, and put into
    ``known``, which whoever judges keeps: each is settled when its entry begins, so that a restart
    in the middle finds the same. For one transaction only, as what is read may change.
    """

    def __init__(
        self,
        past: Past,
        since: datetime,
        until: datetime,
        known: dict[tuple[str, int, str], float] | None = None,
    ) -> None:
        self._past = past
        self._known = {} if known is None else known
        self._entries: Mapping[str, list[Planned]] = defaultdict(list)
        for entry in past.planned(since - CORE - FADE, until + LEAD):
            for topic in entry.topics:
                self._entries[topic].append(entry)

    def at(self, topic: str, end: datetime) -> Uplift:
        """Return what was announced of the bin that ends at ``end``, seen from its middle."""
        if topic not in self._entries:
            return NOTHING
        middle = end - BIN / 2
        near = [
            e for e in self._entries[topic] if e.reach[0] < middle < e.reach[1] and not e.cancelled
        ]
        return uplift([(e, self._times(e, topic)) for e in near], middle)

    def _times(self, entry: Planned, topic: str) -> float:
        if entry.uplift is not None:
            return entry.uplift
        key = (entry.id, entry.version, topic)
        if key not in self._known:
            self._known[key] = expected_uplift(self._past, entry, topic)
        return self._known[key]


def expected_uplift(past: Past, entry: Planned, topic: str) -> float:
    """Return the uplift that past ones of an entry's type and topic let one expect of it.

    Past is what was over when it begins. Reads the bins of at most `PAST_ONES` spans.
    """
    return learned(past_ratios(past, entry, topic))


def past_ratios(past: Past, entry: Planned, topic: str) -> list[float]:
    """Return how many times the usual mentions past ones brought, newest first."""
    since = entry.starts - LEARN_FROM
    found = past.planned(since - LONGEST, entry.starts, type=entry.type)
    over = [
        e
        for e in found
        if e.id != entry.id and topic in e.topics and e.core[1] <= entry.starts and e.starts > since
    ]
    ratios = []
    for one in sorted(over, key=lambda e: (e.starts, e.id), reverse=True)[:PAST_ONES]:
        times = brought(past, one, topic)
        if times is not None:
            ratios.append(times)
    return ratios


def brought(past: Past, entry: Planned, topic: str) -> float | None:
    """Return how many times the usual mentions an entry brought; None where too little is known."""
    first, last = entry.core
    bins = past.results(topic, bin_start(first), last)
    return ratio(
        entry, [Brought(r.start, r.mentions, r.expected_mentions / r.uplift) for r in bins]
    )
