"""Curves: minutes of counts beside what the bins led one to expect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from detectors.window import BIN_S
from monitor.ports import BinResult, CurvePoint
from monitor.store import schema
from monitor.store.codec import from_seconds, seconds
from monitor.store.counts import result_of

MAX_POINTS = 20_000


def results(c: Connection, topic: str, since_s: int, until_s: int) -> list[BinResult]:
    """Return one result per bin that starts in [since, until), of its newest revision."""
    table = schema.bin_result
    query = (
        select(table)
        .where(table.c.topic == topic, table.c.start_s >= since_s, table.c.start_s < until_s)
        .order_by(table.c.start_s, table.c.revision)
    )
    newest = {row["start_s"]: row for row in c.execute(query).mappings()}
    return [result_of(row) for row in newest.values()]


def curve(
    c: Connection, topic: str, since: datetime, until: datetime, step_s: int
) -> list[CurvePoint]:
    """Return one point per step of [since, until), steps starting at multiples of ``step_s``.

    Counts are exact to the minute and include what is not closed yet. What was expected of a bin
    is spread evenly over its minutes; a step that is only partly concluded scales up what is
    known of it. ``level`` is the highest of the bins that touch the step.

    Raises ValueError unless ``step_s`` is whole minutes up to an hour, or for more than
    `MAX_POINTS` steps.
    """
    if step_s % 60 or not 60 <= step_s <= 3600:
        raise ValueError(f"step_s must be 60, 120, ... 3600 seconds, not {step_s}")
    first = seconds(since) - seconds(since) % step_s
    last = -(-seconds(until) // step_s) * step_s
    if (last - first) // step_s > MAX_POINTS:
        raise ValueError(f"more than {MAX_POINTS} steps; take a longer step or a shorter span")
    counted = _counted(c, topic, first, last, step_s)
    bins = {seconds(r.start): r for r in results(c, topic, first - first % BIN_S, last)}
    return [
        _point(start, step_s, *counted.get(start, (0, 0)), bins)
        for start in range(first, last, step_s)
    ]


def _counted(
    c: Connection, topic: str, first: int, last: int, step_s: int
) -> dict[int, tuple[int, int]]:
    rows = c.exec_driver_sql(
        "SELECT minute * 60 / ? AS step, CAST(sum(mentions) AS BIGINT),"
        " CAST(sum(negatives) AS BIGINT) FROM count"
        " WHERE topic = ? AND minute >= ? AND minute < ? GROUP BY step",
        (step_s, topic, first // 60, last // 60),
    )
    return {step * step_s: (mentions, negatives) for step, mentions, negatives in rows}


def _point(
    start: int, step_s: int, mentions: int, negatives: int, bins: dict[int, BinResult]
) -> CurvePoint:
    known = [(share, bins[at]) for at, share in _shares(start, step_s) if at in bins]
    covered = sum(share for share, _ in known)
    if not known:
        return CurvePoint(from_seconds(start), mentions, negatives, None, None, None)
    whole = step_s / BIN_S / covered
    return CurvePoint(
        at=from_seconds(start),
        mentions=mentions,
        negatives=negatives,
        expected_mentions=whole * sum(share * r.expected_mentions for share, r in known),
        expected_negatives=whole * sum(share * r.expected_negatives for share, r in known),
        level=max(r.level for _, r in known),
    )


def _shares(start: int, step_s: int) -> Iterator[tuple[int, float]]:
    """Yield the bins that a step touches, each with the part of the bin that lies in the step."""
    for at in range(start - start % BIN_S, start + step_s, BIN_S):
        yield at, (min(at + BIN_S, start + step_s) - max(at, start)) / BIN_S
