"""A store in the middle of a storm, written through the real transaction: what pages are shown of."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.fact import FactKind
from alerts.incident import Incident
from detectors.detection import Level, Reason, ReasonCode
from detectors.score.base import Tone
from detectors.window import BIN, SourceClock
from monitor.ports import CountKey, SourceState, Store
from playbooks.playbook import Playbook
from tests.builders import (
    T0,
    TOPIC,
    alert,
    assessment,
    counts_of,
    fact,
    filed,
    incident,
    playbook,
    result,
    run,
)

VOICES = (
    "Acme Bahn steht seit Stunden, Fahrkarte doppelt abgebucht und keiner sagt etwas",
    "Doppelt abgebucht und dann faellt der Zug auch noch aus",
    "Charged twice by Acme Bahn, no answer from anybody",
)
REASONS = (
    Reason(ReasonCode.NEGATIVE_BURST, 4000.0, 30.0),
    Reason(ReasonCode.NEGATIVE_AUTHORS, 48.0, 40.0),
    Reason(ReasonCode.NEGATIVE_THREADS, 9.0, 2.0),
    Reason(ReasonCode.MULTIPLE, 24.0, 8.0),
    Reason(ReasonCode.AGGRESSION, 0.1, 0.25, met=False),
)
ONSET = T0 - timedelta(minutes=40)
STORM = incident(
    level=Level.STORM, onset=ONSET, opened_at=ONSET + timedelta(minutes=10), reasons=REASONS
)


def clock_of(source: str, seen: datetime, *, gap_s: float = 20.0) -> SourceClock:
    return SourceClock(source, watermark=seen, seen_at=seen, gap_s=gap_s, lag_s=3.0, items=500)


def calm_past(store: Store, *, level: Level = Level.CALM, until: datetime = T0) -> None:
    """Six hours of closed bins, one negative expected in each, both sources heard a moment ago."""
    with store.begin() as tx:
        for n in range(72):
            start = until - (n + 1) * BIN
            tx.add_result(result(start, level=level, expected_negatives=1.0, negatives=1))
        for name in ("shop", "forum"):
            tx.save_source(SourceState(clock_of(name, until), ok_at=until))


def post(store: Store, count: int = 60, *, source: str = "shop") -> None:
    """``count`` negative posts over the last 40 minutes; every tenth text is the same."""
    rows = [
        filed(
            f"{source}-{n}",
            at=T0 - timedelta(minutes=40 * (count - n) / count),
            text=f"{VOICES[n % 3]} ({n % 10})",
            source=source,
            handle=f"person{n}",
            followers=100 + n,
            tone=Tone.NEGATIVE,
            cluster=1 + n % 10,
            thread=1 + n % 9,
            lang="en" if n % 3 == 2 else "de",
            url=f"https://example.org/{n}",
        )
        for n in range(count)
    ]
    with store.begin() as tx:
        assert all(tx.add_mentions(rows))
        for row in rows:
            key = CountKey(TOPIC, row.mention.source, int(row.at.timestamp()) // 60)
            tx.add_counts({key: counts_of(row)})


def storm(
    store: Store, *, book: Playbook | None = None, level: Level = Level.STORM, dark: bool = False
) -> Incident:
    """Fill ``store`` with a storm at its height: posts, levels, an incident, a run, an alert.

    ``dark``: the source ``forum`` has been silent for three hours.
    """
    calm_past(store)
    post(store)
    seen = assessment(level, reasons=REASONS, onset=ONSET)
    with store.begin() as tx:
        for n in range(8):
            shown = level if n < 4 else Level.STRONG_WIND
            tx.add_result(
                result(
                    T0 - (n + 1) * BIN,
                    level=shown,
                    revision=1,
                    expected_negatives=1.0,
                    assessed=seen,
                )
            )
        if dark:
            seen_at = T0 - timedelta(hours=3)
            tx.save_source(SourceState(clock_of("forum", seen_at), ok_at=seen_at))
        assert tx.save_incident(STORM, 0)
        opened = STORM.opened_at
        tx.add_facts(
            STORM.id,
            [
                fact(FactKind.OPENED, at=opened, level=4, status="new", episode=1),
                fact(FactKind.LEVEL_ROSE, at=T0 - 4 * BIN, level=5, status="new", episode=1),
                fact(FactKind.ALERT_QUEUED, at=opened, level=4, reason="first"),
            ],
        )
        tx.enqueue(alert(STORM, at=opened), ["console"], opened)
        assert tx.save_run(run(STORM, book=book or playbook(steps=3)), 0)
    return STORM
