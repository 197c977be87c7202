"""Matcher: which topics a text belongs to, all topics in one pass over the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import ahocorasick

from detectors.fold import within_word
from detectors.term import Term, comparable, read
from detectors.topic import Topic

UNKNOWN = frozenset({"", "und"})
"""Languages that could not be told: never a reason to drop a text silently."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A topic's query as numbers of terms.

    ``plain``: one of ``any`` is all it asks for, so that whoever came upon it need not look again.
    """

    topic: str
    plain: bool
    languages: frozenset[str]
    sources: frozenset[str]
    any: frozenset[int]
    all: frozenset[int]
    none: frozenset[int]

    @property
    def candidates(self) -> frozenset[int]:
        return self.all or self.any

    def holds(self, found: set[int], sure: set[int], lang: str, source: str) -> bool:
        if self.any and self.any.isdisjoint(found):
            return False
        if not self.all <= found or not self.none.isdisjoint(sure):
            return False
        if self.sources and source and source not in self.sources:
            return False
        return not self.languages or lang in UNKNOWN or lang in self.languages


class _Entry(NamedTuple):
    """A form of the term ``number``; see `detectors.term.Form`."""

    left: bool
    right: bool
    check: re.Pattern[str] | None
    number: int


@dataclass(slots=True)
class _Key:
    """What is looked for in texts, and what it stands for; its edges are looked at only once."""

    length: int
    starts_word: bool
    ends_word: bool
    open_left: bool = False
    open_right: bool = False
    entries: list[_Entry] = field(default_factory=list)


class Matcher:
    """Matches texts against the queries of all topics. Pure and immutable once built.

    The language of terms is that of `detectors.term`. Cost grows with the text and with what is found
    in it, hardly with the number of terms: about 20 us for 120 characters and 10,000 queries
    (docs/benchmarks.md). Building costs about 15 us a term, and 200 us one that needs a pattern. Raises `detectors.term.BadTerm`.

    >>> from detectors.topic import Query
    >>> rail = Topic("rail", "Rail", Query(any=("acme bahn", "#acme*"), none=("modellbahn",)))
    >>> matcher = Matcher([rail])
    >>> matcher.match("Die ACME-Bahn schon wieder"), matcher.match("Acmebahn!")
    (('rail',), ('rail',))
    >>> matcher.match("Acme Bahn als Modellbahn")
    ()
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        numbers: dict[str, int] = {}

        def number(term: str) -> int:
            return numbers.setdefault(term, len(numbers))

        rules = [
            _Rule(
                topic=topic.id,
                plain=bool(topic.query.any)
                and not (topic.query.all or topic.query.none or topic.languages or topic.sources),
                languages=frozenset(lang.split("-")[0].lower() for lang in topic.languages),
                sources=frozenset(topic.sources),
                any=frozenset(number(t) for t in topic.query.any),
                all=frozenset(number(t) for t in topic.query.all),
                none=frozenset(number(t) for t in topic.query.none),
            )
            for topic in topics
        ]
        terms = {n: read(term) for term, n in numbers.items()}
        self._owners = _owners(rules)
        self._limits = {n: t for n, t in terms.items() if t.langs or t.sources}
        self._automaton = _automaton(terms)

    def match(
        self, text: str, lang: str = "", tags: Sequence[str] = (), source: str = ""
    ) -> tuple[str, ...]:
        """Return the ids of the topics that ``text`` belongs to, sorted.

        ``lang`` is a BCP 47 tag, "" or "und" where it could not be told. ``tags`` are hashtags
        that the source lists beside the text, with or without ``#``. ``source`` "": not told. Where
        language or source is not known, no limit drops the text.
        """
        if tags:
            text = f"{text} {' '.join('#' + tag.lstrip('#') for tag in tags)}"
        found = self._found(comparable(text))
        if not found:
            return ()
        primary = lang.split("-")[0].lower()
        sure = self._limited(found, primary, source) if self._limits else found
        hits = {
            rule.topic
            for term in found
            for rule in self._owners.get(term, ())
            if rule.plain or rule.holds(found, sure, primary, source)
        }
        return tuple(sorted(hits))

    def _found(self, text: str) -> set[int]:
        """Return the numbers of the terms that stand in a `comparable` text, whatever their limits."""
        found: set[int] = set()
        if self._automaton is None:
            return found
        flat = text.replace("-", " ")
        last = len(flat) - 1
        for end, key in self._automaton.iter(flat):
            start = end - key.length + 1
            begins = not (start and key.starts_word and within_word(flat[start - 1]))
            if not begins and not key.open_left:
                continue
            ends = not (end < last and key.ends_word and within_word(flat[end + 1]))
            if not ends and not key.open_right:
                continue
            for left, right, check, n in key.entries:
                if (
                    (begins or left)
                    and (ends or right)
                    and n not in found
                    and (check is None or check.search(text))
                ):
                    found.add(n)
        return found

    def _limited(self, found: set[int], lang: str, source: str) -> set[int]:
        """Drop from ``found`` what is limited to others; return what is sure, for ``none``: where a
        limit cannot be looked at, the text is kept."""
        doubtful: set[int] = set()
        for n in found & self._limits.keys():
            term = self._limits[n]
            other_lang = term.langs and lang not in UNKNOWN and lang not in term.langs
            if other_lang or (term.sources and source and source not in term.sources):
                found.discard(n)
            elif (term.langs and lang in UNKNOWN) or (term.sources and not source):
                doubtful.add(n)
        return found - doubtful if doubtful else found


def _owners(rules: Sequence[_Rule]) -> dict[int, list[_Rule]]:
    """Return per term the rules that it makes candidates of.

    Of ``all``, one term is enough: the one that fewest rules ask for. `none` alone brings nothing in.
    """
    asked = Counter(n for rule in rules for n in rule.candidates)
    owners: dict[int, list[_Rule]] = {}
    for rule in rules:
        chosen = [min(rule.all, key=lambda n: (asked[n], n))] if rule.all else rule.any
        for n in chosen:
            owners.setdefault(n, []).append(rule)
    return owners


def _automaton(terms: dict[int, Term]) -> ahocorasick.Automaton | None:
    keys: dict[str, _Key] = {}
    for n, term in terms.items():
        for form in term.forms:
            text = form.key
            starts = within_word(text[0]) or text[0] in "#@"
            key = keys.setdefault(text, _Key(len(text), starts, within_word(text[-1])))
            # A pattern looks at its own edges.
            check = re.compile(form.check) if form.check else None
            entry = _Entry(form.left or bool(check), form.right or bool(check), check, n)
            key.open_left |= entry.left
            key.open_right |= entry.right
            key.entries.append(entry)
    if not keys:
        return None
    automaton = ahocorasick.Automaton()
    for text, key in keys.items():
        automaton.add_word(text, key)
    automaton.make_automaton()
    return automaton
