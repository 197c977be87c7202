"""``sturmglas detect``: rows in, the same rows out, causally."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli import detect

DATA = Path(
    os.environ.get("STURMGLAS_DATA")
    or Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
)
TWEETS = DATA / "nab" / "data" / "realTweets"


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    detect.register(app)
    app.callback()(lambda: None)
    return app


def series(n: int = 900, spike: int = 700) -> str:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    lines = ["timestamp,value"]
    for i in range(n):
        value = 400 if i == spike else 5 + i % 4
        lines.append(f"{(start + i * timedelta(minutes=5)).isoformat()},{value}")
    return "\n".join(lines) + "\n"


def run(app: typer.Typer, text: str, *args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["detect", "-", *args], input=text)
    return result.exit_code, result.stdout, result.stderr


def test_one_row_comes_out_per_row_in_with_the_header(app: typer.Typer) -> None:
    code, out, _ = run(app, series())
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert out.splitlines()[0] == "timestamp,value,expected,score,return_period_days,alert"
    given = series().splitlines()[1:]
    assert [f"{r['timestamp']},{r['value']}" for r in rows] == given


def test_a_spike_is_alerted_in_its_own_row_and_not_again(app: typer.Typer) -> None:
    _, out, _ = run(app, series())
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [i for i, r in enumerate(rows) if r["alert"] == "1"] == [700]
    assert float(rows[700]["return_period_days"]) > 3
    assert 5 < float(rows[700]["expected"]) < 8


@pytest.mark.parametrize("cut", [1, 2, 300, 701, 899])
def test_a_prefix_gives_the_same_prefix_back(app: typer.Typer, cut: int) -> None:
    whole = run(app, series())[1].splitlines()
    part = run(app, "\n".join(series().splitlines()[: cut + 1]) + "\n")[1].splitlines()
    assert part == whole[: cut + 1]


def test_rows_are_given_out_as_they_come() -> None:
    taken: list[int] = []

    def lines() -> Iterator[str]:
        for i, line in enumerate(series(50).splitlines(keepends=True)):
            taken.append(i)
            yield line

    scored = detect.score_rows(detect.read_rows(lines(), "-"), timedelta(minutes=5))
    next(scored)
    assert taken == [0, 1]


def test_json_lines_hold_the_same_figures(app: typer.Typer) -> None:
    rows = list(csv.DictReader(io.StringIO(run(app, series())[1])))
    objects = [json.loads(line) for line in run(app, series(), "--json")[1].splitlines()]
    assert len(objects) == len(rows)
    for row, found in zip(rows, objects, strict=True):
        assert list(found) == list(detect.HEADER)
        assert found["alert"] == int(row["alert"])
        assert found["score"] == pytest.approx(float(row["score"]))


def test_a_timestamp_without_zone_is_utc() -> None:
    naive, aware = (
        next(detect.read_rows(["timestamp,value\n", f"2026-11-22 14:05{zone},3\n"], "x"))
        for zone in ("", "+01:00")
    )
    assert naive.at == datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    assert aware.at == datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "-:1: expected the header timestamp,value"),
        ("time,count\n2026-01-01,1\n", "-:1: expected the header"),
        ("timestamp,value\nyesterday,1\n", "-:2: 'yesterday' is no timestamp"),
        ("timestamp,value\n2026-01-01,1\n2026-01-02,x\n", "-:3: 'x' is no count"),
        ("timestamp,value\n2026-01-01,-1\n", "-:2: '-1' is no count"),
        ("timestamp,value\n2026-01-01,nan\n", "-:2: 'nan' is no count"),
        ("timestamp,value\n2026-01-01\n", "-:2: expected timestamp,value"),
        ("timestamp,value\n2026-01-02,1\n2026-01-01,1\n", "-:3: 2026-01-01 is earlier"),
    ],
)
def test_a_bad_row_is_complained_of_by_line(app: typer.Typer, text: str, complaint: str) -> None:
    code, _, err = run(app, text)
    assert code == 1
    assert complaint in err


def test_a_header_alone_is_a_series_of_no_rows(app: typer.Typer) -> None:
    code, out, _ = run(app, "timestamp,value\n")
    assert (code, out.splitlines()) == (0, [",".join(detect.HEADER)])


@pytest.mark.parametrize("bin", ["5", "0m", "2d", "5 m", "-5m"])
def test_a_span_that_cannot_be_is_wrong_use(app: typer.Typer, bin: str) -> None:
    result = CliRunner().invoke(app, ["detect", "-", f"--bin={bin}"], input=series(3))
    assert result.exit_code == 2
    assert "expected a span" in result.stderr


def test_a_missing_file_is_wrong_use(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["detect", "no-such.csv"])
    assert result.exit_code == 2
    assert "no-such.csv: no such file" in result.stderr


def test_hourly_rows_are_read_as_hours(app: typer.Typer) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        f"{(start + timedelta(hours=i)).isoformat()},{900 if i == 600 else 30}" for i in range(700)
    ]
    _, out, _ = run(app, "timestamp,value\n" + "\n".join(rows) + "\n", "--bin", "1h")
    alerts = [i for i, r in enumerate(csv.DictReader(io.StringIO(out))) if r["alert"] == "1"]
    assert alerts == [600]


@pytest.mark.data
@pytest.mark.skipif(not TWEETS.exists(), reason="NAB series are not beside the checkout")
@pytest.mark.parametrize(
    "name", sorted(p.name for p in TWEETS.glob("*.csv")) if TWEETS.exists() else [""]
)
def test_real_series_keep_their_rows_and_their_prefix(app: typer.Typer, name: str) -> None:
    path = TWEETS / name
    text = path.read_text()
    code, out, _ = run(app, text)
    assert code == 0
    assert len(out.splitlines()) == len(text.splitlines())
    half = text.splitlines(keepends=True)[: len(text.splitlines()) // 2]
    assert run(app, "".join(half))[1].splitlines() == out.splitlines()[: len(half)]
