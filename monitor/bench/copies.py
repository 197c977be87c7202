"""`bench copies`: reworded copies found, and different texts taken for copies; needs the data.

Two sides: the exact key of a text, and `detectors.near_copies`. Parameters were chosen on ``potts`` and
the English part of ``umsab``; no text here resembles one of those. Copies are made from real posts by
seeded changes. Different texts are pairs drawn at random, and posts filled into the same template, whose
templates are not those of the choice either.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from detectors.copies import cluster_key, words
from detectors.measures import wilson
from detectors.near_copies import ALIKE, MOST, NearCopies
from detectors.score.evaluate import unlike
from monitor.bench.data import data_folder, texts
from monitor.bench.figures import versions
from monitor.bench.machine import rss_bytes

CHOSEN_ON = ("potts/train.tsv", "umsab/english.train.tsv")
SETS = {
    "germeval2017": ("germeval2017/validation.tsv",),
    "germeval2018": ("germeval2018/train.tsv", "germeval2018/validation.tsv"),
    "semeval2017": ("semeval2017-sentiment/train.tsv",),
}
TEXTS = 18_000
"""Most texts of a set: they fit into one half of the index."""
COPIED = 2000
"""Texts of a set that copies are made of."""
PAIRS = 20_000
DIFFERENT = ("random", "phrase", "form", "form_one_slot", "form_and_post")
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
Z95 = 1.96

PHRASES = (
    "Seit {n} {unit} kein Lebenszeichen wegen {thing}.",
    "Kann mir jemand sagen, was mit {thing} los ist?",
    "Nach {n} {unit} immer noch nichts von {thing}.",
    "Still no news about {thing} after {n} {unit}.",
    "Does anybody know what happened to {thing}?",
)
FORMS = (
    "Guten Tag, am {day} habe ich wegen {thing} geschrieben und nach {n} {unit} keine Antwort"
    " bekommen. Bitte kümmern Sie sich endlich darum.",
    "Unfassbar, {thing} ist seit {day} gestört und die Hotline lässt mich {n} {unit} in der"
    " Warteschleife hängen.",
    "Dear team, my problem with {thing} has not been solved since {day}. I called {n} times and"
    " nobody was able to help me.",
    "Great job, {thing} failed again on {day} and your chat wants me to wait another {n} {unit}"
    " for an answer.",
)
THINGS = (
    *("meine Gutschrift", "den Anschluss", "mein Konto", "die Reklamation", "das Abo"),
    *("mein Ticket nach Kiel", "die App auf dem Tablet", "den Vertrag meiner Mutter"),
    *("the parcel", "my refund", "the night train", "the new login", "my broken screen"),
)
DAYS = ("Montag", "Dienstag", "Freitag", "Sunday", "Wednesday", "Thursday")
NUMBERS = ("zwei", "sieben", "neun", "elf", "two", "three", "twenty")
UNITS = ("Tagen", "Wochen", "Stunden", "days", "weeks", "hours")


def run(seed: int, say: Callable[[str], None], *, show: bool = False) -> dict[str, object]:
    """Return recall by kind of change, false joins, memory and time. ``show``: print what was joined."""
    folder = data_folder()
    out: dict[str, object] = {"bench": "copies", "seed": seed, "memory": _memory(seed)}
    chosen_on = [text for name in CHOSEN_ON for _, text in texts(folder, name)]
    for name, files in SETS.items():
        rng = random.Random(seed)
        found = _read(folder, files, chosen_on, rng)
        out[name] = {
            "texts": len(found),
            "of_nine_words": round(sum(len(words(t)) > ALIKE for t in found) / len(found), 3),
            "joined_in_stream": _stream(found, say if show else None),
            "recall": _recall(found, rng),
            "false_joins": _false_joins(found, rng),
            "us": _times(found),
        }
        _tell(name, out[name], say)
    out["versions"] = versions(("sturmglas", "rensa"))
    return out


def _tell(name: str, record: object, say: Callable[[str], None]) -> None:
    assert isinstance(record, dict)
    say(f"{name}: {record['texts']} texts, {record['joined_in_stream']} joined to another")
    for part in ("recall", "false_joins"):
        for kind, sides in record[part].items():
            say(f"  {part} {kind}: {sides}")
    say(f"  us a text: {record['us']}")


def _read(
    folder: Path, files: Sequence[str], chosen_on: Iterable[str], rng: random.Random
) -> list[str]:
    """Return texts of a set that differ by their exact key, in random order."""
    found = {cluster_key(text): text for name in files for _, text in texts(folder, name)}
    found.pop(0, None)
    kept = unlike(list(found.values()), chosen_on, lambda text: text)
    rng.shuffle(kept)
    return kept[:TEXTS]


# --- copies -----------------------------------------------------------------------------------


def variants(text: str, rng: random.Random, vocabulary: Sequence[str]) -> dict[str, str]:
    """Return copies of a text by kind of change, weakest first."""
    said = text.split()
    half = len(said) // 2
    return {
        "tags_link": f"@somebody {text} #fail https://t.example/{rng.randrange(10**6)}",
        "prefix": f"{rng.choice(('RT @other:', 'Lesen!', 'Unbedingt lesen:', 'Wow.'))} {text}",
        "suffix": f"{text} (via Tagesblatt Nord)",
        "one_word": " ".join(_swapped(said, 1, rng, vocabulary)),
        "two_words": " ".join(_swapped(said, 2, rng, vocabulary)),
        "third_dropped": " ".join(said[: len(said) - len(said) // 3]),
        "halves_turned": " ".join(said[half:] + said[:half]),
        "all_shuffled": " ".join(rng.sample(said, len(said))),
    }


def _swapped(
    said: Sequence[str], many: int, rng: random.Random, vocabulary: Sequence[str]
) -> list[str]:
    """Return the words with ``many`` of those of four letters or more replaced by others."""
    changed = list(said)
    places = [i for i, word in enumerate(said) if word.isalpha() and len(word) > 3]
    for i in rng.sample(places or range(len(said)), min(many, len(places or said))):
        changed[i] = rng.choice(vocabulary)
    return changed


def _recall(found: Sequence[str], rng: random.Random) -> dict[str, object]:
    """Return the share of copies under the id of their text, by kind: of all, and of those of nine words.

    The index knows all texts of the set, and copies of one kind only.
    """
    vocabulary = sorted({w for t in found for w in t.split() if w.isalpha() and len(w) > 3})
    copied = found[:COPIED]
    made = [variants(text, rng, vocabulary) for text in copied]
    long = [len(words(text)) > ALIKE for text in copied]
    out: dict[str, object] = {}
    for kind in made[0]:
        near = NearCopies()
        ids = [near.cluster(text, AT) for text in found][: len(copied)]
        new = [near.cluster(m[kind], AT) == id for m, id in zip(made, ids, strict=True)]
        old = [cluster_key(m[kind]) == cluster_key(t) for m, t in zip(made, copied, strict=True)]
        of_long = [hit for hit, is_long in zip(new, long, strict=True) if is_long]
        out[kind] = {
            "exact": _share(old),
            "near": _share(new),
            "near_of_nine_words": _share(of_long),
        }
    return out


# --- different texts --------------------------------------------------------------------------


def different(kind: str, rng: random.Random, found: Sequence[str]) -> tuple[str, str]:
    """Return two texts that say different things: ``random`` posts; posts that open with the same ``phrase``;
    a ``form`` filled in twice, with another thing, day and number; one where only the thing is another
    (``form_one_slot``); and a form with a post behind it."""
    posts = rng.sample(found, 2)
    if kind == "random":
        return posts[0], posts[1]
    template = rng.choice(PHRASES if kind == "phrase" else FORMS)
    things, days, numbers = (rng.sample(of, 2) for of in (THINGS, DAYS, NUMBERS))
    units = rng.choices(UNITS, k=2)
    if kind == "form_one_slot":
        days, numbers, units = ([of[0]] * 2 for of in (days, numbers, units))
    one, other = (
        template.format(thing=thing, day=day, n=n, unit=unit)
        for thing, day, n, unit in zip(things, days, numbers, units, strict=True)
    )
    if kind in ("form", "form_one_slot"):
        return one, other
    return f"{one} {posts[0]}", f"{other} {posts[1]}"


def _false_joins(found: Sequence[str], rng: random.Random) -> dict[str, object]:
    """Return the share of pairs of different texts under one id, by kind."""
    out: dict[str, object] = {}
    for kind in DIFFERENT:
        old, new = [], []
        for _ in range(PAIRS):
            a, b = different(kind, rng, found)
            near = NearCopies()
            old.append(cluster_key(a) == cluster_key(b) != 0)
            new.append(near.cluster(a, AT) == near.cluster(b, AT) != 0)
        out[kind] = {"exact": _share(old), "near": _share(new)}
    return out


def _stream(found: Sequence[str], say: Callable[[str], None] | None) -> int:
    """Return how many texts of a set were joined to another one, all in one index."""
    near, firsts, joined = NearCopies(), dict[int, str](), 0
    for text in found:
        id = near.cluster(text, AT)
        first = firsts.setdefault(id, text)
        if first is not text:
            joined += 1
            if say:
                say(f"    {first}\n  = {text}\n")
    return joined


# --- figures ----------------------------------------------------------------------------------


def _share(hits: Sequence[bool]) -> str:
    """Return hits, pairs and the share in percent with its 95 % interval (Wilson)."""
    n, total = sum(hits), len(hits)
    low, high = wilson(n, total, Z95)
    return f"{n}/{total} = {n / max(1, total):.2%} ({low:.2%}-{high:.2%})"


def _times(found: Sequence[str], repeats: int = 5) -> dict[str, float]:
    """Return CPU microseconds a text, median of some runs over all texts of a set."""
    runs: dict[str, list[float]] = {"exact": [], "new": [], "again": []}
    for _ in range(repeats):
        near = NearCopies()
        for name, told in (
            ("exact", cluster_key),
            ("new", lambda text, near=near: near.cluster(text, AT)),
            ("again", lambda text, near=near: near.cluster(text, AT)),
        ):
            started = time.process_time()
            for text in found:
                told(text)
            runs[name].append((time.process_time() - started) / len(found) * 1e6)
    return {name: round(statistics.median(values), 2) for name, values in runs.items()}


def _memory(seed: int) -> dict[str, float]:
    """Return what a full half of the index costs: texts of 20 invented words, nothing in common."""
    rng, near, n = random.Random(seed), NearCopies(), MOST // 2
    letters = "abcdefghijklmnopqrstuvwxyz"
    before = rss_bytes(os.getpid())
    for _ in range(n):
        near.cluster(" ".join("".join(rng.choices(letters, k=6)) for _ in range(20)), AT)
    used = rss_bytes(os.getpid()) - before
    return {"texts": n, "mb": round(used / 1e6, 1), "bytes_a_text": round(used / n)}
