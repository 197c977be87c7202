"""Planned events and a query's health as pages get their views."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dashboards.web.health_views import HealthPart, Missing, Ours, SampledPost
from dashboards.web.planned_views import PlannedPage, PlannedPart, PlannedRow
from dashboards.web.setting_views import TopicSettings
from detectors.planned import Kind
from tests.dashboards import settings_scenes
from tests.dashboards.situation_scenes import NOW, POSTS, chrome

HOUR = timedelta(hours=1)
HERE = "/topics/kundenportal/planned"


def part(wrong: str = "") -> PlannedPart:
    row = PlannedRow(
        id="a1",
        kind=Kind.EVENT,
        type="Abrechnung",
        title="Glas im Kaffee",
        starts=NOW + 20 * HOUR,
        ends=NOW + 40 * HOUR,
        times=2.4,
        learned=True,
        actor="M. Petersen",
        past=False,
    )
    over = replace(
        row, starts=NOW - 9 * HOUR, ends=NOW - 8 * HOUR, learned=False, past=True, brought=12.0
    )
    given = {"title": "Glas im Kaffee", "uplift": "0"} if wrong else {}
    rows = (row, over)
    return PlannedPart("kundenportal", rows, "Europe/Berlin", HERE, ("Abrechnung",), given, wrong)


def planned(lang: str = "de", wrong: str = "") -> PlannedPage:
    return PlannedPage(chrome(HERE, lang=lang), "kundenportal", "Kundenportal", part(wrong))


def judged(lang: str = "de", *, too_low: bool = True) -> TopicSettings:
    """A settings page with a sample of which half is judged."""
    posts = [
        SampledPost(n, post, (True, False, None)[n % 3], "M. Petersen" if n % 3 < 2 else "")
        for n, post in enumerate(POSTS)
    ]
    ours = Ours(13, 20, 0.65, 0.43, 0.82, "2026-11", too_low)
    missing = (Missing("K-12", "hashtag", 0.3, 0.01), Missing("D-31", "name", 0.1, 0.0))
    health = HealthPart(
        "kundenportal", "2026-11", 400, 20, tuple(posts), ours, missing, 400, 900, HERE
    )
    return replace(settings_scenes.plain(lang), health=health, planned=part())


def asked(lang: str = "de") -> TopicSettings:
    """A settings page of a topic that is too new to be asked about."""
    health = HealthPart("kundenportal", "2026-11", 7, 20, (), None, (), 7, 0, HERE)
    nothing = PlannedPart("kundenportal", (), "Europe/Berlin", HERE)
    return replace(settings_scenes.plain(lang), health=health, planned=nothing)
