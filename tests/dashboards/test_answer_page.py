"""The page behind a link: what each state says, one button or none, in both languages, without script."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alert import NotifyReason
from alerts.fact import FactKind
from dashboards.web import render
from dashboards.web.answer_views import AnswerPage
from dashboards.web.i18n import MESSAGES, PSEUDO
from detectors.detection import Level
from tests import builders as b

PAGE = AnswerPage(
    lang="de",
    zone="Europe/Berlin",
    now=b.T0,
    state="open",
    ref="KA-3",
    level=Level.STORM,
    topic="Kaffeewerk <Altona>",
    by="Kim Nordin",
    at=b.T0 - timedelta(minutes=5),
)
STATES = ("open", "done", "used", "taken", "ended", "expired", "unknown", "unavailable")


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("all_clear", [False, True])
def test_each_state_has_its_words_and_only_the_open_one_a_button(
    lang: str, state: str, all_clear: bool
) -> None:
    html = render.answer(replace(PAGE, lang=lang, state=state, all_clear=all_clear))
    assert html.count("<button") == (state == "open")
    assert html.count("<form") == (state == "open")
    assert "<script" not in html
    assert "style=" not in html
    assert "Kaffeewerk &lt;Altona&gt;" in html
    assert "KA-3" in html


def test_who_has_it_is_named_with_the_time_of_the_topics_zone() -> None:
    html = render.answer(replace(PAGE, state="taken"))
    assert "Kim Nordin" in html
    assert "12:55" in html


def test_what_is_no_link_of_ours_shows_nothing_of_the_install() -> None:
    html = render.answer(AnswerPage("en", "Europe/Berlin", b.T0, "unknown"))
    assert "There is no such link" in html
    assert "/incidents/" not in html


def test_no_text_stands_outside_the_table() -> None:
    html = render.answer(replace(PAGE, lang=PSEUDO))
    assert "⟦" in html
    assert "Ich habe es" not in html


@pytest.mark.parametrize("reason", NotifyReason)
def test_every_reason_of_a_delivery_has_words_on_the_incidents_page(reason: NotifyReason) -> None:
    assert f"notify.{reason}" in MESSAGES


@pytest.mark.parametrize("kind", FactKind)
def test_every_kind_of_fact_has_words(kind: FactKind) -> None:
    assert f"fact.{kind}" in MESSAGES
