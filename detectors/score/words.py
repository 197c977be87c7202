"""Word lists of an install: terms that decide by themselves, whatever the model says.

The names are those that moderators know from other tools: a *banned* word is an answer, a *suspect* one
asks for a look. Terms are those of a query (`detectors.term`), but for ``source:``: a list is for all sources.
"""

from __future__ import annotations

from collections.abc import Sequence

from detectors.matcher import Matcher
from detectors.score.base import UNMARKED, Marks
from detectors.topic import Query, Topic


class WordLists:
    """Tells which listed term stands in a text. Immutable; one pass over the text for both lists.

    Costs some 5 us a text, hardly more with more terms, and nothing with empty lists. Where the
    language of a text could not be told, ``lang:`` before a term drops nothing. Raises
    `detectors.term.BadTerm`.

    >>> lists = WordLists(banned=("vollidiot*",), suspect=("lang:de abzocke",))
    >>> lists.marks("Ihr VOLLIDIOTEN, reine Abzocke!", "de")
    Marks(banned='vollidiot*', suspect='lang:de abzocke', unsure='')
    >>> lists.marks("Alles gut", "de") is lists.marks("", "")
    True
    """

    def __init__(self, banned: Sequence[str] = (), suspect: Sequence[str] = ()) -> None:
        # A number leads to its term, and so that numbers sort as words the first of a list is found first.
        self._banned = {f"b{n:06}": term for n, term in enumerate(banned)}
        self._suspect = {f"s{n:06}": term for n, term in enumerate(suspect)}
        listed = {**self._banned, **self._suspect}
        self._matcher = Matcher(Topic(id, term, Query(any=(term,))) for id, term in listed.items())
        self.empty = not listed

    def marks(self, text: str, lang: str) -> Marks:
        """Return the first term of either list that stands in ``text``; `UNMARKED` where none does."""
        found = self._matcher.match(text, lang)
        if not found:
            return UNMARKED
        return Marks(banned=_first(self._banned, found), suspect=_first(self._suspect, found))


def _first(terms: dict[str, str], found: Sequence[str]) -> str:
    return next((terms[id] for id in found if id in terms), "")
