"""Score and the Scorer protocol: what a text says, as numbers, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

if TYPE_CHECKING:  # a process that only takes mentions in never loads numpy
    import numpy as np
    from numpy.typing import NDArray


class Tone(IntEnum):
    """The hard sentiment label of one text; the number is what stores keep."""

    NEGATIVE = -1
    NEUTRAL = 0
    POSITIVE = 1
    UNREAD = 2
    """No claim: unsupported language, no text. Counted as unread, never as neutral."""


YES: Final = 0.5
"""From this on a question is answered with yes."""


def percent(p: float) -> int:
    """Return a probability in whole percent, as it is stored and counted."""
    return round(100 * p)


_TONE: Final = {int(tone): tone for tone in Tone}


class Marks(msgspec.Struct, frozen=True, gc=False):
    """What rules say of a text beside the model; each "" where its rule says nothing.

    ``banned``, ``suspect``: the term of a word list that stands in it (`detectors.score.words`). ``unsure``:
    why the answer "offensive" needs a person's eye (`detectors.score.doubtful.Why`).
    """

    banned: str = ""
    suspect: str = ""
    unsure: str = ""

    def said(self) -> dict[str, str]:
        """Return those that say something, by name; so they are stored and shown."""
        named = (("banned", self.banned), ("suspect", self.suspect), ("unsure", self.unsure))
        return {name: text for name, text in named if text}


UNMARKED: Final = Marks()


class Score(msgspec.Struct, frozen=True, gc=False):
    """What the scorer says of one text.

    ``p`` is (negative, neutral, positive), sums to 1; all three are 0.0 when unread.
    ``score`` = p(positive) - p(negative), in [-1, 1]. ``offensive`` in [0, 1]: the
    offensive-or-not decision of GermEval 2018/2019 and OLID is ``offensive >= 0.5``. ``more``: the same
    for further questions, in the order of `detectors.score.heads.MORE`, `NO_CLAIM` where the head does
    not speak the language; empty where nothing was asked. ``marks``: what rules say of it.
    """

    lang: str
    tone: Tone
    score: float
    p: tuple[float, float, float]
    offensive: float
    more: tuple[float, ...] = ()
    marks: Marks = UNMARKED


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a batch, by column: row i belongs to text i.

    ``tone`` int8 (n,), values of `Tone`; ``p`` float32 (n, 3); ``offensive`` float32 (n,);
    ``langs`` BCP 47 primary tags, "und" where no language could be told; ``more`` float32 (n, questions),
    see `Score`; (n, 0) where nothing was asked. ``marks``: by row, only of those that any rule marked.
    """

    langs: list[str]
    tone: NDArray[np.int8]
    p: NDArray[np.float32]
    offensive: NDArray[np.float32]
    more: NDArray[np.float32]
    marks: Mapping[int, Marks] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.langs)

    def __getitem__(self, i: int) -> Score:
        return Scores(
            [self.langs[i]],
            self.tone[i, None],
            self.p[i, None],
            self.offensive[i, None],
            self.more[i, None],
            {0: self.marks[i]} if i in self.marks else {},
        ).rows()[0]

    def rows(self) -> list[Score]:
        """Return the score of each text in turn; about 1 us each, a third of asking one by one."""
        rows = [
            Score(lang, _TONE[tone], p[2] - p[0], tuple(p), offensive, tuple(more))
            for lang, tone, p, offensive, more in zip(
                self.langs,
                self.tone.tolist(),
                self.p.tolist(),
                self.offensive.tolist(),
                self.more.tolist(),
                strict=True,
            )
        ]
        for i, marks in self.marks.items():
            rows[i] = msgspec.structs.replace(rows[i], marks=marks)
        return rows


class Scorer(Protocol):
    """Scores texts. Pure: the same text gives the same score, in any batch, on any machine."""

    @property
    def version(self) -> str:
        """Name and revision of the model, as stored beside every score."""
        ...

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        """Score ``texts``; ``langs[i]`` is the language stated by the source, or "".

        Never raises for any text: what cannot be read comes back as `Tone.UNREAD`.
        """
        ...

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        """Return the n-grams that weighed most for the sentiment decision, signed, strongest first."""
        ...
