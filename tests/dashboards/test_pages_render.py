"""What every page promises, whatever it shows: policy, languages, one truth, hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from alerts.sentences import reason_line
from alerts.words import expected_range
from dashboards.web import render
from dashboards.web.curve import Range
from dashboards.web.i18n import MESSAGES, PSEUDO, MissingText, Translator
from dashboards.web.views import Notice, PostView
from detectors.detection import Level
from tests.dashboards import (
    duty_scenes,
    incident_scenes,
    planned_scenes,
    query_scenes,
    settings_scenes,
    situation_scenes,
)
from tests.dashboards.foreign_words import FOREIGN, SAME_IN_BOTH, UNITS

PAGES: dict[str, Callable[[str], str]] = {
    "calm": lambda lang: render.situation(situation_scenes.calm(lang)),
    "storm": lambda lang: render.situation(situation_scenes.storm(lang)),
    "table": lambda lang: render.situation(situation_scenes.storm(lang, table=True)),
    "unknown": lambda lang: render.situation(situation_scenes.unknown(lang)),
    "empty": lambda lang: render.situation(situation_scenes.empty(lang)),
    "demo": lambda lang: render.situation(situation_scenes.demo(lang)),
    "drill": lambda lang: render.situation(situation_scenes.drill(lang)),
    "incident": lambda lang: render.incident(incident_scenes.incident(lang)),
    "watch": lambda lang: render.incident(incident_scenes.watch(lang)),
    "ended": lambda lang: render.incident(incident_scenes.ended(lang)),
    "incidents": lambda lang: render.incidents(incident_scenes.incidents(lang)),
    "settings": lambda lang: render.settings(settings_scenes.plain(lang)),
    "tried": lambda lang: render.settings(settings_scenes.tried(lang)),
    "unpaged": lambda lang: render.settings(settings_scenes.unpaged(lang)),
    "refused": lambda lang: render.settings(settings_scenes.refused(lang)),
    "query": lambda lang: render.settings(query_scenes.untried(lang)),
    "query tried": lambda lang: render.settings(query_scenes.tried(lang)),
    "query same": lambda lang: render.settings(query_scenes.same(lang)),
    "query empty": lambda lang: render.settings(query_scenes.empty(lang)),
    "query invalid": lambda lang: render.settings(query_scenes.invalid(lang)),
    "query busy": lambda lang: render.settings(query_scenes.busy(lang)),
    "query away": lambda lang: render.settings(query_scenes.unavailable(lang)),
    "planned": lambda lang: render.planned(planned_scenes.planned(lang)),
    "unplanned": lambda lang: render.planned(planned_scenes.planned(lang, "uplift")),
    "judged": lambda lang: render.settings(planned_scenes.judged(lang)),
    "precise": lambda lang: render.settings(planned_scenes.judged(lang, too_low=False)),
    "asked": lambda lang: render.settings(planned_scenes.asked(lang)),
    "duty": lambda lang: render.duty(duty_scenes.duty(lang)),
    "duty refused": lambda lang: render.duty(duty_scenes.refused(lang)),
    "duty empty": lambda lang: render.duty(duty_scenes.empty(lang)),
    "night asked": lambda lang: render.settings(duty_scenes.night(lang)),
    "missing": lambda lang: render.missing(situation_scenes.chrome(lang=lang)),
}
every_page = pytest.mark.parametrize("name", PAGES)


class Text(HTMLParser):
    """Collects what people read: text, and the attributes that are read out or shown."""

    SHOWN = ("title", "aria-label", "placeholder", "alt", "value", "data-say", "data-title")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = [""]  # first the running text, then the attributes
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._skip += tag in ("script", "style", "code", "kbd")
        if given.get("type") not in ("hidden", "radio"):
            self.found += [given[a] or "" for a in self.SHOWN if a in given and tag != "meta"]

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("script", "style", "code", "kbd")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.found[0] += data


def shown(html: str) -> list[str]:
    parser = Text()
    parser.feed(html)
    return parser.found


@every_page
def test_no_page_holds_inline_code_or_style(name: str) -> None:
    html = PAGES[name]("de")
    assert not re.search(r"<[^>]+\s(style|on\w+|hx-on[\w:]*)\s*=", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", html)
    assert "<style" not in html
    assert not re.findall(r'hx-trigger="[^"]*\[', html), "a filter would need eval"
    assert "javascript:" not in html


@every_page
def test_no_page_loads_from_another_host(name: str) -> None:
    html = PAGES[name]("en")
    loaded = re.findall(r"<(?:script|link|img|iframe|source)[^>]*?(?:src|href)=\"([^\"]+)\"", html)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)


@every_page
def test_every_text_was_given_to_a_translator(name: str) -> None:
    """In the test language all of our own words stand in brackets; the rest is digits and names."""
    html = PAGES[name](PSEUDO)
    theirs = FOREIGN | {"Sturmglas", "Deutsch", "English"}
    left = []
    for text in shown(html):
        bare = re.sub(r"⟦.*?⟧", "", _unnested(text), flags=re.DOTALL)
        for word in sorted(theirs, key=len, reverse=True):
            bare = bare.replace(word, "")
        bare = re.sub(UNITS, "", bare)
        left += re.findall(r"[A-Za-zÄÖÜäöüß]{2,}", bare)
    assert left == []


def _unnested(text: str) -> str:
    """Drop brackets inside brackets, innermost first."""
    while (inner := re.sub(r"⟦([^⟦⟧]*)⟦([^⟦⟧]*)⟧", r"⟦\1\2", text)) != text:
        text = inner
    return text


@pytest.mark.parametrize("lang", ["de", "en"])
@every_page
def test_the_page_says_which_language_it_is(name: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in PAGES[name](lang)


def test_german_and_english_say_something_of_their_own() -> None:
    same = {key for key, (german, english) in MESSAGES.items() if german == english}
    assert same <= SAME_IN_BOTH


def test_both_languages_leave_the_same_holes() -> None:
    for key, (german, english) in MESSAGES.items():
        holes = [set(re.findall(r"{(\w+)}", text)) for text in (german, english)]
        assert holes[0] == holes[1], key
        assert german.count("|") == english.count("|"), key


def test_every_text_is_used_somewhere() -> None:
    """A key is used where it stands in code or templates, or where its first part is built upon."""
    code = "\n".join(
        path.read_text("utf-8")
        for path in render.HERE.rglob("*")
        if path.suffix in (".html", ".py") and path.parent.name != "locale"
    )
    built = set(re.findall(r"""["']([a-z_.]+\.)["']\s*~""", code))
    built |= set(re.findall(r"""f["']([a-z_.]+\.){""", code))
    literal = set(re.findall(r"""["']([a-z_0-9.]+)["']""", code))
    unused = [k for k in MESSAGES if k not in literal and not any(k.startswith(b) for b in built)]
    assert unused == []


def test_an_unknown_key_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(MissingText, match=r"nothing\.like\.this"):
        Translator("de", render.Formats("de", render.ZoneInfo("UTC"), situation_scenes.NOW))(
            "nothing.like.this"
        )


def test_posts_are_hostile_text() -> None:
    bad = PostView(
        '<script>alert(1)</script> & "x"', "de", "<b>src</b>", situation_scenes.NOW, handle="<i>"
    )
    view = situation_scenes.storm()
    assert view.detail is not None
    html = render.situation(replace(view, detail=replace(view.detail, posts=(bad,))))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
    assert "<i>" not in html.replace('<i aria-hidden="true">', "")


def test_a_post_links_only_to_the_web() -> None:
    html = render.situation(situation_scenes.storm())
    assert 'href="https://example.org/1"' in html
    assert html.count('rel="noopener noreferrer nofollow"') == 1, "the javascript: link is dropped"


def test_posts_carry_their_own_language() -> None:
    html = render.situation(situation_scenes.storm("de"))
    assert re.search(r'<p class="post" lang="en"><mark>Charged twice</mark> by Nordlicht', html)


def test_new_words_are_marked_whole() -> None:
    html = render.situation(situation_scenes.storm("de"))
    assert "<mark>doppelt abgebucht</mark>" in html
    assert "<mark>Lastschrift" not in html, "nobody wrote it"


@pytest.mark.parametrize("level", list(Level))
def test_a_level_is_number_word_icon_and_fill(level: Level) -> None:
    view = situation_scenes.storm("de")
    tile = replace(view.tiles[0], level=level)
    html = render.situation(replace(view, tiles=(tile,), detail=None))
    flag = re.search(
        r'<span class="flag lvl-(\d)"><svg.*?href="#i-b(\d)".*?<b>(\d)</b>.*?</span></span>', html
    )
    assert flag is not None
    assert set(flag.groups()) == {str(int(level))}
    assert render.level_name(level, "de") in html


def test_unknown_is_never_shown_as_calm() -> None:
    html = render.situation(situation_scenes.unknown("de"))
    tile = html[html.index('<ul class="tiles"') : html.index('<section class="room-m"')]
    assert "lvl-u" in tile
    assert "unbekannt" in tile
    assert "lvl-0" not in tile
    assert "Windstille" not in tile
    assert '<h1 id="vh">Netzausbau Westküste: unbekannt, nicht ruhig</h1>' in html


def test_what_we_do_not_see_stands_first_and_broken_things_lead() -> None:
    html = render.situation(situation_scenes.storm("de"))
    assert html.index("Wir sehen nicht") < html.index("5 Themen")
    cover = html[html.index('id="cover"') : html.index("</summary>", html.index('id="cover"'))]
    assert cover.index("Bürgerforum: stumm seit 13:40") < cover.index("App-Bewertungen: 22")
    assert '<span class="bad">Stadtblatt: Fehler seit 13:21</span>' in cover
    assert "Geschlossene Gruppen und Messenger" in html


def test_the_curve_and_its_table_hold_the_same_numbers() -> None:
    drawn = render.situation(situation_scenes.storm("de"))
    table = render.situation(situation_scenes.storm("de", table=True))
    columns = re.findall(r'class="c-col"[^>]*><title>[^<]*?: (\d+) negativ, (\d+) alle', drawn)
    rows = re.findall(r"</time></th><td>(\d+)</td><td>(\d+)</td>", table)
    assert len(rows) == 60
    assert columns[:60] == rows[::-1]
    assert columns[60:] == rows[::-1], "the narrow drawing too"


def test_an_open_minute_is_hatched_and_not_drawn_as_a_fall() -> None:
    view = situation_scenes.storm("de")
    assert view.detail is not None
    html = render.situation(view)
    line = re.search(
        r'<polyline class="c-line" points="([^"]+)"/>', html[html.index("chart wide") :]
    )
    assert line is not None
    assert len(line.group(1).split()) == 59
    assert 'fill="url(#curve-w-h)"' in html


def test_why_and_numbers_stand_beside_their_normal() -> None:
    html = render.situation(situation_scenes.storm("de"))
    assert "<b>318</b> negative Beiträge in der letzten Stunde, erwartet 0–12." in html
    assert "Warum Stufe 5?" in html
    assert "mit höchstens 249 der 318 negativen Stimmen" in html


def test_reasons_read_as_in_every_alert() -> None:
    html = render.incident(incident_scenes.incident("de"))
    for reason in situation_scenes.REASONS[:3]:
        sentence = reason_line(reason, "de")
        assert sentence[0].upper() + sentence[1:] in html


@pytest.mark.parametrize("mean", [0.0, 0.2, 1.0, 3.7, 12.0, 250.5])
def test_the_expected_range_is_the_one_of_the_alerts(mean: float) -> None:
    found = Range.around(mean)
    text = str(found.low) if found.low == found.high else f"{found.low}–{found.high}"
    assert text == expected_range(mean)


def test_the_incident_says_what_to_do_before_anything_else() -> None:
    html = render.incident(incident_scenes.incident("de"))
    order = [
        "Sachstand aus der Abrechnung holen",
        ">Warum<",
        "Was die Leute schreiben",
        "Playbook „",
    ]
    places = [html.index(text, html.index('<div class="inc-m">')) for text in order]
    assert places == sorted(places)
    assert html.count('class="quote"') == 5, "three voices, two pieces of evidence"


def test_overdue_steps_are_counted_in_the_title() -> None:
    title = re.search(r"<title>(.*?)</title>", render.incident(incident_scenes.incident("de")))
    assert title is not None
    assert title.group(1) == "(1 überfällig) 5 D-31 Doppelabbuchung · Sturmglas"


def test_acknowledging_is_offered_only_where_somebody_has_to() -> None:
    assert 'id="ack"' in render.incident(incident_scenes.incident("de"))
    quiet = incident_scenes.incident("de", row=situation_scenes.row(needs_ack=False))
    assert 'id="ack"' not in render.incident(quiet)
    assert 'id="ack"' not in render.incident(incident_scenes.ended("de"))


def test_a_conflict_says_who_was_first() -> None:
    notice = Notice("conflict", "done", "J. Brandt", situation_scenes.NOW, bad=True)
    view = incident_scenes.incident(
        "de", chrome=situation_scenes.chrome("/incidents/D-31", notice=notice)
    )
    assert "erledigt von J. Brandt, 14:32. Nichts wurde geändert." in render.incident(view)


def test_deliveries_show_their_plain_error_and_next_attempt() -> None:
    html = render.incident(incident_scenes.incident("de"))
    assert "Mailserver antwortet nicht (10 s gewartet)" in html
    assert re.search(r"nächster Versuch <time[^>]*>14:33:08</time>", html)
    assert "aufgegeben nach 8 Versuchen" in html


def test_demo_and_drill_are_unmistakable() -> None:
    assert "erfundene Marke, erfundene Beiträge" in render.situation(situation_scenes.demo("de"))
    assert 'href="/sink"' in render.situation(situation_scenes.demo("de"))
    drill = render.situation(situation_scenes.drill("en"))
    assert "<title>DRILL · " in drill
    assert "banner-drill" in drill


def test_every_time_names_its_zone() -> None:
    for name in ("storm", "incident", "incidents"):
        times = re.findall(r"<time[^>]*>", PAGES[name]("de"))
        assert times
        assert all(
            re.search(r'datetime="[^"]+[+-]\d\d:\d\d" title="[^"]+ (MEZ|MESZ)"', t) for t in times
        )


def test_a_fragment_is_the_region_alone() -> None:
    part = render.situation(situation_scenes.storm("de"), part=True)
    assert part.lstrip().startswith('<div id="room"')
    assert "<html" not in part
    assert 'hx-get="/?topic=nl-doppelt&amp;range=1h&amp;part=1"' in part


def test_an_empty_install_says_how_to_begin() -> None:
    html = render.situation(situation_scenes.empty("de"))
    assert "Noch keine Beiträge" in html
    assert "So schließen Sie die erste Quelle an" in html
    assert "noch keine Daten" in html
