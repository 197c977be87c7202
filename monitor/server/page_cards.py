"""Filling the card of an incident page: from the newest fact that holds one, and from the vault."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from alerts.fact import Fact, FactKind
from dashboards.web.curve import Range
from dashboards.web.views import AuthorView, CardView, CriticalView, PostView, Share, Term
from detectors.card import Card, CriticalShare, Part, card_of
from detectors.detection import Level
from monitor.ports import Post, Reader
from monitor.server.page_posts import post_view


def cards_of(facts: Sequence[Fact]) -> list[Card]:
    """Return the cards of a timeline, oldest first; one of another version is left out."""
    found = []
    for fact in facts:
        if fact.kind is FactKind.CARD:
            try:
                found.append(card_of(fact.payload))
            except (msgspec.ValidationError, KeyError):
                continue
    return found


def card_view(read: Reader, cards: Sequence[Card]) -> CardView | None:
    """Return the newest card with names where the vault has any; None where there is no card."""
    if not cards:
        return None
    card = cards[-1]
    posts = {post.num: post for post in read.posts([a.num for a in card.authors])}
    return CardView(
        at=card.at,
        level=Level(card.level),
        onset=card.onset,
        hour=card.hour.negatives,
        expected=Range.around(card.hour.expected),
        days=math.inf if card.days is None else card.days,
        negatives=card.negatives,
        authors_known=card.authors_known,
        new_share=card.new_share,
        term_posts=card.term_posts,
        terms=tuple(Term(t.term, t.count, t.expected) for t in card.terms),
        authors=tuple(
            AuthorView(a.key, _handle(posts.get(a.num)), a.reach, a.posts, a.new)
            for a in card.authors
        ),
        sources=_shares(card.sources, card.looked_at),
        langs=_shares(card.languages, card.looked_at),
        silent=card.silent,
        critical=_critical(card.critical),
    )


def evidence_views(
    read: Reader, evidence: Sequence[Post], cards: Sequence[Card]
) -> tuple[PostView, ...]:
    """Return the posts kept as evidence, each with the most copies that any card counted, and with the
    answers of now where the post still stands as it was kept."""
    copies: dict[int, int] = {}
    for card in cards:
        for post in card.posts:
            copies[post.num] = max(post.copies, copies.get(post.num, 0))
    now = {post.num: post for post in read.posts([kept.num for kept in evidence])}
    return tuple(post_view(_answered(p, now.get(p.num)), copies.get(p.num, 0)) for p in evidence)


def _answered(kept: Post, now: Post | None) -> Post:
    if now is None or (now.text, now.title) != (kept.text, kept.title):
        return kept
    return replace(kept, answers=now.answers, marks=now.marks)


def _critical(of: CriticalShare | None) -> CriticalView | None:
    return CriticalView(of.value, of.low, of.high, of.texts) if of is not None else None


def _handle(post: Post | None) -> str:
    return post.handle if post is not None else ""


def _shares(parts: Sequence[Part], total: int) -> tuple[Share, ...]:
    return tuple(Share(p.name, p.count / max(1, total), p.count) for p in parts)
