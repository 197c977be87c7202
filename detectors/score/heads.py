"""Heads: the questions that are asked of a text, each after one label scheme.

Schemes are never pooled: what one set calls offensive, another calls toxic, and they are different
questions. A head speaks only for languages whose texts it was taught with; for others it makes no claim,
which is neither yes nor no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TONES: Final = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Family:
    """One question. ``labels``: in order; of two the second is the yes.

    ``group``: under which key `sturmglas score` prints it. ``apart``: German and English have a column each,
    because they were labelled after different schemes (hate), or are told better apart (offensive).
    """

    name: str
    labels: tuple[str, ...]
    group: str
    asks: str
    apart: bool = False

    @property
    def yes(self) -> str:
        """Return the label that a probability is of."""
        return self.labels[-1]


def _yes_no(name: str, group: str, asks: str, *, apart: bool = False) -> Family:
    label = name.replace("_", "-")
    return Family(name, (f"not-{label}", label), group, asks, apart)


SENTIMENT: Final = Family("sentiment", TONES, "sentiment", "negative, neutral or positive")
OFFENSIVE: Final = _yes_no(
    "offensive", "harm", "offensive or not: GermEval 2018/2019, OLID", apart=True
)
HARM: Final = (
    OFFENSIVE,
    _yes_no("insult", "harm", "insults somebody: fine label of GermEval 2018/2019"),
    _yes_no("abuse", "harm", "abuses a group: fine label of GermEval 2018/2019"),
    _yes_no("profanity", "harm", "swears without a target: fine label of GermEval 2018/2019"),
    _yes_no("hate", "harm", "hateful: GAHD (German), HatEval 2019 (English)", apart=True),
    _yes_no("toxic_comment", "harm", "toxic: GermEval 2021"),
)
WORTH: Final = (
    _yes_no("engaging", "worth", "rational, mediating, in good faith: GermEval 2021"),
    _yes_no("fact_claiming", "worth", "states what could be checked: GermEval 2021"),
)
KINDS: Final = tuple(
    _yes_no(name, "kinds", f"{words}: our own set (detectors/score/kinds)")
    for name, words in (
        ("complaint", "dissatisfied, and says with what"),
        ("praise", "content or thankful"),
        ("question", "wants an answer"),
        ("bug", "something technical does not work as it should"),
        ("feature_request", "wants something new or different"),
    )
)
"""A text may be of several kinds; one that is of none is "other"."""

FAMILIES: Final = {f.name: f for f in (SENTIMENT, *HARM, *WORTH, *KINDS)}
MORE: Final = tuple(f.name for f in (*HARM[1:], *WORTH, *KINDS))
"""Yes-or-no questions besides offensive, in the order of `Scores.more`."""
NO_CLAIM: Final = -1.0
"""Stands where a probability would: the text was not read, or the head does not speak its language."""
