"""Trying a query: what it finds among the stored posts of the last 24 hours, beside the query of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from detectors.matcher import Matcher
from detectors.measures import PRIVATE
from detectors.mention import readable
from detectors.term import A_LANGUAGE, EXPECTED, BadTerm, is_language, read, sources_of
from detectors.topic import Query, Topic
from monitor.ports import Post, Reader, Recent

SPAN = timedelta(hours=24)
LOOKED_AT = 20_000
"""Newest stored posts that are looked at: about a second."""
PAGE = 2_000
"""Posts read at once, so that no trial holds the texts of all of them."""
EXAMPLES = 20
TERMS = 500
"""Most terms of one list that are tried."""
TERM_LIMIT = 200

LISTS = ("any", "all", "none")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query to try, as somebody wrote it."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def of(cls, topic: Topic) -> Asked:
        q = topic.query
        return cls(q.any, q.all, q.none, topic.languages, topic.sources)

    def topic(self, topic: Topic) -> Topic:
        """Return ``topic`` with this query instead of its own."""
        query = Query(any=self.any, all=self.all, none=self.none)
        return replace(topic, query=query, languages=self.languages, sources=self.sources)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a query: in which list, at which place, with which entry. ``why`` is a
    `detectors.term.Fault`, or one of the names below."""

    field: str
    place: int
    entry: str
    why: str
    text: str


EMPTY, MANY, LONG, LANGUAGE, UNKNOWN = "no_term", "many", "long", "language", "unknown_source"


def faults(asked: Asked, sources: Collection[str]) -> list[Fault]:
    """Return everything that is wrong with a query, in its order. ``sources``: the names there are."""
    found: list[Fault] = []
    if not asked.any and not asked.all:
        text = "no term to look for; expected at least one in any or in all"
        found.append(Fault("any", 0, "", EMPTY, text))
    for name in LISTS:
        terms: tuple[str, ...] = getattr(asked, name)
        if len(terms) > TERMS:
            text = f"{len(terms)} terms; expected at most {TERMS}"
            found.append(Fault(name, 0, "", MANY, text))
        for place, term in enumerate(terms[:TERMS]):
            if fault := _fault(name, place, term, sources):
                found.append(fault)
    for place, tag in enumerate(asked.languages):
        if not is_language(tag):
            found.append(Fault("languages", place, tag, LANGUAGE, A_LANGUAGE))
    for place, source in enumerate(asked.sources):
        if source not in sources:
            found.append(Fault("sources", place, source, UNKNOWN, _no_such(source, sources)))
    return found


def _fault(name: str, place: int, term: str, sources: Collection[str]) -> Fault | None:
    if len(term) > TERM_LIMIT:
        text = f"{len(term)} characters; expected at most {TERM_LIMIT}"
        return Fault(name, place, term, LONG, text)
    try:
        read(term)
    except BadTerm as error:
        return Fault(name, place, term, error.fault.value, EXPECTED[error.fault])
    unknown = sorted(sources_of(term) - set(sources))
    if unknown:
        return Fault(name, place, term, UNKNOWN, _no_such(unknown[0], sources))
    return None


def _no_such(name: str, sources: Collection[str]) -> str:
    known = ", ".join(sorted(sources)) or "a [source.NAME] section, and there is none"
    return f'unknown source "{name}"; expected one of {known}'


@dataclass(frozen=True, slots=True)
class Example:
    """A post, and how many posts of its tally say the same, itself among them."""

    post: Post
    copies: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Posts that have something in common. ``sources`` and ``langs``: most first. ``private`` of the
    posts are messages and mail: they are counted, and never among the examples."""

    posts: int
    private: int
    sources: tuple[tuple[str, int], ...]
    langs: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class QueryTrial:
    """What a query finds in [``since``, ``until``), and what of it the query of now finds, too.

    ``complete`` False: there were more posts than `LOOKED_AT`, and ``since`` is how far back the look
    went. ``new``: found, but not by the query of now; ``gone``: by that one only.
    """

    looked_at: int
    since: datetime
    until: datetime
    complete: bool
    found: Tally
    new: Tally
    gone: Tally


def try_query(read: Reader, topic: Topic, asked: Asked, now: datetime) -> QueryTrial:
    """Return what ``asked`` finds among the stored posts of 24 hours before ``now``.

    Both queries are applied to the posts as they are stored, so that what was filed under an older
    query of the topic does not count. Ends after `LOOKED_AT` posts, or where a whole page came in
    before. Raises `detectors.term.BadTerm` for a query that `faults` complains of.
    """
    matcher = Matcher([replace(topic, id="now"), replace(asked.topic(topic), id="asked")])
    since = now - SPAN
    found, new, gone = _Counting(), _Counting(), _Counting()
    looked_at, oldest, before, complete = 0, now, None, False
    for _ in range(LOOKED_AT // PAGE):
        rows = read.recent(PAGE, before)
        for row in rows:
            if row.gone or row.own or not since <= row.at <= now:
                continue
            looked_at, oldest = looked_at + 1, min(oldest, row.at)
            text = readable(row.title, row.text)
            hits = matcher.match(text, row.lang, row.tags, row.source)
            if "asked" in hits:
                found.add(row)
            if hits == ("asked",):
                new.add(row)
            elif hits == ("now",):
                gone.add(row)
        complete = len(rows) < PAGE or all(row.observed_at < since for row in rows)
        if complete:
            break
        before = rows[-1].num
    return QueryTrial(
        looked_at=looked_at,
        since=since if complete else oldest,
        until=now,
        complete=complete,
        found=found.tally(read),
        new=new.tally(read),
        gone=gone.tally(read),
    )


@dataclass(slots=True)
class _Counting:
    """Counts posts, and knows the newest public one of each near-copy cluster."""

    posts: int = 0
    private: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    langs: Counter[str] = field(default_factory=Counter)
    copies: Counter[int] = field(default_factory=Counter)
    newest: dict[tuple[int, int], tuple[datetime, int]] = field(default_factory=dict)
    """Time and number of a post, by its cluster, or by its own number where it has none."""

    def add(self, row: Recent) -> None:
        self.posts += 1
        self.sources[row.source] += 1
        self.langs[row.lang or "und"] += 1
        if row.kind in PRIVATE:
            self.private += 1
            return
        if row.cluster:
            self.copies[row.cluster] += 1
        key, seen = (row.cluster, 0 if row.cluster else row.num), (row.at, row.num)
        self.newest[key] = max(seen, self.newest.get(key, seen))

    def tally(self, read: Reader) -> Tally:
        # Read anew, with who wrote them; what was deleted meanwhile is not shown.
        chosen = sorted(self.newest.values(), reverse=True)[:EXAMPLES]
        posts = [p for p in read.posts([num for _, num in chosen]) if not p.deleted]
        return Tally(
            posts=self.posts,
            private=self.private,
            sources=_ranked(self.sources),
            langs=_ranked(self.langs),
            examples=tuple(Example(p, self.copies[p.cluster] or 1) for p in posts),
        )


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
