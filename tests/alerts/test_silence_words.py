"""What alerts say of silences, in both languages; and alerts of before that can still be read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alert import Alert, Broke, Broken, NotifyReason
from alerts.render.message import message
from alerts.words import BROKE, SPOKEN
from detectors.card import Part
from monitor.pipeline.response import hashtags, most
from monitor.store.codec import pack, unpack
from tests.alerts.samples import alert, delivery

BROKEN = Broken("Kim", alert().at + timedelta(hours=3), Broke.TRIPWIRE)


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        ("en", "Silence of Kim (until "),
        ("de", "Stummschaltung von Kim (bis "),
    ],
)
def test_an_alert_that_broke_a_silence_says_whose_and_why(lang: str, says: str) -> None:
    told = message(delivery(replace(alert(), broke=(BROKEN,))), lang)  # type: ignore[arg-type]
    assert told.about[0].startswith(says)
    assert told.about[0].endswith(BROKE[Broke.TRIPWIRE][lang == "en"])


def test_a_name_in_it_is_one_line() -> None:
    told = message(delivery(replace(alert(), broke=(replace(BROKEN, author="K\nim"),))), "en")
    assert "\n" not in told.about[0]


def test_an_all_clear_says_sleep() -> None:
    told = message(
        delivery(replace(alert(NotifyReason.RESOLVED), reason=NotifyReason.ALL_CLEAR)), "en"
    )
    assert "Go back to sleep" in told.lead
    assert told.voices == ()


def test_every_reason_and_every_break_has_its_words() -> None:
    assert set(SPOKEN) == set(NotifyReason)
    assert set(BROKE) == set(Broke)


def test_an_alert_that_was_stored_before_can_still_be_read() -> None:
    new = ("brand", "languages", "sources", "tags", "authors", "broke")
    stored = {k: v for k, v in json.loads(pack(alert())).items() if k not in new}
    found = unpack(json.dumps(stored), Alert)
    assert (found.brand, found.languages, found.authors, found.broke) == ("", (), 0, ())
    kept = replace(alert(), brand="acme", tags=("strike",), broke=(BROKEN,))
    assert unpack(pack(kept), Alert) == kept


def test_what_a_fifth_says_is_named_the_most_frequent_first() -> None:
    assert most([Part("de", 70), Part("en", 25), Part("fr", 5)]) == ("de", "en")
    assert most([]) == ()
    texts = ["#Strike now #strike", "again #strike", "no#tag", "#other"]
    assert hashtags(texts) == ("strike",)
