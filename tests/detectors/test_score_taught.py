"""Taught: what corrections change, what they leave, and when they may speak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.score.base import Tone
from detectors.score.heads import TONES
from detectors.score.linear import SHIPPED, TAUGHT_COLUMNS, LinearScorer, Weights, load_weights
from detectors.score.taught import NEEDED, Lesson, teach, verdict

# Of a bakery whose customers say "flumm" of what they like and "zark" of what they do not.
GOOD = [f"Filiale {n}: das Brot war heute wieder flumm" for n in range(60)]
BAD = [f"Filiale {n}: das Brot war heute wieder zark" for n in range(60)]
PLAIN = [f"Filiale {n} hat heute bis achtzehn Uhr offen" for n in range(60)]


def lessons(drawn: bool = True) -> list[Lesson]:
    labelled = ((GOOD, "positive"), (BAD, "negative"), (PLAIN, "neutral"))
    return [Lesson(text, "de", label, drawn) for texts, label in labelled for text in texts]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load_weights(SHIPPED)


@pytest.fixture(scope="module")
def taught(weights: Weights) -> LinearScorer:
    return LinearScorer(teach(weights, lessons()))


def test_what_was_corrected_is_read_so_in_other_sentences(
    weights: Weights, taught: LinearScorer
) -> None:
    texts = ["das Brot ist flumm", "das Brot ist zark", "die Filiale hat bis achtzehn Uhr offen"]
    read = taught.score(texts, ["de"] * 3).tone.tolist()
    assert read == [Tone.POSITIVE, Tone.NEGATIVE, Tone.NEUTRAL]
    assert LinearScorer(weights).score(texts, ["de"] * 3).tone.tolist() != read


def test_another_language_and_other_questions_are_answered_as_before(
    weights: Weights, taught: LinearScorer
) -> None:
    shipped = LinearScorer(weights)
    texts = ["the bread was awful, never again", "thanks, lovely staff", "open until six"]
    before, after = (scorer.score(texts, ["en"] * 3) for scorer in (shipped, taught))
    assert np.array_equal(before.p, after.p)
    german = ["das Brot ist zark, ihr Idioten"]
    before, after = (scorer.score(german, ["de"]) for scorer in (shipped, taught))
    assert before.offensive.tolist() == after.offensive.tolist()
    assert before.more.tolist() == after.more.tolist()


def test_alone_and_in_a_batch_are_the_same(taught: LinearScorer) -> None:
    texts = [*GOOD[:5], *BAD[:5], "Danke!", ""]
    together = taught.score(texts, ["de"] * len(texts)).p
    for i, text in enumerate(texts):
        assert np.array_equal(taught.score([text], ["de"]).p[0], together[i])


def test_reasons_name_what_was_taught(taught: LinearScorer) -> None:
    words = [word for word, _ in taught.reasons("heute war es zark", "de", limit=2)]
    assert any("zark" in word for word in words)


def test_teaching_is_deterministic_and_names_itself(weights: Weights) -> None:
    one, same = teach(weights, lessons()), teach(weights, lessons()[::-1])
    other = teach(weights, lessons()[:-1])
    assert one.version == same.version
    assert one.version.startswith(f"{weights.version}+")
    assert other.version != one.version
    again = teach(one, lessons())
    assert again.heads == one.heads, "taught columns are replaced, never piled up"
    assert again.version == one.version
    assert one.heads[-3:] == TAUGHT_COLUMNS


def test_taught_weights_come_back_from_their_file(
    weights: Weights, taught: LinearScorer, tmp_path: Path
) -> None:
    path = tmp_path / "taught.npz"
    teach(weights, lessons()).save(path)
    again = LinearScorer.load(path)
    texts = [GOOD[0], BAD[0]]
    assert np.array_equal(again.score(texts, ["de"] * 2).p, taught.score(texts, ["de"] * 2).p)


def test_few_corrections_never_speak_however_good_they_are(weights: Weights) -> None:
    told = verdict(weights, lessons())
    assert told.lessons < NEEDED
    assert told.taught > told.base
    assert told.low > 0.0
    assert not told.speaks


def test_enough_corrections_speak_where_they_read_better(weights: Weights) -> None:
    again = [
        Lesson(f"{e.text} in Halle {n}", "de", e.label, True) for n in range(2) for e in lessons()
    ]
    assert verdict(weights, again).speaks


def test_noise_does_not_speak(weights: Weights) -> None:
    """As the shipped weights read it, three of ten labels struck at random."""
    rng = np.random.default_rng(5)
    clear = ("Danke, alles super in", "eine Unverschämtheit, nie wieder", "hat bis acht offen:")
    texts = [f"{clear[n % 3]} Filiale {n}" for n in range(300)]
    read = LinearScorer(weights).logits(texts, ["de"] * 300).argmax(axis=1)
    struck = np.where(rng.random(300) < 0.3, rng.integers(0, 3, 300), read)
    noise = [Lesson(t, "de", TONES[k], True) for t, k in zip(texts, struck.tolist(), strict=True)]
    assert not verdict(weights, noise).speaks


def test_picked_texts_alone_tell_nothing(weights: Weights) -> None:
    picked = [Lesson(f"{e.text} in Halle {n}", "de", e.label) for n in range(2) for e in lessons()]
    told = verdict(weights, picked)
    assert (told.drawn, told.speaks) == (0, False)


def test_what_cannot_teach_is_refused(weights: Weights) -> None:
    with pytest.raises(ValueError, match="labels cross: expected negative, neutral, positive"):
        teach(weights, [Lesson("x", "de", "cross")])
    with pytest.raises(ValueError, match="one label teach nothing"):
        teach(weights, [Lesson("immer gleich", "de", "neutral")] * 3)
