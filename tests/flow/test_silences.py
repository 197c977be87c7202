"""A silence over a whole pipeline: what the preview foretold is held back, and everything else is as without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.alert import Alert, Broke
from alerts.fact import FactKind
from detectors.mention import Mention
from monitor.desk import silences as desk
from monitor.desk import sleeping
from monitor.pipeline import Line
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, calm, in_order
from tests.flow.test_second_wave import EVENING, MIDNIGHT, live, two_waves, wave

MATCH = f"topic={TOPIC.id}"
UNTIL = EVENING + timedelta(hours=2)


def one_wave(peak: float = 8.0) -> list[Mention]:
    return in_order(calm(MONDAY, UNTIL, 20), iter(wave(EVENING, peak, 3)))


def alerts(made: Flow) -> list[Alert]:
    return [t.alert for t in made.store.read.told(MONDAY, UNTIL + timedelta(days=2))]


def held(made: Flow) -> int:
    [incident] = made.store.read.incidents()
    return sum(f.kind is FactKind.SILENCED for f in made.store.read.facts(incident.id))


def sent(lines: list[Line]) -> list[str]:
    return [line.data["reason"] for line in lines if line.type == "alert"]


def test_what_the_preview_foretold_is_held_back_and_levels_are_as_ever(
    flow: Callable[..., Flow],
) -> None:
    loud, quiet = flow(), flow()
    told = live(loud, one_wave(), UNTIL)
    foretold = desk.preview(loud.store.read, desk.matchers_of(MATCH), UNTIL)
    assert foretold.held + foretold.broken == len(sent(told))
    assert foretold.held > 0

    wish = desk.Wish(MATCH, "known", timedelta(hours=24))
    desk.silence(quiet.store, wish, "kim", EVENING - timedelta(hours=1))
    lines = live(quiet, one_wave(), UNTIL)
    assert len(sent(lines)) == foretold.broken == 1  # it becomes a hurricane
    assert sum(line.type == "silenced" for line in lines) == held(quiet) == foretold.held
    assert [broken.by for broken in alerts(quiet)[-1].broke] == [Broke.ROSE]

    def levels(of: list[Line]) -> list[tuple[datetime, object]]:
        return [(line.at, line.data["level"]) for line in of if line.type == "level"]

    assert levels(lines) == levels(told)


def test_an_alert_says_what_matchers_ask_for(flow: Callable[..., Flow]) -> None:
    made = flow()
    live(made, one_wave(), UNTIL)
    first = alerts(made)[0]
    assert (first.brand, first.languages[:1]) == (TOPIC.brand, ("de",))
    assert first.sources
    assert first.authors > 0


def test_after_an_all_clear_the_same_storm_does_not_wake_and_a_larger_one_does(
    flow: Callable[..., Flow],
) -> None:
    for second, broken in ((2.5, False), (20.0, True)):
        made = flow()

        def clear(_: object, made: Flow = made) -> None:
            [incident] = made.store.read.incidents()
            sleeping.sleep(made.store, incident.id, "kim", MIDNIGHT)

        lines = live(made, two_waves(2.5, second), MIDNIGHT + timedelta(hours=8), clear)
        morning = [line for line in lines if line.at > MIDNIGHT]
        assert held(made) + len(sent(morning)) > 0
        assert bool(sent(morning)) is broken
