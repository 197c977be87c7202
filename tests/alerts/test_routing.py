"""Who hears of what: roots, children, what is inherited, and what speaks instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.matching import parse
from alerts.routing import NOBODY, Plan, Route, plan
from detectors.detection import Level
from tests import builders as b

PAGER = Route("pager", Level.STRONG_WIND, inform=("channel.pager", "channel.slack"), wake="day")
BOARD = Route("board", Level.STORM, inform=("channel.mail", "channel.slack"), wake="night")
OTHER = Route("other", Level.CALM, topics=("other-topic",), inform=("person.kim",))
ROUTES = [PAGER, OTHER, BOARD]


def planned(alert: Alert, *routes: Route) -> Plan:
    return plan(alert, routes, alert.at)


def test_every_root_that_fits_is_used_each_receiver_once_and_the_first_chain() -> None:
    found = planned(b.alert(level=Level.STORM), *ROUTES)
    assert found.inform == ("channel.pager", "channel.slack", "channel.mail")
    assert (found.wake, found.by) == ("day", ("pager", "board"))


def test_a_route_asks_for_its_level_and_topic() -> None:
    assert planned(b.alert(level=Level.STRONG_WIND), *ROUTES).by == ("pager",)
    assert planned(b.alert(level=Level.FRESH_BREEZE), *ROUTES) == NOBODY
    elsewhere = b.alert(b.incident(topics=("other-topic",), level=Level.CALM))
    assert planned(elsewhere, *ROUTES).inform == ("person.kim",)


def test_a_child_that_fits_speaks_instead_and_inherits_what_it_leaves_open() -> None:
    child = Route("gravest", Level.STORM, inform=("rota.board",))
    root = replace(PAGER, children=(child,), repeat=timedelta(hours=1))
    low, high = (planned(b.alert(level=level), root) for level in (Level(4), Level(5)))
    assert (low.by, low.inform, low.wake) == (("pager",), PAGER.inform, "day")
    assert (high.by, high.inform, high.wake) == (("gravest",), ("rota.board",), "day")
    assert high.repeat == timedelta(hours=1)


def test_a_child_can_take_its_parents_word_away() -> None:
    quiet = Route("quiet", matchers=parse("hour=0-24"), inform=(), wake="", watch=("channel.mail",))
    found = planned(b.alert(level=Level.STORM), replace(PAGER, children=(quiet,)))
    assert (found.inform, found.wake, found.watch) == ((), "", ("channel.mail",))


def test_the_first_child_that_fits_ends_the_search_unless_it_says_go_on() -> None:
    one = Route("one", inform=("channel.a",))
    two, three = replace(one, name="two"), replace(one, name="three", inform=("channel.c",))
    assert planned(b.alert(), replace(PAGER, children=(one, two, three))).by == ("one",)
    on = replace(one, go_on=True)
    found = planned(b.alert(), replace(PAGER, children=(on, three, two)))
    assert (found.by, found.inform) == (("one", "three"), ("channel.a", "channel.c"))


def test_a_grandchild_that_fits_nothing_leaves_the_word_to_its_parent() -> None:
    grandchild = Route("deep", topics=("other-topic",), inform=("channel.x",))
    child = Route("child", Level.STRONG_WIND, inform=("channel.y",), children=(grandchild,))
    assert planned(b.alert(), replace(PAGER, children=(child,))).by == ("child",)


def test_of_several_intervals_the_shortest_is_taken() -> None:
    often = replace(BOARD, min_level=Level.CALM, repeat=timedelta(minutes=5))
    seldom = replace(PAGER, repeat=timedelta(hours=4))
    assert planned(b.alert(), seldom, often).repeat == timedelta(minutes=5)
    assert planned(b.alert(), PAGER).repeat is None


def test_a_route_can_ask_for_brand_language_source_tag_and_hour() -> None:
    asked = "brand=acme language=de source=press-* tag=rail hour=14-15"
    route = Route("narrow", Level.CALM, matchers=parse(asked), inform=("channel.a",))
    alert = replace(
        b.alert(), brand="Acme", languages=("de",), sources=("press-dpa",), tags=("Rail",)
    )
    at = b.T0.replace(hour=13, minute=30)  # 14:30 in Berlin
    assert plan(alert, [route], at).by == ("narrow",)
    assert plan(alert, [route], at + timedelta(hours=1)) == NOBODY
    assert plan(replace(alert, sources=("feed",)), [route], at) == NOBODY


LEAVES = st.builds(
    Route,
    name=st.sampled_from("abcdef"),
    min_level=st.sampled_from([None, *Level]),
    topics=st.sampled_from([(), (b.TOPIC,), ("other-topic",)]),
    inform=st.sampled_from([None, (), ("channel.a",), ("channel.b", "channel.a")]),
    wake=st.sampled_from([None, "", "night"]),
    go_on=st.booleans(),
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(replace, LEAVES, children=st.lists(below, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(st.lists(TREES, max_size=3), st.sampled_from(list(Level)))
def test_a_route_speaks_only_where_it_and_all_above_it_fit(
    routes: list[Route], level: Level
) -> None:
    alert = b.alert(level=level)
    found = plan(alert, routes, alert.at)
    fitting = {name for root in routes for name in names(root, alert)}
    assert set(found.by) <= fitting
    assert bool(found.by) == any(root.fits(alert, alert.at) for root in routes)
    assert len(set(found.inform)) == len(found.inform)


def names(route: Route, alert: Alert) -> set[str]:
    if not route.fits(alert, alert.at):
        return set()
    return {route.name}.union(*(names(child, alert) for child in route.children))
