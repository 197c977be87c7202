"""Pages in a real browser over a real server: policy, space, keys, live, stale, accessible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from alerts.fact import FactKind
from dashboards.web import render
from dashboards.web.i18n import PSEUDO
from monitor.desk import incidents as desk
from tests.builders import TOPIC
from tests.dashboards import incident_scenes, query_scenes, settings_scenes, situation_scenes
from tests.monitor.browsing import (
    CHROMIUM,
    FLAGS,
    Site,
    live,
    looking,
    open_page,
    overflow,
    site,
)
from tests.monitor.storming import STORM

AXE = Path(__file__).resolve().parents[2] / ".cache" / "axe.min.js"
WIDTHS = (1440, 390, 320)
INCIDENT = f"/incidents/{STORM.ref}"
SETTINGS = f"/topics/{TOPIC}/settings"
PAGES = (
    *("/", "/?table=1&range=6h", "/incidents", INCIDENT, f"{INCIDENT}?all=1", "/incidents/none"),
    *(SETTINGS, f"{SETTINGS}?budget=60", "/silences", "/silences?match=topic=*"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt install chromium)"),
]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all tests that only look."""
    with site(tmp_path_factory.mktemp("shown")) as up:
        yield up


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    """A server of its own, for a test that changes something."""
    with site(tmp_path) as up:
        yield up


# --- every page -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_overflows_complains_or_calls_another_host(
    chrome: Browser, shown: Site, width: int
) -> None:
    with looking(chrome, width=width, lang="de") as context:
        for path in PAGES:
            watched = open_page(context, shown.url + path)
            live(watched.page)
            expected = ["error: Failed to load resource"] if path.endswith("none") else []
            found = [c[:30] for c in watched.complaints]
            assert found == [e[:30] for e in expected], path
            assert watched.foreign == [], path
            assert overflow(watched.page) == [], path
            watched.page.close()


LONGER: dict[str, Callable[[], str]] = {
    "storm": lambda: render.situation(situation_scenes.storm(PSEUDO)),
    "empty": lambda: render.situation(situation_scenes.empty(PSEUDO)),
    "unknown": lambda: render.situation(situation_scenes.unknown(PSEUDO)),
    "incident": lambda: render.incident(incident_scenes.incident(PSEUDO)),
    "tried": lambda: render.settings(settings_scenes.tried(PSEUDO)),
    "query tried": lambda: render.settings(query_scenes.tried(PSEUDO)),
    "query invalid": lambda: render.settings(query_scenes.invalid(PSEUDO)),
    "refused": lambda: render.settings(settings_scenes.refused(PSEUDO)),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scene", LONGER)
def test_texts_forty_per_cent_longer_still_fit(
    chrome: Browser, shown: Site, scene: str, width: int
) -> None:
    html = LONGER[scene]()
    with looking(chrome, width=width) as context:
        page = context.new_page()
        page.route("**/pseudo", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(f"{shown.url}/pseudo")
        assert overflow(page) == []


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: python tools/vendor.py --dev")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(chrome: Browser, shown: Site, width: int, dark: bool) -> None:
    source = AXE.read_text("utf-8")
    with looking(chrome, width=width, dark=dark, lang="en" if dark else "de") as context:
        for path in ("/", "/?table=1", "/incidents", INCIDENT):
            page = open_page(context, shown.url + path).page
            live(page)
            page.evaluate(source)
            found = page.evaluate("() => axe.run().then(r => r.violations)")
            told = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]
            assert told == [], path
            page.close()


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: python tools/vendor.py --dev")
def test_axe_would_have_found_something(chrome: Browser, shown: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, shown.url + INCIDENT).page
        page.evaluate(AXE.read_text("utf-8"))
        page.evaluate("() => document.querySelector('label[for=cause]').remove()")
        found = page.evaluate("() => axe.run().then(r => r.violations.map(v => v.id))")
        assert "label" in found


# --- at three in the morning ------------------------------------------------------------------


def test_the_phone_carries_next_step_why_and_three_posts_without_a_press(
    chrome: Browser, shown: Site
) -> None:
    with looking(chrome, width=390, dark=True) as context:
        page = open_page(context, shown.url + INCIDENT).page
        expect(page.locator(".thumb .btn-go")).to_be_in_viewport()
        expect(page.locator(".next h2")).to_be_in_viewport()
        for part in (".next", ".why", ".posts .quote >> nth=2"):
            expect(page.locator(part).first).to_be_visible()
        tops = [page.locator(s).first.bounding_box() for s in (".next", ".why", ".posts", ".steps")]
        ys = [box["y"] for box in tops if box]
        assert ys == sorted(ys)
        assert len(ys) == 4
        page.mouse.wheel(0, 5000)
        expect(page.locator(".thumb .btn-go")).to_be_in_viewport()
        expect(page.locator(".head .flag")).to_be_in_viewport()


def test_the_thumb_acknowledges_and_then_leaves_the_page_to_the_work(
    chrome: Browser, own: Site
) -> None:
    with looking(chrome, width=390) as context:
        page = open_page(context, own.url + INCIDENT).page
        page.locator(".thumb .btn-go").click()
        expect(page.locator("#notice")).to_contain_text("Bestätigt.")
        expect(page.locator(".thumb")).to_have_count(0)
        desk.note(own.service.store, STORM.id, "Kim", "danach", own.service.clock.now())
        own.hub.publish("incident", STORM.id, 2)
        expect(page.locator(".tl")).to_contain_text("danach", timeout=10_000)
        expect(page.locator("#notice")).to_be_visible()


# --- keys -------------------------------------------------------------------------------------


def acknowledged(up: Site) -> int:
    facts = up.service.store.read.facts(STORM.id)
    return sum(f.kind is FactKind.ACKNOWLEDGED for f in facts)


def test_a_acknowledges_once_and_only_outside_of_fields(chrome: Browser, own: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, own.url + INCIDENT).page
        live(page)
        page.locator("#note-text").focus()
        page.keyboard.type("a c ?")
        assert acknowledged(own) == 0
        expect(page.locator("#note-text")).to_have_value("a c ?")
        page.locator("h1").click()
        page.keyboard.press("a")
        expect(page.locator("#notice")).to_contain_text("Bestätigt.")
        page.keyboard.press("a")
        page.keyboard.press("c")
        expect(page.locator("#note-text")).to_be_focused()
        assert acknowledged(own) == 1


def test_single_keys_can_be_switched_off(chrome: Browser, own: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, own.url + INCIDENT).page
        live(page)
        page.keyboard.press("?")
        page.locator("[data-keys-switch]").click()
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        page.reload()
        live(page)
        page.keyboard.press("a")
        expect(page.locator('html[data-keys="off"]')).to_have_count(1)
        assert acknowledged(own) == 0


def test_keys_lead_through_the_house(chrome: Browser, shown: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, shown.url + "/").page
        live(page)
        page.keyboard.press("o")
        page.wait_for_url(f"**{INCIDENT}")
        live(page)
        page.keyboard.press("g")
        page.keyboard.press("i")
        page.wait_for_url("**/incidents")
        live(page)
        page.keyboard.press("t")
        expect(page.locator('html[data-theme="dark"]')).to_have_count(1)
        page.reload()
        expect(page.locator('html[data-theme="dark"]')).to_have_count(1)


# --- live -------------------------------------------------------------------------------------


def test_what_one_does_another_sees_without_reload(chrome: Browser, own: Site) -> None:
    with looking(chrome) as one, looking(chrome) as other:
        first = open_page(one, own.url + INCIDENT).page
        second = open_page(other, own.url + INCIDENT).page
        live(first)
        live(second)
        first.locator(".next textarea").fill("angerufen")
        first.locator(".next form.do button").first.click()
        expect(second.locator("#step-step-1.step-done")).to_contain_text(
            "angerufen", timeout=10_000
        )
        expect(second.locator(".next")).to_have_attribute("id", "next-step-2")


def test_a_press_that_came_too_late_shows_who_was_first(chrome: Browser, own: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, own.url + INCIDENT).page
        desk.acknowledge(own.service.store, STORM.id, "J. Brandt", own.service.clock.now())
        page.locator("#ack").click()
        expect(page.locator("#notice")).to_contain_text("bestätigt von J. Brandt")


def test_a_refresh_keeps_half_typed_words_open_details_and_focus(
    chrome: Browser, own: Site
) -> None:
    with looking(chrome) as context:
        page = open_page(context, own.url + INCIDENT).page
        live(page)
        page.locator("#why-all summary").click()
        page.locator("#note-text").fill("halb getippt")
        page.locator("input[name=outcome][value=real]").check()
        page.locator("#cause").focus()
        page.keyboard.type("der Lauf ")
        desk.note(own.service.store, STORM.id, "Kim", "inzwischen", own.service.clock.now())
        own.hub.publish("incident", STORM.id, 2)
        expect(page.locator(".tl")).to_contain_text("inzwischen", timeout=10_000)
        page.keyboard.type("lief doppelt")
        expect(page.locator("#cause")).to_have_value("der Lauf lief doppelt")
        expect(page.locator("#note-text")).to_have_value("halb getippt")
        expect(page.locator("input[name=outcome][value=real]")).to_be_checked()
        expect(page.locator("#why-all")).to_have_attribute("open", "")


def test_many_tabs_share_one_stream_and_the_next_takes_over(chrome: Browser, own: Site) -> None:
    with looking(chrome) as context:
        pages = [open_page(context, own.url + "/").page for _ in range(8)]
        for page in pages:
            live(page)
        assert own.hub.open_streams == 1
        pages[0].close()
        live(pages[1])
        desk.note(own.service.store, STORM.id, "Kim", "x", own.service.clock.now())
        pages[5].goto(own.url + INCIDENT)
        live(pages[5])
        desk.note(own.service.store, STORM.id, "Kim", "nach dem Wechsel", own.service.clock.now())
        own.hub.publish("incident", STORM.id, 3)
        expect(pages[5].locator(".tl")).to_contain_text("nach dem Wechsel", timeout=15_000)


def test_a_lost_connection_is_said_and_hatched(chrome: Browser, own: Site) -> None:
    with looking(chrome) as context:
        page = open_page(context, own.url + "/").page
        live(page)
        expect(page.locator("[data-offline]")).to_be_hidden()
        own.stop()
        page.locator('html[data-conn="off"]').wait_for(timeout=20_000)
        expect(page.locator("[data-offline]")).to_contain_text("Verbindung verloren")
        hatched = page.locator(".room-m").evaluate("e => getComputedStyle(e).backgroundImage")
        assert "repeating-linear-gradient" in hatched
        expect(page.locator("#vh")).to_be_visible()


# --- a topic's settings -----------------------------------------------------------------------


def test_a_trial_answers_on_the_spot_and_keeps_what_was_chosen(
    chrome: Browser, shown: Site
) -> None:
    with looking(chrome, lang="en") as context:
        watched = open_page(context, shown.url + SETTINGS)
        page = watched.page
        live(page)
        page.get_by_label("90 days").check()
        page.get_by_label("People that level 4 takes at least").fill("12")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("#trial-r")).to_contain_text("at least 12 people", timeout=60_000)
        assert page.url == shown.url + SETTINGS
        assert page.get_by_label("90 days").is_checked()
        assert page.get_by_role("button", name="Try it").is_enabled()
        assert watched.complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_query_answers_on_the_spot_and_keeps_what_was_written(
    chrome: Browser, shown: Site, width: int
) -> None:
    with looking(chrome, lang="en", width=width) as context:
        watched = open_page(context, shown.url + SETTINGS)
        page = watched.page
        live(page)
        page.get_by_label("at least one of").fill("acme bahn\nzug~")
        page.get_by_role("button", name="Try this query").click()
        expect(page.locator("#qt-r")).to_contain_text("posts found", timeout=60_000)
        assert page.url == shown.url + SETTINGS
        assert page.get_by_label("at least one of").input_value() == "acme bahn\nzug~"
        page.get_by_label("at least one of").fill("acme *")
        page.get_by_role("button", name="Try this query").click()
        expect(page.locator("#qt-faults")).to_contain_text("a * of its own", timeout=60_000)
        # What the server refuses (422), the browser notes; nothing else complains.
        assert [c for c in watched.complaints if "422" not in c] == []
        assert overflow(page) == []


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: python tools/vendor.py --dev")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_a_query_that_was_tried(
    chrome: Browser, shown: Site, dark: bool
) -> None:
    for scene in (query_scenes.tried("de"), query_scenes.invalid("de")):
        html = render.settings(scene)
        with looking(chrome, dark=dark) as context:
            page = context.new_page()
            fulfil = {"body": html, "content_type": "text/html"}
            page.route("**/scene", lambda route: route.fulfill(**fulfil))  # noqa: B023
            page.goto(f"{shown.url}/scene")
            page.evaluate(AXE.read_text("utf-8"))
            found = page.evaluate("() => axe.run('#query').then(r => r.violations)")
            assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []
