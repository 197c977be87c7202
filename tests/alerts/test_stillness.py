"""What would have silenced it, in words: every lever, one and several, both languages."""

from __future__ import annotations

import pytest

from alerts.stillness import silent_line, silent_with
from alerts.words import Language
from detectors.silencers import Change, Lever, Silencer


@pytest.mark.parametrize(
    ("change", "de", "en"),
    [
        (
            Change(Lever.BUDGET, 45, 30),
            "einem Alarmbudget von 45 statt 30 Tagen",
            "an alarm budget of 45 days instead of 30",
        ),
        (
            Change(Lever.AUTHORS, 7, 10),
            "höchstens 7 der 10 negativen Stimmen",
            "at most 7 of the 10 negative voices",
        ),
        (
            Change(Lever.THREADS, 1, 9),
            "Kritik in höchstens 1 der 9 Gesprächsfäden",
            "criticism in at most 1 of the 9 threads",
        ),
        (
            Change(Lever.MULTIPLE, 2.9, 12.6),
            "höchstens 2,9× statt 13× dem Üblichen",
            "at most 2.9× the usual instead of 13×",
        ),
        (
            Change(Lever.SHARE, 0.21, 0.74),
            "höchstens 21 % statt 74 % Kritik",
            "at most 21 % criticism instead of 74 %",
        ),
        (
            Change(Lever.REACH, 49_999, 120_000),
            "einem weitesten Beitrag von höchstens 49.999 statt 120.000 Reichweite",
            "a widest post of at most 49,999 people instead of 120,000",
        ),
        (
            Change(Lever.TRIPWIRE, 1, 3, "recall"),
            "höchstens 1 von 3 am Stolperdraht „Rückruf“",
            "at most 1 of 3 at the tripwire “recall”",
        ),
        (
            Change(Lever.MEDIA, 3, 5),
            "einem Medienecho von höchstens 3 statt 5",
            "a media echo of at most 3 instead of 5",
        ),
    ],
)
def test_every_lever_has_words(change: Change, de: str, en: str) -> None:
    assert silent_with(Silencer((change,)), "de") == de
    assert silent_with(Silencer((change,)), "en") == en


@pytest.mark.parametrize(("lang", "joint"), [("de", " und "), ("en", " and ")])
def test_changes_that_are_needed_together_are_named_together(lang: Language, joint: str) -> None:
    both = Silencer((Change(Lever.AUTHORS, 7, 10), Change(Lever.TRIPWIRE, 0, 1, "own words")))
    line = silent_line(both, lang)
    assert joint in line
    assert "own words" in line
