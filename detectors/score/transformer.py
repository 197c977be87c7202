"""TransformerHead: a sequence-classification model of others that answers one head.

Needs the extra [transformer] (torch) or [transformer-onnx] (ONNX Runtime); both libraries are imported
when a model is loaded and never before. A path is read from disk alone; a name is looked up in the local
cache, and fetched where it is not there and ``fetch`` allows it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.score.heads import FAMILIES, Family
from detectors.score.labels import LabelMismatch, matched

Logits = Callable[[Mapping[str, NDArray[np.int64]]], NDArray[np.float32]]
"""Token ids and what goes with them, each (texts, tokens), into (texts, labels of the model)."""

_EXTRA: Final = {"torch": "transformer", "onnx": "transformer-onnx"}
_SMALL: Final = ("int8", "quantized")
"""Parts of the names that ONNX exporters give to files with 8-bit weights."""


class CannotLoad(Exception):
    """A model that cannot be used; says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model answers which head, and how it is run.

    Exactly one of ``model`` (a name on the hub) and ``path`` (a folder). ``labels``: what the model's
    labels mean, where their names do not say it; see `detectors.score.labels.matched`. ``languages``:
    primary tags that it was taught with; empty: every language. Of a text the first ``max_tokens`` are
    read.
    """

    head: str
    model: str = ""
    path: Path | None = None
    revision: str = "main"
    runtime: Literal["torch", "onnx"] = "torch"
    labels: Mapping[str, str] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    max_tokens: int = 128
    threads: int = 1

    @property
    def name(self) -> str:
        """What is stored beside every score: the name, or that of the folder."""
        return self.path.resolve().name if self.path else f"{self.model}@{self.revision}"


class TransformerHead:
    """One loaded model. Not thread-safe: one thread asks it.

    Costs 20 to 100 ms of one core a text at the size of XLM-R base, 1 to 2 GB of memory (torch).
    Fails on what the model was not taught with, and nothing here can tell: the mapping of labels is
    checked, their meaning is not.
    """

    def __init__(
        self,
        spec: ModelSpec,
        tokenize: Callable[[list[str]], Mapping[str, NDArray[np.int64]]],
        logits: Logits,
        labels: Sequence[str],
        *,
        several: bool,
    ) -> None:
        self.name = spec.name
        self.family: Family = FAMILIES[spec.head]
        self._languages = spec.languages
        self._tokenize = tokenize
        self._logits = logits
        self._labels = labels
        self._several = several

    def speaks(self, lang: str) -> bool:
        """True for a language that it was taught with; ``lang`` is a primary tag."""
        return not self._languages or lang in self._languages

    def answer(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the probabilities of our labels, shape (texts, labels of the family), to four digits:
        beyond them the company a text is padded to shows.

        Raises ValueError where the model answers in another shape or with something that is no number,
        and what its library raises.
        """
        if not texts:
            return np.zeros((0, len(self.family.labels)), dtype=np.float32)
        raw = np.asarray(self._logits(self._tokenize(list(texts))), dtype=np.float64)
        if raw.shape != (len(texts), len(self._labels)) or not np.isfinite(raw).all():
            expected = (len(texts), len(self._labels))
            raise ValueError(f"{self.name} answered {raw.shape}; expected numbers, {expected}")
        return np.round(self._told(raw), 4).astype(np.float32)

    def _told(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        ours = self.family.labels
        places = [[i for i, own in enumerate(self._labels) if own == our] for our in ours]
        if self._several:
            # Labels answered each by itself do not add up: the surest one of those that mean yes counts.
            yes = (1.0 / (1.0 + np.exp(-np.clip(raw, -60, 60))))[:, places[-1]].max(axis=1)
            return np.stack([1.0 - yes, yes], axis=1)
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        p = powers / powers.sum(axis=1, keepdims=True)
        return np.stack([p[:, at].sum(axis=1) for at in places], axis=1)


def load(spec: ModelSpec, *, fetch: bool = True) -> TransformerHead:
    """Load a model and check that its labels are those of the head. Seconds; see `TransformerHead`.

    ``fetch`` False: nothing is fetched, also for a name. Raises `CannotLoad`.
    """
    place = f"[transformer.{spec.head}]"
    source = str(spec.path) if spec.path else spec.model
    if spec.path and not (spec.path / "config.json").is_file():
        raise CannotLoad(
            f"{spec.path}: no config.json there; expected a folder as written by save_pretrained;"
            f" set {place} path"
        )
    # Else its tokenizer starts as many threads as there are cores, beside those that are counted.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        return _loaded(spec, source, local=spec.path is not None or not fetch)
    except CannotLoad:
        raise
    except LabelMismatch as error:
        raise CannotLoad(str(error)) from error
    except ImportError as error:
        extra = _EXTRA[spec.runtime]
        raise CannotLoad(
            f"{source}: {error}; install sturmglas[{extra}], or take {place} out of the settings"
        ) from error
    except (
        Exception
    ) as error:  # two libraries and a file of others: whatever it is, there is no model
        what = " ".join(str(error).split())[:400]
        raise CannotLoad(f"{source}: {type(error).__name__}: {what}") from error


def _loaded(spec: ModelSpec, source: str, *, local: bool) -> TransformerHead:
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # what matters is raised here
    given = {"revision": spec.revision, "local_files_only": local, "trust_remote_code": False}
    config = transformers.AutoConfig.from_pretrained(source, **given)
    found = [str(config.id2label[i]) for i in range(config.num_labels)]
    several = config.problem_type == "multi_label_classification" or config.num_labels == 1
    labels = matched(
        FAMILIES[spec.head], found, spec.labels, several=several, model=f"model {source}"
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(source, **given)
    # Two places less than the model has: RoBERTa and its kin begin to count at two.
    places = int(getattr(config, "max_position_embeddings", 0) or 1 << 20) - 2
    longest = min(spec.max_tokens, places, tokenizer.model_max_length)

    def tokenize(texts: list[str]) -> Mapping[str, NDArray[np.int64]]:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates
        return dict(
            tokenizer(clean, padding=True, truncation=True, max_length=longest, return_tensors="np")
        )

    logits = _onnx(spec) if spec.runtime == "onnx" else _torch(spec, source, given)
    return TransformerHead(spec, tokenize, logits, labels, several=several)


def _torch(spec: ModelSpec, source: str, given: Mapping[str, Any]) -> Logits:  # Any: what they take
    import torch
    import transformers

    torch.set_num_threads(spec.threads)
    model, about = transformers.AutoModelForSequenceClassification.from_pretrained(
        source, output_loading_info=True, **given
    )
    # Weights that a file lacks are drawn by chance there, with a warning only.
    if about["missing_keys"]:
        lost = ", ".join(sorted(about["missing_keys"])[:5])
        raise CannotLoad(
            f"model {source}: no trained weights for {lost}; expected a model fine-tuned for"
            f" sequence classification; set another one in [transformer.{spec.head}]"
        )
    model.eval()

    def logits(batch: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        tensors = {name: torch.from_numpy(np.asarray(rows)) for name, rows in batch.items()}
        with torch.inference_mode():
            out: NDArray[np.float32] = model(**tensors).logits.float().numpy()
        return out

    return logits


def _onnx(spec: ModelSpec) -> Logits:
    import onnxruntime

    file = _onnx_file(spec)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = spec.threads, 1
    session = onnxruntime.InferenceSession(
        str(file), sess_options=options, providers=["CPUExecutionProvider"]
    )
    wanted = [one.name for one in session.get_inputs()]

    def logits(batch: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        fed = {name: np.asarray(batch[name], dtype=np.int64) for name in wanted}
        out: NDArray[np.float32] = session.run(None, fed)[0]
        return out

    return logits


def _onnx_file(spec: ModelSpec) -> Path:
    """Return the one ONNX file of the folder, or of its ``onnx/``; of several the one in 8 bits."""
    folder = spec.path
    if folder is None:
        raise CannotLoad(
            f'model {spec.model}: runtime = "onnx" needs a folder;'
            f" set [transformer.{spec.head}] path to one with config, tokenizer and an .onnx file"
        )
    found = sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])
    if len(found) > 1:
        found = [file for file in found if any(part in file.name for part in _SMALL)] or found
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise CannotLoad(f"{folder}: {names}; expected one .onnx file, or one whose name says int8")
    return found[0]
