"""Pages over a real store in which a source gave only a part, we were blind, or topics share a storm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.fact import Fact, FactKind
from monitor.ports import Capped
from monitor.server.page_incidents import blind_until
from tests.builders import T0, after, fact
from tests.monitor.serving import Served, served
from tests.monitor.storming import STORM, storm

DE = {"accept-language": "de"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        storm(running.store)
        yield running


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def cap(server: Served, source: str, since: datetime, until: datetime) -> None:
    with server.store.begin() as tx:
        tx.add_capped(Capped(source, since, until))


def test_a_capped_source_of_the_topic_makes_numbers_at_least(server: Served) -> None:
    cap(server, "shop", T0 - 30 * MINUTE, T0 - 20 * MINUTE)
    page = server.get("/?range=6h", headers=DE).text
    assert "Mindestens 60 negative Beiträge" in text(page)
    assert "mindestens 60 negativ/h" in text(page)
    wide = page[page.index('class="chart wide"') :]
    wide = wide[: wide.index("</svg>")]
    assert wide.count("c-more") == 2  # two bins of five minutes
    assert "mindestens 60 negativ in der letzten Stunde" in text(
        server.get(f"/incidents/{STORM.ref}", headers=DE).text
    )


@pytest.mark.parametrize(
    ("source", "ago"), [("shop", 200), ("elsewhere", 30)], ids=["long ago", "not of this topic"]
)
def test_what_was_capped_elsewhere_or_long_ago_leaves_the_hour_as_counted(
    server: Served, source: str, ago: int
) -> None:
    cap(server, source, T0 - ago * MINUTE, T0 - (ago - 10) * MINUTE)
    assert "indestens 60" not in text(server.get("/", headers=DE).text)
    assert "indestens 60" not in text(server.get(f"/incidents/{STORM.ref}", headers=DE).text)


def test_the_incident_says_until_when_it_ran_unseen(server: Served) -> None:
    until = T0 - 12 * MINUTE
    told = fact(FactKind.ALERT_QUEUED, at=STORM.opened_at, level=4, blind_until=until.isoformat())
    address = f"/incidents/{STORM.ref}"
    assert "blind" not in text(server.get(address, headers=DE).text)
    with server.store.begin() as tx:
        tx.add_facts(STORM.id, [told])
    assert re.search(r"bis \d\d:48 waren wir blind", text(server.get(address, headers=DE).text))


def test_an_older_episodes_blindness_is_not_told_of_the_one_of_now() -> None:
    def queued(at: datetime, **payload: object) -> Fact:
        return fact(FactKind.ALERT_QUEUED, at=at, **payload)

    first = queued(T0, blind_until=after(minutes=5).isoformat())
    again = fact(FactKind.REOPENED, at=after(hours=9))
    now = replace(STORM, resolved_at=None)
    assert blind_until([first], now) == after(minutes=5)
    assert blind_until([first, again, queued(after(hours=9))], now) is None
    later = queued(after(hours=9), blind_until=after(hours=9).isoformat())
    assert blind_until([first, again, later], now) == after(hours=9)
