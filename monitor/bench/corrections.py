"""`bench corrections`: what a team's corrections bring in a domain that the shipped weights were not taught with.

GermEval 2017 (posts about a railway): of each random order the first 1,600 texts are the stream of which
so many are corrected, the rest is held out. Refit and the learner that takes one correction at a time. Texts are cut to 600 characters. All were drawn at random,
so all count for the verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import confusion, macro_f1, read_labelled
from detectors.score.heads import TONES
from detectors.score.linear import SHIPPED, LinearScorer, load_weights
from detectors.score.online import learned
from detectors.score.taught import Lesson, teach, verdict
from monitor.bench.data import data_folder
from monitor.bench.figures import PACKAGES, versions

SET, LANG = "germeval2017/validation.tsv", "de"
STREAM, CUT, ROUNDS = 1600, 600, 10
CORRECTIONS = (50, 100, 200, 400, 800, 1600)


def run(seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return macro-F1 and accuracy before and after so many corrections, mean of `ROUNDS` orders."""
    weights = load_weights(SHIPPED)
    rows = [(label, text[:CUT]) for label, text in read_labelled(data_folder() / SET)]
    truth = np.array([TONES.index(label) for label, _ in rows])
    lessons = [Lesson(text, LANG, label, drawn=True) for label, text in rows]
    shipped = _decided(LinearScorer(weights), [e.text for e in lessons])
    out: dict[str, Any] = {"bench": "corrections", "set": SET, "texts": len(rows), "rounds": ROUNDS}
    for n in CORRECTIONS:
        say(f"{n} corrections")
        found = []
        for order in _orders(len(rows), seed):
            taught, rest = [lessons[i] for i in order[:n]], order[STREAM:]
            began = time.perf_counter()
            scorer = LinearScorer(teach(weights, taught))
            took = time.perf_counter() - began
            held = [lessons[i].text for i in rest]
            now = _decided(scorer, held)
            speaks = verdict(weights, taught, seed).speaks
            turn = _decided(LinearScorer(learned(weights, taught)[0].onto(weights)), held)
            figures = (shipped[rest], now, turn)
            found.append((*(f for d in figures for f in _figures(truth[rest], d)), speaks, took))
        out[str(n)] = _told(np.array(found, np.float64), seed)
    out["model"] = weights.version
    out["versions"] = versions((*PACKAGES, "scipy"))
    return out


def _orders(n: int, seed: int) -> list[list[int]]:
    return [np.random.default_rng((seed, k)).permutation(n).tolist() for k in range(ROUNDS)]


def _decided(scorer: LinearScorer, texts: list[str]) -> NDArray[np.intp]:
    decided: NDArray[np.intp] = scorer.logits(texts, [LANG] * len(texts)).argmax(axis=1)
    return decided


def _figures(truth: Any, decided: Any) -> tuple[float, float]:
    return float(macro_f1(confusion(truth, decided, 3))), float((truth == decided).mean())


def _told(found: NDArray[np.float64], seed: int) -> dict[str, Any]:
    """Return means over rounds, and the 95 % bootstrap interval over rounds of the gain."""
    gain, turn = found[:, 2] - found[:, 0], found[:, 4] - found[:, 0]
    was, was_right, now, now_right, online, online_right, speaks, took = found.mean(axis=0).tolist()
    return {
        "shipped_macro_f1": round(was, 4),
        "taught_macro_f1": round(now, 4),
        "gain": round(float(gain.mean()), 4),
        "gain_95": _interval(gain, seed),
        "online_macro_f1": round(online, 4),
        "online_gain": round(float(turn.mean()), 4),
        "online_gain_95": _interval(turn, seed),
        "shipped_accuracy": round(was_right, 4),
        "taught_accuracy": round(now_right, 4),
        "online_accuracy": round(online_right, 4),
        "speaks": round(speaks, 2),
        "refit_s": round(took, 2),
    }


def _interval(gain: NDArray[np.float64], seed: int) -> list[float]:
    picks = np.random.default_rng(seed).integers(0, len(gain), (2000, len(gain)))
    return [round(float(q), 4) for q in np.quantile(gain[picks].mean(axis=1), (0.025, 0.975))]
