"""Mastodon: driven by the real client against a small server over loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from detectors.mention import AccountType, Kind
from monitor.ports import EntryKind
from monitor.settings import MastodonSource
from monitor.sources import mastodon
from monitor.sources.mastodon import MastodonStream
from tests.monitor.sourcing import FakeMastodon, MemoryIntake, running, until


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    made = FakeMastodon()
    yield made
    made.stop()


def stream(server: FakeMastodon, stall_s: float = 30.0, **settings: object) -> MastodonStream:
    fields = {"type": "mastodon", "url": server.url, "hashtag": "#nordlicht", **settings}
    return MastodonStream("m", MastodonSource.model_validate(fields), stall_s=stall_s)


def test_a_status_becomes_a_mention(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server), intake):
        until(server.listening)
        server.post(
            101, "Hallo<br>@nordlicht &amp; Co", in_reply_to_id="99", spoiler_text="Ärger",
            media_attachments=[{"id": "1", "type": "image", "url": "https://m.example/1.png", "description": "Zähler"}],
        )  # fmt: skip
        until(lambda: bool(intake.ids()))
    _, kind, mention = intake.mentions[0]
    assert kind is EntryKind.CREATED
    assert (mention.source, mention.source_id, mention.kind) == ("m", "101", Kind.REPLY)
    assert (mention.text, mention.title) == ("Hallo\n@nordlicht & Co", "Ärger")
    assert mention.published_at.isoformat() == "2026-11-22T14:05:41+00:00"
    assert (mention.parent_id, mention.tags, mention.lang) == ("99", ("nordlicht",), "de")
    assert mention.author is not None
    assert (mention.author.handle, mention.author.followers) == ("moosfeder@local", 120)
    assert mention.author.account_type is AccountType.PERSON
    assert mention.metrics is not None
    assert (mention.metrics.likes, mention.metrics.shares) == (3, 2)
    assert mention.media[0].alt == "Zähler"


def test_edits_and_deletes_are_handed_on_as_such(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server), intake):
        until(server.listening)
        server.post(1, "Alles gut")
        server.send("status.update", json.dumps(server.status(1, "Doch nicht gut")))
        server.send("delete", "1")
        server.send("something_new", "{}")
        server.post(2, "weiter")
        # The catch-up after connecting may bring post 2 before the stream has told of the delete.
        until(lambda: "2" in intake.ids() and bool(intake.deleted))
    assert intake.ids(EntryKind.UPDATED) == ["1"]
    assert intake.deleted == ["1"]
    assert not intake.errors


def test_what_was_missed_is_fetched_page_by_page_after_a_break(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server), intake):
        until(server.listening)
        server.post(1, "vorher")
        until(lambda: "1" in intake.ids())
        server.thump()
        until(lambda: intake.cursors.get("m") == {"id": "1"})
    for number in range(2, 102):  # three pages of forty
        server.statuses.append(server.status(number, f"verpasst {number}"))
    with running(stream(server), intake):
        until(lambda: len(set(intake.ids())) == 101)
        until(lambda: intake.cursors["m"] == {"id": "101"})
    # A stream that ends before its cursor is saved may repeat a post; it must not lose one.
    assert list(dict.fromkeys(intake.ids()))[1:] == [str(n) for n in range(2, 102)]


def test_a_broken_connection_is_told_and_made_again(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server), intake):
        until(server.listening)
        server.post(1, "eins")
        until(lambda: "1" in intake.ids())
        server.cut()
        until(server.listening)
        server.post(2, "zwei")
        until(lambda: "2" in intake.ids())
    assert intake.errors


def test_a_stream_without_heartbeat_is_dead_even_if_open(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server, stall_s=0.5), intake):
        until(server.listening)
        until(lambda: bool(intake.errors))
    assert "imed out" in intake.errors[0][1] or "onnection" in intake.errors[0][1]


def test_an_idle_stream_with_heartbeats_is_healthy(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    with running(stream(server, stall_s=5), intake):
        until(server.listening)
        until(lambda: intake.oks.get("m", 0) >= 1)
        before = intake.oks["m"]
        server.thump()
        until(lambda: intake.oks["m"] > before)
    assert not intake.errors


def test_only_what_everybody_may_read_is_taken(server: FakeMastodon) -> None:
    intake = MemoryIntake()
    settings = {"stream": "user", "token": SecretStr("geheimes-wort")}
    with running(stream(server, **settings), intake):
        until(server.listening)
        server.post(1, "nur für Freunde", visibility="private")
        server.post(2, "vertraulich", visibility="direct")
        server.post(3, "für alle", visibility="unlisted")
        until(lambda: "3" in intake.ids())
    assert intake.ids() == ["3"]
    assert "Bearer geheimes-wort" in server.tokens


def test_a_refused_timeline_is_told_and_the_stream_goes_on(server: FakeMastodon) -> None:
    server.timeline_code = 404
    intake = MemoryIntake()
    with running(stream(server, stream="public"), intake):
        until(server.listening)
        until(lambda: bool(intake.errors))
        server.post(1, "trotzdem")
        until(lambda: "1" in intake.ids())
    assert "refused" in intake.errors[0][1]


def test_a_refused_stream_is_told_without_the_token(server: FakeMastodon) -> None:
    server.stream_code = 403
    intake = MemoryIntake()
    with running(stream(server, token=SecretStr("geheimes-wort")), intake):
        until(lambda: bool(intake.errors))
    assert all("geheimes-wort" not in error for _, error in intake.errors)
    assert server.url in intake.errors[0][1]


@pytest.mark.parametrize(
    ("settings", "says"), [({"hashtag": " # "}, "hashtag"), ({"stream": "user"}, "token")]
)
def test_a_source_that_cannot_work_is_refused_at_once(
    settings: dict[str, object], says: str, server: FakeMastodon
) -> None:
    with pytest.raises(ValueError, match=says):
        stream(server, **settings)


def test_a_hole_longer_than_is_fetched_is_told_as_a_span(
    server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mastodon, "PAGES", 2)
    monkeypatch.setattr(mastodon, "PAGE", 5)
    server.statuses = [server.status(n, f"Nr. {n}") for n in range(1, 41)]
    intake = MemoryIntake(cursors={"m": {"id": "3"}})
    with running(stream(server), intake):
        until(lambda: "40" in intake.ids())
        until(server.listening)
    hour = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    assert intake.spans == [("m", hour + timedelta(seconds=13), hour + timedelta(seconds=36))]
    assert intake.ids() == [str(n) for n in (*range(4, 14), *range(36, 41))]
    assert any("a hole" in error for _, error in intake.errors)


def test_whatever_can_be_fetched_whole_is_no_part(server: FakeMastodon) -> None:
    server.statuses = [server.status(n, f"Nr. {n}") for n in range(1, 41)]
    intake = MemoryIntake(cursors={"m": {"id": "3"}})
    with running(stream(server), intake):
        until(lambda: "40" in intake.ids())
    assert intake.spans == []
