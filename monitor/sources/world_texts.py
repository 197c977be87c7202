"""Texts of the invented world: sentence parts in TOML, put together so that they read like posts.

Nothing here is quoted from anybody: the parts in ``world/de.toml`` and ``world/en.toml`` were
written for this project. Realising one text costs about ten microseconds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from random import Random
from typing import TypeVar

_SLOT = re.compile(r"\{(\w+)\}")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)

T = TypeVar("T")
Parts = tuple[tuple[str, str], ...]
"""A sentence cut at its slots: (literal, slot name or "")."""


class Tone(StrEnum):
    """What the maker of a text meant; sarcasm is negative, whatever its words say."""

    NEGATIVE = "negative"
    SARCASM = "sarcasm"
    QUESTION = "question"
    NEUTRAL = "neutral"
    PRAISE = "praise"


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented company. ``trade`` is a ``[trade.*]`` section; ``products`` are bare nouns."""

    id: str
    name: str
    handle: str
    tag: str
    trade: str = "energy"
    products: tuple[str, ...] = ("App",)
    names: tuple[str, ...] = ()
    """How people write it; empty: the name as it is."""


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """All parts of one language, cut and ready, by section ("plain", "theme.billing") and key."""

    lang: str
    slots: Mapping[str, tuple[str, ...]]
    sections: Mapping[str, Mapping[str, tuple[Parts, ...]]]

    def parts(self, section: str, key: str) -> tuple[Parts, ...]:
        """Return the sentences of a key, () where the section has none."""
        return self.sections.get(section, {}).get(key, ())


@cache
def phrasebook(lang: str) -> Phrasebook:
    """Return the phrasebook of ``de`` or ``en``; read once per process."""
    raw = tomllib.loads(
        resources.files("monitor.sources").joinpath(f"world/{lang}.toml").read_text("utf-8")
    )
    slots = {name: tuple(words) for name, words in raw.pop("slots").items()}
    sections: dict[str, dict[str, tuple[Parts, ...]]] = {}
    for name, body in raw.items():
        nested = name in ("trade", "theme")
        for key, section in body.items() if nested else [("", body)]:
            full = f"{name}.{key}" if nested else name
            sections[full] = {k: tuple(_cut(s) for s in lines) for k, lines in section.items()}
    return Phrasebook(lang, slots, sections)


def _cut(sentence: str) -> Parts:
    pieces = _SLOT.split(sentence)
    pieces.append("")
    return tuple(zip(pieces[::2], pieces[1::2], strict=True))


class Voice:
    """Writes texts about one brand in one language. Deterministic for a given random state."""

    def __init__(self, brand: Brand, lang: str) -> None:
        self.book = phrasebook(lang)
        names = brand.names or (brand.name,)
        self._slots = {
            **self.book.slots,
            "brand": names,
            "handle": (brand.handle,),
            "tag": (brand.tag,),
            "product": brand.products,
        }
        self._brand = brand
        self._known_by = tuple(
            {n.casefold() for n in (*names, brand.name, brand.handle, brand.tag)}
        )
        self._trade = f"trade.{brand.trade}"

    def post(self, rng: Random, tone: Tone, theme: str = "", *, review: bool = False) -> str:
        """Return one post. ``theme`` "" is everyday talk; the brand is always recognisable."""
        colour = "negative" if tone in (Tone.NEGATIVE, Tone.SARCASM) else _COLOUR[tone]
        pieces: list[str] = []
        if not review and rng.random() < 0.22:
            pieces.append(self._fill(rng, _pick(rng, self.book.parts("plain", "opener"))))
        pieces.append(self._fill(rng, _pick(rng, self._cores(rng, tone, theme))))
        if rng.random() < (0.7 if colour == "negative" else 0.45):
            pieces.append(self._fill(rng, _pick(rng, self._details(rng, colour, theme))))
        if tone is not Tone.SARCASM and rng.random() < 0.3:
            pieces.append(self._fill(rng, _pick(rng, self.book.parts("plain", "closer_" + colour))))
        return self._finish(rng, " ".join(pieces), colour, review)

    def call(self, rng: Random, theme: str, which: int) -> str:
        """Return one of the theme's slogans, number ``which``, a little changed: a near-copy."""
        calls = self.book.parts(f"theme.{theme}", "call")
        fixed = Random(which)
        text = self._fill(fixed, calls[which % len(calls)])
        roll = rng.random()
        if roll < 0.3:
            text += " " + _pick(rng, self._emoji("negative"))
        elif roll < 0.5:
            text = f"{text} {self._brand.tag}"
        elif roll < 0.65:
            text = text.replace("!", "!!").upper() if roll < 0.55 else text + "!!"
        elif roll < 0.75:
            text = f"{_pick(rng, ('+1', '^^', '👇', 'Bitte lesen:', '❗'))} {text}"
        return text

    def headline(self, rng: Random, theme: str) -> tuple[str, str]:
        """Return (title, text) of a news article about the theme."""
        section = f"theme.{theme}"
        return (
            self._fill(rng, _pick(rng, self.book.parts(section, "headline"))),
            self._fill(rng, _pick(rng, self.book.parts(section, "article"))),
        )

    def own(self, rng: Random, occasion: str) -> str:
        """Return a post of the brand itself: ``event`` or ``calm``."""
        return self._fill(rng, _pick(rng, self.book.parts("own", occasion)))

    def _cores(self, rng: Random, tone: Tone, theme: str) -> tuple[Parts, ...]:
        if theme:
            cores = self.book.parts(f"theme.{theme}", tone)
            if cores:
                return cores
        elif rng.random() < 0.3:
            cores = self.book.parts(self._trade, tone)
            if cores:
                return cores
        return self.book.parts("plain", tone)

    def _details(self, rng: Random, colour: str, theme: str) -> tuple[Parts, ...]:
        if theme and rng.random() < 0.6:
            details = self.book.parts(f"theme.{theme}", "detail_" + colour)
            if details:
                return details
        return self.book.parts("plain", "detail_" + colour)

    def _emoji(self, colour: str) -> tuple[str, ...]:
        return tuple(parts[0][0] for parts in self.book.parts("plain", "emoji_" + colour))

    def _fill(self, rng: Random, parts: Parts) -> str:
        slots = self._slots
        text = "".join(
            literal + _pick(rng, slots[slot]) if slot else literal for literal, slot in parts
        )
        return text[:1].upper() + text[1:] if not parts[0][0] else text

    def _finish(self, rng: Random, text: str, colour: str, review: bool) -> str:
        if rng.random() < 0.18:
            text = _dirty(rng, text)
        low = text.casefold()
        if not any(name in low for name in self._known_by):
            text = (
                f"{self._brand.handle} {text}"
                if rng.random() < 0.5
                else f"{text} {self._brand.tag}"
            )
        elif not review and rng.random() < 0.12:
            text = f"{text} {self._brand.tag}"
        if rng.random() < (0.08 if review else 0.2):
            text = f"{text} {_pick(rng, self._emoji(colour))}"
        return text


_COLOUR = {Tone.QUESTION: "neutral", Tone.NEUTRAL: "neutral", Tone.PRAISE: "praise"}


def _dirty(rng: Random, text: str) -> str:
    """Return the text as somebody in a hurry would type it: one kind of dirt, chosen by chance."""
    roll = rng.random()
    if roll < 0.4:
        return text.lower()
    if roll < 0.6:
        return text.translate(_UMLAUTS)
    if roll < 0.7:
        return text.rstrip(".!").replace(". ", " ... ")
    if roll < 0.8:
        return text.rstrip(".!?") + "!" * rng.randint(2, 4)
    at = rng.randrange(1, len(text) - 1) if len(text) > 3 else 0
    if text[at].isalpha() and text[at - 1].isalpha():
        if roll < 0.9:
            return text[:at] + text[at + 1 :]
        return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
    return text


def _pick(rng: Random, options: tuple[T, ...]) -> T:
    return options[int(rng.random() * len(options))]
