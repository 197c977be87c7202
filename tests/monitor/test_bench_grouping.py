"""Our side of `bench grouping`: each storm is one incident, each moment one page; and the judge can tell otherwise."""

from __future__ import annotations

import pytest

from monitor.bench import grouping_alertmanager as alertmanager
from monitor.bench.grouping import ours
from monitor.bench.grouping_storms import SCENES, Page, Scene, judged


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_moment_is_one_page_and_no_storm_is_joined_or_split(scene: Scene) -> None:
    found = judged(scene, ours(scene))
    for count in ("missed", "too_much", "wrongly_joined", "wrongly_split"):
        assert found[count] == 0, found
    assert found["pages"] == found["wanted"]


def page(minute: float, group: str, *holds: tuple[str, int]) -> Page:
    return Page(minute, group, frozenset(holds))


def test_storms_that_are_joined_split_missed_or_told_twice_are_counted() -> None:
    _, one, two, flapping = SCENES
    split = judged(one, [page(0.5, "a", ("bus", 4)), page(10.5, "b", ("fares", 4))])
    assert (split["wrongly_split"], split["missed"], split["too_much"]) == (1, 1, 1)
    joined = judged(
        two, [page(0.5, "a", ("parcels", 4)), page(15, "a", ("parcels", 4), ("strike", 5))]
    )
    assert (joined["wrongly_joined"], joined["missed"], joined["wrongly_split"]) == (1, 0, 0)
    twice = judged(flapping, [page(1, "a", ("strom", 4)), page(11, "a", ("strom", 4))])
    assert (twice["too_much"], twice["first_page_s"]) == (1, 60.0)


@pytest.mark.slow
@pytest.mark.skipif(alertmanager.program() is None, reason="prometheus-alertmanager is missing")
def test_alertmanager_gets_the_same_storms_and_tells_of_each() -> None:
    pages = alertmanager.pages()
    assert set(pages) == set(alertmanager.VARIANTS)
    for found in pages.values():
        assert all(judged(scene, found)["pages"] for scene in SCENES)
