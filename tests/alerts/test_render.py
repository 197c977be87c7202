"""What each receiver is told; the files in tests/golden/alerts show it whole."""

from __future__ import annotations

import json
import os
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.alert import SEVERITY, NotifyReason, Quote
from alerts.render import apprise, mail, message, ntfy, pagerduty, plain, slack, teams, webhook
from alerts.words import Language
from detectors.detection import Level
from monitor.server.sink import receivers
from tests import builders as b
from tests.alerts.samples import HOSTILE, alert, delivery

GOLDEN = Path(__file__).parents[1] / "golden" / "alerts"
LANGS: tuple[Language, ...] = ("de", "en")
TRIGGER = delivery()
REPEAT = delivery(may_repeat=True)
OVER = delivery(alert(NotifyReason.RESOLVED))
TEST = delivery(alert(NotifyReason.TEST, test=True))
STORM = Level.STORM


def pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def mailed(lang: Language, of: object = TRIGGER) -> bytes:
    assert isinstance(of, type(TRIGGER))
    return mail.mail(
        of,
        lang,
        sender="Sturmglas <sturmglas@example.org>",
        to=["bereitschaft@example.org"],
        date=b.T0,
    ).as_bytes()


FILES = {
    **{f"plain.{lang}.txt": "\n".join(plain.lines(REPEAT, lang)) + "\n" for lang in LANGS},
    **{f"slack.{lang}.json": pretty(slack.body(TRIGGER, lang)) for lang in LANGS},
    "slack.resolved.de.json": pretty(slack.body(OVER, "de")),
    **{f"pagerduty.{lang}.json": pretty(pagerduty.event(TRIGGER, lang)) for lang in LANGS},
    "pagerduty.resolved.json": pretty(pagerduty.event(OVER, "de")),
    **{f"teams.{lang}.json": pretty(teams.body(TRIGGER, lang)) for lang in LANGS},
    "teams.resolved.de.json": pretty(teams.body(OVER, "de")),
    **{f"ntfy.{lang}.json": pretty(ntfy.publication(TRIGGER, lang, "t", STORM)) for lang in LANGS},
    "ntfy.resolved.de.json": pretty(ntfy.publication(OVER, "de", "t", STORM)),
    "apprise.de.txt": f"{apprise.title(REPEAT, 'de')}\n\n{apprise.text(REPEAT, 'de')}\n",
    "webhook.en.json": pretty(json.loads(webhook.body(REPEAT, "en"))),
    **{f"mail.{lang}.html": mail.html(TRIGGER, lang) for lang in LANGS},
    "mail.repeat.de.eml": mailed("de", REPEAT).decode().replace("\r\n", "\n"),
}


@pytest.mark.parametrize("name", FILES)
def test_golden_message(name: str) -> None:
    path = GOLDEN / name
    if os.environ.get("STURMGLAS_GOLDEN") == "write":
        path.write_text(FILES[name], encoding="utf-8")
    assert path.read_text(encoding="utf-8") == FILES[name]


def test_no_golden_file_is_left_over() -> None:
    assert {p.name for p in GOLDEN.iterdir()} == set(FILES)


# --- for every receiver -----------------------------------------------------------------------


def spoken(lang: Language) -> dict[str, str]:
    """Return everything a reader of each receiver sees, as one text."""
    event = pagerduty.event(TRIGGER, lang)
    return {
        "plain": "\n".join(plain.lines(TRIGGER, lang)),
        "slack": "\n".join(slack.texts(slack.body(TRIGGER, lang))),
        "pagerduty": json.dumps(event, ensure_ascii=False),
        "webhook": webhook.body(TRIGGER, lang),
        "mail": mail.html(TRIGGER, lang),
        "teams": "\n".join(slack.texts(teams.body(TRIGGER, lang))),
        "ntfy": str(ntfy.publication(TRIGGER, lang, "t", STORM)),
        "apprise": apprise.title(TRIGGER, lang) + apprise.text(TRIGGER, lang),
    }


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("receiver", spoken("de"))
def test_level_number_normal_why_posts_and_step_are_there(receiver: str, lang: Language) -> None:
    text = spoken(lang)[receiver]
    level = {"de": "Sturm", "en": "storm"}[lang]
    assert level in text
    assert "5" in text
    assert "142" in text
    assert "0–4" in text
    assert "118" in text
    assert "zweimal abgebucht" in text
    assert "Charged twice" in text
    assert "Sachstand aus der Abrechnung" in text
    assert "zweimal abgebucht, hotline, #abzocke" in text or '"hotline"' in text
    silent = {"de": "höchstens 24 der 118 negativen", "en": "at most 24 of the 118 negative"}[lang]
    assert silent in text


@pytest.mark.parametrize("lang", LANGS)
def test_what_was_not_met_is_no_reason(lang: Language) -> None:
    m = message.message(TRIGGER, lang)
    assert len(m.why) == 3
    assert not any("1,2×" in line or "1.2×" in line for line in m.why)
    assert m.why[0].startswith(("Stolperdraht", "Tripwire"))  # danger first


def test_the_lock_screen_shows_no_quote_and_no_name() -> None:
    short = message.message(TRIGGER, "de").short
    assert short == (
        "5 Sturm: Nordlicht Energie. 142 negative Beiträge in der letzten Stunde, erwartet 0–4"
    )
    assert pagerduty.event(TRIGGER, "de")["payload"]["summary"] == short  # type: ignore[index]


def test_an_end_is_short() -> None:
    m = message.message(OVER, "en")
    assert (m.why, m.voices, m.next_step, m.blind) == ((), (), "", ())
    assert m.title == "5 storm · Nordlicht Energie · ended"


def test_a_possible_repeat_says_so_in_every_text_but_pagerduty() -> None:
    assert "(möglicherweise wiederholt)" in plain.subject(REPEAT, "de")
    assert "possible repeat" in slack.body(REPEAT, "en")["text"]  # type: ignore[operator]
    assert json.loads(webhook.body(REPEAT, "de"))["data"]["may_repeat"] is True
    parsed = message_from_bytes(mailed("de", REPEAT), policy=policy.default)
    assert parsed[mail.REPEAT_HEADER] == "yes"
    assert mail.REPEAT_HEADER not in message_from_bytes(mailed("de"), policy=policy.default)
    assert pagerduty.event(REPEAT, "de") == pagerduty.event(TRIGGER, "de")
    assert "possible repeat" in str(teams.body(REPEAT, "en"))
    assert "possible repeat" in str(ntfy.publication(REPEAT, "en", "t", STORM)["title"])
    assert "possible repeat" in apprise.title(REPEAT, "en")


def test_a_test_says_so() -> None:
    assert "Probe" in plain.subject(TEST, "de")
    assert "Test" in pagerduty.event(TEST, "en")["payload"]["summary"]  # type: ignore[index]
    assert json.loads(webhook.body(TEST, "de"))["data"]["test"] is True


# --- what people write stays text -------------------------------------------------------------


def test_slack_parses_nothing_that_people_wrote() -> None:
    hostile = delivery(alert(topic_name=HOSTILE))
    body = slack.body(hostile, "de")
    text = str(body["text"])
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text
    assert "*fett*" not in text
    quotes = [
        block
        for block in body["attachments"][0]["blocks"]  # type: ignore[index]
        if block["elements"][0].get("type") == "rich_text_quote"
    ]
    assert len(quotes) == 3  # rich text is never parsed as markup


def test_teams_parses_nothing_that_people_wrote() -> None:
    """Text runs are plain; a TextBlock would read Markdown."""
    dated = HOSTILE + " {{DATE(2026-01-01T00:00:00Z)}} [x](https://example.org)"
    quoted = alert(topic_name=dated, quotes=(Quote(dated, "forum", b.T0),))
    body = json.dumps(teams.body(delivery(quoted), "de"))
    assert '"TextBlock"' not in body
    assert "{{DATE" not in body
    assert "mention" not in body


def test_ntfy_is_never_markdown() -> None:
    said = ntfy.publication(delivery(alert(topic_name=HOSTILE)), "de", "t", STORM)
    assert "markdown" not in said
    assert "\n" not in str(said["title"])


def test_apprise_carries_no_sign_that_a_chat_would_read_as_markup() -> None:
    wrote = HOSTILE + " @everyone [x](https://example.org) ||spoiler|| `code` #one *"
    quoted = alert(topic_name=wrote, quotes=(Quote(wrote, "forum", b.T0),), links=())
    hostile = delivery(quoted)
    said = apprise.title(hostile, "de") + apprise.text(hostile, "de")
    for sign in ("<", ">", "@", "[", "]", "|", "`", "*fett", "fett*", "_", "~"):
        assert sign not in said
    assert "{{ 7 * 7 }}" in said


def test_the_mail_escapes_what_people_wrote() -> None:
    html = mail.html(delivery(alert(topic_name=HOSTILE)), "de")
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert "<script" not in html
    assert "http://" not in html.replace("http://localhost:8787/", "")  # nothing remote


def test_directions_and_control_characters_are_taken_out() -> None:
    assert message.one_line("a\u202eb\x00c\r\nd\te") == "a b c d e"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "ftp://x", "https://x\n"])
def test_only_web_addresses_become_links(url: str) -> None:
    quoted = alert(quotes=(Quote("x", "forum", b.T0, url=url),))
    assert message.message(delivery(quoted), "de").voices[0].url == ""


def test_a_header_cannot_be_injected() -> None:
    evil = delivery(alert(topic_name="Acme\r\nBcc: all@example.org"))
    parsed = message_from_bytes(mailed("de", evil), policy=policy.default)
    assert parsed["Bcc"] is None
    assert "Acme Bcc: all@example.org" in parsed["Subject"]


# --- limits -----------------------------------------------------------------------------------

ENDLESS = delivery(
    alert(
        topic_name="N" * 5000,
        next_step="S" * 5000,
        quotes=tuple(Quote("Q" * 20_000, "s" * 500, b.T0, copies=9) for _ in range(3)),
        links=(("page", "https://example.org/" + "p" * 2000),),
    )
)


def test_slack_takes_even_an_endless_one() -> None:
    raw = json.dumps(slack.body(ENDLESS, "de")).encode()
    assert receivers.slack_webhook(raw).status == 200


def test_pagerduty_takes_even_an_endless_one() -> None:
    event = {"routing_key": "k" * 32, **pagerduty.event(ENDLESS, "de")}
    assert receivers.pagerduty(json.dumps(event).encode()).status == 202


def test_teams_takes_even_an_endless_one_and_drops_quotes_before_anything_else() -> None:
    body = teams.body(ENDLESS, "de")
    assert teams.size(body) <= teams.LIMIT
    assert receivers.teams(json.dumps(body, ensure_ascii=False).encode()).status == 202
    full = teams.size(teams.body(TRIGGER, "de"))
    assert full <= teams.LIMIT / 2
    assert "S" * 50 in str(body)


def test_ntfy_takes_even_an_endless_one() -> None:
    said = ntfy.publication(ENDLESS, "de", "t", STORM)
    assert receivers.ntfy(json.dumps(said).encode()).status == 200
    assert len(ntfy.fitting("ä" * 5000, 4096).encode()) <= 4096


def test_an_apprise_title_has_at_most_250_characters() -> None:
    assert len(apprise.title(ENDLESS, "de")) == 250


@pytest.mark.parametrize(("level", "priority"), [(1, 3), (3, 3), (4, 4), (5, 5), (6, 5)])
def test_ntfy_is_as_urgent_as_the_level(level: int, priority: int) -> None:
    assert ntfy.priority(delivery(alert(level=level)), STORM) == priority
    assert ntfy.priority(delivery(alert(level=level)), Level.CALM) == 5
    assert ntfy.priority(delivery(alert(NotifyReason.RESOLVED, level)), Level.CALM) == 3


def test_a_subject_has_at_most_150_characters() -> None:
    assert len(plain.subject(ENDLESS, "de")) == 150


def test_a_quote_is_cut_and_shows_it() -> None:
    voice = message.message(TRIGGER, "de").voices[2]
    assert len(voice.text) <= message.QUOTE_LENGTH
    assert voice.text.endswith("…")


@pytest.mark.parametrize("level", list(Level))
def test_severity_follows_the_one_table(level: Level) -> None:
    event = pagerduty.event(delivery(alert(level=int(level))), "de")
    assert event["payload"]["severity"] == SEVERITY[level].value  # type: ignore[index]


def test_every_attempt_has_the_same_message_id_and_each_channel_its_own() -> None:
    def id_of(raw: bytes) -> str:
        return str(message_from_bytes(raw, policy=policy.default)["Message-ID"])

    other = delivery(channel="elsewhere")
    assert id_of(mailed("de")) == id_of(mailed("de", REPEAT))
    assert id_of(mailed("de")) != id_of(mailed("de", other))


def test_a_rarity_without_end_is_still_json() -> None:
    body = webhook.body(delivery(alert(return_period_days=float("inf"))), "de")
    assert json.loads(body)["data"]["return_period_days"] is None
