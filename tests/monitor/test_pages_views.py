"""Pages over a real store: what is shown is what is stored, and every press is on the timeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from alerts.fact import FactKind
from alerts.incident import Status
from dashboards.web.render import CSP
from detectors.detection import Level
from detectors.window import BIN
from monitor.ports import SourceState
from playbooks.run import StepState
from tests.builders import T0, TOPIC, result
from tests.monitor.serving import BEARER, JSON, Served, served, settings
from tests.monitor.storming import STORM, calm_past, clock_of, post, storm

DE = {"accept-language": "de"}
HTMX = {**DE, "hx-request": "true"}
RUN = f"{STORM.id}-1-outage"
STEP = f"/incidents/{STORM.ref}/runs/{RUN}/steps/step-1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def text(html: str) -> str:
    """Return what stands on a page, tags out and spaces folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def tile(html: str) -> str:
    return text(html[html.index('id="tiles"') : html.index("</ul>", html.index('id="tiles"'))])


# --- situation room ---------------------------------------------------------------------------


def test_a_fresh_install_is_told_how_to_begin_and_not_that_it_is_calm(server: Served) -> None:
    html = server.get("/", headers=DE).text
    assert "Noch keine Beiträge" in html
    assert "Windstille" not in html
    assert "shop: nie erreicht" in text(html)


def test_the_first_post_goes_where_the_page_says(server: Served) -> None:
    page = unescape(server.get("/", headers=DE).text)
    [told] = re.findall(r"-d '([^']+)' ..  (http\S+)</code>", page, re.DOTALL)
    answer = server.post(told[1], content=told[0], headers={**BEARER, **JSON})
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}


def test_a_calm_topic_is_shown_with_its_normal(server: Served) -> None:
    calm_past(server.store)
    found = tile(server.get("/", headers=DE).text)
    assert "Acme Bahn Windstille" in found
    assert "0 negativ/h, erwartet 5–19" in found, "twelve bins with one each: 12 +- 2 * 3.46"


def test_a_storm_carries_verdict_reasons_posts_and_the_way_to_its_incident(server: Served) -> None:
    storm(server.store)
    html = server.get("/", headers=DE).text
    assert '<h1 id="vh">Acme Bahn: Sturm, ' in html
    assert "60 negative Beiträge in der letzten Stunde" in text(html)
    assert "Seit 12:20 : 60 Beiträge, davon 60 negativ." in text(html)
    assert f'href="/incidents/{STORM.ref}"' in html
    assert html.count('class="quote"') == 3
    assert "+ 5 Nahkopien" in html, "60 posts in ten clusters of six"
    assert "Warum Stufe 5?" in html
    assert "mit höchstens 7 der 48 negativen Stimmen" in html


def test_the_address_chooses_topic_and_range(server: Served) -> None:
    storm(server.store)
    for span, columns in (("1h", 60), ("6h", 72), ("24h", 96), ("7d", 168)):
        html = server.get(f"/?topic={TOPIC}&range={span}", headers=DE).text
        drawn = html[html.index("chart wide") : html.index("chart narrow")]
        assert columns <= drawn.count('class="c-col"') <= columns + 1
        assert f'range={span}" aria-current="true"' in html
    assert 'range=1h" aria-current="true"' in server.get("/?range=99y", headers=DE).text


def test_a_minute_that_is_not_closed_yet_is_marked_as_open(server: Served) -> None:
    storm(server.store)
    server.clock.move(timedelta(minutes=2))
    html = server.get("/?table=1", headers=DE).text
    assert html.count('class="hatched"') == 2
    assert "noch offen" in html


def test_a_silent_source_that_carried_the_topic_makes_calm_unknown(server: Served) -> None:
    calm_past(server.store)
    post(server.store, 40, source="forum")
    seen = T0 - timedelta(hours=3)
    with server.store.begin() as tx:
        tx.save_source(SourceState(clock_of("forum", seen), ok_at=seen))
    html = server.get("/", headers=DE).text
    assert "unbekannt" in tile(html)
    assert "Windstille" not in tile(html)
    assert "forum: stumm seit 10:00" in text(html)


def test_a_storm_is_shown_even_where_a_source_is_dark(server: Served) -> None:
    storm(server.store, dark=True)
    assert "Sturm" in tile(server.get("/", headers=DE).text)


def test_a_topic_that_nobody_measures_any_more_is_unknown(server: Served) -> None:
    calm_past(server.store)
    server.clock.move(timedelta(minutes=31))
    assert "nichts Neues mehr gemessen" in tile(server.get("/", headers=DE).text)


def test_the_worst_topic_stands_first_and_in_the_middle(tmp_path: Path) -> None:
    given = settings()
    topics = {"zoo": given.topics[TOPIC].model_copy(update={"name": "Zoo"}), **given.topics}
    with served(tmp_path, given=given.model_copy(update={"topics": topics})) as server:
        storm(server.store)
        with server.store.begin() as tx:
            tx.add_result(result(T0 - BIN, topic="zoo", level=Level.LIGHT_AIR))
        html = server.get("/", headers=DE).text
        assert tile(html).index("Acme Bahn") < tile(html).index("Zoo")
        assert '<h1 id="vh">Acme Bahn' in html
        assert '<h1 id="vh">Zoo' in server.get("/?topic=zoo", headers=DE).text


def test_what_is_broken_with_us_stands_on_the_page(tmp_path: Path) -> None:
    with served(tmp_path, failures=lambda: ["pipeline: 41 s behind"]) as server:
        assert "Bei uns klemmt etwas: pipeline: 41 s behind" in text(
            server.get("/", headers=DE).text
        )


def test_demo_pages_say_that_everything_is_invented(tmp_path: Path) -> None:
    with served(tmp_path, demo=True, sink_url="http://127.0.0.1:9/") as server:
        html = server.get("/", headers=DE).text
        assert "erfundene Marke" in html
        assert 'href="http://127.0.0.1:9/"' in html


# --- who looks --------------------------------------------------------------------------------


def test_language_follows_address_then_cookie_then_browser_then_settings(server: Served) -> None:
    def lang(path: str = "/", **headers: str) -> str:
        found = re.search(r'<html lang="(\w+)"', server.get(path, headers=headers).text)
        assert found is not None
        return found.group(1)

    assert lang() == "de"
    assert lang(**{"accept-language": "fr, en;q=0.8, de;q=0.3"}) == "en"
    assert lang(**{"accept-language": "en", "cookie": "lang=de"}) == "de"
    assert lang("/?lang=en", cookie="lang=de") == "en"


def test_a_language_link_comes_back_to_this_page_only(server: Served) -> None:
    answer = server.get("/lang/en?back=/incidents")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    assert "lang=en" in answer.headers["set-cookie"]
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert server.get("/lang/en", params={"back": bad}).headers["location"] == "/"


def test_the_name_given_in_the_head_stands_on_the_timeline(server: Served) -> None:
    storm(server.store)
    answer = server.post("/actor", data={"actor": " Jörg \n Öz ", "back": "/"})
    cookie = answer.headers["set-cookie"].split(";")[0]
    server.post(f"/incidents/{STORM.ref}/acknowledge", headers={"cookie": cookie})
    acked = [f for f in server.store.read.facts(STORM.id) if f.kind is FactKind.ACKNOWLEDGED]
    assert [f.actor for f in acked] == ["Jörg Öz"]


def test_every_page_carries_the_policy_and_is_never_cached(server: Served) -> None:
    storm(server.store)
    for path in ("/", "/incidents", f"/incidents/{STORM.ref}", "/parts/status"):
        answer = server.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == CSP
        assert answer.headers["cache-control"] == "no-store"


# --- incident ---------------------------------------------------------------------------------


def test_an_incident_is_found_by_reference_and_by_id(server: Served) -> None:
    storm(server.store)
    for id in (STORM.ref, STORM.id):
        html = server.get(f"/incidents/{id}", headers=DE).text
        assert "Acme Bahn" in text(html)
        assert "Schritt 1" in html
        assert "Niemand hat bisher bestätigt." in html
    assert server.get("/incidents/nope", headers=DE).status_code == 404


def test_the_list_shows_open_incidents_with_their_overdue_steps(server: Served) -> None:
    storm(server.store)
    found = text(server.get("/incidents", headers=DE).text)
    assert STORM.ref in found
    assert "(2 überfällig)" in found, "opened 30 min ago, steps due after 10, 20 and 30"


def test_acknowledging_is_stored_shown_and_said_once(server: Served) -> None:
    storm(server.store)
    path = f"/incidents/{STORM.ref}/acknowledge"
    first = server.post(path, headers={**HTMX, "cookie": "actor=Kim"})
    assert first.status_code == 200
    assert first.text.lstrip().startswith('<div id="inc"')
    assert "Bestätigt." in text(first.text)
    again = server.post(path, headers={**HTMX, "cookie": "actor=Kim"})
    assert again.status_code == 200
    late = server.post(path, headers={**HTMX, "cookie": "actor=Robin"})
    assert late.status_code == 409
    assert "bestätigt von Kim, 13:00. Nichts wurde geändert." in text(late.text)
    stored = server.store.read.incident(STORM.id)
    assert stored is not None
    assert (stored.status, stored.acked_by) == (Status.ACKNOWLEDGED, "Kim")
    kinds = [f.kind for f in server.store.read.facts(STORM.id)]
    assert kinds.count(FactKind.ACKNOWLEDGED) == 1


def test_a_form_without_script_comes_back_to_the_page(server: Served) -> None:
    storm(server.store)
    answer = server.post(f"/incidents/{STORM.id}/note", data={"text": "Hotline ist besetzt"})
    assert answer.status_code == 303
    html = server.get(answer.headers["location"], headers=DE).text
    assert "Notiz steht im Verlauf." in html
    assert "Hotline ist besetzt" in html
    assert "anonym notiert" in html


def test_a_step_ticked_twice_shows_who_was_first(server: Served) -> None:
    storm(server.store)
    done = server.post(
        f"{STEP}/done", headers={**HTMX, "cookie": "actor=Kim"}, data={"note": "12 Fälle"}
    )
    assert done.status_code == 200
    assert "12 Fälle" in done.text
    late = server.post(f"{STEP}/done", headers={**HTMX, "cookie": "actor=Robin"})
    assert late.status_code == 409
    assert "erledigt von Kim, 13:00." in text(late.text)
    [stored] = server.store.read.runs(STORM.id)
    assert (stored.step("step-1").state, stored.step("step-1").by) == (StepState.DONE, "Kim")


def test_skipping_needs_a_reason_and_taking_names_an_owner(server: Served) -> None:
    storm(server.store)
    blank = server.post(f"{STEP}/skip", headers=HTMX, data={"reason": "  "})
    assert blank.status_code == 422
    assert "es fehlt der Grund" in text(blank.text)
    server.post(f"{STEP}/take", headers={**HTMX, "cookie": "actor=Kim"})
    skipped = server.post(f"{STEP}/skip", headers=HTMX, data={"reason": "schon geschehen"})
    assert skipped.status_code == 200
    [stored] = server.store.read.runs(STORM.id)
    step = stored.step("step-1")
    assert (step.state, step.owner, step.note) == (StepState.SKIPPED, "Kim", "schon geschehen")


def test_the_next_step_is_the_longest_overdue_one(server: Served) -> None:
    storm(server.store)
    html = server.get(f"/incidents/{STORM.ref}", headers=DE).text
    assert 'id="next-step-1"' in html
    after = server.post(f"{STEP}/done", headers=HTMX).text
    assert 'id="next-step-2"' in after


def test_ending_needs_outcome_and_cause(server: Served) -> None:
    storm(server.store)
    path = f"/incidents/{STORM.ref}/resolve"
    assert server.post(path, headers=HTMX, data={"outcome": "real2"}).status_code == 422
    bad = server.post(path, headers=HTMX, data={"outcome": "false_alarm", "cause": ""})
    assert bad.status_code == 422
    assert "es fehlt die Ursache" in text(bad.text)
    done = server.post(path, headers=HTMX, data={"outcome": "real", "cause": "Lauf doppelt"})
    assert done.status_code == 200
    assert "echter Sturm. Ursache: Lauf doppelt" in text(done.text)
    again = server.post(path, headers=HTMX, data={"outcome": "real", "cause": "noch einmal"})
    assert again.status_code == 409


def test_the_timeline_shows_key_events_until_asked_for_all(server: Served) -> None:
    storm(server.store)
    path = f"/incidents/{STORM.ref}"
    assert "Alarm eingereiht" not in server.get(path, headers=DE).text
    assert "Alarm eingereiht" in server.get(path + "?all=1", headers=DE).text
    current = {**HTMX, "hx-current-url": f"http://127.0.0.1{path}?all=1"}
    noted = server.post(path + "/note", headers=current, data={"text": "x"})
    assert "Alarm eingereiht" in noted.text, "an answer keeps the view it was asked from"


def test_a_press_is_told_to_every_open_page(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    class Ear:
        def publish(self, kind: str, id: str, version: int) -> None:
            told.append((kind, id))

    woken: list[bool] = []
    with served(tmp_path, signals=Ear(), wake=lambda: woken.append(True)) as server:
        storm(server.store)
        server.post(f"/incidents/{STORM.ref}/acknowledge", headers=HTMX)
    assert told == [("incident", STORM.id)]
    assert woken == [True]


def test_a_foreign_page_cannot_press_a_button(server: Served) -> None:
    storm(server.store)
    answer = server.post(
        f"/incidents/{STORM.ref}/acknowledge",
        headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403
    stored = server.store.read.incident(STORM.id)
    assert stored is not None
    assert stored.status is Status.NEW


def test_a_watch_asks_nobody_to_acknowledge(server: Served) -> None:
    calm_past(server.store)
    quiet = replace(STORM, status=Status.WATCH, level=Level.FRESH_BREEZE, peak=Level.FRESH_BREEZE)
    with server.store.begin() as tx:
        assert tx.save_incident(quiet, 0)
    html = server.get(f"/incidents/{STORM.ref}", headers=DE).text
    assert 'data-key="a"' not in html
    assert "Wird es ruhig, schließt sie sich von selbst." in html
    answer = server.post(f"/incidents/{STORM.ref}/acknowledge", headers=HTMX)
    assert answer.status_code == 409
