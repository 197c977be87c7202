"""Matcher: which topics a text belongs to, all topics in one pass over the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.fold import Finder, fold
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
    any: frozenset[int]
    all: frozenset[int]
    none: frozenset[int]

    def holds(self, found: set[int], lang: str) -> bool:
        if self.any and self.any.isdisjoint(found):
            return False
        if not self.all <= found or not self.none.isdisjoint(found):
            return False
        return not self.languages or lang in UNKNOWN or lang in self.languages


class Matcher:
    """Matches texts against the queries of all topics. Pure and immutable once built.

    Phrases are compared without case, on word boundaries, with umlauts and white space folded
    (see `detectors.fold`). Cost grows with the text, hardly with the number of terms: a few
    microseconds for 120 characters and 50 terms.

    >>> from detectors.topic import Query
    >>> rail = Topic("rail", "Rail", Query(any=("acme bahn", "#acme*"), none=("modellbahn",)))
    >>> matcher = Matcher([rail])
    >>> matcher.match("Die ACME-Bahn schon wieder")
    ('rail',)
    >>> matcher.match("Acme Bahn als Modellbahn")
    ()
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        numbers: dict[str, int] = {}
        owners: dict[int, list[_Rule]] = {}

        def number(term: str) -> int:
            return numbers.setdefault(fold(term), len(numbers))

        for topic in topics:
            query = topic.query
            rule = _Rule(
                topic=topic.id,
                plain=bool(query.any) and not (query.all or query.none or topic.languages),
                languages=frozenset(lang.split("-")[0].lower() for lang in topic.languages),
                any=frozenset(number(t) for t in query.any),
                all=frozenset(number(t) for t in query.all),
                none=frozenset(number(t) for t in query.none),
            )
            # Only terms that can bring a topic in make it a candidate; `none` alone never does.
            for term in rule.any or rule.all:
                owners.setdefault(term, []).append(rule)
        self._owners = owners
        self._finder = Finder({term: (n,) for term, n in numbers.items()})

    def match(self, text: str, lang: str = "", tags: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the ids of the topics that ``text`` belongs to, sorted.

        ``lang`` is a BCP 47 tag, "" or "und" where it could not be told. ``tags`` are hashtags
        that the source lists beside the text, with or without ``#``.
        """
        if tags:
            text = f"{text} {' '.join('#' + tag.lstrip('#') for tag in tags)}"
        spans = self._finder.find(fold(text))
        if not spans:
            return ()
        found = {n for _, _, numbers in spans for n in numbers}
        primary = lang.split("-")[0].lower()
        hits = {
            rule.topic
            for term in found
            for rule in self._owners.get(term, ())
            if rule.plain or rule.holds(found, primary)
        }
        return tuple(sorted(hits))
