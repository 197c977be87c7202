"""What stands at a post of what was read from it: harm first, three at most, nothing by colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from dashboards.web import render
from dashboards.web.i18n import MESSAGES
from dashboards.web.tags import HARM, KINDS, LISTED, SIGNS, WORTH, harm_told, kinds_told, tags
from dashboards.web.views import PostView
from detectors.score.doubtful import Why
from detectors.score.heads import HARM as HARM_HEADS
from detectors.score.heads import KINDS as KIND_HEADS
from detectors.score.heads import MORE, OFFENSIVE
from detectors.score.heads import WORTH as WORTH_HEADS
from tests.dashboards import situation_scenes


def names(answers: Mapping[str, int], **marks: str) -> list[str]:
    return [tag.name for tag in tags(answers, marks)]


def test_every_question_of_the_scorer_has_a_sign_and_words() -> None:
    assert set(HARM) == {family.name for family in HARM_HEADS}
    assert set(KINDS) == {family.name for family in KIND_HEADS}
    assert set(WORTH) == {family.name for family in WORTH_HEADS}
    assert {*MORE, OFFENSIVE.name, *LISTED} == set(SIGNS)
    for name in SIGNS:
        assert f"ans.{name}" in MESSAGES
    for name in (*HARM, *KINDS, *LISTED):
        assert f"ans.n.{name}" in MESSAGES
    for why in Why:
        assert f"ans.unsure.{why}" in MESSAGES


def test_every_sign_is_drawn() -> None:
    sprite = (render.HERE / "templates/_icons.html").read_text("utf-8")
    assert all(f'id="i-{sign}"' in sprite for sign in SIGNS.values())


@pytest.mark.parametrize(
    ("answers", "marks", "shown"),
    [
        ({}, {}, []),
        ({"complaint": 70, "question": 90}, {}, ["question", "complaint"]),
        ({"complaint": 99, "insult": 51}, {}, ["insult", "complaint"]),  # harm first, weak or not
        (  # never more than three, two of them harm
            {"insult": 80, "abuse": 90, "hate": 60, "bug": 70, "complaint": 60, "question": 99},
            {},
            ["abuse", "insult", "question"],
        ),
        ({"offensive": 99, "insult": 60}, {}, ["insult"]),  # the narrower says it all
        ({"offensive": 80, "toxic_comment": 70}, {}, ["offensive", "toxic_comment"]),
        ({"complaint": 60, "fact_claiming": 95}, {}, ["complaint", "fact_claiming"]),
        ({"offensive": 100, "insult": 90}, {"banned": "idiot*"}, ["banned"]),
        ({"praise": 60}, {"suspect": "acme"}, ["suspect", "praise"]),
        ({"offensive": 90, "insult": 95}, {"unsure": "quoted"}, ["offensive"]),  # the same words
        ({"insult": 95}, {"unsure": "quoted"}, ["insult"]),  # no offensive answer to doubt
        ({"a question of a later version": 99}, {}, []),
    ],
)
def test_the_strongest_are_shown_harm_first(
    answers: Mapping[str, int], marks: Mapping[str, str], shown: list[str]
) -> None:
    assert names(answers, **marks) == shown


def test_kinds_and_harm_are_told_apart_most_first() -> None:
    about = {
        "complaint": 41,
        "offensive": 19,
        "question": 12,
        "insult": 7,
        "praise": 0,
        "suspect": 9,
        "banned": 2,
    }
    assert kinds_told(about) == [("complaint", 41), ("question", 12)]
    assert harm_told(about) == [("banned", 2), ("suspect", 9), ("offensive", 19), ("insult", 7)]


def shown(lang: str, post: PostView, about: Mapping[str, int] | None = None) -> str:
    view = situation_scenes.storm(lang)
    assert view.detail is not None
    detail = replace(view.detail, posts=(post,), about=about or {}, looked_at=60)
    return render.situation(replace(view, detail=detail))


def post(**more: object) -> PostView:
    base = PostView("Ihr seid doch alle Idioten", "de", "forum", situation_scenes.NOW)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def test_a_tag_is_a_sign_and_a_word_of_the_readers_language() -> None:
    one = post(answers={"insult": 83})
    for lang, word in (("de", "Beleidigung"), ("en", "insult")):
        html = shown(lang, one)
        assert f'<use href="#i-harm"/></svg><span>{word}</span>' in html
    assert re.search(r'title="83\s%\s*sicher"', shown("de", one))


def test_a_banned_word_is_named_and_hostile_text_stays_text() -> None:
    html = shown("en", post(marks={"banned": "<b>idiot</b>*"}))
    assert "banned word: &lt;b&gt;idiot&lt;/b&gt;*" in html


def test_an_unsure_answer_asks_to_be_read_and_is_not_shown_as_a_fact() -> None:
    html = shown("en", post(answers={"offensive": 97}, marks={"unsure": "quoted"}))
    assert "<b>offensive?</b> Quoted: read it yourself" in html
    assert "chip-bad" not in html


def test_what_the_hour_is_about_stands_over_its_posts() -> None:
    html = shown("en", post(), {"complaint": 41, "insult": 7, "praise": 1})
    line = html[html.index('id="about"') : html.index("</div>", html.index('id="about"'))]
    assert "read by machine from 60 posts of the last hour" in line
    assert line.index("<b>41</b> complaints") < line.index("<b>1</b> praise")
    assert line.index("<b>1</b> praise") < line.index("<b>7</b> insults")


def test_nothing_is_said_of_what_nobody_answered() -> None:
    html = shown("en", post())
    assert 'id="about"' not in html
    assert 'class="tags"' not in html
