"""A topic's settings page as it gets its views: untried, tried with a loss, and what cannot be tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.incident import Outcome
from dashboards.web.setting_views import (
    LostIncident,
    OwnThreshold,
    TopicSettings,
    Trial,
    TrialPage,
    TrialState,
)
from detectors.detection import Level, Reason, ReasonCode
from tests.dashboards.situation_scenes import NOW, chrome

REASONS = (
    Reason(ReasonCode.NEGATIVE_AUTHORS, 31.0, 25.0),
    Reason(ReasonCode.MULTIPLE, 12.0, 8.0),
    Reason(ReasonCode.NEGATIVE_BURST, 400.0, 60.0),
)


def plain(lang: str = "de") -> TopicSettings:
    return TopicSettings(
        chrome=chrome("/topics/kundenportal/settings", lang=lang),
        topic="kundenportal",
        name="Kundenportal",
        brand="Nordwind",
        any=("kundenportal", "@nordwind"),
        all=(),
        none=("modellbahn",),
        languages=("de", "en"),
        budget=30.0,
        authors=8.0,
        own=(OwnThreshold("level5_authors", 40.0, 25.0), OwnThreshold("trip_acid", 1.0, None)),
        rivals=(("Südwind", ("südwind",)),),
    )


def tried(lang: str = "de") -> TopicSettings:
    day = timedelta(days=1)
    pages = (
        TrialPage(NOW - 20 * day, Level(4), Level(6), REASONS, "K-7", Outcome.REAL),
        TrialPage(NOW - 9 * day, Level(5), Level(5), REASONS, "K-9"),
        TrialPage(NOW - 2 * day, Level(4), Level(4), REASONS),
    )
    trial = Trial(
        TrialState.DONE,
        budget=60.0,
        authors=12.0,
        asked_days=30,
        days=30,
        since=NOW - 30 * day,
        until=NOW,
        warm_days=28.0,
        young_days=3.5,
        blind_hours=2.5,
        pages=pages,
        lost=(LostIncident("K-8", NOW - 12 * day, Level(4)),),
        then=3,
        real=2,
        peak=Level(6),
    )
    return replace(plain(lang), trial=trial)


def unpaged(lang: str = "de") -> TopicSettings:
    """Known for twelve days, and nobody would have been called."""
    found = tried(lang).trial
    assert found is not None
    trial = replace(
        found, pages=(), lost=(), warm_days=0.0, short_days=18.0, days=12.0, peak=Level(3)
    )
    return replace(plain(lang), trial=trial, own=(), languages=(), brand="")


def refused(lang: str = "de", state: TrialState = TrialState.TOO_MUCH) -> TopicSettings:
    return replace(plain(lang), trial=Trial(state, 90.0, 8.0, 30))
