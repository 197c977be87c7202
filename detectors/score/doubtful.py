"""Doubtful: offensive answers that rest on words which are quoted, negated or reported.

A model over n-grams reads "you are not an idiot" and "who says 'idiot' is banned" as the insult itself;
transformers do so too (HateCheck, Röttger et al. 2021, ACL: F15 negated hate, F20 and F21 counter speech that
quotes or names it). Nothing is relabelled here: such an answer is marked, so that a person reads it.

Whether the answer *rests* on those words is asked of the scorer itself: the text is scored again without
them, and the answer is doubtful where it then is no longer yes. Only offensive texts that hold such words
are scored again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from detectors.score.base import YES, Scorer, Scores

READ: Final = 2_000
"""Characters of a text that are looked at: as many as the scorer reads (`features.CHARS_READ`)."""
REACH: Final = 3
"""Words behind a negator that it negates; articles and the like are not counted."""

AROUND: Final = 8
"""Words on either side of a word of calling that are told with it: where nobody sets commas, a clause is a text."""


class Why(StrEnum):
    """Why an offensive answer needs a person's eye."""

    QUOTED = "quoted"
    NEGATED = "negated"
    REPORTED = "reported"


_WITHIN = r"[^\n]{1,400}?"
_MARK: Final = re.compile(r"[\"'`„“”«»‹›‚‘’>]")
"""Without one of these nothing is quoted."""
_QUOTED: Final = re.compile(
    "|".join(
        (
            rf"„{_WITHIN}[“”\"]",
            rf"“{_WITHIN}[”\"]",
            rf"”{_WITHIN}”",
            rf"\"{_WITHIN}\"",
            rf"«{_WITHIN}»",
            rf"»{_WITHIN}«",
            rf"‹{_WITHIN}›",
            rf"›{_WITHIN}‹",
            rf"[‚‘]{_WITHIN}[‘’](?!\w)",
            rf"(?<!\w)'{_WITHIN}'(?!\w)",
            rf"(?<!\w)`{_WITHIN}`",
            r"(?m:^[ \t]*>.*$)",
        )
    )
)

_NEGATING: Final = """
    nicht nich ned nie niemals niemand niemanden niemandem kein keine keinen keinem keiner keines
    keinesfalls keineswegs weder noch
    not never no nobody neither nor isn't aren't wasn't weren't ain't don't doesn't didn't
    isnt arent wasnt werent dont doesnt didnt can't cannot won't
"""
"""Those of the tripwires reach further and hold more ("ohne", "null"), which negate a danger and no insult:
"ohne euch Idioten" says that they are."""
_NEGATORS: Final = frozenset(_NEGATING.split())
_AFFIRMING: Final = re.compile(
    r"\b(?:nicht (?:nur|zu \w+en)|kein(?:e[nr]?)? (?:wunder|zweifel)|not (?:only|just|to mention)"
    r"|no (?:wonder|doubt|surprise))\b"
)
"""What negates nothing."""
_PASSING: Final = """
    ein eine einen einem einer der die das den dem so ganz wirklich echt hier alle als ist sind
    a an the really all here such is are be being
"""
"""Words that do not use up the reach of a negator."""
_PASSED: Final = frozenset(_PASSING.split())
_BREAKS: Final = frozenset(["aber", "sondern", "jedoch", "but", "however"])
_WORD: Final = re.compile(r"[\w']+")
_TOKEN: Final = re.compile(r"[\w'’]+|[^\w\s]|\n")

_SWORN: Final = re.compile(r"fuck|shit|damn|scheiß|scheiss|bullshit|crap")
"""What such a word says is said under a negator too: "I don't give a shit"."""

_CALLED: Final = re.compile(
    r"\b(?:be)?schimpf\w*|\bbeleidig(?:t|te|ten|en)\b|\b(?:bezeichnet|bezeichnen)\b|\btituliert?\w*"
    r"|\b(?:nennt|nennen|nannten?|genannt)\b(?! (?:sich|mich)\b)"
    r"|\bsei(?:en)?\b"  # reported speech, in German a mood of its own
    # not to call a hotline, or oneself an expert
    r"|\bcall(?:s|ed|ing)? (?!your?\b|the\b|our\b|this\b|that\b|out\b|it\b|\w+sel(?:f|ves)\b)"
    r"(?:\w+ ){0,2}(?:an?|\w{3,}s|scum|trash|dirt)\b"
    r"|\binsult(?:ed|ing)\b|\bslurs?\b"
)
_OWN: Final = re.compile(
    r"\b(?:würde|kann|muss|darf) ich\b|\bich (?:nenne|bezeichne)\b|\bi(?:'d| would)? call\b"
)
"""Whoever writes says it himself."""
_CONDEMNED: Final = re.compile(
    r"\b(?:das|dies|so ?et?was|that|this|it) (?:ist|is) (?:\w+ )?"
    r"(?:widerlich|ekelhaft|inakzeptabel|disgusting|unacceptable|vile|wrong)\b"
    r"|\b(?:is|ist) (?:rassismus|sexismus|racism|sexism|ableism)\b"
)
_CLAUSE: Final = re.compile(r"[^,.;:!?()\n–—]+[,.;:!?()\n–—]*")


def _without_quoted(text: str) -> str:
    return _QUOTED.sub(" ", text) if _MARK.search(text) else text


def _without_negated(text: str) -> str:
    """Return a text without the words that a negator reaches, within its clause."""
    if _NEGATORS.isdisjoint(_WORD.findall(text.lower().replace("’", "'"))):
        return text
    kept: list[str] = []
    at = left = 0
    for token in _TOKEN.finditer(text):
        word = token[0].lower().replace("’", "'")
        if not word[0].isalnum() or word in _BREAKS:
            left = 0
        elif word in _NEGATORS:
            left = 0 if _AFFIRMING.match(text.lower(), token.start()) else REACH
        elif left and not _SWORN.search(word):
            kept.append(text[at : token.start()])
            at = token.end()
            left -= word not in _PASSED
    return "".join([*kept, text[at:]])


def _without_reported(text: str) -> str:
    """Return a text without what stands around a word of calling, within its clause, and without the
    clauses that condemn it."""
    clauses = _CLAUSE.findall(text)
    told = [_told(clause) for clause in clauses]
    if told == clauses:
        return text
    return "".join(c for c in told if not _CONDEMNED.search(c.lower()))


def _told(clause: str) -> str:
    lower = clause.lower()
    cue = _CALLED.search(lower)
    if cue is None or _OWN.search(lower):
        return clause
    before, behind = clause[: cue.start()].split(" "), clause[cue.start() :].split(" ")
    return " ".join((*before[:-AROUND], *behind[AROUND:]))


_WITHOUT: Final[Sequence[tuple[Why, Callable[[str], str]]]] = (
    (Why.QUOTED, _without_quoted),
    (Why.NEGATED, _without_negated),
    (Why.REPORTED, _without_reported),
)
STILL: Final = 0.6
"""Below this, what is left of a text no longer bears its answer. Above one half, for the scorer reads short
rests with a leaning to yes; tuned on half of our sentences (tests/detectors/doubtful_sentences.py)."""
FALL: Final = 0.1
"""At least so much must the words have weighed."""


def doubts(scorer: Scorer, texts: Sequence[str], scores: Scores) -> dict[int, Why]:
    """Return by row why an answer "offensive" of ``scores`` is doubtful; rows without doubt are left out.

    Pure, and of a text the same in any batch. Costs nothing where no answer is offensive. Fails: irony;
    quotes that are not closed; counter speech without any of the cue words; insults that are quoted and
    meant all the same, which is why the label stays.
    """
    asked = [
        (i, why, rest)
        for i, p in enumerate(scores.offensive.tolist())
        if p >= YES
        for why, without in _WITHOUT
        if (rest := without(text := texts[i][:READ])) != text
    ]
    if not asked:
        return {}
    left = scorer.score([rest for *_, rest in asked], [scores.langs[i] for i, *_ in asked])
    found: dict[int, Why] = {}
    for (i, why, _), p in zip(asked, left.offensive.tolist(), strict=True):
        if p < STILL and scores.offensive[i] - p >= FALL:
            found.setdefault(i, why)
    return found
