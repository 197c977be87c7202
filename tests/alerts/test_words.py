"""Every level, every reason and every number has words, in both languages."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import get_args

import pytest

from alerts import words
from alerts.alert import NotifyReason
from alerts.sentences import reason_line
from alerts.words import Language, expected_range, number, return_period
from detectors.detection import Level, Reason, ReasonCode
from detectors.thresholds import THRESHOLDS
from tests import builders as b

BOTH: tuple[Language, ...] = get_args(Language)


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("value", [0.0, 1.0, 0.42, 61.2, 118.0, math.inf, math.nan])
def test_every_reason_is_a_sentence(code: ReasonCode, value: float, lang: Language) -> None:
    for met in (True, False):
        line = reason_line(Reason(code, value, 8.0, met), lang)
        assert len(line) >= 8
        assert "_" not in line  # a code is no word
        assert "{" not in line
        assert "nan" not in line


@pytest.mark.parametrize("code", ReasonCode)
def test_german_and_english_differ(code: ReasonCode) -> None:
    reason = Reason(code, 42.0, None)
    assert reason_line(reason, "de") != reason_line(reason, "en")


def test_every_level_has_a_word_and_a_feather() -> None:
    names = [(words.level_name(level, "de"), words.level_name(level, "en")) for level in Level]
    assert names[0] == ("Windstille", "calm")
    assert names[4] == ("starker Wind", "strong wind")
    assert names[6] == ("Orkan", "hurricane")
    assert len(set(words.FEATHERS.values())) == 7
    assert words.level_line(Level.STORM, "de") == "5 Sturm"
    assert set(words.SPOKEN) == set(NotifyReason)


def test_every_shipped_tripwire_has_a_name() -> None:
    shipped = {name.removeprefix("trip_") for name in THRESHOLDS if name.startswith("trip_")}
    assert shipped <= set(words.TRIPWIRE_NAMES)


@pytest.mark.parametrize(
    ("reason", "de", "en"),
    [
        (
            Reason(ReasonCode.NEGATIVE_AUTHORS, 118, 40),
            "118 Personen schreiben negativ (Schwelle 40)",
            "118 people write negatively (threshold 40)",
        ),
        (
            Reason(ReasonCode.NEGATIVE_AUTHORS, 1, 8, met=False),
            "1 Person schreibt negativ (nötig wären 8)",
            "1 person writes negatively (needs 8)",
        ),
        (
            Reason(ReasonCode.NEGATIVE_BURST, 4100, 30),
            "So viel Kritik auf einmal: 1× in 11 Jahren (Schwelle 1× in 4 Wochen)",
            "This much criticism at once: once in 11 years (threshold once in 4 weeks)",
        ),
        (
            Reason(ReasonCode.TRIPWIRE, 3, 2, True, "recall"),
            "Stolperdraht „Rückruf“: 3 Personen (Schwelle 2)",
            "Tripwire “recall”: 3 people (threshold 2)",
        ),
        (
            Reason(ReasonCode.TRIPWIRE, 1, 3, True, "Glassplitter"),
            "Stolperdraht „Glassplitter“: 1 Person (Schwelle 3)",
            "Tripwire “Glassplitter”: 1 person (threshold 3)",
        ),
        (
            Reason(ReasonCode.NEGATIVE_SHARE, 0.62, 0.4),
            "mindestens 62 % negativ (Schwelle 40 %)",
            "at least 62 % negative (threshold 40 %)",
        ),
        (
            Reason(ReasonCode.BLIND, 1.5, None, True, "forum"),
            "Wir sehen nicht: forum, seit 1,5 h",
            "Blind: forum, for 1.5 h",
        ),
    ],
)
def test_a_reason_reads_like_this(reason: Reason, de: str, en: str) -> None:
    assert (reason_line(reason, "de"), reason_line(reason, "en")) == (de, en)


@pytest.mark.parametrize(
    ("days", "de", "en"),
    [
        (0.0, "", ""),
        (math.nan, "", ""),
        (0.3, "mehrmals am Tag", "several times a day"),
        (1.0, "1× am Tag", "once a day"),
        (3.0, "1× in 3 Tagen", "once in 3 days"),
        (30.0, "1× in 4 Wochen", "once in 4 weeks"),
        (90.0, "1× in 3 Monaten", "once in 3 months"),
        (4018.0, "1× in 11 Jahren", "once in 11 years"),
        (1e9, "seltener als 1× in 100 Jahren", "less than once in 100 years"),
        (math.inf, "seltener als 1× in 100 Jahren", "less than once in 100 years"),
    ],
)
def test_rarity_in_words(days: float, de: str, en: str) -> None:
    assert (return_period(days, "de"), return_period(days, "en")) == (de, en)


@pytest.mark.parametrize(
    ("mean", "usual"), [(0.0, "0"), (-1.0, "0"), (1.2, "0–4"), (38.0, "25–51")]
)
def test_what_is_expected_is_a_range(mean: float, usual: str) -> None:
    assert expected_range(mean) == usual


def test_numbers_follow_the_language() -> None:
    assert [number(12345.6, lang) for lang in BOTH] == ["12.346", "12,346"]
    assert [number(1.5, lang) for lang in BOTH] == ["1,5", "1.5"]
    assert number(3.0, "de") == "3"


def test_the_first_line_states_the_number_beside_its_normal() -> None:
    alert = b.alert(negatives=142, expected=1.2)
    assert words.count_line(alert, "de") == (
        "142 negative Beiträge in der letzten Stunde, erwartet 0–4"
    )
    assert words.count_line(b.alert(negatives=1, expected=0), "en") == (
        "1 negative post in the last hour, expected 0"
    )


def test_times_are_local_and_name_another_day() -> None:
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the night of the change to summer time
    assert words.clock(at, "Europe/Berlin", "de") == "01:30"
    later = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert words.clock(later, "Europe/Berlin", "de") == "03:30"
    near = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
    assert words.clock(at, "Europe/Berlin", "de", near=near) == "29.3., 01:30"
    assert words.clock(at, "Europe/Berlin", "en", near=near) == "29 Mar, 01:30"
