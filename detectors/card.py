"""Card: what a burst is, on one page. Observed against expected, since when, with which words, by whom.

Pure: rows, texts and the assessment in, a frozen `Card` out. The same rows give the same card, in
whatever order they were filed. It holds references (numbers of posts, keys of authors) and no text
but the words that several people used.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from detectors.detection import Assessment, Reason, ReasonCode
from detectors.measures import (
    PRIVATE,
    Measures,
    firsts,
    measure,
    negative_share,
    representatives,
)
from detectors.score.base import Tone
from detectors.shaped import shaped
from detectors.silencers import Change, Lever, Limits, Silencer, silencers
from detectors.terms import BurstTerm, burst_terms
from detectors.window import COLUMNS, Window

POSTS = 12
"""Representative posts on a card; as many are kept as evidence."""
AUTHORS = 5
PARTS = 6
MOST_TEXTS = 1_000
"""Texts that tell the share of critical ones; of more every second, third, ... is taken: 25 ms."""
_LAST = ("author", "num")
_ORDER = (*(name for name in COLUMNS if name not in _LAST), *_LAST)
_NEGATIVE = int(Tone.NEGATIVE)


@dataclass(frozen=True, slots=True)
class CardPost:
    """A representative post by its number; ``copies`` near-copies stand behind it."""

    num: int
    copies: int


@dataclass(frozen=True, slots=True)
class CardAuthor:
    """One of the widest negative authors, by key (16 hex digits).

    ``num``: their widest post, through which a page finds a name while the vault has one. ``reach``
    of that post; ``posts`` negatives in the burst; ``new``: this topic first heard of them in it.
    """

    key: str
    num: int
    reach: int
    posts: int
    new: bool


@dataclass(frozen=True, slots=True)
class Part:
    """So many of the burst's negatives from one source, or in one language."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Observed:
    """Counts of the last hour, and how many negatives were expected of it."""

    mentions: int
    negatives: int
    expected: float


@dataclass(frozen=True, slots=True)
class CriticalShare:
    """Share of critical ones among ``texts`` of the last hour, copies counted once and misreading taken out
    (`detectors.score.counting`), with its 95 % interval; in [0, 1]."""

    value: float
    low: float
    high: float
    texts: int


@dataclass(frozen=True, slots=True)
class Card:
    """A burst as it stood at ``at``, the end of a bin.

    ``hour``: the last hour. ``negatives`` since ``onset``, the event time of the burst's first one.
    Authors, sources and languages are of ``looked_at`` negatives, those since the onset and at least the
    last hour's: ``authors_known`` different stated authors, ``authors_new`` of these first heard by this
    topic in that time. ``days``: return period, None where it is without end.
    ``terms`` were counted in ``term_posts`` texts. ``reasons``: the met ones, those that act without
    statistics first. ``silent``: what would have left the level below 4, the nearest first.
    ``critical``: None where nothing could be read.
    """

    topic: str
    at: datetime
    level: int
    onset: datetime
    hour: Observed
    days: float | None
    negatives: int
    looked_at: int
    authors_known: int
    authors_new: int
    term_posts: int
    terms: tuple[BurstTerm, ...] = ()
    posts: tuple[CardPost, ...] = ()
    authors: tuple[CardAuthor, ...] = ()
    sources: tuple[Part, ...] = ()
    languages: tuple[Part, ...] = ()
    reasons: tuple[Reason, ...] = ()
    silent: tuple[Silencer, ...] = ()
    critical: CriticalShare | None = None

    @property
    def new_share(self) -> float:
        """Share of the stated authors who are new to this topic, 0..1; 0 where nobody is stated."""
        return self.authors_new / self.authors_known if self.authors_known else 0.0


def in_order(rows: Window) -> Window:
    """Return the rows in an order that does not depend on when they were filed.

    By time, then by what each row says; by its author's key, which differs between installs, and
    its number only where two say the same.
    """
    columns = [getattr(rows, name) for name in _ORDER]
    order = sorted(zip(*columns, strict=True))
    turned = zip(*order, strict=True) if order else ([] for _ in _ORDER)
    named = {name: list(column) for name, column in zip(_ORDER, turned, strict=True)}
    return Window(rows.since, rows.until, **named)


def first_negative(rows: Window, onset: datetime | None) -> datetime | None:
    """Return when the first negative post at or after ``onset`` was published; None without one."""
    since = onset.timestamp() if onset is not None else -math.inf
    found = [
        at for at, tone in zip(rows.at, rows.tone, strict=True) if tone == _NEGATIVE and at >= since
    ]
    return datetime.fromtimestamp(min(found), UTC) if found else None


def negatives(rows: Window) -> list[int]:
    """Return the negatives whose texts may be looked at, by number, oldest first."""
    return [
        num
        for num, tone, kind in zip(rows.num, rows.tone, rows.kind, strict=True)
        if tone == _NEGATIVE and kind not in PRIVATE
    ]


def card(
    rows: Window,
    hour: Window,
    seen: Assessment,
    *,
    texts: Sequence[str],
    before: Sequence[str],
    new_authors: Set[int],
    expected: float,
    limits: Limits,
    budget_days: float,
    onset: datetime | None = None,
    error: float | None = None,
) -> Card:
    """Return the card of a burst. About 1 us a row, and what `burst_terms` takes.

    ``rows`` of the burst and at least of the last hour, ``hour`` of that alone, both as `in_order`
    gives them. ``texts`` of the
    burst's negatives and ``before`` of what was said earlier, for the terms. ``new_authors``: those
    whom the topic first heard in ``rows``. ``expected``: negatives of the last hour. ``onset``: the
    burst's first negative where ``rows`` no longer reach back to it. Without any negative post (an
    echo set by hand) the onset is the assessment's, else the start of the hour. ``error``: how far the share of
    critical texts may be off beyond chance; None: as calibration left it.
    """
    picked = [i for i, tone in enumerate(rows.tone) if tone == _NEGATIVE]
    stated = {rows.author[i] for i in picked} - {0}
    began = onset or first_negative(rows, seen.onset) or seen.onset or hour.since
    measured = measure(hour)
    days = seen.return_period_days
    return Card(
        topic=seen.topic,
        at=seen.at,
        level=int(seen.level),
        onset=began,
        hour=Observed(measured.mentions, measured.negatives, expected),
        days=days if math.isfinite(days) else None,
        negatives=sum(rows.at[i] >= began.timestamp() for i in picked),
        looked_at=len(picked),
        authors_known=len(stated),
        authors_new=len(stated & new_authors),
        term_posts=len(texts),
        terms=tuple(burst_terms(texts, before)),
        posts=tuple(CardPost(rows.num[i], n) for i, n in representatives(rows, POSTS)),
        authors=_widest(rows, picked, new_authors),
        sources=_parts(rows.source[i] for i in picked),
        languages=_parts(rows.lang[i] or "und" for i in picked),
        reasons=_met(seen.reasons),
        silent=silencers(seen, limits, budget_days, _calm_share(measured, seen, limits)),
        critical=_critical(hour, error),
    )


def _critical(hour: Window, error: float | None) -> CriticalShare | None:
    # Only here: numpy is not for processes that merely take in.
    from detectors.score.counting import CALIBRATION, adjusted, probabilities

    rows = firsts(hour)
    rows = rows[:: 1 + len(rows) // MOST_TEXTS]
    columns = ([column[i] for i in rows] for column in (hour.tone, hour.certainty, hour.negative))
    off = CALIBRATION if error is None else error
    told = adjusted(probabilities(*columns), off) if rows else None
    if told is None or not told.texts:
        return None
    value, low, high = (round(share, 4) for share in (told.negative, told.low, told.high))
    return CriticalShare(value, low, high, told.texts)


def _widest(rows: Window, picked: Iterable[int], new_authors: Set[int]) -> tuple[CardAuthor, ...]:
    """Return the authors of the widest negative posts; of equal reach who wrote more, then first."""
    by: dict[int, list[int]] = {}
    for i in picked:
        if rows.author[i] and rows.kind[i] not in PRIVATE:
            by.setdefault(rows.author[i], []).append(i)
    ranked = []
    for author, theirs in by.items():
        best = min(theirs, key=lambda i: (-rows.reach[i], i))
        ranked.append((-rows.reach[best], -len(theirs), theirs[0], best, author))
    ranked.sort()
    return tuple(
        CardAuthor(author_ref(author), rows.num[best], -reach, -n, author in new_authors)
        for reach, n, _, best, author in ranked[:AUTHORS]
    )


def author_ref(key: int) -> str:
    """Return an author's key as 16 hex digits: whole numbers of 64 bits do not survive JSON readers."""
    return f"{key & 0xFFFFFFFFFFFFFFFF:016x}"


def _parts(names: Iterable[str]) -> tuple[Part, ...]:
    ranked = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Part(name, n) for name, n in ranked[:PARTS])


_FIRST = (ReasonCode.TRIPWIRE, ReasonCode.FIRST_SPARK, ReasonCode.REACH)


def _met(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(
        sorted(
            (r for r in reasons if r.met),
            key=lambda r: _FIRST.index(r.code) if r.code in _FIRST else len(_FIRST),
        )
    )


def _calm_share(measured: Measures, seen: Assessment, limits: Limits) -> Change | None:
    """Return the largest share of negatives at which the tone would have been low.

    None where the level was not judged by this share: posts were left out that are no voices, or the
    newest quarter of an hour spoke for itself.
    """
    low = next((r.value for r in seen.reasons if r.code is ReasonCode.NEGATIVE_SHARE), None)
    n, unread = measured.mentions, measured.unread
    hour = negative_share(measured.negatives, unread, n)
    if low is None or not math.isclose(low, hour.low, abs_tol=1e-9):
        return None
    fewer = range(measured.negatives - 1, -1, -1)
    calm = next((k for k in fewer if negative_share(k, unread, n).high < limits["tone_low"]), None)
    return None if calm is None else Change(Lever.SHARE, calm / n, measured.negatives / n)


# --- as the payload of a fact -------------------------------------------------------------------


def card_json(of: Card) -> dict[str, Any]:
    """Return a card as JSON-ready data; a number without end becomes None."""
    data: dict[str, Any] = msgspec.to_builtins(of)
    data["reasons"] = [
        {**reason, "value": reason["value"] if math.isfinite(reason["value"]) else None}
        for reason in data["reasons"]
    ]
    return data


def card_of(data: Mapping[str, Any]) -> Card:
    """Return what `card_json` was given; msgspec.ValidationError names what does not fit."""
    reasons = [
        {**reason, "value": math.inf if reason["value"] is None else reason["value"]}
        for reason in data.get("reasons", ())
    ]
    return shaped({**data, "reasons": reasons}, Card, strict=False)
