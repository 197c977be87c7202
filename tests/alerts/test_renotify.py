"""When an incident speaks, and when it keeps quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.alert import NotifyReason
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.moves import acknowledge, resolve
from alerts.renotify import asks_what_was_told, notify_reason, told_level
from detectors.detection import Level
from tests import builders as b

NEW = b.incident()
WATCH = b.incident(level=Level.FRESH_BREEZE, status=Status.WATCH)
ACKED = acknowledge(NEW, "kim", b.after(minutes=30))[0]
OVER = resolve(ACKED, "kim", Outcome.REAL, "", b.after(minutes=60))[0]
CLOSED = replace(WATCH, status=Status.RESOLVED, outcome=Outcome.CLOSED_ITSELF, resolved_at=b.T0)


def risen(incident: Incident, level: Level) -> Incident:
    return replace(incident, level=level, peak=max(level, incident.peak))


FELL = replace(ACKED, level=Level.FRESH_BREEZE)

CASES = {
    "a new storm": (None, NEW, NotifyReason.FIRST),
    "a watch that wakes": (WATCH, replace(WATCH, status=Status.NEW), NotifyReason.FIRST),
    "a watch opens": (None, WATCH, None),
    "a watch rises but is not rare": (WATCH, risen(WATCH, Level.STRONG_WIND), None),
    "a watch closes itself": (WATCH, CLOSED, None),
    "a watch resumes": (CLOSED, replace(WATCH, episode=2), None),
    "a rise above the peak": (NEW, risen(NEW, Level.STORM), NotifyReason.ESCALATED),
    "a rise though acknowledged": (ACKED, risen(ACKED, Level.STORM), NotifyReason.ESCALATED),
    "back up to the peak only": (FELL, replace(FELL, level=Level.STRONG_WIND), None),
    "a fall": (ACKED, FELL, None),
    "acknowledged": (NEW, ACKED, NotifyReason.ACKNOWLEDGED),
    "acknowledged again after a rise": (
        risen(ACKED, Level.STORM),
        acknowledge(risen(ACKED, Level.STORM), "lou", b.after(minutes=40))[0],
        NotifyReason.ACKNOWLEDGED,
    ),
    "an owner is named": (NEW, replace(NEW, owner="kim"), None),
    "the end is proposed": (NEW, replace(NEW, end_proposed=True), None),
    "a person ends it": (ACKED, OVER, NotifyReason.RESOLVED),
    "a note after the end": (OVER, replace(OVER, updated_at=b.after(hours=3)), None),
    "it comes back": (
        OVER,
        replace(NEW, episode=2, outcome=None, resolved_at=None),
        NotifyReason.REOPENED,
    ),
    "another incident before it": (b.incident(counter=9), NEW, NotifyReason.FIRST),
}


@pytest.mark.parametrize(("before", "after", "reason"), CASES.values(), ids=CASES.keys())
def test_it_speaks_for_a_reason(
    before: Incident | None, after: Incident, reason: NotifyReason | None
) -> None:
    assert notify_reason(before, after) is reason


@pytest.mark.parametrize("before", [ACKED, NEW], ids=["acknowledged", "not acknowledged"])
def test_a_rise_after_an_hour_of_lower_wind_speaks_though_the_peak_was_as_high(
    before: Incident,
) -> None:
    lower = replace(before, level=Level.STRONG_WIND, peak=Level.HURRICANE)
    again = replace(lower, level=Level.STORM)
    assert notify_reason(lower, again) is None
    assert notify_reason(lower, again, wave=True) is NotifyReason.ESCALATED
    assert notify_reason(again, lower, wave=True) is None


def test_a_rise_above_the_acknowledged_level_speaks_until_it_was_told() -> None:
    before = replace(NEW, level=Level.STRONG_WIND, peak=Level.HURRICANE)
    before = replace(before, acked_level=Level.STRONG_WIND, acked_at=b.T0)
    after = replace(before, level=Level.STORM)
    assert asks_what_was_told(before, after)
    acknowledged = b.fact(FactKind.ACKNOWLEDGED, level=4)
    told = b.fact(FactKind.ALERT_QUEUED, level=6, reason="first")
    heard = told_level(after, [told, acknowledged])
    assert notify_reason(before, after, told=heard) is NotifyReason.ESCALATED
    again = b.fact(FactKind.ALERT_QUEUED, level=5, reason="escalated")
    heard = told_level(after, [told, acknowledged, again])
    assert notify_reason(before, after, told=heard) is None
