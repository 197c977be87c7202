"""A service with a transformer: from settings to replaced scores, and without it when it is missing."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from monitor.app.runtime import Runtime
from monitor.app.wiring import Built, build
from monitor.app.working import pipeline_of
from monitor.cli.doctor import State, examine
from monitor.clock import SystemClock
from monitor.pipeline import Pipeline
from monitor.ports import EntryKind, NoSignals
from monitor.settings import read
from tests import builders as b
from tests.flow.installed import soon
from tests.laws.filing import LONG
from tests.tiny_transformer import save_tiny

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]

needs_torch = pytest.mark.skipif(
    not (importlib.util.find_spec("torch") and importlib.util.find_spec("transformers")),
    reason="needs the extra [transformer]: make test-transformer",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


def settings_file(folder: Path, model: str) -> Path:
    file = folder / "sturmglas.toml"
    file.write_text(
        f"""
[store]
url = "sqlite:///{folder / "store.db"}"
[cascade]
uncertain_from = 0
[topic.acme]
name = "Acme"
any = ["acme"]
[transformer.sentiment]
languages = []
{model}
""",
        encoding="utf-8",
    )
    return file


@contextmanager
def running(file: Path) -> Iterator[tuple[Built, Pipeline]]:
    settings = read(file, {}).settings
    assert settings is not None
    built = build(settings)
    pipeline = pipeline_of(built, NoSignals())
    runtime = Runtime(built, pipeline, [])
    runtime.start()
    try:
        yield built, pipeline
    finally:
        runtime.stop()
        built.close()


def sent(built: Built, name: str, *texts: str) -> None:
    now = built.clock.now()
    mentions = [b.mention(f"{name}-{i}", text=t, at=now) for i, t in enumerate(texts)]
    payload = msgspec.json.encode(mentions)
    built.log.append([b.entry(payload, at=now, kind=EntryKind.CREATED)])


def tones(built: Built) -> dict[str, int]:
    now = built.clock.now()
    window = built.store.read.window("acme", now - LONG, now + LONG)
    return {post.text: post.tone for post in built.store.read.posts(window.num)}


@needs_torch
def test_a_trained_model_by_relative_path_replaces_what_the_scorer_said(
    tiny: Path, tmp_path: Path
) -> None:
    expected = {
        "acme bahn ist grumpel": -1,
        "acme bahn ist linie": 0,
        "acme bahn ist wonne": 1,
    }
    (tmp_path / "models").symlink_to(tiny.parent)
    with running(settings_file(tmp_path, 'path = "models/tiny"')) as (built, pipeline):
        assert pipeline.cascade is not None
        assert soon(lambda: pipeline.cascade.heads == ["sentiment"])
        sent(built, "a", *expected)
        assert soon(lambda: tones(built) == expected)
        assert built.trouble.list() == []
        now = built.clock.now()
        found = built.store.read.counts("acme", now - LONG, now + LONG)
        assert (found.negatives, found.neutrals, found.positives) == (1, 1, 1)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ('path = "gone"', "no config.json there"),
        pytest.param(
            'path = "models/tiny"\nlabels = { negativ = "negative" }',
            "a label that it does not have: negativ",
            marks=needs_torch,
        ),
    ],
)
def test_without_its_model_the_service_files_and_says_so(
    tmp_path: Path, request: pytest.FixtureRequest, model: str, why: str
) -> None:
    if "tiny" in model:
        (tmp_path / "models").symlink_to(request.getfixturevalue("tiny").parent)
    with running(settings_file(tmp_path, model)) as (built, _):
        sent(built, "a", "acme bahn ist grumpel")
        assert soon(lambda: len(tones(built)) == 1)
        assert soon(lambda: built.trouble.list() != [])
        [told] = built.trouble.list()
    assert told.startswith("transformer: missing; the built-in scorer goes on alone. sentiment: ")
    assert why in told


def found_by_doctor(file: Path) -> tuple[State, str]:
    findings = examine(read(file, {}), SystemClock().now(), reach=False)
    [one] = [f for f in findings if f.name.startswith("transformer")]
    return one.state, one.text


def test_doctor_says_off_and_missing(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'path = "gone"')
    state, text = found_by_doctor(file)
    assert state is State.WARN
    assert text.startswith("missing: ")
    assert "works without it" in text
    file.write_text("", encoding="utf-8")
    assert found_by_doctor(file)[1].startswith("off; ")


@needs_torch
def test_doctor_says_ready_by_reading_a_text(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(tiny.parent)
    state, text = found_by_doctor(settings_file(tmp_path, 'path = "models/tiny"'))
    assert state is State.OK
    assert text.startswith("ready: tiny (torch, threads 1, ")


def test_a_package_that_is_missing_is_named_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "config.json").write_text("{}", encoding="utf-8")
    state, text = found_by_doctor(settings_file(tmp_path, 'path = "models"'))
    assert state is State.WARN
    assert "install sturmglas[transformer]" in text
