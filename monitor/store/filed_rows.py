"""A filed mention as rows: what stands in which column, the same on every database."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import repeat

import msgspec

from detectors.mention import Author, Media, Mention, Metrics
from detectors.score.base import UNMARKED, YES, Score, percent
from detectors.score.heads import MORE
from detectors.window import Dated
from monitor.ports import Answers, Filed
from monitor.store.codec import micros
from monitor.store.schema import mention as mention_table
from monitor.store.schema import mention_topic as narrow_table

WIDE = [c.name for c in mention_table.columns if c.name != "deleted_us"]
"""Columns of `wide_row`, in its order."""

NARROW = [c.name for c in narrow_table.columns]
"""Columns of ``(topic, at_s, *narrow_rest(...), rival)``."""

# Drivers are slow with every type but str itself. `_value_` below is what `value` returns, which
# is a function call; so is finding a member by its name.
_PUBLISHED = Dated.PUBLISHED.value


def wide_row(num: int, row: Filed, at_us: int, observed_us: int) -> tuple[object, ...]:
    m, s = row.mention, row.score
    return (
        num,
        m.source,
        m.source_id,
        at_us,
        at_us if row.dated == _PUBLISHED else micros(m.published_at),
        observed_us,
        row.dated,
        m.kind._value_,
        m.direction._value_,
        s.lang,
        m.title,
        m.text,
        m.url,
        row.author,
        row.thread,
        row.cluster,
        topics_json(row.topics),
        int(s.tone),
        s.p[0],
        s.p[2],
        s.offensive,
        row.model,
        row.tripwire,
        m.reach,
        metrics_json(m.metrics),
        extra_json(m),
        answers_json(s),
    )


def narrow_rest(num: int, row: Filed) -> tuple[object, ...]:
    m, s = row.mention, row.score
    return (
        num,
        m.source,
        row.author,
        row.thread,
        row.cluster,
        int(s.tone),
        int(s.offensive >= YES),
        m.reach,
        s.lang,
        m.kind._value_,
        row.tripwire,
        certainty(s),
        percent(s.p[0]),
    )


def certainty(score: Score) -> int:
    """Return the probability of the tone that was read, in percent; 0 where nothing was read."""
    return percent(max(score.p))


def rivals_of(row: Filed) -> Iterable[tuple[str, str]]:
    """Return each topic of a row with the rival that its text names there, "" for none."""
    return zip(row.topics, row.rivals or repeat(""), strict=False)


def person(author: Author) -> tuple[object, ...]:
    kind = author.account_type
    return (
        author.handle,
        author.name,
        author.followers,
        author.verified,
        "" if kind is None else kind.value,
    )


class Cheap(msgspec.Struct, frozen=True):
    """What the first model said of a text that a second one read: its name, (negative, neutral,
    positive) and offensive, to four digits."""

    model: str
    p: tuple[float, float, float]
    offensive: float


class Extra(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only people read of a mention; kept as JSON of the fields that are stated.

    ``cheap``: only where a second model read it. Text, tone and probabilities of such a row are a weak
    label; an edit or a deletion of the text takes it away.
    """

    thread_id: str = ""
    parent_id: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    country: str = ""
    rating: float | None = None
    cheap: Cheap | None = None


@lru_cache(maxsize=4096)
def topics_json(topics: tuple[str, ...]) -> str:
    return msgspec.json.encode(topics).decode()


def metrics_json(metrics: Metrics | None) -> str | None:
    return None if metrics is None else msgspec.json.encode(metrics).decode()


def extra_json(m: Mention, cheap: Cheap | None = None) -> str | None:
    stated = m.thread_id or m.parent_id or m.tags or m.links or m.media or m.country
    if not stated and m.rating is None and cheap is None:
        return None
    extra = Extra(m.thread_id, m.parent_id, m.tags, m.links, m.media, m.country, m.rating, cheap)
    return msgspec.json.encode(extra).decode()


def answers_json(score: Score) -> str:
    """Return the further questions that are answered with yes, in percent by name, and what rules say
    (`Marks.said`), as text by name; "" where there is neither."""
    marked = score.marks is not UNMARKED
    if not marked and (not score.more or max(score.more) < YES):
        return ""
    found: dict[str, int | str] = {
        name: percent(p) for name, p in zip(MORE, score.more, strict=False) if p >= YES
    }
    if marked:
        found.update(score.marks.said())
    return msgspec.json.encode(found).decode() if found else ""


def answers_of(text: str) -> Answers:
    """Return what `answers_json` was made of."""
    if not text:
        return UNANSWERED
    yes: dict[str, int] = {}
    marks: dict[str, str] = {}
    for name, value in _answers.decode(text).items():
        if isinstance(value, int):
            yes[name] = value
        else:
            marks[name] = value
    return Answers(yes, marks)


UNANSWERED = Answers()
_answers = msgspec.json.Decoder(dict[str, int | str])
_extra = msgspec.json.Decoder(Extra)


def tags_of(extra: str | None) -> tuple[str, ...]:
    """Return the hashtags of `extra_json`."""
    return _extra.decode(extra).tags if extra else ()


def cheap_of(row: Filed) -> Cheap:
    """Return the scores of a row as they are kept beside those of a second model."""
    negative, neutral, positive = (round(p, 4) for p in row.score.p)
    return Cheap(row.model, (negative, neutral, positive), round(row.score.offensive, 4))
