"""What every source must keep: nothing lost, repeats harmless, stops soon, never raises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from detectors.mention import Mention
from monitor.clock import ManualClock
from monitor.settings import FeedSource, FileSource, MastodonSource
from monitor.sources.base import Source
from monitor.sources.feeds import Feed
from monitor.sources.files import FollowedFile
from monitor.sources.mastodon import MastodonStream
from monitor.sources.synthetic import Brand, SyntheticSource, World
from tests.monitor.sourcing import FakeMastodon, FeedServer, MemoryIntake, running, until

START = datetime(2026, 11, 22, 14, tzinfo=UTC)


@dataclass
class Setting:
    """A source under test. ``make`` builds a fresh one over the same origin, as a restart does;
    ``publish`` makes the origin say item number n; ``bad`` makes it say something broken."""

    make: Callable[[], Source]
    publish: Callable[[int], None]
    bad: Callable[[], None] | None
    ids: Callable[[MemoryIntake], set[str]]
    name: Callable[[int], set[str]]


def _file_setting(folder: Path) -> Setting:
    path = folder / "mentions.jsonl"
    path.touch()

    def say(line: bytes) -> None:
        with path.open("ab") as file:
            file.write(line + b"\n")

    def publish(n: int) -> None:
        mention = Mention(source="f", source_id=f"{n}", text=f"Nummer {n}", published_at=START)
        say(msgspec.json.encode(mention))

    return Setting(
        make=lambda: FollowedFile("f", FileSource(type="file", path=path), every_s=0.05),
        publish=publish,
        bad=lambda: say(b'{"source": "f", "text": 7}'),
        ids=lambda intake: set(intake.ids()),
        name=lambda n: {f"{n}"},
    )


def _feed_setting(server: FeedServer, client: httpx.Client) -> Setting:
    items: list[str] = []

    def answer(headers: object) -> tuple[int, bytes, dict[str, str]]:
        body = f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>"
        return 200, body.encode(), {"Content_Type": "application/rss+xml"}

    server.answers["/feed"] = answer

    def publish(n: int) -> None:
        # Newest last, and dated backwards: feeds come in any order.
        date = (START - timedelta(minutes=n)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        items.append(f"<item><guid>{n}</guid><title>Nr {n}</title><pubDate>{date}</pubDate></item>")

    settings = FeedSource.model_construct(
        type="feed", url=f"{server.url}/feed", every_s=0.05, kind="article"
    )
    return Setting(
        make=lambda: Feed("f", settings, client, ManualClock(START)),
        publish=publish,
        bad=lambda: items.append("<item><guid></guid></item>"),
        ids=lambda intake: set(intake.ids()),
        name=lambda n: {f"{n}"},
    )


def _mastodon_setting(server: FakeMastodon) -> Setting:
    settings = MastodonSource(type="mastodon", url=server.url, hashtag="nordlicht")
    return Setting(
        make=lambda: MastodonStream("f", settings),
        publish=lambda n: server.post(n, f"Nummer {n}"),
        bad=lambda: server.send("update", '{"id": "0", "content": "no date"}'),
        ids=lambda intake: set(intake.ids()),
        name=lambda n: {f"{n}"},
    )


def _synthetic_setting() -> Setting:
    world = World(3, Brand("law", "Lawine", "@lawine", "#Lawine"), per_day=60_000)
    clock = ManualClock(START)

    def expected(n: int) -> set[str]:
        low = START + timedelta(seconds=30 * (n - 1))
        return {m.source_id for m in world.mentions(low, low + timedelta(seconds=30))}

    return Setting(
        make=lambda: SyntheticSource("s", world, clock, START, every_s=0.02),
        publish=lambda n: clock.set(START + timedelta(seconds=30 * n)),
        bad=None,
        ids=lambda intake: set(intake.ids()),
        name=expected,
    )


@pytest.fixture(params=["file", "feed", "mastodon", "synthetic"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    if request.param == "file":
        yield _file_setting(tmp_path)
    elif request.param == "synthetic":
        yield _synthetic_setting()
    elif request.param == "feed":
        server = FeedServer()
        with httpx.Client() as client:
            yield _feed_setting(server, client)
        server.stop()
    else:
        mastodon = FakeMastodon()
        yield _mastodon_setting(mastodon)
        mastodon.stop()


def has(setting: Setting, intake: MemoryIntake, numbers: range) -> Callable[[], bool]:
    wanted = set().union(*(setting.name(n) for n in numbers))
    assert wanted
    return lambda: wanted <= setting.ids(intake)


def test_what_is_published_arrives(setting: Setting) -> None:
    intake = MemoryIntake()
    with running(setting.make(), intake):
        for n in range(1, 4):
            setting.publish(n)
        until(has(setting, intake, range(1, 4)))
        until(lambda: bool(intake.oks))


def test_a_restart_resumes_without_loss(setting: Setting) -> None:
    intake = MemoryIntake()
    with running(setting.make(), intake):
        setting.publish(1)
        until(has(setting, intake, range(1, 2)))
        until(lambda: bool(intake.cursors))
    for n in range(2, 5):  # while nobody listens
        setting.publish(n)
    with running(setting.make(), intake):
        until(has(setting, intake, range(1, 5)))
        setting.publish(5)
        until(has(setting, intake, range(1, 6)))


def test_nothing_is_lost_while_the_intake_is_unavailable(setting: Setting) -> None:
    intake = MemoryIntake(refuse=3)
    with running(setting.make(), intake):
        for n in range(1, 4):
            setting.publish(n)
        until(has(setting, intake, range(1, 4)))
    assert intake.refuse == 0
    assert any("no space left" in error for _, error in intake.errors)


def test_a_crash_before_the_cursor_is_saved_repeats_and_never_loses(setting: Setting) -> None:
    intake = MemoryIntake()
    with running(setting.make(), intake):
        setting.publish(1)
        until(has(setting, intake, range(1, 2)))
    intake.cursors.clear()
    with running(setting.make(), intake):
        setting.publish(2)
        until(has(setting, intake, range(1, 3)))
    told = [(m.source, m.source_id, m.text, m.published_at) for _, _, m in intake.mentions]
    by_id = {(source, id): rest for source, id, *rest in told}
    assert all(by_id[source, id] == rest for source, id, *rest in told)


def test_a_damaged_cursor_is_no_reason_to_fall_over(setting: Setting) -> None:
    intake = MemoryIntake()
    for name in ("f", "kurznachrichten"):
        intake.cursors[name] = {"until": "soon", "offset": "x", "seen": [None], "id": ""}
    with running(setting.make(), intake):
        setting.publish(1)
        until(has(setting, intake, range(1, 2)))


def test_a_bad_item_does_not_stop_the_stream(setting: Setting) -> None:
    if setting.bad is None:
        pytest.skip("an invented world has no bad items")
    intake = MemoryIntake()
    with running(setting.make(), intake):
        setting.publish(1)
        until(has(setting, intake, range(1, 2)))
        setting.bad()
        setting.publish(2)
        until(has(setting, intake, range(1, 3)))
        until(lambda: bool(intake.errors))


def test_it_stops_within_two_seconds(setting: Setting) -> None:
    intake = MemoryIntake()
    stop = threading.Event()
    thread = threading.Thread(target=setting.make().run, args=(intake, stop))
    thread.start()
    setting.publish(1)
    until(has(setting, intake, range(1, 2)))
    began = time.monotonic()
    stop.set()
    thread.join(timeout=20)
    assert time.monotonic() - began < 2.0


def test_it_stops_while_the_intake_refuses_everything(setting: Setting) -> None:
    intake = MemoryIntake(refuse=10**9)
    stop = threading.Event()
    thread = threading.Thread(target=setting.make().run, args=(intake, stop))
    thread.start()
    setting.publish(1)
    until(lambda: intake.refuse < 10**9)
    began = time.monotonic()
    stop.set()
    thread.join(timeout=20)
    assert time.monotonic() - began < 2.0
    assert not intake.mentions
