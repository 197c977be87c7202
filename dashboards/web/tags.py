"""Tags: what was answered of a post, as few words with a sign; harm first, three at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OFFENSIVE: Final = "offensive"
NARROWER: Final = ("insult", "abuse", "profanity", "hate")
"""Harm that says more than "offensive" and "toxic"; where one is there, those two are left out."""
WIDER: Final = (OFFENSIVE, "toxic_comment")
HARM: Final = (*NARROWER, *WIDER)
LISTED: Final = ("banned", "suspect")
"""Marks that name the term of a word list."""
KINDS: Final = ("complaint", "praise", "question", "bug", "feature_request")
WORTH: Final = ("engaging", "fact_claiming")

SIGNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(HARM, "harm"),
    "banned": "ban",
    "suspect": "look",
    "complaint": "complaint",
    "praise": "praise",
    "question": "ask",
    "bug": "bug",
    "feature_request": "wish",
    "engaging": "check",
    "fact_claiming": "said",
}
"""Which drawing of the sprite stands before which answer."""
SHOWN: Final = 3
HARM_SHOWN: Final = 2
HARM_TALLIED: Final = 4


@dataclass(frozen=True, slots=True)
class Tag:
    """One answer. ``percent`` None: told by a rule. ``term``: of a word list. ``unsure``: why a person
    should read it."""

    name: str
    percent: int | None = None
    term: str = ""
    unsure: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.name]

    @property
    def bad(self) -> bool:
        return self.name in HARM or self.name == "banned"


def tags(answers: Mapping[str, int], marks: Mapping[str, str]) -> tuple[Tag, ...]:
    """Return what stands at a post: listed words, up to two of harm, then kinds, then worth, the
    strongest first. Where "offensive" is unsure, it stands alone for all harm: the rest is about the
    same words."""
    listed = [Tag(name, term=marks[name]) for name in LISTED if name in marks]
    harm = [] if "banned" in marks else _harm(answers, marks.get("unsure", ""))
    first = (listed + harm)[:HARM_SHOWN]
    return tuple((first + _strongest(answers, KINDS) + _strongest(answers, WORTH))[:SHOWN])


def _harm(answers: Mapping[str, int], unsure: str) -> list[Tag]:
    if unsure and OFFENSIVE in answers:
        return [Tag(OFFENSIVE, answers[OFFENSIVE], unsure=unsure)]
    return _strongest(answers, NARROWER) or _strongest(answers, WIDER)


def _strongest(answers: Mapping[str, int], names: tuple[str, ...]) -> list[Tag]:
    found = [Tag(name, answers[name]) for name in names if name in answers]
    return sorted(found, key=lambda tag: -(tag.percent or 0))


def kinds_told(about: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the kinds of some posts with how many are of each, most first."""
    return _most(about, KINDS)


def harm_told(about: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the harm in some posts: banned words, suspect ones, then the others, most first."""
    listed = [(name, about[name]) for name in LISTED if about.get(name)]
    return (listed + _most(about, HARM))[:HARM_TALLIED]


def _most(about: Mapping[str, int], names: tuple[str, ...]) -> list[tuple[str, int]]:
    return sorted(((n, about[n]) for n in names if about.get(n)), key=lambda one: -one[1])
