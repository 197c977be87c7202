"""Where only a part was seen, numbers say so; a storm over several topics lists them, and why."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from alerts.fact import MACHINE, FactKind
from dashboards.web import render
from dashboards.web.incident_views import FactView
from dashboards.web.views import Situation
from tests.dashboards import incident_scenes, situation_scenes

AT_LEAST = {"de": "indestens <b>318</b>", "en": "t least <b>318</b>"}


def partly(lang: str = "de", **more: object) -> Situation:
    """The storm, of whose steps 3 to 6 and 10 only a part was seen."""
    whole = situation_scenes.storm(lang, **more)
    assert whole.detail is not None
    curve = whole.detail.curve
    points = tuple(replace(p, capped=i in (3, 4, 5, 6, 10)) for i, p in enumerate(curve.points))
    assert not any(p.open for p in points[:11])
    tile = replace(whole.detail.tile, capped=("Mastodon",))
    detail = replace(whole.detail, tile=tile, curve=replace(curve, points=points))
    tiles = tuple(tile if t.topic == tile.topic else t for t in whole.tiles)
    return replace(whole, detail=detail, tiles=tiles)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_situation_says_at_least_in_the_list_and_in_the_verdict(lang: str) -> None:
    page = str(render.situation(partly(lang)))
    assert page.count(AT_LEAST[lang]) == 2
    assert "Mastodon" in page
    whole = str(render.situation(situation_scenes.storm(lang)))
    assert AT_LEAST[lang] not in whole


def test_each_such_step_is_left_open_up_to_the_top_and_each_run_has_one_arrow() -> None:
    page = str(render.situation(partly()))
    charts = re.findall(r'<svg class="chart.*?</svg>', page, re.S)
    assert len(charts) == 2
    for chart in charts:
        columns = re.findall(r'<rect class="c-more" x="[\d.]+" y="(\d+)"', chart)
        assert len(columns) == 5
        assert len(set(columns)) == 1  # all reach the same top
        assert chart.count('class="c-up"') == 2
        assert chart.count("mindestens") == 5  # in the text of each step
    assert "c-more" not in str(render.situation(situation_scenes.storm()))


def test_the_table_marks_such_steps() -> None:
    assert str(render.situation(partly(table=True))).count("≥ ") >= 10


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_incident_says_at_least_and_until_when_we_were_blind(lang: str) -> None:
    plain = incident_scenes.incident(lang)
    until = plain.row.onset + (plain.chrome.now - plain.row.onset) / 2
    page = str(render.incident(replace(plain, capped=("Mastodon",), blind_until=until)))
    words = {"de": ("indestens <b>", "waren wir blind"), "en": ("t least <b>", "we were blind")}
    before = str(render.incident(plain))
    for word in words[lang]:
        assert word in page
        assert word not in before


@pytest.mark.parametrize("lang", ["de", "en"])
def test_an_incident_over_several_topics_lists_them_with_their_levels(lang: str) -> None:
    plain = incident_scenes.incident(lang)
    two = situation_scenes.tiles()[:2]
    page = str(render.incident(replace(plain, children=two)))
    said = page[page.index('id="ch"') :]
    said = said[: said.index("</section>")]
    assert said.count("<li>") == 2
    for tile in two:
        assert f'topic={tile.topic}"' in said
        assert tile.level is None or f"{int(tile.level)}, " in said
    assert 'id="ch"' not in str(render.incident(plain))


@pytest.mark.parametrize("shared", ["posts", "authors", "copies", "terms"])
def test_the_timeline_says_why_a_topic_joined(shared: str) -> None:
    plain = incident_scenes.incident("en")
    fact = FactView(
        plain.chrome.now, FactKind.TOPIC_JOINED, MACHINE, {"topic": "Busse", "shared": shared}, True
    )
    page = str(render.incident(replace(plain, facts=(fact,))))
    assert "Topic joined: Busse" in page
    assert re.search(r"the same (new )?(posts|people|texts|words)", page)
