"""Ten thousand queries against each text: our matcher, and what one would write first.

Invented and seeded: brands made of syllables, about 40,000 terms with everything that the language of
queries has, texts of a median of 120 characters, every second of which names a brand. The peer
answers the same question with one compiled pattern for each of a query's three lists, tried query by
query over a text folded once; that both answer the same is looked at in the same run.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detectors.matcher import Matcher
from detectors.term import Form, comparable, read
from detectors.topic import Query, Topic
from monitor.bench.figures import Spread, ratios, spread, versions

QUERIES = 10_000
TEXTS = 5_000
PEER_TEXTS = 20
"""The peer takes tens of ms a text: so few tell its cost as well."""
COMMON = 100
"""Queries that ask for one of the words that all texts are made of."""
AIM_US = 50.0

_STARTS = ("bra", "ker", "lun", "mor", "nel", "pra", "rin", "sol", "tar", "vel", "wen", "zor")
_MIDDLES = ("da", "fi", "go", "ka", "le", "mo", "ni", "ro", "sa", "tu", "vi", "xo")
_ENDS = ("bank", "bahn", "kauf", "lux", "med", "net", "tec", "ton", "werk", "xa")
_TEXT = (
    "der die das ist schon wieder nicht und ich mit seit heute keiner sagt etwas zug app konto "
    "rechnung service hotline antwort warte stunden ausgefallen danke leider immer noch geld "
    "zurück termin kunde ärger verspätung störung login passwort für eine halbe minute the is "
    "again down please help waiting nobody answers great really team"
)
_WORDS = tuple(_TEXT.split())


@dataclass(frozen=True, slots=True)
class Match:
    """CPU per text, in microseconds; ratios are peer over ours, repeat by repeat. ``terms_first``: the
    peer that asks for each term with ``in`` first."""

    queries: int
    terms: int
    texts: int
    median_characters: float
    topics_per_text: float
    build_s: float
    ours_us: Spread
    patterns_us: Spread
    terms_first_us: Spread
    over_patterns: Spread
    over_terms_first: Spread

    def record(self) -> dict[str, object]:
        return {
            "bench": "match",
            "queries": self.queries,
            "terms": self.terms,
            "texts": self.texts,
            "median_characters": self.median_characters,
            "topics_per_text": round(self.topics_per_text, 2),
            "build_s": round(self.build_s, 2),
            **self.ours_us.record("cpu_us_per_text"),
            **self.patterns_us.record("patterns_cpu_us_per_text"),
            **self.terms_first_us.record("terms_first_cpu_us_per_text"),
            **self.over_patterns.record("ratio_patterns"),
            **self.over_terms_first.record("ratio_terms_first"),
            "aim_us": AIM_US,
            "versions": versions(("sturmglas",)),
        }


def run(
    queries: int, texts: int, repeats: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> Match:
    """Measure; raises RuntimeError where the two do not answer the same."""
    rng = random.Random(seed)
    names = _names(rng)
    topics = [_topic(n, names) for n in range(queries)]
    written = [_text(rng, names[:queries]) for _ in range(texts)]
    begin = time.perf_counter()
    matcher = Matcher(topics)
    build_s = time.perf_counter() - begin
    patterns, terms_first = Naive(topics), Naive(topics, terms_first=True)
    few = written[:PEER_TEXTS]
    found = [matcher.match(text) for text in written]
    for text, ours in zip(few, found, strict=False):
        if not ours == patterns.match(text) == terms_first.match(text):
            raise RuntimeError(f"matcher and peers differ on {text!r}")
    times: list[tuple[float, float, float]] = []
    for _ in range(repeats):
        ours_us, patterns_us = _cpu_us(matcher.match, written), _cpu_us(patterns.match, few)
        times.append((ours_us, patterns_us, _cpu_us(terms_first.match, few)))
        say("{:.1f} us a text; patterns {:.0f} us, terms first {:.0f} us".format(*times[-1]))
    mine, with_patterns, with_terms = zip(*times, strict=True)
    return Match(
        queries=queries,
        terms=len({t for o in topics for t in (*o.query.any, *o.query.all, *o.query.none)}),
        texts=texts,
        median_characters=statistics.median(map(len, written)),
        topics_per_text=sum(map(len, found)) / len(found),
        build_s=build_s,
        ours_us=spread(mine),
        patterns_us=spread(with_patterns),
        terms_first_us=spread(with_terms),
        over_patterns=ratios(with_patterns, mine),
        over_terms_first=ratios(with_terms, mine),
    )


def _cpu_us(match: Callable[[str], tuple[str, ...]], texts: Sequence[str]) -> float:
    begin = time.process_time()
    for text in texts:
        match(text)
    return (time.process_time() - begin) / len(texts) * 1e6


def _names(rng: random.Random) -> list[str]:
    """Return 17,280 invented brands in an order of chance."""
    names = [a + b + c + d for a in _STARTS for b in _MIDDLES for c in _MIDDLES for d in _ENDS]
    rng.shuffle(names)
    return names


def _topic(n: int, names: Sequence[str]) -> Topic:
    every = max(1, QUERIES // COMMON)
    query = Query(any=(_WORDS[n % len(_WORDS)],)) if n % every == 0 else _query(n, names[n])
    return Topic(f"t{n:05d}", names[n], query)


def _query(n: int, name: str) -> Query:
    """Return a query of one of the kinds that people write, most of them plain."""
    word = _WORDS[n % len(_WORDS)]
    kind = n % 20
    usual = (name, f"@{name}", f"#{name}*", f"{name} {word}")
    if kind < 12:
        return Query(any=usual)
    if kind < 14:
        return Query(any=usual, none=(f"{name} modell*", "gewinnspiel"))
    if kind < 16:
        return Query(any=("rechnung*", "konto*", "lastschrift*"), all=(name,))
    if kind < 17:
        return Query(all=(name, word))
    if kind < 18:
        return Query(any=(f"*{name}", f"{name[:5]}*{name[5:]}"))
    if kind < 19:
        return Query(any=(f"{name}~", f"~{name}"))
    return Query(any=(f"lang:de {name}", f"source:forum {name}"))


def _text(rng: random.Random, names: Sequence[str]) -> str:
    """Return a text of log-normal length (median 120 characters); half of them name a brand."""
    words: list[str] = []
    length, wanted = 0, 115 * rng.lognormvariate(0, 0.5)
    while length < wanted:
        words.append(rng.choice(_WORDS))
        length += len(words[-1]) + 1
    if rng.random() < 0.5:
        words[rng.randrange(len(words))] = rng.choice(names).capitalize()
    return " ".join(words)


class Naive:
    """One pattern for each list of each query, all tried on each text.

    ``terms_first``: a query's patterns are tried only where one of its candidate terms is ``in`` the
    text.
    """

    def __init__(self, topics: Sequence[Topic], *, terms_first: bool = False) -> None:
        self._rules = [
            (
                topic.id,
                _keys(topic.query.any or topic.query.all) if terms_first else (),
                _alternation(topic.query.any),
                [_alternation((term,)) for term in topic.query.all],
                _alternation(topic.query.none),
            )
            for topic in topics
        ]

    def match(self, text: str) -> tuple[str, ...]:
        folded = comparable(text)
        flat = folded.replace("-", " ")
        return tuple(
            topic
            for topic, keys, any_, all_, none in self._rules
            if (not keys or any(key in flat for key in keys))
            and (any_ is None or any_.search(folded))
            and all(one is not None and one.search(folded) for one in all_)
            and not (none is not None and none.search(folded))
        )


def _keys(terms: Sequence[str]) -> tuple[str, ...]:
    return tuple({form.key for term in terms for form in read(term).forms})


def _alternation(terms: Sequence[str]) -> re.Pattern[str] | None:
    forms = [_as_pattern(form) for term in terms for form in read(term).forms]
    return re.compile("|".join(forms)) if forms else None


def _as_pattern(form: Form) -> str:
    if form.check:
        return form.check
    left = "" if form.left else r"(?<!\w)"
    right = "" if form.right else r"(?!\w)"
    return left + re.escape(form.key).replace(r"\ ", "[ -]") + right
