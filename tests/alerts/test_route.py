"""Who hears of what."""

from __future__ import annotations

from alerts.alert import NotifyReason
from alerts.route import Route, route
from detectors.detection import Level
from tests import builders as b

PAGER = Route(Level.STRONG_WIND, (), ("pager", "slack"))
BOARD = Route(Level.STORM, (), ("mail", "slack"))
OTHER = Route(Level.CALM, ("other-topic",), ("elsewhere",))
ROUTES = [PAGER, OTHER, BOARD]


def test_every_fitting_route_is_used_and_each_channel_once() -> None:
    assert route(b.alert(level=Level.STORM), ROUTES) == ("pager", "slack", "mail")


def test_a_route_asks_for_its_level_and_topic() -> None:
    assert route(b.alert(level=Level.STRONG_WIND), ROUTES) == ("pager", "slack")
    assert route(b.alert(level=Level.FRESH_BREEZE), ROUTES) == ()
    assert route(b.alert(b.incident(topics=("other-topic",), level=Level.CALM)), ROUTES) == (
        "elsewhere",
    )


def test_an_end_goes_to_those_who_got_the_beginning() -> None:
    over = b.alert(reason=NotifyReason.RESOLVED, level=Level.CALM)
    assert route(over, ROUTES, previous=["slack", "gone", "slack"]) == ("slack", "gone")
    assert route(over, ROUTES) == ()


def test_a_rise_also_reaches_those_whom_no_route_names_any_more() -> None:
    risen = b.alert(reason=NotifyReason.ESCALATED, level=Level.STORM)
    assert route(risen, [BOARD], previous=["pager", "mail"]) == ("mail", "slack", "pager")


def test_a_first_alert_ignores_who_was_told_before() -> None:
    assert route(b.alert(), [PAGER], previous=["mail"]) == ("pager", "slack")
