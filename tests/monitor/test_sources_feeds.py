"""Feeds: politeness, moves, size, malformed feeds, missing dates; against a real local server."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from detectors.mention import Kind
from monitor.clock import ManualClock
from monitor.settings import FeedSource
from monitor.sources import feeds
from monitor.sources.feeds import UNDATED, Feed
from monitor.sources.html_text import to_text
from tests.monitor.sourcing import Answer, FeedServer, MemoryIntake, running, until

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
ATOM = b"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Bote</title>
<entry><id>tag:bote.example,2026:1</id><title>&#220;ber den &lt;b&gt;Hafen&lt;/b&gt;</title>
<link href="/artikel/1"/><published>2026-11-22T14:00:00+01:00</published>
<content type="html">&lt;p&gt;Erster Absatz.&lt;/p&gt;&lt;p&gt;Zweiter &amp;amp; letzter.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</content>
<author><name>Redaktion Hafen</name></author><category term="Hafen"/></entry></feed>"""


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()


@pytest.fixture
def server() -> Iterator[FeedServer]:
    made = FeedServer()
    yield made
    made.stop()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as made:
        yield made


def feed(
    server: FeedServer, client: httpx.Client, path: str = "/feed", every_s: float = 0.05
) -> Feed:
    settings = FeedSource.model_construct(
        type="feed", url=server.url + path, every_s=every_s, kind="article"
    )
    return Feed("bote", settings, client, ManualClock(NOW))


def once(server: FeedServer, client: httpx.Client, answer: Answer) -> MemoryIntake:
    """Poll one answer until it is told as fine or as failed."""
    server.answers["/feed"] = lambda headers: answer
    intake = MemoryIntake()
    with running(feed(server, client), intake):
        until(lambda: bool(intake.oks or intake.errors))
    return intake


def test_an_atom_entry_becomes_a_mention(server: FeedServer, client: httpx.Client) -> None:
    intake = once(server, client, (200, ATOM, {"Content_Type": "application/atom+xml"}))
    _, _, mention = intake.mentions[0]
    assert mention.source_id == "tag:bote.example,2026:1"
    assert mention.title == "Über den Hafen"
    assert mention.text == "Erster Absatz.\n\nZweiter & letzter."
    assert mention.url == f"{server.url}/artikel/1"
    assert mention.published_at == NOW - timedelta(minutes=65)
    assert (mention.kind, mention.lang, mention.tags) == (Kind.ARTICLE, "de", ("Hafen",))
    assert mention.author is not None
    assert mention.author.handle == "Redaktion Hafen"


def test_an_unchanged_feed_is_asked_for_with_its_etag_and_answered_304(
    server: FeedServer, client: httpx.Client
) -> None:
    def answer(headers: object) -> Answer:
        assert isinstance(headers, dict)
        if headers.get("if-none-match") == '"v1"':
            return 304, b"", {}
        return 200, ATOM, {"ETag": '"v1"', "Last_Modified": "Sun, 22 Nov 2026 13:00:00 GMT"}

    server.answers["/feed"] = answer
    intake = MemoryIntake()
    with running(feed(server, client), intake):
        until(lambda: intake.oks.get("bote", 0) >= 3)
    assert len(intake.ids()) == 1
    assert not intake.errors
    assert server.requests[-1][1]["if-modified-since"] == "Sun, 22 Nov 2026 13:00:00 GMT"


def test_a_permanent_move_is_remembered_and_a_temporary_one_is_not(
    server: FeedServer, client: httpx.Client
) -> None:
    server.answers["/feed"] = lambda headers: (301, b"", {"Location": "/new"})
    server.answers["/new"] = lambda headers: (200, ATOM, {})
    server.answers["/temp"] = lambda headers: (302, b"", {"Location": "/new"})
    moved, temporary = MemoryIntake(), MemoryIntake()
    with running(feed(server, client), moved):
        until(lambda: moved.oks.get("bote", 0) >= 2)
    assert moved.cursors["bote"]["url"] == f"{server.url}/new"
    assert [path for path, _ in server.requests].count("/feed") == 1
    with running(feed(server, client, "/temp"), temporary):
        until(lambda: temporary.oks.get("bote", 0) >= 2)
    assert temporary.cursors["bote"]["url"] == ""


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_heeded(code: int, server: FeedServer, client: httpx.Client) -> None:
    server.answers["/feed"] = lambda headers: (code, b"", {"Retry_After": "3600"})
    intake = MemoryIntake()
    with running(feed(server, client), intake):
        until(lambda: bool(intake.errors))
        threading.Event().wait(0.6)  # a dozen of its usual pauses
        assert len(server.requests) == 1
    assert f"HTTP {code}" in intake.errors[0][1]


def test_a_gzipped_feed_is_read_and_a_bomb_is_refused(
    server: FeedServer, client: httpx.Client
) -> None:
    packed = {"Content_Encoding": "gzip"}
    assert once(server, client, (200, gzip.compress(ATOM), packed)).ids()
    bomb = gzip.compress(b" " * (feeds.SIZE_LIMIT + 1))
    assert len(bomb) < 100_000
    intake = once(server, client, (200, bomb, packed))
    assert not intake.ids()
    assert "larger than 5 MiB" in intake.errors[0][1]


def test_good_entries_of_a_malformed_feed_are_kept(
    server: FeedServer, client: httpx.Client
) -> None:
    broken = rss("<item><guid>1</guid><title>Gut & schön</title></item>").replace(b"</rss>", b"")
    assert once(server, client, (200, broken, {})).texts() == ["Gut & schön"]


@pytest.mark.parametrize("body", [b"", b"<html><body>Login</body></html>", b"\x00\xff" * 50])
def test_what_is_no_feed_is_told(body: bytes, server: FeedServer, client: httpx.Client) -> None:
    intake = once(server, client, (200, body, {}))
    assert not intake.ids()
    assert "neither RSS nor Atom" in intake.errors[0][1]


def test_an_entry_without_a_date_counts_when_seen_and_says_so(
    server: FeedServer, client: httpx.Client
) -> None:
    intake = once(server, client, (200, rss("<item><guid>7</guid><title>Ohne</title></item>"), {}))
    _, _, mention = intake.mentions[0]
    assert (mention.published_at, mention.tags) == (NOW, (UNDATED,))


def test_ids_fall_back_to_link_and_then_to_a_stable_hash(
    server: FeedServer, client: httpx.Client
) -> None:
    body = rss(
        "<item><link>https://bote.example/2</link><title>Link</title></item>",
        "<item><title>Nur Titel</title></item>",
        "<item></item>",
    )
    intake = once(server, client, (200, body, {}))
    link, hashed = intake.ids()
    assert link == "https://bote.example/2"
    assert hashed == once(server, client, (200, body, {})).ids()[1]
    assert "entry 3" in intake.errors[0][1]


def test_secrets_in_the_address_reach_no_error(server: FeedServer, client: httpx.Client) -> None:
    server.answers["/feed?token=geheim"] = lambda headers: (500, b"", {})
    intake = MemoryIntake()
    with running(feed(server, client, "/feed?token=geheim"), intake):
        until(lambda: bool(intake.errors))
    assert all("geheim" not in error for _, error in intake.errors)


def test_a_server_that_is_not_there_is_told_and_tried_again(client: httpx.Client) -> None:
    gone = FeedServer()
    gone.stop()
    intake = MemoryIntake()
    with running(feed(gone, client), intake):
        until(lambda: len(intake.errors) >= 2)
    assert "ConnectError" in intake.errors[0][1]


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("a < b und c > d", "a < b und c > d"),
        ("<p>eins<br>zwei</p><p>drei</p>", "eins\nzwei\n\ndrei"),
        ("Gr&uuml;&szlig;e &#128075;", "Grüße 👋"),
        ("<a href='x'>Link</a> <img src=y>", "Link"),
        ("<b>offen", "offen"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(fragment: str, text: str) -> None:
    assert to_text(fragment) == text


# --- a full batch of nothing but new ones -----------------------------------------------------


def newest(first: int, last: int) -> Answer:
    """Return what a feed shows that holds the entries ``first`` to ``last``, one a minute."""
    items = [
        f"<item><guid>n{n}</guid><title>Nr. {n}</title>"
        f"<pubDate>Sun, 22 Nov 2026 13:{n:02d}:00 GMT</pubDate></item>"
        for n in range(first, last + 1)
    ]
    return 200, rss(*items), {}


def polled(server: FeedServer, client: httpx.Client, *answers: Answer) -> MemoryIntake:
    """Poll until each answer was given and taken."""
    left = list(answers)
    server.answers["/feed"] = lambda headers: left.pop(0) if left else (304, b"", {})
    intake = MemoryIntake()
    with running(feed(server, client), intake):
        until(lambda: not left and intake.oks.get("bote", 0) > len(answers))
    return intake


def test_a_full_batch_that_shares_nothing_with_the_last_tells_what_scrolled_out(
    server: FeedServer, client: httpx.Client
) -> None:
    intake = polled(server, client, newest(1, 5), newest(9, 13))
    day = datetime(2026, 11, 22, 13, tzinfo=UTC)
    assert intake.spans == [("bote", day + timedelta(minutes=5), day + timedelta(minutes=9))]
    assert len(intake.ids()) == 10


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1, 5), (5, 9)),  # the last one before is still there
        ((1, 5), (9, 11)),  # not full: it showed more before
        ((9, 13), (1, 5)),  # older ones, put in late
    ],
)
def test_what_may_be_all_there_was_is_not_called_a_part(
    server: FeedServer, client: httpx.Client, before: tuple[int, int], after: tuple[int, int]
) -> None:
    assert polled(server, client, newest(*before), newest(*after)).spans == []


def test_the_first_look_at_a_feed_is_no_part(server: FeedServer, client: httpx.Client) -> None:
    assert polled(server, client, newest(1, 50)).spans == []


def test_a_span_is_kept_before_what_came_after_it_is_put(
    server: FeedServer, client: httpx.Client
) -> None:
    told: list[str] = []

    class Order(MemoryIntake):
        def put(self, *args: object) -> None:
            told.append("put")

        def capped(self, *args: object) -> None:
            told.append("capped")

    left = [newest(1, 5), newest(9, 13)]
    server.answers["/feed"] = lambda headers: left.pop(0) if left else (304, b"", {})
    with running(feed(server, client), Order()):
        until(lambda: len(told) == 3)
    assert told == ["put", "capped", "put"]
