"""Operators' own words: what they may name, what is refused, and what each receiver makes of them."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from alerts.alert import NotifyReason
from alerts.channels import ChannelSettings
from alerts.channels.console import Console, ConsoleSettings
from alerts.render import apprise, mail, ntfy, own, pagerduty, plain, slack, teams
from alerts.render.grammar import LOOP_LIMIT, TemplateFault
from alerts.render.message import OwnWords
from alerts.render.own import NAMES, Own, complaint
from alerts.render.sandbox import FILTERS, RESULT_LIMIT, SOURCE_LIMIT, STEPS, Sandboxed
from alerts.trial import sample_deliveries
from detectors.detection import Level
from tests.alerts.samples import HOSTILE, alert, delivery

DOCS = Path(__file__).resolve().parents[2] / "docs" / "alerting.md"
STORM = delivery()
OVER = delivery(alert(NotifyReason.RESOLVED))


def said(source: str, lang: str = "en") -> str:
    words = Own("", source).words(STORM, "de" if lang == "de" else "en")
    assert words.fault == ""
    return words.text


# --- what can be said -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ level }} {{ level_word|upper }}: {{ topic }}", "5 STORM: Nordlicht Energie"),
        ("{{ negatives }} of {{ mentions }}, usually {{ expected }}", "142 of 163, usually 0–4"),
        ("{% if level >= 5 %}loud{% else %}calm{% endif %}", "loud"),
        ("{{ 'loud' if level >= 5 and not test else 'calm' }}", "loud"),
        ("{{ terms|join(', ') }}", "zweimal abgebucht, hotline, #abzocke"),
        ("{% for p in posts %}{{ p.source }} {{ p.copies }}; {% endfor %}", None),
        ("{{ posts[0].text|truncate(12) }}", "Heute zweim…"),
        ("{{ posts[0].url|default('none') }}{{ posts[1].url|default('none') }}", None),
        ("{% if mentions %}{{ (negatives / mentions * 100)|round }} %{% endif %}", "87 %"),
        ("{{ posts|length }} posts, first: {{ reasons|first }}", None),
        ("{{ 'hotline' in terms }}", "True"),
        ("{{ rarity|capitalize }} since {{ since }}, at {{ at }}", "Once in 11 years since 13:00"),
        ("{# nothing #}{{ reason }}/{{ action }}/{{ severity }}", "first/trigger/critical"),
        ("{{ url }} {{ links[0].label }}", "http://localhost:8787/incidents/NE-3 Open incident"),
    ],
)
def test_what_a_template_can_say(source: str, result: str | None) -> None:
    assert complaint(source) == "" or "posts[" in source or "links[" in source
    assert result is None or said(source).startswith(result)


def test_every_name_has_a_value_in_every_kind_of_alert_and_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for one in sample_deliveries():
        assert set(own.values(one, "de")) == NAMES
    assert [name for name in sorted(NAMES) if f"`{name}`" not in text] == []
    assert [name for name in sorted(FILTERS) if f"`{name}`" not in text] == []


def test_values_are_plain_all_the_way_down() -> None:
    def plain_(value: object) -> bool:
        if isinstance(value, list):
            return all(map(plain_, value))
        if isinstance(value, dict):
            return all(map(plain_, value.values()))
        return value is None or type(value) in (str, int, float, bool)

    assert plain_(own.values(STORM, "de"))


def test_a_text_keeps_its_lines_and_loses_control_characters() -> None:
    assert said("one\u202e\x00 two\n\n\n\nthree\n") == "one two\n\nthree"
    assert Own("a\nb", "").words(STORM, "de").title == "a b"


# --- what is refused, and where ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ levle }}", 'line 1: there is no "levle"; did you mean "level"?'),
        ("\n\n{{ topic.name }}", 'line 3: there is no field "name"'),
        ("{{ topic", "line 1: unexpected end of template"),
        ("{% for p in posts %}", "line 1: Unexpected end of template"),
        ("{{ posts }}", "line 1: a list cannot be printed whole"),
        ("{{ topic|uper }}", 'line 1: there is no filter "uper"; did you mean "upper"?'),
        ("{{ topic.upper() }}", "line 1: nothing can be called"),
        ("{{ topic ~ ref }}", "line 1: ~ joins nothing here"),
        ("{{ topic + ref }}", "line 1: + takes two numbers"),
        ("{% set x = 1 %}", "line 1: nothing can be set"),
        ("{% for i in range %}{% endfor %}", 'line 1: there is no "range"'),
        ("{% for i in range(9) %}{% endfor %}", "line 1: nothing can be called"),
        (
            "{{ negatives / mentions }}",
            '(ZeroDivisionError) (tried on an alert with reason "test")',
        ),
        ("{% for c in topic %}{{ c }}{% endfor %}", "line 1: a loop goes through a list"),
        ("{{ posts[0].text }}", "line 1: there is no item 0"),  # an end has no posts
        ("x" * (SOURCE_LIMIT + 1), "longer than 8 kB"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, text: str) -> None:
    assert text.casefold() in complaint(source).casefold()


def test_bounds_are_counted() -> None:
    twice = "{% for a in posts %}{% for c in posts %}" + "{{ a.text }}" * 200 + "{% endfor %}" * 2
    with pytest.raises(TemplateFault, match="64 kB"):
        Sandboxed(twice, NAMES).render(own.values(STORM, "de"))
    hundred = "[" + "1," * 150 + "]"
    work = f"{{% for a in {hundred} %}}{{% for c in {hundred} %}}x{{% endfor %}}{{% endfor %}}"
    with pytest.raises(TemplateFault, match="too much work"):
        Sandboxed(work, NAMES).render({})
    deep = "{% for a in terms %}" * (LOOP_LIMIT + 1) + "{% endfor %}" * (LOOP_LIMIT + 1)
    assert "loops in each other" in complaint(deep)


def test_what_fits_stays_well_below_the_bounds() -> None:
    usual = "{% for p in posts %}{{ p.text|truncate(100) }} ({{ p.meta }})\n{% endfor %}{{ lead }}"
    result, budget = Sandboxed(usual, NAMES).measured(own.values(STORM, "de"))
    assert budget.steps < STEPS / 50
    assert len(result) < RESULT_LIMIT / 50


def test_settings_refuse_a_template_that_cannot_be_used() -> None:
    given = {"type": "console", "template": {"text": "{{ nobody }}"}}
    with pytest.raises(ValidationError, match='line 1: there is no "nobody"'):
        TypeAdapter(ChannelSettings).validate_python(given)


def test_a_webhook_takes_none_because_its_body_is_a_contract() -> None:
    secret = "whsec_ZGVtb2RlbW9kZW1vZGVtb2RlbW9kZW1v"
    given = {"type": "webhook", "url": "https://x", "signing_secret": secret}
    with pytest.raises(ValidationError, match="template"):
        TypeAdapter(ChannelSettings).validate_python({**given, "template": {"title": "x"}})


# --- at send time -----------------------------------------------------------------------------

FRAGILE = "{% if ref == 'NE-3' %}{{ posts[9].text }}{% endif %}"
"""Right for every sample, wrong for this storm: nobody can have seen it coming."""


def printed(template: dict[str, str]) -> tuple[str, str]:
    out = io.StringIO()
    settings = ConsoleSettings.model_validate({"type": "console", "template": template})
    receipt = asyncio.run(Console("screen", settings, out).send(STORM))
    return out.getvalue(), receipt.warning


def test_a_fault_at_send_time_gives_way_to_the_built_in_words_and_says_so() -> None:
    text, warning = printed({"text": FRAGILE})
    assert "142 negative Beiträge" in text
    assert warning == ("template.text: line 1: there is no item 9; the built-in words were sent")


def test_what_works_warns_of_nothing() -> None:
    text, warning = printed({"title": "{{ level }}!", "text": "{{ topic }} brennt."})
    assert (
        text
        == "◣ 5! (NE-3)\nNordlicht Energie brennt.\nVorfall öffnen: http://localhost:8787/incidents/NE-3\n"
    )
    assert warning == ""


# --- in every receiver ------------------------------------------------------------------------

OWN = OwnWords(
    "Achtung <!channel> *fett*", "Erste <b>Zeile</b>\nZweite {{DATE(2026-01-01T00:00:00Z)}}"
)


def test_each_receiver_says_the_own_words_and_nothing_of_the_built_in() -> None:
    event = pagerduty.event(STORM, "de", "", OWN)["payload"]
    spoken = {
        "plain": "\n".join(plain.lines(STORM, "de", OWN)),
        "slack": "\n".join(slack.texts(slack.body(STORM, "de", OWN))),
        "teams": "\n".join(slack.texts(teams.body(STORM, "de", OWN))),
        "ntfy": str(ntfy.publication(STORM, "de", "t", Level.STORM, OWN)),
        "apprise": apprise.title(STORM, "de", OWN) + apprise.text(STORM, "de", OWN),
        "mail": mail.html(STORM, "de", OWN),
        "pagerduty": str(event),
    }
    for name, text in spoken.items():
        assert "Achtung" in text, name
        assert "Erste" in text, name
        assert "Zweite" in text, name
        assert "zweimal abgebucht" not in text, name
        assert "Als Nächstes" not in text, name
    assert plain.subject(STORM, "de", OWN) == OWN.title


def test_own_words_are_no_markup_either() -> None:
    assert "<b>" not in mail.html(STORM, "de", OWN)
    assert "Zeile&lt;/b&gt;<br>Zweite" in mail.html(STORM, "de", OWN)
    text = str(slack.body(STORM, "de", OWN)["text"])
    assert "<!channel>" not in text
    assert "*fett*" not in text
    assert "{{DATE" not in json.dumps(teams.body(STORM, "de", OWN))
    assert "<" not in apprise.text(STORM, "de", OWN)


def test_a_test_and_a_repeat_are_marked_whatever_the_own_words_say() -> None:
    again = delivery(may_repeat=True)
    mark = "möglicherweise wiederholt"
    assert mark in plain.subject(again, "de", OWN)
    assert mark in str(slack.body(again, "de", OWN)["text"])
    assert mark in str(teams.body(again, "de", OWN))
    assert mark in str(ntfy.publication(again, "de", "t", Level.STORM, OWN)["title"])
    assert mark in apprise.title(again, "de", OWN)


def test_a_title_alone_leaves_the_rest_as_it_is() -> None:
    only = OwnWords(title="Achtung")
    assert "zweimal abgebucht" in str(teams.body(STORM, "de", only))
    assert "Als Nächstes" in "\n".join(plain.lines(STORM, "de", only))


def test_the_longest_text_still_fits_every_receiver() -> None:
    long = OwnWords("T" * 2000, "\n".join(["z" * 1500] * 40))
    assert teams.size(teams.body(STORM, "de", long)) <= teams.LIMIT
    push = ntfy.publication(STORM, "de", "t", Level.STORM, long)
    assert len(str(push["message"]).encode()) <= ntfy.MESSAGE_LIMIT
    payload = pagerduty.event(STORM, "de", "", long)["payload"]
    assert len(payload["summary"]) <= pagerduty.SUMMARY_LIMIT  # type: ignore[index]
    assert all(len(text) <= 3000 for text in slack.texts(slack.body(STORM, "de", long)))
    assert len(plain.subject(STORM, "de", long)) == 150


def test_what_people_wrote_stays_what_it_is_in_a_template() -> None:
    hostile = delivery(alert(topic_name=HOSTILE))
    words = Own("{{ topic }}", "").words(hostile, "de")
    assert "{{ 7 * 7 }}" in words.title
    assert "\u202e" not in words.title
    assert re.search(r"<b>x</b>", words.title)
    assert "<b>x</b>" not in mail.html(hostile, "de", words)
