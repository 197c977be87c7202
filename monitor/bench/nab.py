"""The Numenta Anomaly Benchmark's score, written from its formula, and our figures on realTweets.

Rows in windows earn once per window, the more the earlier; every fired row outside costs, less
so shortly after a window. One threshold for all files, chosen to be best on the very set that is
scored (as NAB does); `left_one_out` chooses it without the file it is applied to, which is what a
user will get. Formula: Lavin & Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms".
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from detectors.alert_score import AlertScore
from detectors.burst import SETTLED, Burst
from monitor.bench.detection.peers import PEERS, windowed_z

PROBATION_SHARE = 0.15
PROBATION_ROWS = 750


@dataclass(frozen=True, slots=True)
class Profile:
    """Weights of a found window, of a false row and of a missed window."""

    name: str
    found: float
    false: float
    missed: float


PROFILES = (
    Profile("standard", 1.0, 0.11, 1.0),
    Profile("reward_low_FP_rate", 1.0, 0.22, 1.0),
    Profile("reward_low_FN_rate", 1.0, 0.11, 2.0),
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One file: local hour and value per row, windows as row indices, both ends inside."""

    hours: list[int]
    values: list[float]
    windows: list[tuple[int, int]]


def _sigmoid(y: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def row_values(rows: int, windows: Sequence[tuple[int, int]]) -> list[tuple[int, float]]:
    """Return (window or -1, worth of firing there in [-1, 1]) for every row."""
    out: list[tuple[int, float]] = []
    past = -1
    for i in range(rows):
        if past + 1 < len(windows) and i > windows[past + 1][1]:
            past += 1
        if past + 1 < len(windows) and windows[past + 1][0] <= i:
            first, last = windows[past + 1]
            y = -(last - i + 1) / (last - first + 1)
            out.append((past + 1, _sigmoid(y) / _sigmoid(-1.0)))
        elif past < 0:
            out.append((-1, -1.0))
        else:
            first, last = windows[past]
            y = (i - last) / max(1, last - first)
            out.append((-1, _sigmoid(y) if y <= 3.0 else -1.0))
    return out


def fired_value(
    scores: Sequence[float], rows: Sequence[tuple[int, float]], at: float, profile: Profile
) -> float:
    """Return the raw score of one file at threshold ``at``."""
    best: dict[int, float] = {}
    false = 0.0
    for i in range(min(int(PROBATION_SHARE * len(rows)), PROBATION_ROWS), len(rows)):
        if scores[i] < at:
            continue
        window, worth = rows[i]
        if window < 0:
            false += profile.false * worth
        else:
            best[window] = max(best.get(window, 0.0), worth)
    windows = 1 + max((w for w, _ in rows), default=-1)
    return profile.found * sum(best.values()) - profile.missed * (windows - len(best)) + false


def best_threshold(
    scores: Mapping[str, Sequence[float]],
    rows: Mapping[str, Sequence[tuple[int, float]]],
    profile: Profile,
) -> tuple[float, float]:
    """Return (raw score, threshold) of the best single threshold over these files."""
    fired: list[tuple[float, str, int]] = []
    windows = 0
    for name, worth in rows.items():
        windows += 1 + max((w for w, _ in worth), default=-1)
        start = min(int(PROBATION_SHARE * len(worth)), PROBATION_ROWS)
        fired += [
            (scores[name][i], name, i) for i in range(start, len(worth)) if scores[name][i] > 0
        ]
    fired.sort(reverse=True)
    best: dict[tuple[str, int], float] = {}
    total = -profile.missed * windows
    top = (total, math.inf)
    for k, (score, name, i) in enumerate(fired):
        window, worth_here = rows[name][i]
        if window < 0:
            total += profile.false * worth_here
        else:
            before = best.get((name, window))
            best[name, window] = max(before or 0.0, worth_here)
            gain = best[name, window] - (before or 0.0)
            total += profile.found * gain + (profile.missed if before is None else 0.0)
        last_of_ties = k + 1 == len(fired) or fired[k + 1][0] < score
        if last_of_ties and total > top[0]:
            top = (total, score)
    return top


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """Return 0 for "never fires", 100 for perfect."""
    worst = -profile.missed * windows
    return 100.0 * (raw - worst) / (profile.found * windows - worst)


def left_one_out(
    scores: Mapping[str, Sequence[float]],
    rows: Mapping[str, Sequence[tuple[int, float]]],
    profile: Profile,
) -> float:
    """Return the normalised score when each file's threshold is chosen on all the others."""
    raw, windows = 0.0, 0
    for name, worth in rows.items():
        others = {k: v for k, v in rows.items() if k != name}
        _, at = best_threshold(scores, others, profile)
        raw += fired_value(scores[name], worth, at, profile)
        windows += 1 + max((w for w, _ in worth), default=-1)
    return normalised(raw, windows, profile)


def load(folder: Path, group: str = "realTweets") -> dict[str, Labelled]:
    """Read the files of one group below a folder laid out like NAB's repository."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    out = {}
    for name in sorted(n for n in labels if n.startswith(f"{group}/")):
        with (folder / "data" / name).open(newline="", encoding="utf-8") as file:
            table = list(csv.reader(file))[1:]
        index = {row[0]: i for i, row in enumerate(table)}
        out[name] = Labelled(
            hours=[datetime.fromisoformat(row[0]).hour for row in table],
            values=[float(row[1]) for row in table],
            windows=[(index[a[:19]], index[b[:19]]) for a, b in labels[name]],
        )
    return out


def burst_scores(file: Labelled) -> list[float]:
    """Return our causal alert score of every row, as ``sturmglas detect`` prints it."""
    burst, alert = Burst(priors=SETTLED), AlertScore()
    out = []
    for value, hour in zip(file.values, file.hours, strict=True):
        out.append(alert.step(burst.return_periods(value, hour)[0]))
        burst.learn(value, hour)
    return out


Scores = Mapping[str, Sequence[float]]


def figures(scores: Scores, files: Mapping[str, Labelled]) -> dict[str, dict[str, float]]:
    """Return per profile: score with the threshold chosen on the set, and left one file out; and
    what that threshold means: windows found, and rows fired outside of any."""
    rows = {name: row_values(len(f.values), f.windows) for name, f in files.items()}
    windows = sum(len(f.windows) for f in files.values())
    out = {}
    for profile in PROFILES:
        raw, at = best_threshold(scores, rows, profile)
        found, false = fired(scores, rows, at)
        out[profile.name] = {
            "score": normalised(raw, windows, profile),
            "threshold": at,
            "left_one_file_out": left_one_out(scores, rows, profile),
            "windows": windows,
            "windows_found": found,
            "false_rows": false,
        }
    return out


def fired(
    scores: Scores, rows: Mapping[str, Sequence[tuple[int, float]]], at: float
) -> tuple[int, int]:
    """Return how many windows hold a fired row, and how many rows fired outside of any."""
    found: set[tuple[str, int]] = set()
    false = 0
    for name, worth in rows.items():
        start = min(int(PROBATION_SHARE * len(worth)), PROBATION_ROWS)
        for i in range(start, len(worth)):
            if scores[name][i] >= at:
                window = worth[i][0]
                false += window < 0
                found |= {(name, window)} if window >= 0 else set()
    return len(found), false


def report(folder: Path) -> dict[str, dict[str, float]]:
    """Return our figures on realTweets, as `figures` gives them."""
    files = load(folder)
    return figures({name: burst_scores(file) for name, file in files.items()}, files)


def peers(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Return the figures of what others do, over the same rows; about half a minute.

    Each score is used as it is; ours speaks once about a burst and they do not, which costs them
    false rows. ``z, once``: the windowed z behind the same rule (`AlertScore`), to tell what the
    rule alone is worth.
    """
    files = load(folder)
    values = {name: np.asarray(file.values) for name, file in files.items()}
    out = {
        peer.name.partition(",")[0]: figures(
            {name: peer.scores(v).tolist() for name, v in values.items()}, files
        )
        for peer in PEERS
        if peer.negatives
    }
    out["z, once"] = figures(
        {name: _once(windowed_z(v).tolist()) for name, v in values.items()}, files
    )
    return out


def _once(scores: Sequence[float]) -> list[float]:
    """Return scores that speak only when they are higher than all of the last day."""
    alert = AlertScore()
    return [alert.step(max(score, 0.0)) for score in scores]
