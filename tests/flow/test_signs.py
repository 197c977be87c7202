"""Who is new and what is taken back, through the whole pipeline: told beside a level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from detectors.detection import Reason, ReasonCode
from detectors.mention import Mention, MentionRef
from detectors.window import BIN
from monitor.ports import BinResult, Entry, EntryKind
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import ANGRY, MONDAY, calm, in_order, post, storm

NOW = MONDAY + timedelta(days=3, hours=12)
HOUR = timedelta(hours=1)
SOON = timedelta(seconds=3)


def live(
    made: Flow,
    mentions: list[Mention],
    since: datetime,
    until: datetime,
    *,
    deleted: Callable[[datetime], list[str]] = lambda _: [],
    restart_at: datetime | None = None,
) -> None:
    """Let time pass, bin by bin towards the end; ``deleted``: ids taken back in the bin of a start."""
    if since == MONDAY:
        made.pipeline.begin_at(MONDAY)
    at = since
    while at < until:
        if at == restart_at:
            made.restart()
        step = BIN if at >= NOW - HOUR else 6 * BIN
        part = [m for m in mentions if at <= m.published_utc < at + step]
        made.pipeline.filing.create([(m, m.published_utc + SOON) for m in part])
        if gone := deleted(at):
            made.position += 1
            payload = msgspec.json.encode([MentionRef("forum", id) for id in gone])
            entry = Entry(str(made.position), EntryKind.DELETED, "forum", at + SOON, payload)
            made.pipeline.take([entry])
        at += step
        made.tick(at + timedelta(minutes=1))


def results(made: Flow, since: datetime, until: datetime) -> list[BinResult]:
    return made.store.read.results(TOPIC.id, since, until)


def told(found: list[BinResult], code: ReasonCode) -> list[Reason]:
    return [r for x in found if x.assessment for r in x.assessment.reasons if r.code is code]


def of_regulars(mentions: Iterator[Mention]) -> Iterator[Mention]:
    """Yield the same posts, by people whom the topic heard in the days before."""
    for n, m in enumerate(mentions):
        author = msgspec.structs.replace(m.author, handle=f"alltag{n % 100}")
        yield msgspec.structs.replace(m, source="forum", author=author)


def stirs(start: datetime, days: int) -> Iterator[Mention]:
    """Yield an hour of anger among regulars at noon of each day, so that their share is known."""
    for day in range(days):
        for n in range(24):
            at = start + timedelta(days=day, minutes=2.5 * n)
            text = f"{ANGRY[n % len(ANGRY)]} ({day})"
            yield post(f"stir{day}-{n}", at, text, author=f"alltag{n}")


def test_a_storm_of_people_never_heard_before_says_so_and_one_of_regulars_does_not(
    flow: Callable[..., Flow],
) -> None:
    past = in_order(calm(MONDAY, NOW + HOUR, 30), stirs(MONDAY + 12 * HOUR, 3))
    fresh, regular = flow(), flow()
    blown = list(storm(NOW, 60, 0.6, 12))
    live(fresh, in_order(iter(past), iter(blown)), MONDAY, NOW + HOUR)
    live(regular, in_order(iter(past), of_regulars(iter(blown))), MONDAY, NOW + HOUR)
    reasons = told(results(fresh, NOW, NOW + HOUR), ReasonCode.NEW_AUTHORS)
    assert reasons
    assert max(r.value for r in reasons) > 0.7
    assert all(r.value > r.threshold for r in reasons)
    assert told(results(regular, NOW, NOW + HOUR), ReasonCode.NEW_AUTHORS) == []


def test_a_brand_that_takes_posts_back_shows_it_and_a_restart_changes_nothing(
    flow: Callable[..., Flow],
) -> None:
    mentions = in_order(calm(MONDAY, NOW + HOUR, 60), storm(NOW, 60, 0.3, 20))
    ids = [m.source_id for m in mentions if m.published_utc < MONDAY + 24 * HOUR]

    def cleared(at: datetime) -> list[str]:
        """Yesterday's posts go while people write of today."""
        n = (at - NOW) // BIN
        return ids[n * 30 : n * 30 + 30] if 0 <= n < 6 else []

    steady, torn, open_handed = flow(), flow(), flow()
    live(steady, mentions, MONDAY, NOW + HOUR, deleted=cleared)
    live(torn, mentions, MONDAY, NOW + HOUR, deleted=cleared, restart_at=NOW + 2 * BIN)
    live(open_handed, mentions, MONDAY, NOW + HOUR)
    reasons = told(results(steady, NOW, NOW + HOUR), ReasonCode.DELETIONS)
    assert reasons
    assert told(results(open_handed, NOW, NOW + HOUR), ReasonCode.DELETIONS) == []
    assert results(torn, NOW, NOW + HOUR) == results(steady, NOW, NOW + HOUR)
    levels = [r.level for r in results(steady, NOW, NOW + HOUR)]
    assert levels == [r.level for r in results(open_handed, NOW, NOW + HOUR)]
