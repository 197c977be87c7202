"""What people say of how texts are read, and which weights speak because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from detectors.score.base import Tone
from monitor.ports.rows import Known


@dataclass(frozen=True, slots=True)
class Reading:
    """How a stored mention is read now. ``negative``, ``positive``: probabilities; ``model``: whose word
    it is; ``kind`` as `detectors.mention.Kind`; ``words``: title and text as they are stored."""

    known: Known
    tone: Tone
    negative: float
    positive: float
    model: str
    lang: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word on the tone of one post, said where it stood in ``topic``.

    ``was``, ``was_negative``, ``was_positive``, ``model``: what the machine had said, to be put back.
    ``text``: as it is read, without handles and links; "" once its platform deleted the post, and then it
    teaches nobody. ``drawn``: the post was drawn at random. ``id`` 0 before it is kept; ``withdrawn``: since
    when it no longer counts, because it was taken back or another one was said.
    """

    num: int
    topic: str
    label: Tone
    was: Tone
    was_negative: float
    was_positive: float
    model: str
    lang: str
    text: str
    drawn: bool
    actor: str
    at: datetime
    id: int = 0
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taught:
    """Weights that corrections taught, and how they did: macro-F1, 0 to 1, on texts drawn at random.

    ``base``: version of the shipped weights that they stand on; ``name``: their own version, which follows
    from the lessons; ``learner``: "refit" or "online"; ``low``: lower end of the gain. ``residuals``, ``unknown``:
    when drawn posts began to be read worse or better than before, or to say words that the weights do not know
    (ADWIN). ``id`` 0 before they are kept.
    """

    base: str
    name: str
    learner: str
    lessons: int
    drawn: int
    f1_base: float
    f1_taught: float
    low: float
    at: datetime
    residuals: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Speaking:
    """From ``at`` on these weights speak: those of `Taught` number ``taught``, or, None, the shipped ones."""

    taught: int | None
    actor: str
    at: datetime
    note: str = ""
    id: int = 0


class CorrectionReads(Protocol):
    """Whoever can look them up: a transaction or a reader."""

    def corrections(
        self, topic: str | None = None, since: datetime | None = None, *, withdrawn: bool = False
    ) -> list[Correction]:
        """Return what was said, in the order in which it was; of every topic, or of one.

        ``withdrawn`` brings what no longer counts too.
        """
        ...

    def correction_of(self, num: int) -> Correction | None:
        """Return the word that counts for a post, None where nobody said one."""
        ...

    def corrections_version(self) -> int:
        """Return a number that grows with each word and each withdrawal, 0 before the first."""
        ...

    def taught(self, limit: int = 20) -> list[Taught]:
        """Return versions of taught weights, newest first."""
        ...

    def taught_content(self, id: int) -> tuple[Taught, bytes] | None:
        """Return a version and what it adds to the shipped weights (`detectors.score.taught.Addition`)."""
        ...

    def speaking(self, limit: int = 20) -> list[Speaking]:
        """Return which weights spoke from when on, newest first; empty: always the shipped ones."""
        ...


class CorrectionWrites(CorrectionReads, Protocol):
    """A transaction also keeps them."""

    def read_of(self, num: int) -> Reading | None:
        """Return how a post is read, and hold it until this transaction ends; None where it is unknown."""
        ...

    def relabel(self, num: int, tone: Tone, negative: float, positive: float, model: str) -> None:
        """Write another tone and its probabilities; ``model`` says whose word it is. Counts are the
        caller's to mend."""
        ...

    def add_correction(self, correction: Correction) -> Correction:
        """Keep a word; the one that counted for the same post is withdrawn at the same instant."""
        ...

    def withdraw_correction(self, id: int, at: datetime) -> bool:
        """Take a word back; False where it is not there, or no longer counts."""
        ...

    def add_taught(self, taught: Taught, content: bytes) -> Taught | None:
        """Keep a version; None where the same base, name and learner are kept already.

        Of more than twenty versions the oldest that do not speak are forgotten.
        """
        ...

    def add_speaking(self, speaking: Speaking, newest: int) -> Speaking | None:
        """Keep who speaks from now on, where ``newest`` is the id of the newest row (0: there is none);
        None where it is not: somebody was faster."""
        ...
