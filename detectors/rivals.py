"""Rivals: which named competitor a text of a topic is also about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from detectors.matcher import Matcher
from detectors.topic import Topic

_OF = "\0"


class Rivals:
    """Finds named rivals in texts that belong to topics. Pure and immutable once built.

    >>> from detectors.topic import Query
    >>> rail = Topic("rail", "Rail", Query(any=("acme",)), rivals={"falken": Query(any=("falkenbahn",))})
    >>> Rivals([rail]).named("Acme so late as Falkenbahn", ("rail",))
    ('falken',)
    >>> Rivals([rail]).named("Acme so late", ("rail",))
    ()
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        found = [
            replace(
                topic, id=f"{topic.id}{_OF}{name}", query=query, languages=(), sources=(), rivals={}
            )
            for topic in topics
            for name, query in sorted(topic.rivals.items())
        ]
        self._of = frozenset(topic.id.partition(_OF)[0] for topic in found)
        self._matcher = Matcher(found)

    def named(
        self,
        text: str,
        topics: Sequence[str],
        tags: Sequence[str] = (),
        lang: str = "",
        source: str = "",
    ) -> tuple[str, ...]:
        """Return for each of a text's ``topics`` the rival it names, "" for none; () for none at all.

        Of several the first by name. ``lang`` and ``source`` as in `Matcher.match`. Costs nothing
        where no topic has a rival.
        """
        if self._of.isdisjoint(topics):
            return ()
        first: dict[str, str] = {}
        for hit in self._matcher.match(text, lang, tags, source):
            topic, _, name = hit.partition(_OF)
            first.setdefault(topic, name)
        named = tuple(first.get(topic, "") for topic in topics)
        return named if any(named) else ()
