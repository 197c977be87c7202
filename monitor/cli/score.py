"""score, train, eval: the text scorer on the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from time import process_time  # of this processor: neighbours do not spoil a measurement
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from detectors.mention import TEXT_LIMIT
from detectors.score.base import Score, Scorer, Tone
from detectors.score.evaluate import DataError, evaluate, read_labelled, unlike
from detectors.score.evaluate_kinds import evaluate_kinds
from detectors.score.heads import FAMILIES, MORE
from detectors.score.kinds import LANGUAGES, PARTS, labelled
from detectors.score.linear import LinearScorer, WeightsError
from detectors.score.ruled import Ruled
from monitor.cli.told import WRONG_USE, complain, plainly
from monitor.settings import load
from monitor.settings.environment import CONFIG

if TYPE_CHECKING:
    from detectors.score.evaluate import Report

BATCH = 512
WeightsOption = Annotated[
    Path | None, typer.Option("--weights", help="Weights file. Default: the shipped one.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


class _Text(msgspec.Struct, frozen=True):
    """One line in; further fields are ignored, so that mentions can be scored as they are."""

    id: str | int
    text: Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
    lang: str = ""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("score")(score)
    app.command("train")(train)
    app.command("eval")(eval_)


def score(
    file: Annotated[
        Path | None, typer.Argument(help='Lines of {"id","text"}; standard input if left out.')
    ] = None,
    as_json: JsonOption = False,
    weights: WeightsOption = None,
    reasons: Annotated[
        int, typer.Option(min=0, max=20, help="How many reasons per text; 0 is fastest.")
    ] = 3,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file whose [words] count.")
    ] = None,
) -> None:
    """Say of each text: language, sentiment, harm, kinds, and why. In words only what is likely stands.

    Wrong lines are told on standard error by number; the others are scored, the exit code is 1.
    Example: echo '{"id":"1","text":"Der Support ist furchtbar!"}' | sturmglas score --json
    """
    scorer = _ruled(_scorer(weights), config)
    failures: list[str] = []
    name = "standard input" if file is None else str(file)
    for batch in _batches(_read(_lines(file), name, failures)):
        scores = scorer.score([t.text for t in batch], [t.lang for t in batch])
        for i, text in enumerate(batch):
            why = scorer.reasons(text.text, text.lang, reasons) if reasons else []
            typer.echo((_as_json if as_json else _as_words)(text, scores[i], why))
    if failures:
        complain(failures)


def train(
    data: Annotated[Path, typer.Option(help="Folder of labelled sets, one folder each.")],
    out: Annotated[Path, typer.Option(help="Where to write the weights (.npz).")],
    permissive_only: Annotated[
        bool, typer.Option("--permissive-only", help="Only sets under CC-BY or MIT.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights.")] = 1,
) -> None:
    """Fit the weights of the scorer from labelled sets; needs the extra [train].

    Example: sturmglas train --data shared/data --out linear.npz --seed 1
    """
    try:
        from detectors.score.parts import read_parts
        from detectors.score.train import fit
    except ImportError as error:
        complain([f"{error}; training needs scikit-learn: pip install 'sturmglas[train]'"])
    try:
        examples = read_parts(data, permissive_only, seed)
        version = "linear-permissive-1" if permissive_only else "linear-1"
        fitted = fit(examples, seed, version=version, tell=lambda line: typer.echo(line, err=True))
        fitted.save(out)
    except (DataError, ValueError, OSError, ImportError) as error:
        complain([error])
    typer.echo(f"{out}: {fitted.version}, {out.stat().st_size / 1e6:.2f} MB")


def eval_(
    files: Annotated[
        list[Path] | None, typer.Argument(help="TSV files with columns label and text.")
    ] = None,
    as_json: JsonOption = False,
    weights: WeightsOption = None,
    lang: Annotated[str, typer.Option(help="Language stated for every text, such as de.")] = "",
    apart_from: Annotated[
        list[Path] | None,
        typer.Option("--unlike", help="Leave out rows that resemble rows of this file."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap interval.")] = 1,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="The test part of our own texts: kinds of posts.")
    ] = False,
    speed: Annotated[
        bool, typer.Option("--speed", help="Measure speed on these texts too.")
    ] = False,
) -> None:
    """Measure the scorer on labelled files: macro-F1, macro recall, confusion, 95 % interval.

    Example: sturmglas eval validation.tsv --unlike train.tsv --speed
    """
    scorer = _scorer(weights)
    try:
        known = [row for path in apart_from or [] for row in read_labelled(path)]
        texts: list[str] = []
        if not files and not kinds:
            complain(["nothing to measure; expected a file, or --kinds"], code=WRONG_USE)
        for path in files or []:
            rows = unlike(read_labelled(path), known, lambda row: row[1])
            texts += [text for _, text in rows]
            _tell_report(path, evaluate(scorer, rows, lang, seed), as_json)
        if kinds:
            texts += _tell_kinds(scorer, as_json, seed)
    except DataError as error:
        complain([error])
    if speed:
        _tell_speed(scorer, texts, as_json)


def _scorer(weights: Path | None) -> LinearScorer:
    try:
        return LinearScorer.load(weights)
    except WeightsError as error:
        complain([error])


def _ruled(scorer: LinearScorer, config: Path | None) -> Scorer:
    """Return the scorer with its rules, and with the word lists of ``config`` or of the settings that the
    environment names."""
    if config is None and not os.environ.get(CONFIG):
        return Ruled(scorer)
    from monitor.app.wiring import scorer_of  # loads what a service is made of

    with plainly():
        return scorer_of(load(config, os.environ), scorer)


def _lines(file: Path | None) -> Iterator[bytes]:
    if file is None:
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        complain([f"{file}: {error.strerror}; expected a file of JSON lines"])


def _read(lines: Iterable[bytes], name: str, failures: list[str]) -> Iterator[_Text]:
    decoder = msgspec.json.Decoder(_Text)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            failures.append(f'{name}:{number}: {error}; expected {{"id": ..., "text": "..."}}')


def _batches(texts: Iterator[_Text]) -> Iterator[list[_Text]]:
    while batch := list(islice(texts, BATCH)):
        yield batch


def _as_json(text: _Text, score: Score, reasons: list[tuple[str, float]]) -> str:
    negative, neutral, positive = (round(x, 6) for x in score.p)
    line = {
        "id": text.id,
        "lang": score.lang,
        "sentiment": {
            "label": score.tone.name.lower(),
            "score": round(score.score, 6),
            "p": {"negative": negative, "neutral": neutral, "positive": positive},
        },
        **_answers(score),
        "reasons": [{"text": words, "weight": weight} for words, weight in _told(score, reasons)],
        **_ruling(score),
    }
    return json.dumps(line, ensure_ascii=False)


def _told(score: Score, reasons: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the reasons, a banned word first: it decided, and has no weight."""
    banned = score.marks.banned
    return [(f"banned word: {banned}", 0.0), *reasons] if banned else reasons


def _ruling(score: Score) -> dict[str, dict[str, str]]:
    """Return what rules say, under keys that are there only where they say something."""
    marks = score.marks
    listed = {name: term for name, term in marks.said().items() if name != "unsure"}
    found = {"words": listed} if listed else {}
    if marks.unsure:
        found["confidence"] = {"offensive": "low", "why": marks.unsure}
    return found


def _answers(score: Score) -> dict[str, dict[str, float]]:
    """Return the answers to all questions by group; those that no head answers in this language are
    left out."""
    known = {"offensive": score.offensive, **dict(zip(MORE, score.more, strict=False))}
    groups: dict[str, dict[str, float]] = {"harm": {}, "kinds": {}, "worth": {}}
    for name, p in known.items():
        if p >= 0.0:
            groups[FAMILIES[name].group][name] = round(p, 6)
    return groups


def _as_words(text: _Text, score: Score, reasons: list[tuple[str, float]]) -> str:
    told = _told(score, reasons)
    why = ", ".join(f"{words} {weight:+.1f}" if weight else words for words, weight in told)
    shown = "" if score.tone == Tone.UNREAD else f"{score.score:+.2f}"
    said = [
        f"{name.replace('_', ' ')} {p:.2f}"
        for group in _answers(score).values()
        for name, p in group.items()
        if p >= 0.5
    ]
    if score.marks.unsure:
        said.append(f"offensive is unsure: {score.marks.unsure}")
    if score.marks.suspect:
        said.append(f"suspect word: {score.marks.suspect}")
    return (
        f"{str(text.id)[:16]:<16} {score.lang:<4} {score.tone.name.lower():<9} {shown:>5}  "
        f"{', '.join(said) or '-'}  {why}"
    ).rstrip()


def _tell_report(path: Path, report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"file": str(path), **report.as_json()}))
        return
    low, high = report.macro_f1_interval
    typer.echo(
        f"{path}: {report.family}, n {report.n}, unread {report.unread}, macro-F1 "
        f"{report.macro_f1:.3f} [{low:.3f}, {high:.3f}], macro recall {report.macro_recall:.3f}"
    )
    typer.echo(f"  {'truth':<14}" + "".join(f"{label:>15}" for label in (*report.labels, "unread")))
    for label, row in zip(report.labels, report.confusion, strict=True):
        typer.echo(f"  {label:<14}" + "".join(f"{count:>15}" for count in row))


def _tell_kinds(scorer: LinearScorer, as_json: bool, seed: int) -> list[str]:
    """Tell how well kinds are told by language and part; return the texts."""
    rows = [row for row in labelled() if row.is_test]
    for lang in LANGUAGES:
        for part in ("", *PARTS):
            some = [r for r in rows if r.lang == lang and part in ("", r.part)]
            report = evaluate_kinds(scorer, some, seed)
            name = f"kinds/{lang}" + (f".{part}" if part else "")
            if as_json:
                typer.echo(json.dumps({"file": name, **report.as_json()}))
                continue
            low, high = report.macro_f1_interval
            each = ", ".join(f"{kind.replace('_', ' ')} {f1:.3f}" for kind, f1 in report.f1)
            typer.echo(
                f"{name}: n {report.n}, macro-F1 {report.macro_f1:.3f} [{low:.3f}, {high:.3f}]; {each}"
            )
    return [r.text for r in rows]


def _tell_speed(scorer: LinearScorer, texts: list[str], as_json: bool) -> None:
    """Time whole batches and single texts, as a worker and an ingest of one would."""
    figures = {**measured_speed(scorer, texts), "version": scorer.version}
    if as_json:
        typer.echo(json.dumps({"type": "speed", **figures}))
        return
    typer.echo(
        f"{figures['texts_per_s']:,.0f} texts/s on one core in batches of 256 (median of 5 runs), single text "
        f"p50 {figures['single_p50_ms']:.3f} ms; median length {figures['median_chars']:.0f} "
        f"characters, all heads and language; {scorer.version}"
    )


def measured_speed(scorer: LinearScorer, texts: list[str]) -> dict[str, float]:
    """Return texts per second of one core in batches of 256 (median of five passes) and the p50
    of single texts; both in time of the processor."""
    sample = texts[:10_240]
    batches = [sample[i : i + 256] for i in range(0, len(sample), 256)]
    rates = []
    for _ in range(5):
        started = process_time()
        for batch in batches:
            scorer.score(batch, [""] * len(batch))
        rates.append(len(sample) / (process_time() - started))
    singles = []
    for text in sample[:1_000]:
        started = process_time()
        scorer.score([text], [""])
        singles.append(process_time() - started)
    lengths = sorted(map(len, sample))
    return {
        "texts_per_s": round(sorted(rates)[len(rates) // 2], 1),
        "single_p50_ms": round(sorted(singles)[len(singles) // 2] * 1000, 4),
        "median_chars": float(lengths[len(lengths) // 2]),
    }
