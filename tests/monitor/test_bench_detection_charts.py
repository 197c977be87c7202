"""The charts of the detection bench: drawn from a record, and from half of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from monitor.bench.detection import equal, report
from monitor.bench.detection.brand import DAY_BINS
from tests.monitor.test_bench_detection_peers import null, record

TOOL = Path(__file__).resolve().parents[2] / "tools" / "detection_charts.py"
CELLS = [
    {"rate": rate, "peak": peak, "doubling_min": 60.0, "negative": 0.6, "several": several}
    for rate in (20.0, 200.0)
    for peak in (3.0, 10.0)
    for several in (False, True)
]


def draw(found: object, folder: Path) -> dict[str, str]:
    """Draw a record's charts and return the words of each, by name."""
    source = folder / "record.json"
    source.write_text(json.dumps(found))
    subprocess.run([sys.executable, TOOL, source, folder], check=True, timeout=60)
    out = {}
    for path in folder.glob("*.svg"):
        words = ElementTree.fromstring(path.read_text()).itertext()
        out[path.stem.removeprefix("bench-detection-")] = " ".join(words)
    return out


def test_every_chart_tells_what_the_record_holds(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).random(60 * DAY_BINS)
    storms = [record(20.0, 1, -15.0, 9), record(20.0, 2, 5.0, 20)]
    grid = [
        {**cell, "seed": 1, "first_hour": 40.0, "level": 4, "early": False, **seen}
        for cell in CELLS
        for seen in ({"found": cell["peak"] > 3.0, "delay_min": 15},)
    ]
    against = equal.tell([*null(20.0, 1, 2, scores), *storms])
    words = draw({"against": against, "grid": report.storms(grid)}, tmp_path)
    assert sorted(words) == ["budget", "cells", "delay"]
    assert "2 storms found, everybody at 2 false pages" in words["delay"]
    assert "mean + k sd of 7 days, negatives" in words["delay"]
    assert "alarm budgets of 30 days" in words["budget"]
    assert words["cells"].count("100% +15") == 2
    assert words["cells"].split().count("0%") == 2


def test_a_part_that_was_not_run_leaves_its_chart_alone(tmp_path: Path) -> None:
    assert draw({"null": {}}, tmp_path) == {}
