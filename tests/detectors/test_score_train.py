"""Training on invented rows, reading labelled files, and the figures of an evaluation."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from detectors.score.base import Tone
from detectors.score.evaluate import (
    DataError,
    confusion,
    evaluate,
    family_of,
    macro_f1,
    macro_recall,
    read_labelled,
    unlike,
)
from detectors.score.linear import LinearScorer

pytest.importorskip("sklearn", reason="training needs scikit-learn (extra train)")
from detectors.score.fitting import FOLDS, How, blend, fit_columns, folded, matrix, scored
from detectors.score.parts import EASY, HELD, PARTS, TRAIN, Example, read_parts
from detectors.score.phrases import own_texts
from detectors.score.train import _calibrating, _equal, fit

BESIDE = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
DATA = Path(os.environ.get("STURMGLAS_DATA", str(BESIDE)))

WORDS = {
    ("de", "negative"): ["schlecht", "mies", "furchtbar", "kaputt", "enttäuscht", "ärgerlich"],
    ("de", "neutral"): ["heute", "bahnhof", "uhrzeit", "gleis", "montag", "bericht"],
    ("de", "positive"): ["gut", "toll", "super", "schön", "danke", "freue"],
    ("en", "negative"): ["bad", "awful", "broken", "angry", "worst", "sad"],
    ("en", "neutral"): ["today", "station", "report", "monday", "meeting", "page"],
    ("en", "positive"): ["good", "great", "love", "nice", "thanks", "happy"],
    ("de", "offensive"): ["idiot", "trottel", "dreckig", "fresse"],
    ("de", "not-offensive"): ["haus", "baum", "wetter", "zeitung"],
    ("en", "offensive"): ["moron", "bastard", "stupid", "loser"],
    ("en", "not-offensive"): ["house", "tree", "weather", "paper"],
}
FILLERS = {
    "de": ["der", "die", "und", "ist", "nicht", "ein", "wir", "das"],
    "en": ["the", "and", "is", "of", "you", "it", "for", "we"],
}


def invented(seed: int = 3, each: int = 40) -> list[Example]:
    rng = random.Random(seed)
    rows = []
    for (lang, label), words in WORDS.items():
        family = "offensive" if "offensive" in label else "sentiment"
        for i in range(each):
            text = " ".join(rng.choices(FILLERS[lang], k=4) + rng.choices(words, k=2))
            rows.append(Example(family, lang, HELD if i % 4 == 0 else TRAIN, label, text))
    rows += [Example("language", e.lang, TRAIN, e.label, e.text) for e in rows if e.use == TRAIN]
    rows += [
        Example(
            "language", "fr", TRAIN, "", f"le {rng.choice(('chat', 'train', 'jour'))} est là {i}"
        )
        for i in range(each)
    ]
    return rows


@pytest.fixture(scope="module")
def fitted() -> LinearScorer:
    return LinearScorer(fit(invented(), seed=1, version="invented"))


def test_what_was_taught_is_known(fitted: LinearScorer) -> None:
    scores = fitted.score(
        ["das ist furchtbar mies", "we love it, great", "heute gleis montag"], [""] * 3
    )
    assert [Tone(t) for t in scores.tone] == [Tone.NEGATIVE, Tone.POSITIVE, Tone.NEUTRAL]
    assert scores.langs == ["de", "en", "de"]
    harm = fitted.score(["du trottel und idiot", "das haus und der baum"], ["de", "de"]).offensive
    assert harm[0] >= 0.5 > harm[1]


def test_the_same_seed_gives_the_same_weights(fitted: LinearScorer) -> None:
    again = fit(invented(), seed=1, version="invented")
    assert again.table.tobytes() == fitted.weights.table.tobytes()
    assert again.version == fitted.version


def test_other_texts_give_another_version(fitted: LinearScorer) -> None:
    assert fit(invented(seed=4), seed=1, version="invented").version != fitted.version


@pytest.mark.parametrize("family", ["sentiment", "offensive"])
def test_confusion_counts_every_training_text_of_a_language_once(
    family: str, fitted: LinearScorer
) -> None:
    own = [e for e in invented() if e.use == TRAIN and (e.family, e.lang) == (family, "de")]
    assert fitted.weights.calibration[family, "de"].confusion.sum() == len(own)


def test_texts_that_are_held_out_teach_nothing(fitted: LinearScorer) -> None:
    taught = [e for e in invented() if e.use == TRAIN]
    assert fit(taught, seed=1, version="invented").version == fitted.version


def test_easy_sets_calibrate_only_where_there_is_no_other() -> None:
    own = [Example("sentiment", "de", TRAIN, "", "", source=one) for one in ("umsab", *EASY)]
    assert _calibrating(own, "de") == [0]
    assert _calibrating(own[1:], "de") == [0, 1]


def test_in_calibration_all_sets_weigh_the_same_and_so_do_their_labels() -> None:
    weight = _equal(["a"] * 6 + ["b"] * 2, np.array([0, 0, 0, 0, 1, 2, 1, 1]))
    assert weight.sum() == pytest.approx(8)
    assert weight[:4].sum() == pytest.approx(4 / 3)
    assert weight[4] == weight[5] == pytest.approx(4 / 3)
    assert weight[6:].sum() == pytest.approx(4)


def test_what_is_seen_in_few_texts_weighs_nothing_where_that_is_asked() -> None:
    x = matrix(["haus und hof", "haus und baum", "haus und garten", "idiot"])
    truth = np.array(["no", "yes", "no", "yes"])
    (column,), _ = fit_columns(x, truth, ("yes",), 1, How(least=2))
    frequency = np.asarray((x > 0).sum(axis=0)).ravel()
    assert column[frequency >= 2].any()
    assert not column[frequency < 2].any()


def test_folded_columns_score_as_their_blend_does() -> None:
    texts = [f"{word} {n}" for n in range(10) for word in ("gut schön", "schlecht mies", "haus")]
    x, truth = matrix(texts), np.array(["p", "n", "0"] * 10)
    fits = fit_columns(x, truth, ("p", "n"), 1)
    factors, offset, _ = blend(scored(x, fits).T, truth == "p", np.arange(30) % FOLDS)
    (column,), (bias,) = folded([fits], factors, offset)
    assert np.allclose(x @ column + bias, scored(x, fits).T @ factors + offset)


def test_a_family_without_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="no training texts for offensive"):
        fit([e for e in invented() if e.family == "sentiment"])


def test_our_own_sentences_are_balanced_and_repeatable() -> None:
    own = list(own_texts(1))
    assert own == list(own_texts(1))
    assert own != list(own_texts(2))
    counts = {key: sum(row[:2] == key for row in own) for key in {row[:2] for row in own}}
    assert len(counts) == 6
    assert len(set(counts.values())) == 1
    assert all("{" not in text and text == text.strip() for _, _, text in own)


def test_validation_parts_are_never_trained_on() -> None:
    assert all(part.use == HELD for part in PARTS if "validation" in part.path)
    named = {part.path.split("/", 1)[0] for part in PARTS}
    assert not named & {"germeval2017", "app-reviews-4kind", "nlbse2024-issues", "davidson2017"}


def test_permissive_parts_name_their_licence() -> None:
    assert {p.permissive for p in PARTS if p.path.startswith("germeval2018")} == {"CC-BY-4.0"}
    assert {p.path for p in PARTS if p.permissive == "MIT"} == {"guhr-emotions/train.tsv"}


def test_a_missing_set_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"umsab.german\.train\.tsv"):
        read_parts(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text\thallo\n", r":1: columns .* expected a header with label and text"),
        ("label\ttext\nnegative\n", r":2: 1 fields; expected 2"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=complaint):
        read_labelled(path)


def test_labels_of_one_question_become_one_word(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("label\tfine\ttext\nOFFENSE\tINSULT\ta\nOTHER\tOTHER\tb\n", encoding="utf-8")
    assert read_labelled(path) == [("offensive", "a"), ("not-offensive", "b")]


def test_labels_of_another_question_are_refused() -> None:
    assert family_of(["negative", "positive"]).name == "sentiment"
    assert family_of(["hate", "not-hate"]).name == "hate"
    with pytest.raises(DataError, match="irony"):
        family_of(["irony", "non_irony"])
    with pytest.raises(DataError, match="expected those of one question: negative and neutral"):
        family_of([])


def test_near_copies_are_left_out() -> None:
    known = ["Der Zug nach Hamburg fällt heute leider wieder einmal aus"]
    texts = [
        "RT @anna: Der Zug nach Hamburg fällt heute leider wieder einmal aus https://t.example/1",
        "Der Bus nach Hamburg fährt heute zum Glück wieder einmal pünktlich ab",
        "fällt aus",
    ]
    assert unlike(texts, known, str) == texts[1:]


def test_figures_of_a_table_by_hand() -> None:
    """Truth 0: 3 of 4 found, one unread. Truth 1: 1 of 2 found."""
    table = confusion(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 2, 1, 0]), 2)
    assert table.tolist() == [[3, 0, 1], [1, 1, 0]]
    assert macro_recall(table) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert macro_f1(table) == pytest.approx((2 * 3 / (4 + 4) + 2 * 1 / (2 + 1)) / 2)


def test_a_report_holds_its_interval_and_counts_the_unread(fitted: LinearScorer) -> None:
    rows = [(e.label, e.text) for e in invented(seed=9) if e.family == "sentiment"]
    report = evaluate(fitted, [*rows, ("negative", "!!")], seed=1)
    assert report.n == len(rows) + 1
    assert report.unread == 1
    assert report.macro_f1_interval[0] <= report.macro_f1 <= report.macro_f1_interval[1]
    assert report.macro_f1 > 0.8
    assert evaluate(fitted, rows, seed=1).as_json() == evaluate(fitted, rows, seed=1).as_json()


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"labelled texts are not at {DATA}")
@pytest.mark.parametrize(
    ("path", "lang", "least"),
    [
        ("umsab/german.validation.tsv", "de", 0.65),
        ("umsab/english.validation.tsv", "en", 0.65),
        ("germeval2018/validation.tsv", "de", 0.73),
        ("tweeteval-offensive/validation.tsv", "en", 0.70),
    ],
)
def test_shipped_weights_hold_on_validation_parts(path: str, lang: str, least: float) -> None:
    """Floors, some points below the figures of the model card: a fall means a broken build."""
    report = evaluate(LinearScorer.load(), read_labelled(DATA / path), lang)
    assert report.macro_f1 >= least
