"""Short scenes for flow tests: calm days and a storm about an invented railway."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from detectors.mention import Author, Mention

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CALM = (
    "Bin heute mit der Acme Bahn unterwegs, alles pünktlich.",
    "Acme Bahn fährt ab morgen auch nach Seeburg.",
    "Weiß jemand, ob die Acme Bahn am Sonntag fährt?",
    "Schöne Aussicht aus der Acme Bahn heute, danke für die nette Fahrt!",
    "The Acme Bahn timetable for spring is out.",
)
ANGRY = (
    "Acme Bahn, das ist eine Frechheit! Schon wieder ausgefallen und niemand sagt etwas.",
    "Unfassbar schlecht, die Acme Bahn lässt uns hier seit Stunden stehen. Nie wieder!",
    "Acme Bahn ist das Letzte. Katastrophe, ich bin so wütend.",
    "Worst service ever, Acme Bahn. Absolutely disgusting and a shame.",
    "Was für eine miese Abzocke, Acme Bahn! Ich will mein Geld zurück, ihr Betrüger.",
)

_OPENINGS = (
    "Acme Bahn, das ist eine Frechheit!",
    "Unfassbar schlecht, diese Acme Bahn.",
    "Die Acme Bahn ist eine Katastrophe, ich bin so wütend.",
    "Was für eine miese Abzocke, Acme Bahn!",
    "Acme Bahn, ihr seid eine Schande.",
    "Worst service ever, Acme Bahn.",
)
_ENDINGS = (
    "Schon wieder ausgefallen und niemand sagt etwas.",
    "Wir stehen hier seit Stunden in der Kälte. Nie wieder!",
    "Ich will mein Geld zurück, ihr Betrüger.",
    "Keine Durchsage, keine Hilfe, einfach furchtbar.",
    "Disgusting, nobody answers and nobody cares.",
    "Mein Kind weint und ihr lügt uns an.",
)


def post(
    n: int | str, at: datetime, text: str, *, source: str = "forum", author: str = ""
) -> Mention:
    """Return one post about the railway."""
    return Mention(
        source=source,
        source_id=str(n),
        text=text,
        published_at=at,
        author=Author(handle=author or f"reisende{n}", followers=100),
    )


def calm(start: datetime, end: datetime, per_hour: float, seed: int = 1) -> Iterator[Mention]:
    """Yield an even trickle of everyday posts from a hundred authors."""
    rng = random.Random(seed)
    at, n = start, 0
    while True:
        at += timedelta(hours=rng.expovariate(per_hour))
        if at >= end:
            return
        n += 1
        text = rng.choice(ANGRY) if rng.random() < 0.1 else rng.choice(CALM)
        author = f"alltag{rng.randrange(100)}"
        yield post(f"calm{n}-{seed}-{start:%d%H%M}", at, f"{text} ({n})", author=author)


def storm(
    start: datetime, minutes: int, first_per_min: float, doubling_min: float, seed: int = 1
) -> Iterator[Mention]:
    """Yield angry posts of ever new authors, doubling every ``doubling_min``."""
    rng = random.Random(seed)
    n = 0
    for minute in range(minutes):
        rate = first_per_min * 2 ** (minute / doubling_min)
        for _ in range(int(rate) + (rng.random() < rate % 1)):
            n += 1
            at = start + timedelta(minutes=minute, seconds=rng.uniform(0, 59))
            text = f"{rng.choice(_OPENINGS)} {rng.choice(_ENDINGS)}"
            source = rng.choice(("forum", "kurz"))
            yield post(f"storm{n}-{seed}-{start:%d%H%M}", at, text, source=source)


def in_order(*streams: Iterator[Mention]) -> list[Mention]:
    """Return all mentions of some streams, sorted by publication."""
    return sorted((m for s in streams for m in s), key=lambda m: (m.published_at, m.source_id))
