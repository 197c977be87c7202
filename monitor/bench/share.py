"""`bench share`: how far the negative share of a window is off, counted, corrected, adjusted.

Windows of labelled texts with a random mix of tones (flat Dirichlet). Calibration and confusion come from one half
of the texts, windows from the other; halves are drawn anew each round. All sides count the same windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.score.counting import adjusted, own_error
from detectors.score.evaluate import read_labelled, unlike
from detectors.score.features import chunks, extract
from detectors.score.fitting import FOLDS
from detectors.score.heads import TONES
from detectors.score.linear import SENTIMENT_COLUMNS, LinearScorer, softmax
from detectors.score.parts import PARTS, TRAIN
from detectors.score.train import logistic
from monitor.bench.data import data_folder
from monitor.bench.figures import PACKAGES, versions

SETS = {
    "de": ("umsab/german.validation.tsv", "potts/validation.tsv"),
    "en": ("umsab/english.validation.tsv", "semeval2017-sentiment/validation.tsv"),
}
SIZES = (50, 200, 1000)
ROUNDS, WINDOWS = 40, 10
NEW, OWN, OWN_WINDOW = "germeval2017/validation.tsv", (0, 30, 60, 120, 240), 200
MIXED = 20.0
"""Weight of the usual mix of tones in those windows (Dirichlet): shares of negatives spread by 0.09."""
Floats = NDArray[np.float64]
Counted = Callable[[Floats, Floats], float]


def run(seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return errors and coverage by language and size of window."""
    folder, scorer = data_folder(), LinearScorer.load()
    out: dict[str, object] = {"bench": "share", "model": scorer.version}
    for lang, names in SETS.items():
        say(lang)
        truth, raw = _read(folder, scorer, lang, names)
        out[lang] = {"texts": len(truth), **{str(n): _windows(truth, raw, n, seed) for n in SIZES}}
    say("own labels")
    out["own"] = _own(folder, scorer, seed)
    out["versions"] = versions((*PACKAGES, "scikit-learn"))
    return out


def _read(
    folder: Path, scorer: LinearScorer, lang: str, names: Sequence[str]
) -> tuple[NDArray[np.intp], Floats]:
    """Return truth and raw scores of texts that resemble no training text."""
    taught = [
        row
        for part in PARTS
        if (part.family, part.lang, part.use) == ("sentiment", lang, TRAIN)
        for row in read_labelled(folder / part.path)
    ]
    rows = unlike(
        [r for name in names for r in read_labelled(folder / name)], taught, lambda r: r[1]
    )
    places = [scorer.weights.heads.index(name) for name in SENTIMENT_COLUMNS]
    raw = [scorer.raw(extract(chunk))[places] for chunk in chunks([text for _, text in rows])]
    return np.array([TONES.index(label) for label, _ in rows]), np.concatenate(raw, axis=1)


def _windows(truth: NDArray[np.intp], raw: Floats, size: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    errors: dict[str, list[float]] = {"counted": [], "confusion": [], "adjusted": []}
    held = 0
    for _ in range(ROUNDS):
        order = rng.permutation(len(truth))
        known, rest = order[: len(order) // 2], order[len(order) // 2 :]
        p = _probabilities(raw[:, known], truth[known], raw[:, rest])
        table = _confusion(raw[:, known], truth[known], rng)
        of_tone = [np.flatnonzero(truth[rest] == tone) for tone in range(3)]
        for _ in range(WINDOWS):
            counts = rng.multinomial(size, rng.dirichlet(np.ones(3)))
            drawn = np.concatenate([rng.choice(o, n) for o, n in zip(of_tone, counts, strict=True)])
            share, window = counts[0] / size, p[drawn]
            decided = np.bincount(window.argmax(axis=1), minlength=3) / size
            told = adjusted(window)
            errors["counted"].append(abs(decided[0] - share))
            errors["confusion"].append(abs(_corrected(table, decided) - share))
            errors["adjusted"].append(abs(told.negative - share))
            held += told.low <= share <= told.high
    windows = ROUNDS * WINDOWS
    return {
        "windows": windows,
        "interval_holds": round(held / windows, 3),
        **{name: _told(found, rng) for name, found in errors.items()},
    }


def _own(folder: Path, scorer: LinearScorer, seed: int) -> dict[str, Any]:
    """Return, in a domain that nothing was taught with, how often the interval holds the share of windows with
    about its usual mix, by how many drawn texts of it people have read."""
    rows = read_labelled(folder / NEW)
    truth = np.array([TONES.index(label) for label, _ in rows])
    p = scorer.score([text for _, text in rows], ["de"] * len(rows)).p.astype(np.float64)
    usual = np.bincount(truth, minlength=3) / len(truth)
    found: dict[str, Any] = {"set": NEW, "texts": len(rows), "window": OWN_WINDOW}
    for n in OWN:
        rng = np.random.default_rng((seed, n))
        held, wide = [], []
        for _ in range(ROUNDS):
            order = rng.permutation(len(truth))
            own, rest = order[:n], order[max(OWN) :]
            off = own_error(p[own], int((truth[own] == 0).sum()))
            of_tone = [rest[truth[rest] == tone] for tone in range(3)]
            for _ in range(WINDOWS):
                counts = rng.multinomial(OWN_WINDOW, rng.dirichlet(MIXED * usual))
                window = [rng.choice(o, k) for o, k in zip(of_tone, counts, strict=True)]
                told = adjusted(p[np.concatenate(window)], off)
                held.append(told.low <= counts[0] / OWN_WINDOW <= told.high)
                wide.append(told.high - told.low)
        found[str(n)] = {
            "interval_holds": round(float(np.mean(held)), 3),
            "width": round(float(np.mean(wide)), 3),
        }
    return found


def _told(errors: Sequence[float], rng: np.random.Generator) -> dict[str, Any]:
    """Return the mean absolute error with its 95 % bootstrap interval over rounds."""
    rounds = np.array(errors).reshape(ROUNDS, WINDOWS).mean(axis=1)
    drawn = rounds[rng.integers(0, ROUNDS, (2000, ROUNDS))].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "error": round(float(rounds.mean()), 4),
        "error_95": [round(float(x), 4) for x in (low, high)],
    }


def _probabilities(taught: Floats, truth: NDArray[np.intp], raw: Floats) -> Floats:
    slope, offset = logistic(taught, truth)
    return softmax((slope @ raw).T + offset)


def _confusion(raw: Floats, truth: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Return the cross-fitted probabilities of each decision by truth."""
    table = np.full((3, 3), 0.5)
    fold = rng.permutation(len(truth)) % FOLDS
    for k in range(FOLDS):
        p = _probabilities(raw[:, fold != k], truth[fold != k], raw[:, fold == k])
        np.add.at(table, (truth[fold == k], p.argmax(axis=1)), 1.0)
    shares: Floats = table / table.sum(axis=1, keepdims=True)
    return shares


def _corrected(table: Floats, decided: Floats) -> float:
    """Return the negative share under which what was decided is likeliest."""
    shares = np.full(3, 1.0 / 3.0)
    for _ in range(100):
        weighed = shares[:, None] * table
        shares = (weighed / weighed.sum(axis=0) * decided).sum(axis=1)
    return float(shares[0])
