"""The tone bench: every side is judged on the same texts, pairs are pairs, and the front is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from detectors.score.evaluate import confusion, macro_f1
from monitor.bench import sentiment
from monitor.bench.sentiment_sides import KINDS, OURS, TONES, UNREAD, Side, made, teach

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    (tone, f"{words} {n}")
    for n in range(8)
    for tone, words in (
        ("negative", "awful late broken"),
        ("neutral", "train platform seven"),
        ("positive", "lovely great thanks"),
    )
]
TRUTH = np.array([TONES.index(label) for label, _ in ROWS])


def silent(_line: str) -> None:
    """Say nothing."""


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"a": (1.0, 0.5)}, ["a"]),
        ({"slow": (1.0, 0.9), "fast": (9.0, 0.2)}, ["fast", "slow"]),
        ({"best": (9.0, 0.9), "worse": (1.0, 0.2)}, ["best"]),  # slower and worse
        ({"one": (5.0, 0.5), "same": (5.0, 0.5)}, ["one", "same"]),  # neither is both
        ({"one": (5.0, 0.5), "as fast": (5.0, 0.6)}, ["one", "as fast"]),
    ],
)
def test_on_the_front_is_to_whom_nobody_is_both_faster_and_better(
    figures: dict[str, tuple[float, float]], expected: list[str]
) -> None:
    assert sentiment.front(figures) == expected


def test_a_difference_to_ours_is_paired_and_its_mean_is_over_sets() -> None:
    worse = TRUTH.copy()
    worse[:6] = 0
    owner = np.repeat([0, 1], [6, 18])
    found = sentiment.compared(TRUTH, {OURS: TRUTH, "copy": TRUTH, "w": worse}, owner, "ab", 1)
    assert found[OURS]["macro_f1"] == 1.0
    assert found["copy"]["behind_ours_95"] == [0.0, 0.0]
    first = float(macro_f1(confusion(TRUTH[:6], worse[:6], len(TONES))))
    assert found["w"]["sets"]["a"][0] == pytest.approx(first, abs=1e-4)
    assert found["w"]["sets"]["b"] == [1.0, 1.0, 1.0]
    assert found["w"]["macro_f1"] == pytest.approx((first + 1.0) / 2, abs=1e-4)
    low, high = found["w"]["behind_ours_95"]
    assert low < found["w"]["behind_ours"] < high


def test_a_text_that_was_not_read_counts_as_wrong() -> None:
    unread = np.where(np.arange(len(TRUTH)) % 2, UNREAD, TRUTH)
    owner = np.zeros(len(TRUTH), dtype=np.int64)
    found = sentiment.compared(TRUTH, {OURS: unread}, owner, ["a"], 1)
    assert found[OURS]["macro_f1"] == pytest.approx(2 / 3, abs=1e-4)


def test_speed_is_of_every_text_one_by_one_and_of_batches_where_there_are_any() -> None:
    seen: list[str] = []
    sizes: list[int] = []

    def many(texts: object) -> list[int]:
        sizes.append(len(list(texts)))  # type: ignore[call-overload]  # any sequence
        return []

    def one(text: str) -> int:
        seen.append(text)
        return sum(range(200))

    texts = [text for _, text in ROWS] * 20
    found = sentiment.timed({"one": Side(one), "both": Side(one, many)}, texts, 2)
    assert (found["one"].batches, found["both"].batches) == (False, True)
    assert found["one"].single_us > 0
    assert found["one"].texts_per_s == pytest.approx(1e6 / found["one"].single_us, rel=0.5)
    assert len(seen) == 2 * 3 * len(texts)
    assert sizes == [256, len(texts) - 256] * 3


def test_sides_that_learn_learn_and_are_left_out_where_they_were_not_taught(
    tmp_path: Path,
) -> None:
    pytest.importorskip("sklearn")
    bare, left_out = made(tmp_path, "en")
    assert {"river", "scikit-learn"} <= left_out.keys()
    assert "pip install 'sturmglas[bench]'" in left_out["scikit-learn"]
    assert OURS in bare
    teach(tmp_path, ROWS * 5, 1, silent)
    sides, _ = made(tmp_path, "en")
    for name in ("river", "scikit-learn"):
        assert sides[name].one("awful late broken") == 0, name
        assert sides[name].one("lovely great thanks") == 2, name
    assert sides["scikit-learn"].many is not None
    assert sides["scikit-learn"].many(["train platform seven"]) == [1]


@pytest.mark.parametrize(
    ("name", "package", "negative", "positive", "nothing"),
    [
        ("VADER", "vaderSentiment", "I hate this", "I love this", "The train leaves at eight"),
        ("TextBlob", "textblob", "This is awful", "This is great", "The train leaves at eight"),
        ("TextBlob-de", "textblob_de", "Das ist schlecht", "Das ist gut", "Der Zug fährt um acht"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # files that textblob-de leaves to the collector
def test_a_lexicon_is_asked_as_its_makers_say(
    name: str, package: str, negative: str, positive: str, nothing: str, tmp_path: Path
) -> None:
    pytest.importorskip(package)
    side = KINDS[name].make(tmp_path)
    assert [side.one(text) for text in (negative, nothing, positive)] == [0, 1, 2]
    assert side.many is None


def test_what_a_language_is_not_meant_for_is_not_asked(tmp_path: Path) -> None:
    for lang, absent in (("de", "TextBlob"), ("en", "TextBlob-de")):
        sides, left_out = made(tmp_path, lang)
        assert absent not in {*sides, *left_out}


def test_the_record_holds_every_side_with_its_figures(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    teach(tmp_path, ROWS, 1, silent)
    found = sentiment.of_language("en", {"one": ROWS}, tmp_path, 1, 1)
    assert found["texts"] == {"one": len(ROWS)}
    assert {OURS, "river", "scikit-learn"} <= found["sides"].keys()
    for figures in found["sides"].values():
        assert figures["single_us"] > 0
        assert figures["texts_per_s"] > 0
        assert figures["memory_mib"] > 0
    assert set(found["front"]) == {"single", "batches"}


def test_the_chart_tells_every_side_of_the_record(tmp_path: Path) -> None:
    source = ROOT / "docs" / "bench" / "sentiment.json"
    tool = ROOT / "tools" / "sentiment_chart.py"
    subprocess.run([sys.executable, tool, source, tmp_path], check=True, timeout=60)
    drawn = (tmp_path / "bench-sentiment.svg").read_text()
    assert drawn == (ROOT / "docs" / "img" / "bench-sentiment.svg").read_text()
    words = list(ElementTree.fromstring(drawn).itertext())
    record = json.loads(source.read_text())
    for lang, name in (("de", "German"), ("en", "English")):
        assert f"{name}, {sum(record[lang]['texts'].values()):,} texts" in words
        assert set(record[lang]["sides"]) <= set(words)
