"""`bench sentiment`: how fast and how well the tone of posts is told, ours against what else is used.

All sides read the same validation texts, none of which resembles a training text; those that learn are
taught with our training texts. Peers are told the language (two of them know one only); ours
finds it out. Time is that of the processor, all threads, side after side in every repeat.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import (
    RESAMPLES,
    confusion,
    macro_f1,
    read_labelled,
    unlike,
)
from detectors.score.heads import SENTIMENT
from detectors.score.linear import SHIPPED, load_weights
from detectors.score.parts import TRAIN, read_parts
from monitor.bench.data import data_folder
from monitor.bench.figures import PACKAGES, versions
from monitor.bench.sentiment_sides import OURS, TONES, Row, Side, made, teach
from monitor.bench.share import SETS

BATCH = 256
PEERS = ("vaderSentiment", "textblob", "textblob-de", "river", "scikit-learn")
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Speed:
    """Cost of one side. ``single_us``: median of one text at a time; ``texts_per_s``: all texts, in batches
    of `BATCH` where it knows any, else one by one."""

    single_us: float
    texts_per_s: float
    batches: bool


def run(repeats: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return by language: the sides with macro-F1, speed and memory, and who is on the front."""
    folder = data_folder()
    taught = [e for e in read_parts(folder) if (e.family, e.use) == (SENTIMENT.name, TRAIN)]
    out: dict[str, object] = {
        "bench": "sentiment",
        "model": load_weights(SHIPPED).version,
        "seed": seed,
    }
    out |= {"taught": len(taught), "repeats": repeats}
    with tempfile.TemporaryDirectory() as name:
        models = Path(name)
        teach(models, [(e.label, e.text) for e in taught], seed, say)
        for lang, names in SETS.items():
            own = [e for e in taught if e.lang == lang]
            sets = {
                n: unlike(
                    read_labelled(folder / n), [(e.label, e.text) for e in own], lambda r: r[1]
                )
                for n in names
            }
            say(f"{lang}: {', '.join(f'{n} {len(rows)}' for n, rows in sets.items())}")
            out[lang] = of_language(lang, sets, models, repeats, seed)
    out["versions"] = versions((*PACKAGES, *PEERS))
    return out


def of_language(
    lang: str,
    sets: Mapping[str, Sequence[Row]],
    models: Path,
    repeats: int,
    seed: int,
) -> dict[str, Any]:
    """Return the figures of all sides on the sets of one language."""
    sides, left_out = made(models, lang)
    rows = [row for found in sets.values() for row in found]
    texts = [text for _, text in rows]
    truth = np.array([TONES.index(label) for label, _ in rows])
    owner = np.repeat(np.arange(len(sets)), [len(found) for found in sets.values()])
    decided = {name: np.array([side.one(text) for text in texts]) for name, side in sides.items()}
    figures = compared(truth, decided, owner, list(sets), seed)
    for name, speed in timed(sides, texts, repeats).items():
        figures[name] |= {
            "single_us": round(speed.single_us, 1),
            "texts_per_s": round(speed.texts_per_s),
            "batches": speed.batches,
            "memory_mib": _memory_mib(name, models),
        }
    return {
        "texts": {name: len(found) for name, found in sets.items()},
        "median_characters": median(map(len, texts)),
        "sides": figures,
        "left_out": left_out,
        "front": {
            "single": front({n: (-f["single_us"], f["macro_f1"]) for n, f in figures.items()}),
            "batches": front({n: (f["texts_per_s"], f["macro_f1"]) for n, f in figures.items()}),
        },
    }


def compared(
    truth: Places,
    decided: Mapping[str, Places],
    owner: Places,
    names: Sequence[str],
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return macro-F1 of each side, its mean over the sets and how far it is behind ours, with 95 % intervals.

    ``owner`` (texts,): the set of each. Percentile bootstrap over the texts of each set, the same draws for all sides, so that
    differences are paired.
    """
    rng = np.random.default_rng(seed)
    at = [(owner == i).nonzero()[0] for i in range(len(names))]
    draws = [rng.choice(found, (RESAMPLES, len(found))) for found in at]
    exact: dict[str, NDArray[np.float64]] = {}
    drawn: dict[str, NDArray[np.float64]] = {}
    for side, places in decided.items():
        exact[side] = np.array([_f1(truth, places, found[None])[0] for found in at])
        drawn[side] = np.array([_f1(truth, places, found) for found in draws])
    return {
        side: {
            "macro_f1": round(float(exact[side].mean()), 4),
            "macro_f1_95": _interval(drawn[side].mean(axis=0)),
            "behind_ours": round(float((exact[OURS] - exact[side]).mean()), 4),
            "behind_ours_95": _interval((drawn[OURS] - drawn[side]).mean(axis=0)),
            "sets": {
                name: [round(float(f1), 4), *_interval(found)]
                for name, f1, found in zip(names, exact[side], drawn[side], strict=True)
            },
        }
        for side in decided
    }


def _f1(truth: Places, decided: Places, drawn: Places) -> NDArray[np.float64]:
    """Return macro-F1 of each row of ``drawn`` (resamples, texts)."""
    labels = len(TONES)
    return macro_f1(np.array([confusion(truth[d], decided[d], labels) for d in drawn]))


def _interval(values: NDArray[np.float64]) -> list[float]:
    return [round(float(x), 4) for x in np.quantile(values, (0.025, 0.975))]


def timed(sides: Mapping[str, Side], texts: Sequence[str], repeats: int) -> dict[str, Speed]:
    """Return the median speeds over ``repeats``, side after side within each, so that a noisy neighbour
    disturbs all of them. One unmeasured pass warms every side."""
    single: dict[str, list[float]] = {name: [] for name in sides}
    whole: dict[str, list[float]] = {name: [] for name in sides}
    for n in range(repeats + 1):
        for name, side in sides.items():
            took = [_took(side.one, text) for text in texts]
            batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
            spent = [_took(side.many, batch) for batch in batches] if side.many else took
            if n:
                single[name].append(median(took))
                whole[name].append(len(texts) / sum(spent))
    return {
        name: Speed(1e6 * median(single[name]), median(whole[name]), side.many is not None)
        for name, side in sides.items()
    }


def _took(read: Callable[[Any], object], what: object) -> float:
    # Any: one text or a batch of them.
    started = process_time()
    read(what)
    return process_time() - started


def front(figures: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the sides to which nobody is both faster and better, from (speed, macro-F1); the fastest first."""
    kept = [
        name
        for name, (speed, f1) in figures.items()
        if not any(s > speed and f > f1 for s, f in figures.values())
    ]
    return sorted(kept, key=lambda name: -figures[name][0])


def _memory_mib(name: str, models: Path) -> float:
    """Return the memory that the side adds to a process of its own."""
    command = [sys.executable, "-m", "monitor.bench.sentiment_sides", name, str(models)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return float(done.stdout)
