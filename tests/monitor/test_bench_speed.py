"""The speed benches: that they compare what they say, and that a side which loses something fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from detectors.score.base import Tone
from monitor.bench import http, ingest, pipeline
from monitor.bench.children import started
from monitor.bench.figures import ratios, spread
from monitor.bench.floors import SECRET, FinalRows, ingest_floor, pipeline_floor, verify
from monitor.bench.naive import signatures
from monitor.store.database import SqliteStore
from tests import builders as b

BODY = b'[{"source":"feed","source_id":"1","text":"x","published_at":"2026-11-22T12:55:00Z"}]'


def stored(path: Path, rows: int) -> FinalRows:
    store = SqliteStore.open(f"sqlite:///{path}")
    try:
        with store.begin() as tx:
            tx.add_mentions([b.filed(n) for n in range(1, rows + 1)])
    finally:
        store.close()
    return FinalRows.of(path)


def test_a_ratio_is_taken_run_by_run() -> None:
    found = ratios([10.0, 40.0, 90.0], [10.0, 20.0, 30.0])
    assert (found.median, found.least, found.most) == (2.0, 1.0, 3.0)
    assert spread([3.0, 1.0]).record("us") == {"us": 2.0, "us_min": 1.0, "us_max": 3.0}


def test_the_pipeline_floor_writes_every_row_that_the_store_wrote(tmp_path: Path) -> None:
    final = stored(tmp_path / "filed.db", 2500)
    assert len(final.groups) == 3  # a thousand mentions in one commit
    written = {"seen": 0, "mention": 0, "mention_topic": 0, "author": 0}
    for group in final.groups:
        for sql, rows in group:
            table = sql.split('"')[1]
            written[table] = written.get(table, 0) + len(rows)
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'filed.db'}")
    totals = store.read.totals()
    store.close()
    assert {name: totals[name] for name in written} == written
    assert written["seen"] == written["mention"] == 2500
    assert any("CREATE INDEX" in sql or "PRIMARY KEY" in sql for sql in final.schema)
    assert pipeline_floor([BODY] * 20, signatures([BODY] * 20, SECRET), final) > 0


def test_the_ingest_floor_refuses_a_body_that_is_not_signed_or_no_mention() -> None:
    assert ingest_floor([BODY] * 25, signatures([BODY] * 25, SECRET), 10) > 0
    with pytest.raises(PermissionError):
        verify(BODY, "0" * 64)
    with pytest.raises(ValueError, match="source"):
        ingest_floor([b"[{}]"], signatures([b"[{}]"], SECRET))


def test_the_same_models_say_what_they_say_alone() -> None:
    pytest.importorskip("vaderSentiment")
    pytest.importorskip("py3langid")
    from monitor.bench.samemodels import VaderScorer

    scores = VaderScorer().score(
        ["I love this wonderful train", "I hate this terrible train", "Der Zug fährt um acht"],
        ["", "", ""],
    )
    assert [Tone(int(t)) for t in scores.tone[:2]] == [Tone.POSITIVE, Tone.NEGATIVE]
    assert scores.langs[2] == "de"
    assert len(VaderScorer().score([], [])) == 0


@pytest.mark.data
def test_every_side_of_the_pipeline_bench_counts_right() -> None:
    pytest.importorskip("vaderSentiment")
    record = pipeline.run(mentions=300, repeats=1).record()
    assert record["models"] == {
        "ours": pipeline.LinearScorer.load().version,
        "naive": pipeline.MODELS,
    }
    for name in ("ours_us", "naive_us", "ratio", "same_models_ratio", "pipeline_floor_us"):
        assert float(str(record[name])) > 0
    share, floor, ours = (
        float(str(record[name]))
        for name in ("pipeline_floor_share", "pipeline_floor_us", "ours_us")
    )
    assert share == pytest.approx(floor / ours, rel=0.01)


@pytest.mark.data
def test_the_ingest_bench_stores_what_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "HTTP_MENTIONS", 2000)
    monkeypatch.setattr(ingest, "SINGLES", 100)
    record = ingest.run(mentions=500, repeats=1).record()
    assert float(str(record["floor_share"])) > 0
    assert float(str(record["ours_us"])) > 0


@pytest.mark.data
@pytest.mark.slow
def test_over_http_both_sides_file_every_mention() -> None:
    pytest.importorskip("vaderSentiment")
    result = http.run(mentions=400, repeats=1)
    for runs in (result.ours, result.naive):
        for shape in http.SHAPES:
            (one,) = runs[shape.name]
            assert one.sent.statuses == {"202": len(result.corpora[shape.name].bodies)}
            assert one.cpu_us > 0
    record = result.record()
    assert {"batch_ratio", "single_ratio", "models"} <= record.keys()


def test_a_server_that_ends_at_once_is_told_with_what_it_said() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with pytest.raises(RuntimeError, match="no room"), started(command):
        pass
