"""The card on a page over a real store: names from the vault, gone once they are erased there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.fact import MACHINE, Fact, FactKind
from detectors.card import Card, CardAuthor, CardPost, Observed, Part, author_ref, card_json
from detectors.silencers import Change, Lever, Silencer
from detectors.terms import BurstTerm
from tests import builders as b
from tests.monitor.serving import Served, served
from tests.monitor.storming import STORM, storm

DE = {"accept-language": "de"}
PAGE = f"/incidents/{STORM.ref}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        storm(running.store)
        yield running


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def made(server: Served) -> Card:
    """Return a card of the storm in the store, by two of its authors."""
    rows = server.store.read.window(b.TOPIC, STORM.onset, b.T0)
    return Card(
        topic=b.TOPIC,
        at=b.T0,
        level=5,
        onset=STORM.onset,
        hour=Observed(60, 60, 1.4),
        days=None,
        negatives=60,
        looked_at=60,
        authors_known=60,
        authors_new=45,
        term_posts=60,
        terms=(BurstTerm("abgebucht", 40, 0.5, 40.0),),
        posts=(CardPost(rows.num[0], 5),),
        authors=tuple(
            CardAuthor(author_ref(rows.author[i]), rows.num[i], 500 - i, 1, i == 1) for i in (0, 1)
        ),
        sources=(Part("shop", 60),),
        languages=(Part("de", 40), Part("en", 20)),
        silent=(Silencer((Change(Lever.AUTHORS, 7, 48),)),),
    )


def keep(server: Served, payload: dict[str, object]) -> None:
    with server.store.begin() as tx:
        tx.add_facts(STORM.id, [Fact(FactKind.CARD, b.T0, b.T0, MACHINE, payload)])


def test_the_newest_card_is_shown_with_names_from_the_vault(server: Served) -> None:
    card = made(server)
    keep(server, {**card_json(card), "level": 4})
    keep(server, card_json(card))
    found = text(server.get(PAGE, headers=DE).text)
    [first, _] = server.store.read.posts([a.num for a in card.authors])
    assert "Als es Stufe 5 wurde" in found
    assert "Als es Stufe 4 wurde" not in found
    assert f"@{first.handle}" in found
    assert "75 % von 60 Personen schrieben hier zum ersten Mal" in found
    assert "mit höchstens 7 der 48 negativen Stimmen" in found
    assert "seltener als 1× in 100 Jahren" in found


def test_whoever_is_erased_from_the_vault_is_nobody_on_the_card(server: Served) -> None:
    card = made(server)
    keep(server, card_json(card))
    posts = server.store.read.posts([a.num for a in card.authors])
    with server.store.begin() as tx:
        tx.mark_deleted(b.filed("shop-0", source="shop").id, b.T0)
    [gone] = [p for p in server.store.read.posts([a.num for a in card.authors]) if p.deleted]
    found = text(server.get(PAGE, headers=DE).text)
    handle = next(p.handle for p in posts if p.num == gone.num)
    assert f"@{handle} " not in found[found.index("Als es Stufe") :]
    assert f"Person {card.authors[0].key[:6]}" in found


def test_a_card_of_another_version_does_not_break_the_page(server: Served) -> None:
    keep(server, {"level": 5, "shape": "from the future"})
    answer = server.get(PAGE, headers=DE)
    assert answer.status_code == 200
    assert "Als es Stufe" not in text(answer.text)


def test_a_card_is_no_line_of_the_short_timeline(server: Served) -> None:
    keep(server, card_json(made(server)))
    assert "Karte festgehalten" not in server.get(PAGE, headers=DE).text
    assert "Karte festgehalten" in server.get(PAGE + "?all=1", headers=DE).text
