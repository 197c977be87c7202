"""query-health: names that a topic's query may lack, and how much of what it finds is ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from monitor.desk.query_health import Health


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("query-health", short_help="Does a topic's query find what it should?")(
        query_health
    )


def query_health(
    topic: Annotated[str, typer.Option(metavar="ID", help="The topic whose query is looked at.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell which names a topic's query may lack, and how much of what it finds is ours.

    Reads the store beside the running service and changes nothing. How much is ours is what people
    said of a sample of 20 posts a month, on the topic's settings page.

    \b
    Example:
      sturmglas query-health --topic acme-bahn
    """
    from monitor.app.wiring import with_password
    from monitor.clock import SystemClock
    from monitor.desk.query_health import health
    from monitor.store.looking import looking

    with plainly():
        settings = settings_of(config)
        topics = settings.to_topics()
        if topic not in topics:
            complain([f"--topic: unknown topic {topic!r}; known: {', '.join(topics)}"], WRONG_USE)
        url = with_password(settings.store.url, settings.store.password)
        with looking(url) as read:
            found = health(read, topics[topic], topics, SystemClock().now())
    for line in _json(found) if as_json else _told(found):
        typer.echo(line)


def _told(found: Health) -> list[str]:
    standing, lines = found.standing, []
    if standing.precision is None:
        lines.append(
            f"{found.topic}: how much is ours is not known yet;"
            f" {found.open} of {len(found.sample)} posts of {found.month} wait for a word"
            if found.sample
            else f"{found.topic}: {found.found} posts in {found.month}; asked from 20 on"
        )
    else:
        p = standing.precision
        lines.append(
            f"{found.topic}: {p.share:.0%} ours ({p.ours} of {p.marked} in {standing.month},"
            f" {p.low:.0%} to {p.high:.0%})" + (": too little" if p.too_low else "")
        )
    lines += [
        f"  {one.term}  {one.sort.value}, in {one.posts} of {found.looked_at} posts here,"
        f" {one.elsewhere:.1%} elsewhere"
        for one in found.suggestions
    ]
    if not found.suggestions:
        lines.append(f"  no name is missing, by {found.looked_at} posts of 28 days")
    return lines


def _json(found: Health) -> list[str]:
    p = found.standing.precision
    lines: list[dict[str, object]] = [
        {
            "type": "suggestion",
            "topic": found.topic,
            "term": one.term,
            "sort": one.sort.value,
            "posts": one.posts,
            "share": round(one.share, 4),
            "elsewhere": round(one.elsewhere, 4),
            "z": round(one.z, 2),
        }
        for one in found.suggestions
    ]
    summary = {
        "type": "summary",
        "topic": found.topic,
        "month": found.month,
        "found": found.found,
        "open": found.open,
        "looked_at": found.looked_at,
        "compared": found.compared,
        "precision": None
        if p is None
        else {
            "month": found.standing.month,
            "ours": p.ours,
            "marked": p.marked,
            "share": round(p.share, 4),
            "low": round(p.low, 4),
            "high": round(p.high, 4),
        },
        "too_low": found.standing.too_low,
    }
    return [json.dumps(line, ensure_ascii=False) for line in (*lines, summary)]
