"""Corrections: what a person says of the tone of a post, at once and for good, and how well tones are read.

Design: docs/corrections.md. They raise `NotFound`, `Conflict` or `Invalid`, and then nothing was changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from detectors.measures import PRIVATE, wilson
from detectors.mention import readable
from detectors.query_health import SURELY, sample
from detectors.score.base import Tone
from detectors.topic import Topic
from monitor.desk.errors import Invalid, NotFound
from monitor.desk.recounting import recount
from monitor.ports import (
    Correction,
    CorrectionReads,
    Filed,
    Post,
    Reader,
    Reading,
    Store,
    Transaction,
)

WEEKLY = 30
"""Posts of a week and topic that people are asked about."""
SPAN = timedelta(days=90)
"""How far back words on drawn posts count."""
RECALL = 0.6
"""Share of negative posts that must be read as negative, or the tone of a topic is unreliable."""
LEAST_NEGATIVES = 10
"""Drawn negative posts below which nothing is said of recall: 6 of 10 leave 31 to 83 %."""
BY_PERSON = "; corrected"
"""Stands behind the model of a row whose tone a person said: no second model overwrites it."""
SAID = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)


# --- saying -------------------------------------------------------------------------------------


def correct(
    store: Store,
    topics: Mapping[str, Topic],
    topic: str,
    num: int,
    label: Tone,
    actor: str,
    now: datetime,
    *,
    drawn: bool = False,
) -> Correction:
    """Say the tone of a post: its rows and counts follow in the same transaction, and it teaches.

    ``drawn``: said where the week's posts are asked about; `Invalid` for a post that is not among them.
    Saying the same again changes nothing; saying another one replaces it.
    """
    _known(topics, topic)
    if label not in SAID:
        raise Invalid("tone: expected negative, neutral or positive")
    if drawn and num not in _asked(store.read, topic, now):
        raise Invalid(f"post {num} was not drawn this week; others would not be by chance")
    with store.begin() as tx:
        read = _readable(tx, topic, num)
        before = tx.correction_of(num)
        if before is not None and before.label is label and (before.drawn or not drawn):
            return before
        said = _said(read, before, label, topic, actor, now, drawn)
        _relabel(tx, read, label, *sure(label), said.model + BY_PERSON)
        return tx.add_correction(said)


def take_back(
    store: Store, topics: Mapping[str, Topic], topic: str, num: int, now: datetime
) -> None:
    """Let the machine's word on a post stand again; `NotFound` where nobody corrected it."""
    _known(topics, topic)
    with store.begin() as tx:
        read = _readable(tx, topic, num)
        before = tx.correction_of(num)
        if before is None or not tx.withdraw_correction(before.id, now):
            raise NotFound(f"correction of post {num}")
        if read.model.endswith(BY_PERSON):  # else other words were read anew since
            probabilities = before.was_negative, before.was_positive
            _relabel(tx, read, before.was, *probabilities, before.model)


def sure(label: Tone) -> tuple[float, float]:
    """Return p(negative) and p(positive) of a tone that a person said."""
    return float(label is Tone.NEGATIVE), float(label is Tone.POSITIVE)


def corrected(row: Filed, said: Correction | None) -> Filed:
    """Return an edited mention as a person read it, where its words are still those that were read."""
    mention = row.mention
    if said is None or said.text != _plain(readable(mention.title, mention.text)):
        return row
    negative, positive = sure(said.label)
    p = (negative, 1.0 - negative - positive, positive)
    score = msgspec.structs.replace(row.score, tone=said.label, p=p, score=positive - negative)
    return msgspec.structs.replace(row, score=score, model=row.model + BY_PERSON)


def _plain(text: str) -> str:
    from detectors.score.features import plain  # brings numpy, which a page does not need

    return plain(text)


def _said(
    read: Reading,
    before: Correction | None,
    label: Tone,
    topic: str,
    actor: str,
    now: datetime,
    drawn: bool,
) -> Correction:
    # What the machine said stays what it was, however often people change their mind.
    if before is not None and read.model.endswith(BY_PERSON):
        was, negative, positive = before.was, before.was_negative, before.was_positive
    else:
        was, negative, positive = read.tone, read.negative, read.positive
    return Correction(
        num=read.known.num,
        topic=topic,
        label=label,
        was=was,
        was_negative=negative,
        was_positive=positive,
        model=read.model.removesuffix(BY_PERSON),
        lang=read.lang,
        text=_plain(read.words),
        drawn=drawn or (before is not None and before.drawn),
        actor=actor,
        at=now,
    )


def _readable(tx: Transaction, topic: str, num: int) -> Reading:
    """Return a post that people may see and say something of."""
    read = tx.read_of(num)
    gone = read is None or read.known.deleted or read.kind in PRIVATE
    if read is None or gone or topic not in read.known.topics:
        raise NotFound(f"post {num} of the topic {topic}")
    return read


def _relabel(
    tx: Transaction, read: Reading, tone: Tone, negative: float, positive: float, model: str
) -> None:
    tx.relabel(read.known.num, tone, negative, positive, model)
    recount(tx, read.known)


def _known(topics: Mapping[str, Topic], topic: str) -> None:
    if topic not in topics:
        raise NotFound(f'topic "{topic[:80]}"')


# --- the week's posts ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One post of the week, and what was said of it."""

    post: Post
    said: Correction | None


def week_of(now: datetime) -> str:
    """Return the week of a moment (ISO 8601, UTC).

    >>> week_of(datetime(2026, 11, 30))
    '2026-W49'
    """
    return f"{now:%G-W%V}"


def asked(read: Reader, topic: str, now: datetime) -> list[Asked]:
    """Return the posts of this week that people are asked about; fewer while it is young.

    One that was only picked so far is asked about too: those that are picked are the misread ones, and
    the rest would look better than it is.
    """
    said = {one.num: one for one in read.corrections(topic, _week_start(now)) if one.drawn}
    posts = read.posts(_asked(read, topic, now))
    return [Asked(post, said.get(post.num)) for post in posts if not post.deleted]


def _asked(read: Reader, topic: str, now: datetime) -> list[int]:
    """Draw `WEEKLY` of the week's posts: the same for everybody; those without words or claim, and private
    ones, are left out."""
    window = read.window(topic, _week_start(now), now + timedelta(minutes=1))
    rows = zip(window.num, window.tone, window.kind, strict=True)
    nums = [num for num, tone, kind in rows if tone != Tone.UNREAD and kind not in PRIVATE]
    return sample(topic, week_of(now), nums, WEEKLY)


def _week_start(now: datetime) -> datetime:
    monday = now - timedelta(days=now.weekday())
    return monday.replace(hour=0, minute=0, second=0, microsecond=0)


# --- how well tones are read --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """``right`` of ``n``, and the Wilson interval of its share (95 %)."""

    right: int
    n: int

    @property
    def share(self) -> float:
        return self.right / self.n if self.n else 0.0

    @property
    def ends(self) -> tuple[float, float]:
        return wilson(self.right, self.n, SURELY)


@dataclass(frozen=True, slots=True)
class Honesty:
    """How well the tones of a topic are read, from the posts of the last `SPAN` that were drawn.

    ``all``: read as people said. ``recall``: of the negative ones, those that were read so; ``precision``:
    of those read as negative, those that are.
    """

    all: Part
    recall: Part
    precision: Part

    @property
    def known(self) -> bool:
        return self.recall.n >= LEAST_NEGATIVES

    @property
    def unreliable(self) -> bool:
        """True where so many negative posts are not read so that the tone of the topic says little."""
        return self.known and self.recall.share < RECALL


def honesty(read: CorrectionReads, topic: str, now: datetime) -> Honesty:
    """Return how well the tones of a topic are read; one read."""
    return honesty_of(read.corrections(topic, now - SPAN))


def honesty_of(said: Sequence[Correction]) -> Honesty:
    drawn = [one for one in said if one.drawn]
    negative = [one for one in drawn if one.label is Tone.NEGATIVE]
    told = [one for one in drawn if one.was is Tone.NEGATIVE]
    hits = sum(one.was is Tone.NEGATIVE for one in negative)
    return Honesty(
        all=Part(sum(one.was is one.label for one in drawn), len(drawn)),
        recall=Part(hits, len(negative)),
        precision=Part(hits, len(told)),
    )


def unreliable(read: CorrectionReads, topic: str, now: datetime) -> float | None:
    """Return the share of critical posts that are seen, where it is too low to rely on tone; else None."""
    told = honesty(read, topic, now)
    return told.recall.share if told.unreliable else None


def reading_error(read: CorrectionReads, topic: str, now: datetime) -> float | None:
    """Return how far shares of a topic's tones may be off, by its drawn posts; None where nobody read any."""
    drawn = [one for one in read.corrections(topic, now - SPAN) if one.drawn]
    drawn = [one for one in drawn if one.was is not Tone.UNREAD]
    if not drawn:
        return None
    import numpy as np

    from detectors.score.counting import own_error

    p = [(o.was_negative, 1.0 - o.was_negative - o.was_positive, o.was_positive) for o in drawn]
    return own_error(np.array(p), sum(one.label is Tone.NEGATIVE for one in drawn))
