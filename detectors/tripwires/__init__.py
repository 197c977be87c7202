"""Tripwires: words of danger or duty, which act without statistics.

One list a language (``de.toml``, ``en.toml``): categories with whole words and phrases. A negated
phrase ("niemand verletzt", "no one hurt") is no hit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

from detectors.fold import Finder, fold

LANGUAGES = ("de", "en")
NEGATORS: dict[str, frozenset[str]] = {
    "de": frozenset(
        [
            "kein",
            "keine",
            "keinen",
            "keiner",
            "keinem",
            "keines",
            "keinerlei",
            "niemand",
            "niemanden",
            "niemandem",
            "nicht",
            "nie",
            "niemals",
            "ohne",
            "weder",
            "nirgends",
            "null",
        ]
    ),
    "en": frozenset(
        [
            "no",
            "not",
            "never",
            "nobody",
            "none",
            "nor",
            "neither",
            "without",
            "isn't",
            "wasn't",
            "aren't",
            "weren't",
            "hasn't",
            "haven't",
            "didn't",
            "doesn't",
            "don't",
            "can't",
            "cannot",
            "won't",
            "zero",
        ]
    ),
}
BEFORE, AFTER = 4, 3
"""How many words before and after a phrase a negator still reaches it, within the sentence."""
_CLAUSE_ENDS = frozenset(".!?;:\n")
_BREAKS = frozenset({"aber", "sondern", "but", "doch", "jedoch", "however"})


class Tripwires:
    """Finds the first tripwire of a text. Immutable; a few microseconds a text.

    ``lists`` maps a language to categories with their phrases; own lists go beside the shipped
    ones through `load`. Fails: irony, films and games ("killed it"), and negation further away
    than a few words; that is why most categories ask for two voices (`detectors.ensemble`).

    >>> wires = Tripwires.load()
    >>> wires.hit("Nach dem Unfall gibt es Schwerverletzte", "de")
    'injury'
    >>> wires.hit("Gluecklicherweise gibt es keine Schwerverletzten", "de")
    ''
    """

    def __init__(self, lists: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._finders = {lang: _finder([categories]) for lang, categories in lists.items()}
        self._all = _finder(list(lists.values()))
        self._negators = {lang: NEGATORS.get(lang, frozenset()) for lang in lists}
        self._any_negator = frozenset().union(*NEGATORS.values())

    @classmethod
    def load(cls, own: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> Tripwires:
        """Return the shipped lists, with ``own`` categories and phrases added by language."""
        lists: dict[str, dict[str, list[str]]] = {}
        for lang in LANGUAGES:
            text = (
                resources.files("detectors.tripwires")
                .joinpath(f"{lang}.toml")
                .read_text(encoding="utf-8")
            )
            lists[lang] = {name: list(t["phrases"]) for name, t in tomllib.loads(text).items()}
        for lang, categories in (own or {}).items():
            for name, phrases in categories.items():
                lists.setdefault(lang, {}).setdefault(name, []).extend(phrases)
        return cls(lists)

    def hit(self, text: str, lang: str) -> str:
        """Return the category of the first phrase that is not negated, or ""; a text in a
        language without a list, or in none that could be told, is tried against all lists."""
        primary = lang.split("-")[0].lower()
        finder = self._finders.get(primary, self._all)
        negators = self._negators.get(primary, self._any_negator)
        folded = fold(text)
        for start, end, names in finder.find(folded):
            if not _negated(folded, start, end, negators):
                return names[0]
        return ""


def _finder(lists: Sequence[Mapping[str, Sequence[str]]]) -> Finder[str]:
    phrases: dict[str, list[str]] = {}
    for categories in lists:
        for name, words in categories.items():
            for phrase in words:
                names = phrases.setdefault(fold(phrase), [])
                if name not in names:
                    names.append(name)
    return Finder(phrases)


def _negated(folded: str, start: int, end: int, negators: frozenset[str]) -> bool:
    before = _clause(folded[max(0, start - 60) : start], last=True)
    after = _clause(folded[end : end + 40], last=False)
    near = _words(before)[-BEFORE:]
    for i in range(len(near) - 1, -1, -1):
        if near[i] in _BREAKS:
            break
        if near[i] in negators:
            # "nicht nur" and "not only" affirm.
            return not (i + 1 < len(near) and near[i + 1] in {"nur", "only", "just", "bloss"})
    for word in _words(after)[:AFTER]:
        if word in _BREAKS:
            return False
        if word in negators:
            return True
    return False


def _clause(text: str, *, last: bool) -> str:
    """Return what belongs to the phrase's own sentence: after the last sign, or before the first."""
    cuts = [i for i, char in enumerate(text) if char in _CLAUSE_ENDS]
    if not cuts:
        return text
    return text[cuts[-1] + 1 :] if last else text[: cuts[0]]


def _words(text: str) -> list[str]:
    return [word.strip("\"'(),„“”»«*-–…#") for word in text.replace("’", "'").split()]
