"""``[mute.NAME]``: what a person writes is the window they meant; what is too wide is said by `check`."""

from __future__ import annotations

import tomllib
from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from alerts.matching import parse
from alerts.mutes import MuteWindow
from alerts.rota import DutyHours
from monitor.app.wiring import book_of
from monitor.settings import Settings
from monitor.settings.mutes import MuteSettings
from tests.monitor.configuring import GOOD
from tests.monitor.test_settings_advice import advice

NIGHTS = """
match = "topic=acme-bahn level<=4"
hours = ["mon-fri 22:00-06:00"]
reason = "nobody reads there at night"
"""


def read(text: str) -> MuteSettings:
    return MuteSettings.model_validate(tomllib.loads(text))


def test_what_is_written_is_the_window() -> None:
    assert read(NIGHTS).window("nights", "Europe/Vienna") == MuteWindow(
        "nights",
        parse("topic=acme-bahn level<=4"),
        (DutyHours(frozenset(range(5)), time(22), time(6)),),
        "Europe/Vienna",
        "nobody reads there at night",
    )


def test_the_pipeline_gets_the_windows_of_the_settings() -> None:
    settings = Settings.model_validate({"mute": {"nights": tomllib.loads(NIGHTS)}})
    assert [w.id for w in book_of(settings).mutes] == ["nights"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('match = "topc=a"', 'did you mean "topic"'),
        ('match = ""', 'or "topic=*" for everything'),
        ('match = "topic=a hour=22-6"', "hours say when"),
        ('hours = ["night"]', "expected days and hours"),
        ("hours = []", "at least 1"),
        ('reason = ""', "at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: str, says: str) -> None:
    key = change.split(" ")[0]
    lines = [line for line in NIGHTS.splitlines() if not line.startswith(key)]
    with pytest.raises(ValidationError) as refused:
        read("\n".join([*lines, change]))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("mute", "says"),
    [
        ('match = "topic=*"\nhours = ["mon 12:00-13:00"]', "mutes everything of every level"),
        ('match = "topic=acme-bahn"\nhours = ["mon 01:00-02:00"]', "mutes level 5 at night"),
        ('match = "topic=acme-bahn"\nhours = ["mon 12:00-13:00"]', ""),
        ('match = "topic=acme-bahn level<=4"\nhours = ["mon-sun 22:00-06:00"]', ""),
        ('match = "topic=acme-b level<=4"\nhours = ["mon 01:00-02:00"]', "no topic is meant by"),
        ('match = "topic=acme-bahn level<=4"\nhours = ["mon-sun 00:00-24:00"]', "is on all week"),
    ],
)
def test_a_window_that_mutes_too_much_is_warned_of(toml: Path, mute: str, says: str) -> None:
    found = [a for a in advice(toml, f'{GOOD}\n[mute.m]\n{mute}\nreason = "x"\n') if "mute.m" in a]
    assert [says in line for line in found] == ([True] if says else [])
