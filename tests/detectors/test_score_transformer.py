"""A transformer as a head: with a small model that is trained here and loaded by its path.

Skipped where the extra is missing; `make test-transformer` installs it and runs these.
"""

from __future__ import annotations

import socket
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.score.transformer import CannotLoad, ModelSpec, load
from tests.tiny_transformer import TONES, save_onnx, save_tiny, sentences

pytest.importorskip("torch", reason="needs the extra [transformer]: make test-transformer")
pytest.importorskip("transformers", reason="needs the extra [transformer]: make test-transformer")
# Warnings of theirs are theirs; the start-up of two large libraries may take a while as well.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> Any:
        raise AssertionError(f"looked into the network: {args}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def tones(p: np.ndarray[Any, Any]) -> list[int]:
    return [int(place) for place in p.argmax(axis=1)]


def test_a_model_by_path_reads_what_it_was_taught_without_the_network(
    tiny: Path, offline: None
) -> None:
    head = load(ModelSpec("sentiment", path=tiny))
    texts, truth = [text for text, _ in sentences()], [tone for _, tone in sentences()]
    p = head.answer(texts)
    assert (p.shape, p.dtype) == ((len(texts), 3), np.float32)
    assert tones(p) == truth
    assert np.allclose(p.sum(axis=1), 1, atol=1e-3)
    assert head.name == tiny.name


def test_a_text_is_read_alone_as_in_any_batch(tiny: Path) -> None:
    head = load(ModelSpec("sentiment", path=tiny))
    texts = ["fein", "der zug ist grumpel und die app ist stand", "", "\ud800 wonne", "x" * 5000]
    together = head.answer(texts)
    alone = np.concatenate([head.answer([text]) for text in texts])
    assert np.abs(together - alone).max() <= 2e-4
    assert head.answer([]).shape == (0, 3)


def test_only_the_first_tokens_are_read(tiny: Path) -> None:
    head = load(ModelSpec("sentiment", path=tiny, max_tokens=8))
    start = "der zug ist fein linie meter"
    assert np.array_equal(head.answer([start]), head.answer([f"{start} grumpel grumpel"]))


def test_its_own_order_of_labels_does_not_matter(tiny: Path, tmp_path: Path) -> None:
    given = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
    other = save_tiny(tmp_path / "numbered", labels=tuple(given))
    p = load(ModelSpec("sentiment", path=other, labels=given)).answer(["die app ist trull"])
    assert tones(p) == [0]
    turned = dict(zip(given, ["positive", "neutral", "negative"], strict=True))
    p = load(ModelSpec("sentiment", path=other, labels=turned)).answer(["die app ist trull"])
    assert tones(p) == [2]


def test_labels_that_do_not_fit_are_refused_at_loading(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "numbered", labels=("LABEL_0", "LABEL_1", "LABEL_2"), steps=1)
    with pytest.raises(CannotLoad, match=r"LABEL_0.*\[transformer\.sentiment\] labels"):
        load(ModelSpec("sentiment", path=path))
    with pytest.raises(CannotLoad, match="Expected for offensive: not-offensive, offensive"):
        load(ModelSpec("offensive", path=path))


@pytest.mark.parametrize("problem", [None, "multi_label_classification"])
def test_a_yes_or_no_head_is_answered_by_one_of_two_labels(
    tmp_path: Path, problem: str | None
) -> None:
    path = save_tiny(tmp_path / "off", labels=("OFF", "NOT"), problem=problem)
    p = load(ModelSpec("offensive", path=path)).answer(["der zug ist grumpel", "der zug ist fein"])
    assert tones(p) == [1, 0]


def test_a_model_without_its_classifier_is_refused_instead_of_guessing(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "bare", steps=1, head=False)
    with pytest.raises(CannotLoad, match=r"no trained weights for classifier"):
        load(ModelSpec("sentiment", path=path))


@pytest.mark.parametrize("lost", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_folder_that_lost_a_file_is_refused_without_the_network(
    tmp_path: Path, offline: None, lost: str
) -> None:
    path = save_tiny(tmp_path / "torn", steps=1)
    (path / lost).unlink()
    with pytest.raises(CannotLoad, match="torn"):
        load(ModelSpec("sentiment", path=path))


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "broken", steps=1)
    (path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(CannotLoad, match="broken"):
        load(ModelSpec("sentiment", path=path))


def test_a_name_is_not_fetched_where_that_is_not_wanted(
    offline: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CannotLoad, match="acme/nothing"):
        load(ModelSpec("sentiment", model="acme/nothing"), fetch=False)


def test_the_number_of_threads_is_pinned(tiny: Path) -> None:
    import torch

    torch.set_num_threads(2)
    load(ModelSpec("sentiment", path=tiny, threads=1)).answer(["fein"])
    assert torch.get_num_threads() == 1


def test_an_answer_of_another_shape_is_an_error(tiny: Path) -> None:
    head = load(ModelSpec("sentiment", path=tiny))
    head._logits = lambda batch: np.zeros((1, 2), dtype=np.float32)
    with pytest.raises(ValueError, match=r"answered \(1, 2\); expected numbers, \(1, 3\)"):
        head.answer(["fein"])
    head._logits = lambda batch: np.full((1, 3), np.nan, dtype=np.float32)
    with pytest.raises(ValueError, match="expected numbers"):
        head.answer(["fein"])


def test_eight_bits_in_onnx_read_the_same(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra [transformer-onnx]")
    pytest.importorskip("onnxscript", reason="the export needs onnx and onnxscript")
    path = save_tiny(tmp_path / "tiny", labels=TONES)
    texts = [text for text, _ in sentences()]
    full = load(ModelSpec("sentiment", path=path)).answer(texts)
    small = save_onnx(path)
    eight = load(ModelSpec("sentiment", path=path, runtime="onnx")).answer(texts)
    assert small.stat().st_size < (path / "model.onnx").stat().st_size
    assert tones(eight) == tones(full) == [tone for _, tone in sentences()]
    assert 0 < np.abs(eight - full).max() < 0.1, "8 bits round, so it was not the full file"
    small.rename(path / "model_other.onnx")
    with pytest.raises(CannotLoad, match=r"model\.onnx, model_other\.onnx; expected one"):
        load(ModelSpec("sentiment", path=path, runtime="onnx"))
