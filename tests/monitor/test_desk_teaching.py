"""Teaching: words become versions, a person lets one speak, and a worker hears it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from detectors.score.addition import Addition
from detectors.score.base import Tone
from detectors.score.linear import SHIPPED, LinearScorer, Weights, load_weights
from detectors.score.taught import NEEDED
from monitor.desk import teaching as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.pipeline.listening import EVERY, Listening
from monitor.ports import Correction, Store, Taught
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.detectors.test_score_taught import BAD, GOOD, PLAIN
from tests.laws.test_store_corrections import SAID

MORE = [f"Filiale {n}: die Torte war gestern zark" for n in range(60)]


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load_weights(SHIPPED)


def words(n: int = 240, **fields: object) -> list[Correction]:
    labelled = [(text, Tone.POSITIVE) for text in GOOD]
    labelled += [(text, Tone.NEGATIVE) for text in (*BAD, *MORE)]
    labelled += [(text, Tone.NEUTRAL) for text in PLAIN]
    base = replace(SAID, drawn=True, **fields)  # type: ignore[arg-type]
    return [
        replace(base, num=num, text=text, label=label)
        for num, (text, label) in enumerate(labelled[:: max(1, len(labelled) // n)][:n])
    ]


def say(store: Store, said: list[Correction]) -> None:
    with store.begin() as tx:
        for one in said:
            tx.add_correction(one)


def refit(made: list[Taught]) -> Taught:
    return next(one for one in made if one.learner == desk.REFIT)


def test_needed_is_one_number() -> None:
    assert desk.NEEDED == NEEDED


def test_words_become_two_versions_once(store: SqliteStore, weights: Weights) -> None:
    say(store, words())
    made = desk.learn(store, weights, b.T0)
    assert {one.learner for one in made} == {desk.REFIT, desk.ONLINE}
    assert all((one.base, one.lessons, one.drawn) == (weights.version, 240, 240) for one in made)
    assert desk.may_speak(refit(made), weights.version)
    assert desk.learn(store, weights, b.after(hours=1)) == []
    say(store, [replace(SAID, num=999, text="ganz neu")])
    assert len(desk.learn(store, weights, b.after(hours=2))) == 2


def test_few_words_or_words_of_one_tone_teach_nothing(store: SqliteStore, weights: Weights) -> None:
    say(store, words(desk.LEAST - 1))
    assert desk.learn(store, weights, b.T0) == []
    say(store, [replace(one, label=Tone.NEUTRAL) for one in words()])
    assert desk.learn(store, weights, b.T0) == []
    assert desk.standing(store.read, weights.version).lessons == 240


def test_what_is_gone_or_of_another_language_teaches_nothing(
    store: SqliteStore, weights: Weights
) -> None:
    say(store, [*words(60, text=""), *words(60, lang="fr")])
    assert desk.learn(store, weights, b.T0) == []
    assert desk.standing(store.read, weights.version).lessons == 0


def test_a_person_lets_a_version_speak_and_takes_it_back(
    store: SqliteStore, weights: Weights
) -> None:
    say(store, words())
    made = refit(desk.learn(store, weights, b.T0))
    row = desk.let_speak(store, weights.version, made.id, 0, "kim", " better \n", b.T0)
    assert (row.taught, row.note) == (made.id, "better")
    told = desk.standing(store.read, weights.version)
    assert (told.speaks, told.newest, told.void) == (made, row.id, False)
    with pytest.raises(Conflict, match="somebody else"):
        desk.let_speak(store, weights.version, made.id, 0, "robin", "", b.T0)
    desk.back(store, row.id, "robin", "", b.after(hours=1))
    told = desk.standing(store.read, weights.version)
    assert (told.speaks, [one.taught for one in told.history]) == (None, [None, made.id])
    with pytest.raises(Conflict, match="speak already"):
        desk.back(store, told.newest, "robin", "", b.after(hours=1))


@pytest.mark.parametrize(
    "change",
    [
        {"lessons": NEEDED - 1},
        {"low": 0.0},  # not surely better
        {"base": "linear-0-older"},
    ],
)
def test_what_does_not_surely_read_better_may_not_speak(
    store: SqliteStore, change: dict[str, object]
) -> None:
    good = Taught("linear-1", "linear-1+a", "refit", 240, 90, 0.5, 0.6, 0.02, b.T0)
    with store.begin() as tx:
        made = tx.add_taught(replace(good, **change), b"")  # type: ignore[arg-type]
    assert made is not None
    with pytest.raises(Invalid, match="may not speak"):
        desk.let_speak(store, "linear-1", made.id, 0, "kim", "", b.T0)
    with pytest.raises(NotFound):
        desk.let_speak(store, "linear-1", made.id + 1, 0, "kim", "", b.T0)
    with pytest.raises(Invalid, match="note: has 501"):
        desk.let_speak(store, "linear-1", _kept(store, good), 0, "kim", "x" * 501, b.T0)


def _kept(store: Store, version: Taught) -> int:
    with store.begin() as tx:
        made = tx.add_taught(replace(version, name="another"), b"")
    assert made is not None
    return made.id


# --- workers --------------------------------------------------------------------------------------


def listening(weights: Weights) -> Listening:
    def load(added: Addition) -> LinearScorer:
        return LinearScorer(added.onto(weights))

    return Listening(LinearScorer(weights), load)


def test_a_worker_hears_what_speaks_and_what_was_taken_back(
    store: SqliteStore, weights: Weights
) -> None:
    heard = listening(weights)
    assert heard.newer(store.read, b.T0) is None
    say(store, words())
    made = refit(desk.learn(store, weights, b.T0))
    row = desk.let_speak(store, weights.version, made.id, 0, "kim", "", b.T0)
    assert heard.newer(store.read, b.T0 + EVERY / 2) is None  # it looks every few seconds
    scorer = heard.newer(store.read, b.T0 + EVERY)
    assert scorer is not None
    assert scorer.version == made.name
    assert scorer.score(["das Brot ist zark"], ["de"]).tone[0] == Tone.NEGATIVE
    assert heard.newer(store.read, b.T0 + 2 * EVERY) is None
    desk.back(store, row.id, "kim", "", b.after(hours=1))
    shipped = heard.newer(store.read, b.after(hours=1))
    assert shipped is not None
    assert shipped.version == weights.version


@pytest.mark.parametrize(
    ("base", "content", "why"),
    [
        ("linear-0-older", b"", "stand on linear-0-older"),
        (None, b"no weights", "no taught weights of ours"),
    ],
)
def test_what_cannot_be_used_is_told_and_not_heard(
    store: SqliteStore,
    weights: Weights,
    caplog: pytest.LogCaptureFixture,
    base: str | None,
    content: bytes,
    why: str,
) -> None:
    base = base or weights.version
    good = Taught(base, f"{base}+a", "refit", 240, 90, 0.5, 0.6, 0.02, b.T0)
    with store.begin() as tx:
        made = tx.add_taught(good, content)
    assert made is not None
    desk.let_speak(store, base, made.id, 0, "kim", "", b.T0)
    with caplog.at_level(logging.WARNING):
        scorer = listening(weights).newer(store.read, b.T0)
    assert scorer is not None
    assert scorer.version == weights.version
    assert why in caplog.text
    assert desk.standing(store.read, weights.version).void is (base != weights.version)
