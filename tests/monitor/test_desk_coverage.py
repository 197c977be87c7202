"""Coverage: everything that is not seen is a gap, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detectors.detection import Level, Reason, ReasonCode
from detectors.topic import Query, Topic
from detectors.window import SourceClock
from monitor.desk.coverage import GapKind, gaps, hushed, unseen
from monitor.ports import Capped, SourceState
from tests.builders import assessment, result

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
TOPIC = Topic("t", "T", Query(any=("t",)))


def state(
    name: str,
    *,
    seen: float | None = 1,
    items: int = 500,
    gap_s: float = 30,
    lag_s: float = 5,
    ahead_min: float = 0,
    ok: float | None = 1,
    error: float | None = None,
) -> SourceState:
    """Return a state; ``seen``, ``ok`` and ``error`` are minutes ago."""

    def ago(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOW - timedelta(minutes=minutes)

    last = ago(seen)
    mark = None if last is None else last + timedelta(minutes=ahead_min)
    clock = SourceClock(name, mark, last, gap_s, lag_s, items if last else 0)
    return SourceState(clock, {}, ago(ok), "HTTP 500" if error is not None else "", ago(error))


def kinds(found: SourceState, type_: str = "http") -> list[GapKind]:
    name = found.clock.source
    return [g.kind for g in gaps({name: found}, [], NOW, configured={name: type_})]


def test_a_healthy_source_has_no_gap() -> None:
    assert kinds(state("a")) == []


def test_each_way_of_not_seeing_has_its_kind() -> None:
    assert kinds(state("a", seen=30)) == [GapKind.SILENT]
    assert kinds(state("a", error=0.5)) == [GapKind.FAILED]
    assert kinds(state("a", error=5)) == []  # it was reached since
    assert kinds(state("a", lag_s=3600)) == [GapKind.LATE]
    assert kinds(state("a", ahead_min=2)) == [GapKind.AHEAD]
    assert kinds(state("a", items=3)) == [GapKind.YOUNG]
    assert kinds(state("a", seen=None)) == [GapKind.EMPTY]
    assert kinds(state("a", seen=None, ok=None)) == [GapKind.NEVER]
    assert kinds(state("a", seen=None, ok=None, error=1)) == [GapKind.FAILED]


def test_a_rare_source_may_pause_for_twice_its_usual_gap() -> None:
    # An hour between arrivals on average: 19 of 20 gaps are shorter than three.
    assert kinds(state("a", seen=350, gap_s=3600)) == []
    assert kinds(state("a", seen=361, gap_s=3600)) == [GapKind.SILENT]


def test_a_file_whose_mentions_name_other_sources_is_not_called_empty() -> None:
    assert kinds(state("a", seen=None), "file") == []


def test_what_a_kind_of_source_never_shows_is_said() -> None:
    (gap,) = gaps({"a": state("a")}, [], NOW, configured={"a": "mastodon"})
    assert (gap.kind, gap.detail) == (GapKind.PARTIAL, "public_only")


def test_a_configured_source_that_was_never_heard_of_is_a_gap() -> None:
    (gap,) = gaps({}, [], NOW, configured={"a": "http"})
    assert (gap.kind, gap.source) == (GapKind.NEVER, "a")


def test_a_gap_says_since_when_and_how_large() -> None:
    (silent,) = gaps({"a": state("a", seen=30)}, [], NOW)
    assert (silent.since, silent.seconds) == (NOW - timedelta(minutes=30), 1800)
    (failed,) = gaps({"a": state("a", ok=3, error=1)}, [], NOW)
    assert (failed.since, failed.detail) == (NOW - timedelta(minutes=3), "HTTP 500")


def test_a_topic_is_blind_when_no_source_is_seen_and_only_then() -> None:
    dark = {"a": state("a", seen=30), "b": state("b", seen=60)}
    found = gaps(dark, [TOPIC], NOW)
    blind = [g for g in found if g.kind is GapKind.BLIND]
    assert [(g.topic, g.since) for g in blind] == [("t", NOW - timedelta(minutes=30))]
    assert unseen(found) == {"a", "b"}
    found = gaps({**dark, "c": state("c")}, [TOPIC], NOW)
    assert not [g for g in found if g.kind is GapKind.BLIND]
    assert unseen(found) == {"a", "b"}


def test_a_topic_that_leaves_out_languages_says_so() -> None:
    german = Topic("t", "T", Query(any=("t",)), languages=("de",))
    (gap,) = gaps({"a": state("a")}, [german], NOW)
    assert (gap.kind, gap.detail) == (GapKind.LANGUAGES, "de")


SILENCE = Reason(ReasonCode.SILENCE, 90.0, 30.0)


@pytest.mark.parametrize(
    ("level", "reasons", "silent"),
    [
        pytest.param(Level.CALM, (SILENCE,), True, id="looks calm"),
        pytest.param(Level.LIGHT_BREEZE, (SILENCE,), True, id="nearly calm"),
        pytest.param(Level.STORM, (SILENCE,), False, id="a storm is seen"),
        pytest.param(Level.CALM, (), False, id="speaks"),
    ],
)
def test_a_topic_that_looks_calm_and_is_silent_is_not_called_calm(
    level: Level, reasons: tuple[Reason, ...], silent: bool
) -> None:
    latest = result(NOW, level=level, assessed=assessment(level, reasons=reasons))
    assert (hushed(latest) is not None) is silent


def test_what_was_never_judged_is_not_silent() -> None:
    assert hushed(None) is None
    assert hushed(result(NOW, level=Level.CALM)) is None


def test_a_source_that_gave_only_a_part_is_said_for_an_hour_once_and_blinds_nobody() -> None:
    def ago(minutes: float) -> datetime:
        return NOW - timedelta(minutes=minutes)

    healthy = {name: state(name) for name in "ab"}
    spans = [
        Capped("a", ago(200), ago(61)),
        Capped("a", ago(70), ago(59)),
        Capped("a", ago(30), ago(20)),
        Capped("b", ago(90), ago(60)),
    ]
    found = gaps(healthy, [TOPIC], NOW, capped=spans)
    assert [(g.kind, g.source, g.since) for g in found] == [(GapKind.CAPPED, "a", ago(70))]
    assert unseen(found) == frozenset()
