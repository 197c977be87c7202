"""A BERT of two layers and a few dozen words, trained here for a second, saved where a test wants it.

It learns three tones from invented sentences that the built-in scorer cannot tell from each other: their
words are made up. Needs torch and transformers; a test that builds one skips without them.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

BAD, SO_SO, GOOD = (
    ("grumpel", "mopsig", "trull"),
    ("meter", "stand", "linie"),
    ("jubi", "fein", "wonne"),
)
THINGS = ("der zug", "die app", "das ticket", "der schalter", "die auskunft", "acme bahn")
TONES = ("negative", "neutral", "positive")
"""The model's labels, unless a test wants others."""


def sentences() -> list[tuple[str, int]]:
    """Return every thing with every word, and the place of its tone in `TONES`."""
    return [
        (f"{thing} ist {word}", tone)
        for tone, words in enumerate((BAD, SO_SO, GOOD))
        for thing, word in itertools.product(THINGS, words)
    ]


def save_tiny(
    folder: Path,
    *,
    labels: tuple[str, ...] = TONES,
    steps: int = 120,
    head: bool = True,
    problem: str | None = None,
) -> Path:
    """Train and save a model in ``folder``. ``labels``: what its outputs are called; with two of them the
    first stands for the bad and the second for all else. ``head`` False: saved without its classifier."""
    import torch
    import transformers

    torch.manual_seed(7)
    torch.set_num_threads(1)
    tokenizer = _tokenizer()
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=len(labels),
        problem_type=problem,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    model = transformers.BertForSequenceClassification(config)
    _train(model, tokenizer, steps, len(labels), several=problem is not None)
    tokenizer.save_pretrained(folder)
    (model if head else model.bert).save_pretrained(folder)
    return folder


def _tokenizer() -> Any:  # Any: the extra may be missing, so that nothing of it can be named
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = sorted({word for text, _ in sentences() for word in text.split()})
    vocab = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    plain = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    plain.normalizer = normalizers.Lowercase()
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )


def _train(model: Any, tokenizer: Any, steps: int, labels: int, *, several: bool) -> None:
    import torch

    pairs = sentences()
    random.Random(7).shuffle(pairs)
    batch = tokenizer([text for text, _ in pairs], padding=True, return_tensors="pt")
    truth = torch.tensor([min(tone, labels - 1) for _, tone in pairs])
    if several:
        truth = torch.nn.functional.one_hot(truth, labels).float()
    best = torch.optim.AdamW(model.parameters(), lr=2e-3)
    model.train()
    for _ in range(steps):
        loss = model(**batch, labels=truth).loss
        best.zero_grad()
        loss.backward()
        best.step()
    model.eval()


def save_onnx(folder: Path) -> Path:
    """Write the model of ``folder`` beside itself as ONNX, once in full and once in 8 bits."""
    import torch
    import transformers
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, local_files_only=True, attn_implementation="eager"
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    batch = tokenizer(["der zug ist fein", "die app"], padding=True, return_tensors="pt")
    names = list(batch)
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens")
    torch.onnx.export(
        model,
        (),
        kwargs=dict(batch),
        f=str(folder / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_shapes={name: {0: texts, 1: tokens} for name in names},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    quantize_dynamic(folder / "model.onnx", folder / "model_int8.onnx", weight_type=QuantType.QInt8)
    return folder / "model_int8.onnx"
