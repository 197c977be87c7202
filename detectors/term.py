"""Term: one line of a query, read into what has to be found. The language of docs/queries.md.

A term is a phrase, ``#hashtag`` or ``@handle``, with wildcards (``*``), compounds (``~``), quotes, and
limits before it (``lang:de``, ``source:forum``). Reading one costs some 10 us and happens once.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum

from detectors.fold import fold, within_word

FIXED = 3
"""Letters that a word with a wildcard must name: with two, "*er" would be most of German."""
JOINED = 3
"""Letters that two words must have each to be written as one: "db app" is not "dbapp", and "in der"
is not "inder"."""
PARTS = 4
"""Words of the longest phrase that is looked for with its words written as one."""
REST = 64
"""Most characters that a wildcard inside of a term, or the rest of a compound, stands for."""
ENDINGS = ("e", "en", "er", "ern", "es", "n", "s")
"""What a noun may end in where it is the head of a compound ("Regionalbahnen")."""

_HYPHENS = ("\u2010", "\u2011")
_SOFT = "\xad"
_LIMIT = re.compile(r"(lang|source):(\S*)\s*", re.IGNORECASE)
_LANG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.IGNORECASE)
A_LANGUAGE = 'expected a BCP 47 tag, such as "de" or "de-AT"'
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CJK = 0x2E80
"""First of the scripts of which one sign is a word or a syllable: it counts as `FIXED` letters."""


class Fault(StrEnum):
    """What is wrong with a term."""

    EMPTY = "empty"  # nothing to look for
    ALONE = "alone"  # a * that is a word of its own
    SHORT = "short"  # fewer than `FIXED` letters beside * or ~
    STARS = "stars"  # more than one * inside
    COMPOUND = "compound"  # ~ inside, beside *, or before # or @
    LANG = "lang"  # lang: without a language
    SOURCE = "source"  # source: without a name


EXPECTED: dict[Fault, str] = {
    Fault.EMPTY: 'expected a word, a #hashtag or an @handle, such as "acme*"',
    Fault.ALONE: '* alone would be every word; expected it at a word, such as "acme*" or "*bahn"',
    Fault.SHORT: f'expected at least {FIXED} letters beside * or ~, such as "*bahn"',
    Fault.STARS: 'expected * at the start, at the end, and once inside, such as "acme*bahn"',
    Fault.COMPOUND: 'expected ~ at the start or end of a word, without *, such as "~bahn"',
    Fault.LANG: 'expected languages after lang:, such as "lang:de,en acme"',
    Fault.SOURCE: 'expected names of sources after source:, such as "source:forum acme"',
}


class BadTerm(ValueError):
    """A term by which nothing, or nearly everything, would be found. ``fault`` says why."""

    def __init__(self, term: str, fault: Fault) -> None:
        super().__init__(EXPECTED[fault])
        self.term = term
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Form:
    """One way to find a term in a `comparable` text: a text that holds ``key``, on word boundaries
    where ``left`` and ``right`` are not open, and that ``check`` finds something in, where there is
    one."""

    key: str
    left: bool = False
    right: bool = False
    check: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A term as read. ``langs`` (primary subtags) and ``sources`` empty: no limit."""

    forms: tuple[Form, ...]
    langs: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def comparable(text: str) -> str:
    """Return a text as terms are looked for in it: folded, all hyphens one sign, none hidden."""
    folded = fold(text)
    if not folded.isascii():
        for hyphen in _HYPHENS:
            if hyphen in folded:
                folded = folded.replace(hyphen, "-")
        if _SOFT in folded:
            folded = folded.replace(_SOFT, "")
    return folded


def read(term: str) -> Term:
    """Return a term as read; raises `BadTerm`.

    >>> [form.key for form in read("Acme Bahn").forms]
    ['acme bahn', 'acmebahn']
    >>> sorted(read("lang:de,en source:forum bahn*").langs)
    ['de', 'en']
    """
    what, langs, sources = _limits(term)
    return Term(_forms(term, what), langs, sources)


def is_language(tag: str) -> bool:
    """Return whether ``tag`` has the form of a language tag (BCP 47, as far as we look at it)."""
    return _LANG.fullmatch(tag) is not None


def bare(term: str) -> str:
    """Return what a term names, without its limits and signs; the term itself where it is none."""
    try:
        what = _limits(term)[0]
    except BadTerm:
        what = term
    return what.strip('*~" ')


def sources_of(term: str) -> frozenset[str]:
    """Return the sources that a term is limited to; none where it cannot be read."""
    try:
        return _limits(term)[2]
    except BadTerm:
        return frozenset()


def _limits(term: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return what stands behind the limits, and the limits."""
    rest = term.strip()
    found: dict[str, set[str]] = {"lang": set(), "source": set()}
    while limit := _LIMIT.match(rest):
        kind, names = limit[1].lower(), limit[2].lower().split(",")
        good = _LANG if kind == "lang" else _SOURCE
        if not all(good.fullmatch(name) for name in names):
            raise BadTerm(term, Fault.LANG if kind == "lang" else Fault.SOURCE)
        found[kind].update(name.split("-")[0] if kind == "lang" else name for name in names)
        rest = rest[limit.end() :]
    return rest.strip(), frozenset(found["lang"]), frozenset(found["source"])


def _forms(term: str, what: str) -> tuple[Form, ...]:
    quoted = len(what) > 2 and what[0] == what[-1] == '"'
    said = comparable(what[1:-1] if quoted else what).strip()
    if not said.strip("*~- #@"):
        raise BadTerm(term, Fault.ALONE if "*" in said else Fault.EMPTY)
    if quoted:
        return _exactly(said)
    if "~" in said:
        return _compounds(term, said)
    _look_at_stars(term, said)
    left, right = said.startswith("*"), said.endswith("*")
    stem = said.strip("*")
    if "*" in stem:
        return (Form(_longest(stem), check=_pattern(stem, left, right)),)
    if stem[0] in "#@":
        return _exactly(stem, left, right)
    return tuple(Form(key, left, right) for key in _spellings(_words(stem)))


def _exactly(said: str, left: bool = False, right: bool = False) -> tuple[Form, ...]:
    """Return the form of what is looked for as written: a space is no hyphen, nothing is joined."""
    key = said.replace("-", " ")
    if " " not in key:
        return (Form(key, left, right),)
    return (Form(key, left, right, f"{_start(said, left)}{re.escape(said)}{_end(said, right)}"),)


def _spellings(words: list[str]) -> list[str]:
    """Return a phrase as its words may be written: apart, and as one where each is long enough."""
    gaps = [
        (" ", "") if len(words) <= PARTS and _may_join(a, b) else (" ",)
        for a, b in itertools.pairwise(words)
    ]
    return [
        words[0] + "".join(gap + word for gap, word in zip(chosen, words[1:], strict=True))
        for chosen in itertools.product(*gaps)
    ]


def _may_join(a: str, b: str) -> bool:
    return all(len(word) >= JOINED and word.isalpha() for word in (a, b))


def _compounds(term: str, said: str) -> tuple[Form, ...]:
    """Return the form of a term that is part of compounds: ``bahn~`` begins them, ``~bahn`` ends them."""
    head, modifier = said.startswith("~"), said.endswith("~")
    stem = said[int(head) : len(said) - int(modifier)]
    if "~" in stem or "*" in stem or (head and stem[:1] in ("#", "@")):
        raise BadTerm(term, Fault.COMPOUND)
    words = _words(stem)
    if not words:
        raise BadTerm(term, Fault.EMPTY)
    if (head and _fixed(words[0]) < FIXED) or (modifier and _fixed(words[-1]) < FIXED):
        raise BadTerm(term, Fault.SHORT)
    letters = rf"[^\W\d_]{{{JOINED},{REST}}}"
    before = rf"(?:{letters})?" if head else ""
    after = [*(ENDINGS if head else ()), *((letters,) if modifier else ())]
    body = before + _gapped(words) + (f"(?:{'|'.join(after)})?" if after else "")
    return (Form(_longest(stem), True, True, rf"{_start(stem, False)}{body}{_end(stem, False)}"),)


def _look_at_stars(term: str, said: str) -> None:
    for word in said.split():
        if "*" not in word:
            continue
        if not word.strip("*-"):
            raise BadTerm(term, Fault.ALONE)
        if _fixed(word) < FIXED:
            raise BadTerm(term, Fault.SHORT)
    if said.strip("*").count("*") > 1:
        raise BadTerm(term, Fault.STARS)


def _fixed(word: str) -> int:
    """Return how many letters and digits a word names."""
    return sum(FIXED if ord(c) >= _CJK else 1 for c in word if c.isalnum())


def _words(stem: str) -> list[str]:
    return stem.replace("-", " ").split()


def _longest(stem: str) -> str:
    """Return the longest piece that stands in a text wherever the term does."""
    return max(re.split(r"[* -]", stem), key=len)


def _pattern(stem: str, left: bool, right: bool) -> str:
    """Return the pattern of a term with a wildcard inside."""
    if stem[0] in "#@":
        body = re.escape(stem).replace(r"\*", rf"\w{{0,{REST}}}")
    else:
        body = _gapped(_words(stem)).replace(r"\*", rf"\w{{0,{REST}}}")
    return f"{_start(stem, left)}{body}{_end(stem, right)}"


def _gapped(words: list[str]) -> str:
    """Return the pattern of words apart, by a hyphen, or as one where each is long enough."""
    found = re.escape(words[0])
    for a, b in itertools.pairwise(words):
        found += ("[ -]?" if len(words) <= PARTS and _may_join(a, b) else "[ -]") + re.escape(b)
    return found


def _start(stem: str, is_open: bool) -> str:
    return "" if is_open or not (within_word(stem[0]) or stem[0] in "#@") else r"(?<!\w)"


def _end(stem: str, is_open: bool) -> str:
    return "" if is_open or not within_word(stem[-1]) else r"(?!\w)"
