"""The shipped weights: obvious texts come out right, files and lanes are exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectors.score.base import Tone
from detectors.score.features import ROWS
from detectors.score.linear import (
    SHIPPED,
    LinearScorer,
    Weights,
    WeightsError,
    load_weights,
    packed,
    unpacked,
)

SCORER = LinearScorer.load()
WEIGHTS = load_weights(SHIPPED)
WEIGHTS_LIMIT = 6_000_000

NEGATIVE = [
    "Der Zug ist schon wieder zu spät, eine absolute Frechheit. Nie wieder!",
    "Seit drei Wochen keine Antwort vom Kundendienst, ich bin stinksauer.",
    "Schlechtester Service aller Zeiten, total enttäuscht.",
    "Der Support ist furchtbar!",
    "Euer Spot ist einfach nur daneben und ekelhaft, schämt euch.",
    "This is the worst customer service I have ever seen.",
    "My order is broken again and nobody answers. So disappointed and angry.",
    "Horrible app, it keeps crashing and I hate it.",
]
POSITIVE = [
    "Vielen Dank, ihr seid super! Der Support war richtig toll :)",
    "Ich freue mich so, das neue Konzert war wunderschön!",
    "Liebe die neue App, großartige Arbeit!",
    "I love this phone, best purchase ever, so happy!",
    "Great job everyone, thank you for the amazing support :)",
    "Had a wonderful day at the event, it was awesome.",
]
NEUTRAL = [
    "Die Filiale in der Bahnhofstraße öffnet am Montag um 9 Uhr.",
    "Der Zug nach Hamburg fährt heute von Gleis 7.",
    "The press conference starts on Tuesday at 10 am in Berlin.",
    "The company will publish its annual report on Thursday.",
]


@pytest.mark.parametrize(
    ("text", "tone"),
    [(t, Tone.NEGATIVE) for t in NEGATIVE]
    + [(t, Tone.POSITIVE) for t in POSITIVE]
    + [(t, Tone.NEUTRAL) for t in NEUTRAL],
)
def test_what_everybody_reads_the_same_way_is_read_so(text: str, tone: Tone) -> None:
    assert SCORER.score([text], [""])[0].tone is tone


@pytest.mark.parametrize(
    "text",
    [
        "Du bist doch ein dummes Arschloch, halt endlich die Fresse!",
        "Ihr seid alle widerliche Idioten und Abschaum.",
        "You are a fucking idiot, shut up bitch",
    ],
)
def test_open_abuse_is_offensive(text: str) -> None:
    assert SCORER.score([text], [""])[0].offensive >= 0.5


@pytest.mark.parametrize("text", POSITIVE + NEUTRAL)
def test_praise_and_news_are_not_offensive(text: str) -> None:
    assert SCORER.score([text], [""])[0].offensive < 0.5


def test_negation_turns_praise() -> None:
    praise, complaint = SCORER.score(["Das ist gut.", "Das ist nicht gut."], ["de", "de"]).p
    assert praise[2] > complaint[2]
    assert complaint[0] > praise[0]


def test_reasons_name_the_words_that_decided() -> None:
    reasons = SCORER.reasons("This is the worst hotel in town.", "en")
    assert reasons[0][0] == "worst"
    assert reasons[0][1] > 0
    assert all(word == word.strip() for word, _ in reasons)


def test_only_the_first_two_thousand_characters_are_read() -> None:
    start = "Das ist ein sehr schöner Tag. " * 67
    assert len(start) > 2_000
    long, short = SCORER.score([start + NEGATIVE[0] * 100, start[:2_000]], ["de", "de"]).p
    assert long.tobytes() == short.tobytes()


def test_links_and_handles_do_not_weigh() -> None:
    texts = [f"Danke {who} für {where}" for who, where in (
        ("@anna", "https://a.example/x?y=1"), ("@some_body99", "www.b.example/very/other"),
    )]  # fmt: skip
    one, other = SCORER.score(texts, ["de", "de"]).p
    assert one.tobytes() == other.tobytes()


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts but 1 languages"):
        SCORER.score(["a", "b"], [""])


def test_shipped_weights_are_small() -> None:
    assert SHIPPED.stat().st_size <= WEIGHTS_LIMIT


def test_weights_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "copy.npz"
    WEIGHTS.save(path)
    copy = load_weights(path)
    assert copy.version == SCORER.version
    assert np.array_equal(copy.table, WEIGHTS.table)
    texts = NEGATIVE + POSITIVE + NEUTRAL
    langs = [""] * len(texts)
    again = LinearScorer(copy).score(texts, langs)
    assert again.p.tobytes() == SCORER.score(texts, langs).p.tobytes()


def test_a_broken_weights_file_is_told_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"broken\.npz.*sturmglas train"):
        LinearScorer.load(path)
    with pytest.raises(WeightsError, match=r"absent\.npz"):
        LinearScorer.load(tmp_path / "absent.npz")


def test_weights_without_a_head_are_refused_by_name(tmp_path: Path) -> None:
    keep = [i for i, name in enumerate(WEIGHTS.heads) if not name.startswith("offensive.")]
    part = replace(
        WEIGHTS,
        heads=tuple(WEIGHTS.heads[i] for i in keep),
        table=WEIGHTS.table[keep],
        scale=WEIGHTS.scale[keep],
        bias=WEIGHTS.bias[keep],
    )
    part.save(tmp_path / "part.npz")
    with pytest.raises(WeightsError, match="lacks the heads offensive"):
        load_weights(tmp_path / "part.npz")


def test_a_head_without_calibration_makes_no_claim() -> None:
    weights = WEIGHTS
    german = {key: value for key, value in weights.calibration.items() if key[1] == "de"}
    scorer = LinearScorer(replace(weights, calibration=german))
    scores = scorer.score([NEGATIVE[0], NEGATIVE[-1]], ["de", "en"])
    assert list(scores.tone) == [Tone.NEGATIVE, Tone.UNREAD]
    assert scores[1].offensive == 0.0
    assert scores.langs == ["de", "en"]


def test_calibration_comes_with_its_confusion() -> None:
    for (family, lang), one in SCORER.weights.calibration.items():
        labels = 3 if family == "sentiment" else 2
        assert one.confusion.shape == (labels, labels), lang
        assert one.confusion.sum() > 100
        assert np.trace(one.confusion) > one.confusion.sum() / labels


def test_lanes_hold_the_largest_sums_exactly() -> None:
    table = np.zeros((5, ROWS), dtype=np.int8)
    table[:, 1] = (127, -127, 127, -127, 127)
    table[:, 2] = (-1, 1, -127, 0, 5)
    groups = packed(table)[1] * 6_000 + packed(table)[2]
    lanes = unpacked(groups[:, None])[..., 0].ravel()[:5]
    assert lanes.tolist() == [
        127 * 6_000 - 1, -127 * 6_000 + 1, 127 * 6_000 - 127, -127 * 6_000, 127 * 6_000 + 5,
    ]  # fmt: skip


def test_a_calibrated_weights_table_scores_by_hand() -> None:
    """The whole way for one word: gather, sum, scale, norm, bias."""
    from detectors.score.features import extract

    features = extract(["gut"])
    table = np.zeros((4, ROWS), dtype=np.int8)
    table[0, features.words[0][1]] = 100
    table[3, features.grams[0][0]] = -50
    heads = ("sentiment.negative", "sentiment.neutral", "sentiment.positive", "offensive.de")
    weights = Weights(
        "hand", heads, table, np.full((4, 2), 0.5), np.array([0.0, 1.0, 0.0, 0.0]), {}
    )
    raw = LinearScorer(weights).raw(features)[:, 0]
    assert raw == pytest.approx([50 / features.norm[0], 1.0, 0.0, -25 / features.norm[0]])
