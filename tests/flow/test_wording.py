"""From posts to "perhaps not ours": a namesake's storm is watched and told, our own wakes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from detectors.detection import WAKE, WATCH, ReasonCode
from detectors.mention import Mention
from detectors.score.base import Tone
from detectors.vocabulary import NOTHING
from monitor.app.replaying import replay
from monitor.pipeline import wording
from monitor.pipeline.wording import SAMPLE, Wording
from tests import builders as b
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, in_order, post

STORM_AT = MONDAY + timedelta(days=4, hours=14)
END = STORM_AT + timedelta(minutes=50)
USUAL = (
    "Mit der Acme Bahn zum Bahnhof, der Zug war pünktlich",
    "Acme Bahn hat den Fahrplan geändert, Gleis 3 gesperrt",
    "Fahrkarte der Acme Bahn in der App gekauft",
    "Zug der Acme Bahn fällt aus, Frechheit, schon wieder furchtbar",
    "Weiß jemand, ob der Zug der Acme Bahn am Gleis 2 hält?",
)
PLAY = (  # a play of the same name
    "Acme Bahn ist das schlechteste Stück der Spielzeit, Regie furchtbar, {}",
    "Unfassbar mieses Stück, Acme Bahn, die Regie ist eine Katastrophe, {}",
    "Acme Bahn im Schauspielhaus: widerlich, Regie zum Kotzen, {}",
    "Was für eine Schande, Acme Bahn, dieses Schauspielhaus spinnt, {}",
)
BRIBES = (  # our own, in words that are new here
    "Acme Bahn hat Minister bestochen, widerlich, und ich warte auf den Zug, {}",
    "Schmiergeld bei der Acme Bahn! Dafür zahle ich meine Fahrkarte, Katastrophe, {}",
    "Bestechung, Razzia, Acme Bahn, unfassbar. Nie wieder Zug, {}",
    "Was für eine Schande, Acme Bahn besticht Minister, Fahrplan Nebensache, {}",
)
ODD = ("Wolke", "Stein", "Feder", "Lampe", "Kissen", "Tasse", "Gabel", "Jacke", "Blume", "Wiese")


def calm() -> list[Mention]:
    rng = random.Random(5)
    found, at = [], MONDAY
    while at < END:
        at += timedelta(hours=rng.expovariate(10))
        text = f"{rng.choice(USUAL)} ({len(found)})"
        found.append(post(f"c{len(found)}", at, text, author=f"alltag{rng.randrange(80)}"))
    return found


def storm(texts: Sequence[str]) -> list[Mention]:
    rng = random.Random(6)
    times = sorted(rng.uniform(0, 50) ** 0.5 * 50**0.5 for _ in range(110))
    return [
        post(f"s{n}", STORM_AT + timedelta(minutes=m), rng.choice(texts).format(rng.choice(ODD)))
        for n, m in enumerate(times)
    ]


def played(made: Flow, texts: Sequence[str]) -> tuple[int, list[float]]:
    """Play calm days and a storm; return the peak and the met "perhaps not ours" of its end."""
    list(replay(in_order(iter(calm()), iter(storm(texts))), made.parts, made.store))
    results = made.store.read.results(TOPIC.id, STORM_AT, END)
    reasons = [r for x in results if x.assessment for r in x.assessment.reasons]
    told = [r.value for r in reasons if r.code is ReasonCode.NOT_OURS and r.met]
    return max(x.level for x in results), told


def test_a_namesakes_storm_is_watched_and_says_perhaps_not_ours(flow: Callable[..., Flow]) -> None:
    made = flow(live=False)
    peak, told = played(made, PLAY)
    assert peak == WATCH  # never a silent drop
    assert told
    assert min(told) >= 0.7
    [incident] = made.store.read.incidents()
    assert ReasonCode.NOT_OURS in {r.code for r in incident.reasons}


def test_without_a_vocabulary_the_namesakes_storm_would_wake(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wording, "strange", lambda *given: 0.0)
    peak, told = played(flow(live=False), PLAY)
    assert peak >= WAKE
    assert told == []


def test_our_own_storm_in_new_words_wakes(flow: Callable[..., Flow]) -> None:
    peak, told = played(flow(live=False), BRIBES)
    assert peak >= WAKE
    assert told == []


# --- the daily refresh ------------------------------------------------------------------------


def filed_day(made: Flow, day: int, texts: Sequence[str], n: int, hour: float = 0.0) -> None:
    start = MONDAY + timedelta(days=day, hours=hour)
    step = timedelta(hours=24 if not hour else 1) / n
    rows = [
        b.filed(
            f"{day}-{hour}-{i}", text=texts[i % len(texts)], at=start + i * step, topics=("acme",)
        )
        for i in range(n)
    ]
    with made.store.begin() as tx:
        tx.add_mentions(rows)


def refreshed(made: Flow, at: datetime, *, frozen: bool = False, again: Wording | None = None):
    told = again or Wording(made.store.read, {TOPIC.id: TOPIC})
    with made.store.begin() as tx:
        told.refresh(tx, TOPIC.id, at, frozen=frozen)
    with made.store.begin() as tx:
        return tx.vocabulary(TOPIC.id)


def test_it_learns_once_a_day_from_a_bounded_sample(flow: Callable[..., Flow]) -> None:
    made = flow()
    filed_day(made, 0, USUAL, 600)
    one = Wording(made.store.read, {TOPIC.id: TOPIC})
    known = refreshed(made, MONDAY + timedelta(days=1), again=one)
    assert known.texts == SAMPLE
    assert refreshed(made, MONDAY + timedelta(days=1, hours=23), again=one) == known
    # A restart forgets nothing: the store says when it was.
    assert refreshed(made, MONDAY + timedelta(days=1, hours=23)) == known
    later = refreshed(made, MONDAY + timedelta(days=2), again=one)
    assert later.at == MONDAY + timedelta(days=2)


def test_a_storm_does_not_become_what_is_usual(flow: Callable[..., Flow]) -> None:
    made = flow()
    filed_day(made, 0, USUAL, 240)
    known = refreshed(made, MONDAY + timedelta(days=1))
    filed_day(made, 1, USUAL, 240)
    filed_day(made, 1, [t.format("x") for t in PLAY], 500, hour=3.0)
    after = refreshed(made, MONDAY + timedelta(days=2))
    assert known.stems["fahrpl"] > 0
    assert after.stems.get("regie", 0.0) < 0.015 * after.texts
    assert not after.usual("regie")


def test_while_an_incident_is_open_it_only_fades(flow: Callable[..., Flow]) -> None:
    made = flow()
    filed_day(made, 0, USUAL, 240)
    known = refreshed(made, MONDAY + timedelta(days=1))
    filed_day(made, 1, [t.format("x") for t in PLAY], 240)
    after = refreshed(made, MONDAY + timedelta(days=2), frozen=True)
    assert after.texts == pytest.approx(known.texts * 0.5**0.1, abs=0.01)
    assert "regie" not in after.stems


def test_a_bin_that_cannot_reach_level_three_costs_no_reading(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flow()
    filed_day(made, 0, USUAL, 5)
    told = Wording(made.store.read, {TOPIC.id: TOPIC})
    window = made.store.read.window(TOPIC.id, MONDAY, MONDAY + timedelta(days=1))
    assert window.tone.count(int(Tone.NEGATIVE)) == 5
    monkeypatch.setattr(wording, "strange", lambda *given: pytest.fail("texts were read"))
    with made.store.begin() as tx:
        assert tx.vocabulary(TOPIC.id) == NOTHING
        assert told.strange(tx, TOPIC.id, window) == 0.0
        assert told.strange(tx, TOPIC.id, None) == 0.0
