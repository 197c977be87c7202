"""Trying a query as the settings page gets it: untried, with and without findings, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dashboards.web.query_views import QueryFault, QueryPart, QueryResult, QueryState, QueryTally
from dashboards.web.setting_views import TopicSettings
from dashboards.web.views import PostView, Share
from tests.dashboards import settings_scenes
from tests.dashboards.situation_scenes import NOW

FORM = QueryPart(
    topic="kundenportal",
    any="kundenportal\n@nordwind\nnordwind~",
    all="",
    none="modellbahn",
    languages="de, en",
    sources=("bewertungen", "forum", "kurznachrichten"),
    chosen=frozenset({"forum"}),
)


def _post(text: str, minutes: int, copies: int = 1) -> PostView:
    at = NOW - timedelta(minutes=minutes)
    return PostView(
        text=text,
        lang="de",
        source="forum",
        at=at,
        url="https://example.org/p/1",
        handle="kim",
        reach=0,
        copies=copies,
        deleted=False,
    )


def _tally(posts: int, private: int, *texts: str) -> QueryTally:
    return QueryTally(
        posts=posts,
        private=private,
        sources=(Share("forum", 0.75, 3 * posts // 4), Share("kurznachrichten", 0.25, posts // 4)),
        langs=(Share("de", 0.9, posts - 1), Share("und", 0.1, 1)),
        examples=tuple(_post(text, 7 * n + 3, 1 + n % 2 * 11) for n, text in enumerate(texts)),
    )


DONE = QueryResult(
    QueryState.DONE,
    looked_at=20_000,
    since=NOW - timedelta(hours=9),
    complete=False,
    found=_tally(
        1240, 3, "Das Kundenportal ist schon wieder weg", "Nordwindkunden warten <b>Tage</b>"
    ),
    new=_tally(36, 1, "Nordwindkunden warten <b>Tage</b>", "Nordwind-Hotline: " + "wartet " * 60),
    gone=_tally(9, 0, *(f"kundenportal, aber von Beta Bus {n}" for n in range(7))),
)


def part(lang: str, result: QueryResult | None) -> TopicSettings:
    return replace(settings_scenes.plain(lang), query=replace(FORM, result=result))


def untried(lang: str = "de") -> TopicSettings:
    return part(lang, None)


def tried(lang: str = "de") -> TopicSettings:
    return part(lang, DONE)


def same(lang: str = "de") -> TopicSettings:
    nothing = QueryTally(0)
    found = replace(DONE, complete=True, looked_at=812, new=nothing, gone=nothing)
    return part(lang, found)


def empty(lang: str = "de") -> TopicSettings:
    return part(lang, QueryResult(QueryState.DONE))


def invalid(lang: str = "de") -> TopicSettings:
    whys = (
        *("no_term", "many", "long", "language", "unknown_source"),
        *("empty", "alone", "short", "stars", "compound", "lang", "source"),
    )
    fields = ("any", "all", "none", "languages", "sources")
    faults = tuple(
        QueryFault(fields[n % 5], "" if n < 2 else f"acme*{n} <i>", why)
        for n, why in enumerate(whys)
    )
    return part(lang, QueryResult(QueryState.INVALID, faults=faults))


def busy(lang: str = "de") -> TopicSettings:
    return part(lang, QueryResult(QueryState.BUSY))


def unavailable(lang: str = "de") -> TopicSettings:
    return part(lang, QueryResult(QueryState.UNAVAILABLE))
