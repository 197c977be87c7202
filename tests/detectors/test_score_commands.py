"""`sturmglas score`, `train` and `eval` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from detectors.mention import TEXT_LIMIT
from monitor.cli import score as commands

app = typer.Typer()
commands.register(app)
RUNNER = CliRunner()

LINES = "\n".join(
    [
        '{"id": "a", "text": "Der Support antwortet nie, total enttäuschend und schlecht!"}',
        "not json",
        '{"id": 7, "text": "I love it, thank you!", "lang": "en", "source": "shop"}',
        '{"id": "c", "text": 5}',
        "",
        '{"text": "ohne Kennung"}',
        '{"id": "d", "text": "😡"}',
    ]
)


def test_score_prints_one_line_per_good_text_and_tells_each_bad_one(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(LINES, encoding="utf-8")
    result = RUNNER.invoke(app, ["score", str(path), "--json"])
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["a", 7, "d"]
    assert [line["sentiment"]["label"] for line in lines] == ["negative", "positive", "unread"]
    assert [line["lang"] for line in lines] == ["de", "en", "und"]
    complaints = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in complaints] == [f"{path}:{n}" for n in (2, 4, 6)]
    assert "Expected `str`, got `int`" in complaints[1]


def test_the_line_has_the_fields_that_programs_read() -> None:
    text = '{"id": "1", "text": "Danke für den tollen Service!"}'
    result = RUNNER.invoke(app, ["score", "--json"], input=text)
    assert result.exit_code == 0
    line = json.loads(result.stdout)
    assert list(line) == ["id", "lang", "sentiment", "harm", "kinds", "worth", "reasons"]
    assert list(line["sentiment"]) == ["label", "score", "p"]
    p = line["sentiment"]["p"]
    assert list(p) == ["negative", "neutral", "positive"]
    assert sum(p.values()) == pytest.approx(1.0, abs=1e-5)
    assert line["sentiment"]["score"] == pytest.approx(p["positive"] - p["negative"], abs=1e-5)
    assert 0.0 <= line["harm"]["offensive"] < 0.5
    assert line["reasons"][0]["weight"] > 0


def test_without_json_a_person_reads_one_line_per_text() -> None:
    result = RUNNER.invoke(app, ["score"], input='{"id": "x1", "text": "Der Zug ist kaputt."}')
    assert result.exit_code == 0
    assert result.stdout.startswith("x1 ")
    assert " de " in result.stdout


def test_more_texts_than_a_batch_keep_their_order() -> None:
    count = commands.BATCH * 2 + 3
    given = "\n".join(json.dumps({"id": i, "text": f"Text {i}"}) for i in range(count))
    result = RUNNER.invoke(app, ["score", "--json", "--reasons", "0"], input=given)
    assert result.exit_code == 0
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == list(range(count))


def test_a_text_beyond_the_limit_is_refused_with_its_line() -> None:
    given = json.dumps({"id": 1, "text": "a" * (TEXT_LIMIT + 1)})
    result = RUNNER.invoke(app, ["score", "--json"], input=given)
    assert result.exit_code == 1
    assert "standard input:1" in result.stderr


@pytest.mark.parametrize("arguments", [["score", "absent.jsonl"], ["eval", "absent.tsv"]])
def test_a_missing_file_is_told_by_name(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 1
    assert "absent." in result.stderr


def test_broken_weights_are_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    path.write_bytes(b"zz")
    result = RUNNER.invoke(app, ["score", "--weights", str(path)], input="")
    assert result.exit_code == 1
    assert "w.npz" in result.stderr


def labelled(path: Path) -> Path:
    rows = ["negative\tschrecklicher Service, nie wieder", "positive\tsuper Service, danke",
            "neutral\tDer Laden öffnet um neun Uhr"] * 5  # fmt: skip
    path.write_text("\n".join(["label\ttext", *rows]) + "\n", encoding="utf-8")
    return path


def test_eval_reports_figures_interval_confusion_and_speed(tmp_path: Path) -> None:
    path = labelled(tmp_path / "rows.tsv")
    result = RUNNER.invoke(app, ["eval", str(path), "--json", "--speed", "--lang", "de"])
    assert result.exit_code == 0
    report, speed = (json.loads(line) for line in result.stdout.splitlines())
    assert (report["file"], report["family"], report["n"]) == (str(path), "sentiment", 15)
    assert sum(map(sum, report["confusion"])) == 15
    low, high = report["macro_f1_interval"]
    assert low <= report["macro_f1"] <= high
    assert speed["texts_per_s"] > 0
    assert speed["single_p50_ms"] > 0
    words = RUNNER.invoke(app, ["eval", str(path)])
    assert "macro-F1" in words.stdout


def test_eval_refuses_labels_of_another_question(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("label\ttext\nirony\tx\n", encoding="utf-8")
    result = RUNNER.invoke(app, ["eval", str(path)])
    assert result.exit_code == 1
    assert "irony" in result.stderr


def test_train_names_the_missing_set(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="training needs scikit-learn (extra train)")
    out = tmp_path / "w.npz"
    result = RUNNER.invoke(app, ["train", "--data", str(tmp_path), "--out", str(out)])
    assert result.exit_code == 1
    assert "german.train.tsv" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("command", ["score", "train", "eval"])
def test_every_command_shows_an_example(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.stdout


def told(given: str, *options: str) -> dict[str, Any]:
    line = json.dumps({"id": 1, "text": given})
    result = RUNNER.invoke(app, ["score", "--json", *options], input=line)
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_an_unsure_answer_is_told_beside_those_that_programs_read() -> None:
    sure, unsure = (
        told("Ihr seid doch alle Idioten."),
        told('Bitte nicht "Idiot" schreiben, danke.'),
    )
    assert "confidence" not in sure
    assert unsure["confidence"] == {"offensive": "low", "why": "quoted"}
    assert list(unsure)[: len(sure)] == list(sure)
    assert unsure["harm"]["offensive"] > 0.5, "the label is not changed"


def test_the_word_lists_of_a_settings_file_count(tmp_path: Path) -> None:
    config = tmp_path / "words.toml"
    config.write_text('[words]\nbanned = ["abzock*"]\nsuspect = ["anwalt"]\n', encoding="utf-8")
    line = told("Reine Abzocke, ich gehe zum Anwalt", "--config", str(config))
    assert line["words"] == {"banned": "abzock*", "suspect": "anwalt"}
    assert line["harm"]["offensive"] == 1.0
    assert line["reasons"][0] == {"text": "banned word: abzock*", "weight": 0.0}
    spoken = RUNNER.invoke(
        app, ["score", "--config", str(config)], input='{"id": 1, "text": "Abzocke!"}'
    )
    assert "banned word: abzock*" in spoken.stdout


def test_settings_that_cannot_be_used_are_told_with_file_and_line(tmp_path: Path) -> None:
    config = tmp_path / "words.toml"
    config.write_text('[words]\nbanned = ["source:forum idiot"]\n', encoding="utf-8")
    result = RUNNER.invoke(app, ["score", "--config", str(config)], input="")
    assert result.exit_code == 2
    assert f"{config}:2: words.banned.1: " in result.stderr
