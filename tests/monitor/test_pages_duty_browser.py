"""Who is on call, in a real browser: room, policy, keys, and a page that changes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from monitor.desk import duty as desk
from tests.builders import T0
from tests.monitor.browsing import CHROMIUM, FLAGS, Site, live, looking, open_page, overflow, site
from tests.monitor.duty_house import house

HOUR = timedelta(hours=1)
AXE = Path(__file__).resolve().parents[2] / ".cache" / "axe.min.js"

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


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, house()) as up:
        yield up


def away(up: Site, person: str, since: float, until: float) -> None:
    service = up.service
    asked = desk.Asked(person, T0 + since * HOUR, T0 + until * HOUR, "x" * 200)
    made = desk.away(service.store, service.settings.people, asked, "lee", T0)
    service.signals.publish("duty", "", made.id)


def test_it_fits_every_width_and_complains_of_nothing(chrome: Browser, own: Site) -> None:
    away(own, "kim", 2, 40)
    away(own, "ben", 3, 9)
    for width, dark in ((1440, False), (390, True), (320, False)):
        with looking(chrome, width=width, dark=dark) as context:
            watched = open_page(context, f"{own.url}/duty")
            live(watched.page)
            assert (overflow(watched.page), watched.complaints, watched.foreign) == ([], [], [])


def test_taking_over_and_back_works_by_keyboard_alone(chrome: Browser, own: Site) -> None:
    with looking(chrome, lang="en") as context:
        page = open_page(context, own.url).page
        live(page)
        page.keyboard.press("g")
        page.keyboard.press("d")
        page.wait_for_url("**/duty")
        live(page)
        page.locator("#over-person").focus()
        page.keyboard.type("Lee")
        page.locator("#over-until").fill("2026-11-22T20:00")
        page.locator("#over-note").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".duty-who b").first).to_have_text("Lee Hansen")
        page.get_by_role("button", name="Take back the entry of Lee Hansen").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".duty-who b").first).to_have_text("Kim Behrens")


def test_what_somebody_else_changed_appears_and_what_is_typed_stays(
    chrome: Browser, own: Site
) -> None:
    with looking(chrome, lang="en") as context:
        page = open_page(context, f"{own.url}/duty").page
        live(page)
        page.locator("#away-note").fill("half a sentence")
        away(own, "kim", 0, 5)
        expect(page.locator(".duty-who b").first).to_have_text("Ben Otto")
        assert page.locator("#away-note").input_value() == "half a sentence"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: python tools/vendor.py --dev")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(chrome: Browser, own: Site, dark: bool) -> None:
    away(own, "kim", 2, 40)
    away(own, "ben", 3, 9)
    with looking(chrome, dark=dark) as context:
        page = open_page(context, f"{own.url}/duty").page
        live(page)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("() => axe.run().then(r => r.violations)")
        assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []
