"""A storm that calms overnight and returns in the morning calls again, whoever did what meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alerts.incident import Incident, Outcome, Status
from detectors.mention import Mention
from detectors.window import BIN
from monitor.app.replaying import replay
from monitor.desk import incidents as desk
from monitor.pipeline import Line
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, calm, in_order, storm

EVENING = MONDAY + timedelta(days=4, hours=17)
MIDNIGHT = MONDAY + timedelta(days=5)
MORNING = MIDNIGHT + timedelta(hours=7)  # 8:00 in Berlin
NOON = MORNING + timedelta(hours=1)
CALLS = ("first", "escalated", "reopened")


def wave(start: datetime, peak_per_min: float, seed: int) -> list[Mention]:
    """Forty minutes that double every ten up to ``peak_per_min``."""
    return list(storm(start, 40, peak_per_min / 16, 10, seed))


def two_waves(first: float, second: float) -> list[Mention]:
    return in_order(
        calm(MONDAY, NOON, 20), iter(wave(EVENING, first, 3)), iter(wave(MORNING, second, 4))
    )


def live(
    made: Flow,
    mentions: list[Mention],
    until: datetime,
    at_midnight: Callable[[Incident], object] = lambda incident: None,
) -> list[Line]:
    """Let it all pass in real order, with somebody at the desk at midnight."""
    made.pipeline.begin_at(MONDAY)
    lines: list[Line] = []
    at, n = MONDAY, 0
    while at < until:
        busy = any(wave <= at < wave + timedelta(hours=1) for wave in (EVENING, MORNING))
        at += BIN if busy else 6 * BIN
        first = n
        while n < len(mentions) and mentions[n].published_utc < at:
            n += 1
        seen = [(m, m.published_utc + timedelta(seconds=2)) for m in mentions[first:n]]
        made.pipeline.filing.create(seen)
        lines += made.tick(at + timedelta(minutes=1))
        if at == MIDNIGHT:
            at_midnight(newest(made))
    return lines


def newest(made: Flow) -> Incident:
    return max(made.store.read.incidents(), key=lambda i: i.opened_at)


def calls(lines: list[Line], since: datetime, until: datetime = NOON) -> list[str]:
    """Return why somebody was called in a span."""
    found = [x for x in lines if x.type == "alert" and since <= x.at < until]
    return [x.data["reason"] for x in found if x.data["reason"] in CALLS]


HEIGHTS = {"as high": (6, 6), "higher": (2.5, 9), "lower": (12, 3)}
heights = pytest.mark.parametrize(("first", "second"), HEIGHTS.values(), ids=HEIGHTS.keys())


@heights
def test_a_second_wave_calls_again_in_a_recording(
    flow: Callable[..., Flow], first: float, second: float
) -> None:
    made = flow(live=False)
    lines = list(replay(two_waves(first, second), made.parts, made.store))
    assert calls(lines, EVENING, MIDNIGHT)[0] == "first"
    assert calls(lines, MIDNIGHT, MORNING) == []
    assert calls(lines, MORNING)[0] == "reopened"
    assert newest(made).episode == 2


@pytest.mark.parametrize("acked", [True, False], ids=["acknowledged", "not acknowledged"])
@pytest.mark.parametrize("papers", [0, 3], ids=["quiet night", "papers all night"])
def test_a_lower_second_wave_calls_again_though_the_first_was_never_ended(
    flow: Callable[..., Flow], acked: bool, papers: int
) -> None:
    """``papers``: the media echo keeps the level at 3, so that no end is ever proposed."""
    made = flow()

    def at_the_desk(incident: Incident) -> None:
        desk.set_media(made.store, TOPIC.id, papers, "kim", MIDNIGHT)
        if acked:
            desk.acknowledge(made.store, incident.id, "kim", MIDNIGHT)

    lines = live(made, two_waves(12, 3), NOON, at_the_desk)
    assert calls(lines, EVENING, MIDNIGHT)[0] == "first"
    assert calls(lines, MIDNIGHT, MORNING) == []
    assert calls(lines, MORNING)[0] == "reopened"
    after = newest(made)
    assert (after.status, after.episode, after.acked_by) == (Status.NEW, 2, "")


@pytest.mark.parametrize("outcome", [Outcome.REAL, Outcome.FALSE_ALARM])
@pytest.mark.parametrize("papers", [0, 3], ids=["quiet night", "papers all night"])
def test_a_lower_second_wave_calls_again_though_the_first_was_ended(
    flow: Callable[..., Flow], outcome: Outcome, papers: int
) -> None:
    made = flow()

    def at_the_desk(incident: Incident) -> None:
        desk.set_media(made.store, TOPIC.id, papers, "kim", MIDNIGHT)
        desk.resolve(made.store, incident.id, "kim", outcome, "Ein Geruecht", MIDNIGHT)

    lines = live(made, two_waves(12, 3), NOON, at_the_desk)
    assert calls(lines, MIDNIGHT, MORNING) == []
    assert calls(lines, MORNING)[0] == "reopened"
    assert newest(made).status is Status.NEW
