"""`bench reading`: how well the training that is shipped reads texts that it has not seen, over five folds.

All labelled texts of tone, offensive and language, training and validation parts alike, are laid into five
folds; near-copies (half of the word 6-grams shared) and exact copies stand in one. For each fold the weights are fitted and
calibrated anew on the training texts of the other four, by the code, the settings and the seed of the shipped ones. Judged
are all texts of the fold but those that still resemble one that was fitted on. No language is stated: errors of the
detector count, and so does what is not read; ``stated`` are the figures with the language given.
Weights are fitted on four fifths, so the shipped ones should be a little better. On the other hand
parts of one set were collected together, by one hand in one month, and test parts of others often are not: GermEval
2018 took other authors for its test part.

Calibration error: the expected one of the decided tone, |share that is right - mean probability| over ten bins
of equal weight. Chance alone makes it positive, so each bin's gap is corrected by what its mean would be off if
the share right were as measured with a normal error (Kumar, Liang & Ma 2019, "Verified Uncertainty
Calibration", appendix; `normal_debiased_ce` in their code, here in closed form). More than half of what chance adds is left
by that: ``if_perfect`` is the mean figure were each decision right as often as its probability says. Probabilities are
calibrated to equally frequent labels, so texts are weighted until all labels of a set weigh the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erf, exp, pi, sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.measures import wilson
from detectors.score.base import Tone
from detectors.score.evaluate import RESAMPLES, report, unlike
from detectors.score.fitting import FOLDS, folds_of, texts_of
from detectors.score.heads import FAMILIES, OFFENSIVE, SENTIMENT, Family
from detectors.score.linear import SHIPPED, LinearScorer, load_weights
from detectors.score.parts import PARTS, TRAIN, Example, examples_of, own_examples
from detectors.score.train import fit
from monitor.bench.data import data_folder
from monitor.bench.figures import PACKAGES, versions

FITTED: Final = (SENTIMENT.name, OFFENSIVE.name, "language")
SETS: Final = {
    "umsab/german": SENTIMENT.name,
    "umsab/english": SENTIMENT.name,
    "semeval2017-sentiment/": SENTIMENT.name,
    "potts/": SENTIMENT.name,
    "germeval2018/": OFFENSIVE.name,
    "tweeteval-offensive/": OFFENSIVE.name,
}
"""How the names of a set's parts begin, and the question that it is judged on."""
CALIBRATED: Final = {
    "de": ("umsab/german",),
    "en": ("umsab/english",),
    "de, all": ("umsab/german", "potts/"),
    "en, all": ("umsab/english", "semeval2017-sentiment/"),
}
TOP: Final = 0.05
BINS: Final = 10
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Texts of one set as folds read them that had not seen them.

    ``truth`` (texts,): place of the label; ``decided``: the same, or the number of labels where nothing was
    read; ``stated``: decided with the language given; ``stated``: the same with the language given; ``p`` (texts,): probability of the decision (tone) or of the yes (offensive), 0 where nothing was read.
    ``left_out``: texts that resemble one of another fold.
    """

    truth: Places
    decided: Places
    stated: Places
    p: Floats
    left_out: int


def run(seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return macro-F1 and macro recall of each set, precision at the top and the calibration errors."""
    out: dict[str, object] = {"bench": "reading", "training_of": load_weights(SHIPPED).version}
    out |= {"seed": seed, "folds": FOLDS}
    judged = read_unseen(data_folder(), seed, say)
    out["sets"] = {
        name.rstrip("/"): _figures(SETS[name], one, seed) for name, one in judged.items()
    }
    out["calibration_error"] = {
        lang: _calibration([judged[name] for name in names], seed)
        for lang, names in CALIBRATED.items()
    }
    out["versions"] = versions((*PACKAGES, "scikit-learn"))
    return out


def read_unseen(folder: Path, seed: int, say: Callable[[str], None]) -> dict[str, Judged]:
    """Return each of `SETS`, every text read by weights that have not seen its fold."""
    examples, paths = _examples(folder, seed)
    fold = folds_of([e._replace(group=e.group or e.text) for e in examples], seed)
    say(f"{len(examples):,} texts in {FOLDS} folds of {np.bincount(fold).tolist()}")
    found: dict[str, list[Judged]] = {name: [] for name in SETS}
    for k in range(FOLDS):
        taught = [e for e, f in zip(examples, fold, strict=True) if f != k and e.use == TRAIN]
        scorer = LinearScorer(fit(taught, seed, more=False))
        for name, family in SETS.items():
            mine = [
                e
                for e, path, f in zip(examples, paths, fold, strict=True)
                if f == k and e.family == family and path.startswith(name)
            ]
            found[name].append(
                _judge(scorer, family, mine, [e for e in taught if e.family == family])
            )
        say(f"fold {k + 1}: {sum(len(one[-1].truth) for one in found.values()):,} texts judged")
    return {name: _joined(some) for name, some in found.items()}


def _examples(folder: Path, seed: int) -> tuple[list[Example], list[str]]:
    """Return all examples of the families that are fitted, and of which part each is."""
    examples: list[Example] = []
    paths: list[str] = []
    for part in PARTS:
        if part.family in FITTED:
            some = examples_of(part, folder)
            examples += some
            paths += [part.path] * len(some)
    own = own_examples(seed)
    return examples + own, paths + [""] * len(own)


def _judge(
    scorer: LinearScorer, name: str, mine: Sequence[Example], others: Sequence[Example]
) -> Judged:
    family, kept = FAMILIES[name], unlike(mine, others, lambda e: e.text)
    truth = np.array([family.labels.index(e.label) for e in kept], dtype=np.int64)
    decided, p = _decided(scorer, family, kept, [""] * len(kept))
    stated, _ = _decided(scorer, family, kept, [e.lang for e in kept])
    return Judged(truth, decided, stated, p, len(mine) - len(kept))


def _decided(
    scorer: LinearScorer, family: Family, kept: Sequence[Example], langs: Sequence[str]
) -> tuple[Places, Floats]:
    scores = scorer.score(texts_of(kept), langs)
    if family is OFFENSIVE:
        p = scores.offensive.astype(np.float64)
        decided = (p >= 0.5).astype(np.int64)
    else:
        p = scores.p.max(axis=1).astype(np.float64)
        decided = scores.tone.astype(np.int64) + 1
    decided[scores.tone == Tone.UNREAD] = len(family.labels)
    return decided, p


def _joined(some: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([one.truth for one in some]),
        np.concatenate([one.decided for one in some]),
        np.concatenate([one.stated for one in some]),
        np.concatenate([one.p for one in some]),
        sum(one.left_out for one in some),
    )


def _figures(family: str, one: Judged, seed: int) -> dict[str, Any]:
    found: dict[str, Any] = report(FAMILIES[family], one.truth, one.decided, seed).as_json()
    found["left_out"] = one.left_out
    stated = report(FAMILIES[family], one.truth, one.stated, seed)
    found["stated"] = {
        "macro_f1": round(stated.macro_f1, 4),
        "macro_recall": round(stated.macro_recall, 4),
    }
    if family == OFFENSIVE.name:
        found["top"] = top_precision(one.truth, one.p)
    return found


def top_precision(truth: Places, p: Floats) -> dict[str, Any]:
    """Return how many of the `TOP` share of texts with the highest ``p`` are a yes, with the 95 % Wilson interval."""
    count = round(TOP * len(p))
    hits = int(truth[np.argsort(-p, kind="stable")[:count]].sum())
    low, high = wilson(hits, count, z=1.96)
    return {
        "n": count,
        "precision": round(hits / count, 4),
        "precision_95": [round(low, 4), round(high, 4)],
    }


def _calibration(sets: Sequence[Judged], seed: int) -> dict[str, Any]:
    """Return the error over all texts that were read, labels of each set weighing the same, and its interval.

    A bootstrap adds the noise of one more draw, hence the basic interval (both ends mirrored at the figure)."""
    read = [one.decided < len(Tone) - 1 for one in sets]
    hit = np.concatenate(
        [(one.truth == one.decided)[at] for one, at in zip(sets, read, strict=True)]
    )
    p = np.concatenate([one.p[at] for one, at in zip(sets, read, strict=True)])
    weight = np.concatenate([_equal(one.truth[at]) for one, at in zip(sets, read, strict=True)])
    place = bins(p, weight)
    whole = np.ones(len(p))
    error = debiased_error(hit, p, weight, place)
    rng = np.random.default_rng(seed)
    drawn = [
        debiased_error(hit, p, weight * np.bincount(at, minlength=len(p)), place)
        for at in (rng.integers(0, len(p), len(p)) for _ in range(RESAMPLES))
    ]
    perfect = [
        debiased_error(rng.uniform(size=len(p)) < p, p, weight, place)
        for _ in range(RESAMPLES // 10)
    ]
    low, high = (2 * error - x for x in np.quantile(drawn, (0.975, 0.025)))
    return {
        "n": len(p),
        "error": round(error, 4),
        "error_95": [round(max(0.0, float(low)), 4), round(max(0.0, float(high)), 4)],
        "if_perfect": round(float(np.mean(perfect)), 4),
        "not_debiased": round(plain_error(hit, p, weight, place), 4),
        "labels_as_found": round(debiased_error(hit, p, whole, bins(p, whole)), 4),
    }


def _equal(truth: Places) -> Floats:
    """Return weights of mean 1 with which all labels weigh the same."""
    counts = np.bincount(truth)
    weights: Floats = len(truth) / (np.count_nonzero(counts) * counts.astype(np.float64))[truth]
    return weights


def bins(p: Floats, weight: Floats) -> Places:
    """Return the bin of each text, 0 to `BINS` - 1, of equal weight, from the least probability up."""
    order = np.argsort(p, kind="stable")
    reached = np.cumsum(weight[order])
    place = np.empty(len(p), dtype=np.int64)
    place[order] = np.minimum((BINS * (reached - weight[order] / 2) / reached[-1]), BINS - 1)
    return place


def plain_error(hit: NDArray[np.bool_], p: Floats, weight: Floats, place: Places) -> float:
    """Return the expected calibration error as it is measured, chance included."""
    share, gap, _ = _gaps(hit, p, weight, place)
    return float(share @ gap)


def debiased_error(hit: NDArray[np.bool_], p: Floats, weight: Floats, place: Places) -> float:
    """Return the expected calibration error without what chance adds, at least 0."""
    share, gap, error = _gaps(hit, p, weight, place)
    usual = np.array([_mean_size(g, e) for g, e in zip(gap.tolist(), error.tolist(), strict=True)])
    return max(0.0, float(share @ (2 * gap - usual)))


def _gaps(
    hit: NDArray[np.bool_], p: Floats, weight: Floats, place: Places
) -> tuple[Floats, Floats, Floats]:
    """Return the weight of each bin, |share right - mean probability| and the standard error of the share."""
    total = np.bincount(place, weight, BINS)
    some = np.maximum(total, 1e-12)
    right = np.bincount(place, weight * hit, BINS) / some
    told = np.bincount(place, weight * p, BINS) / some
    error = np.sqrt(right * (1 - right) * np.bincount(place, weight**2, BINS)) / some
    return total / total.sum(), np.abs(right - told), error


def _mean_size(gap: float, error: float) -> float:
    """Return the mean of |x| for normal x around ``gap`` with the standard deviation ``error`` (folded normal)."""
    if error <= 0.0:
        return gap
    z = gap / (error * sqrt(2))
    return error * sqrt(2 / pi) * exp(-z * z) + gap * erf(z)
