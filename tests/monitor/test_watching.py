"""The auditor over a real store: what it finds is told, withholds the heartbeat, and goes out by another channel."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.book import Book
from alerts.channels.ping import Ping, PingError
from detectors.detection import Level
from monitor.app.pulse import DELIVERER, PIPELINE, Pulse
from monitor.app.telling import Telling
from monitor.app.watching import Watching, auditor_late
from monitor.app.wiring import Built
from monitor.clock import ManualClock
from monitor.ports import OUTBOX_LEASE, EntryKind, NewEntry, Unavailable
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.monitor.serving import settings

S = timedelta(seconds=1)
HELD = {OUTBOX_LEASE: 1}


@dataclass
class Switch:
    """A switch outside, as a transport: what came, and what it answers."""

    came: list[tuple[str, str, str]] = field(default_factory=list)
    status: int = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.came.append((request.method, request.url.path, request.content.decode()))
        return httpx.Response(self.status)

    def ping(self, method: str = "POST", fail: bool = True) -> Ping:
        client = httpx.Client(transport=httpx.MockTransport(self))
        url = "https://hc.example.org/secret"
        return Ping(client, method, url, f"{url}/fail" if fail else "")


@dataclass
class House:
    """One install without its threads."""

    built: Built
    clock: ManualClock
    pulse: Pulse
    switch: Switch
    watching: Watching

    def later(self, seconds: float) -> list[str]:
        """Let time pass, look once, and return the keys of what is wrong."""
        self.clock.move(timedelta(seconds=seconds))
        self.watching._pinged = None  # its own clock is the machine's, which stands still here
        return [one.key for one in self.watching.look()]

    def queue(self, *channels: str, name: str = "a") -> None:
        alert = replace(b.alert(b.incident()), id=name, key=name, level=Level.STORM)
        with self.built.store.begin() as tx:
            tx.enqueue(alert, channels, self.clock.now())

    def told(self) -> list[tuple[str, str, str]]:
        """Return channel, reason and English title of each notice that waits."""
        due = self.built.store.outbox.due(self.clock.now(), 99)
        return [
            (d.channel, d.alert.reason.value, d.alert.notice.title[1])
            for d in due
            if d.alert.notice is not None
        ]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock, pulse, switch = ManualClock(b.T0), Pulse(), Switch()
    config = Settings.model_validate(settings().model_dump(by_alias=True))
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'sturmglas.db'}")
    log = EmbeddedLog.open(tmp_path / "sturmglas.db", synchronous="OFF", clock=clock)
    built = Built(config, {}, {}, store, log, clock)
    yield House(built, clock, pulse, switch, auditor(built, pulse, switch))
    built.close()


def auditor(built: Built, pulse: Pulse, switch: Switch) -> Watching:
    book = Book(channels=frozenset({"pager", "mail"}))
    to = ["channel.pager", "channel.mail"]
    telling = Telling(built.store, book, to, 120 * S, "UTC", lambda: None)
    return Watching(built, pulse, lambda: HELD, "here", telling, switch.ping())


def again(house: House) -> Watching:
    """Return the auditor of the next process on the same store."""
    return auditor(house.built, house.pulse, house.switch)


def sent(house: House) -> None:
    """Let everything that waits be accepted."""
    outbox = house.built.store.outbox
    for delivery in outbox.due(house.clock.now(), 9):
        attempt = outbox.begin(delivery, house.clock.now())
        assert attempt is not None
        outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, house.clock.now())


def test_while_all_is_well_the_switch_is_pinged_and_nobody_is_told(house: House) -> None:
    assert house.later(0) == []
    assert house.later(60) == []
    assert house.switch.came == [("POST", "/secret", "")] * 2
    assert house.built.trouble.list() == []
    beat = house.built.store.read.beat("auditor")
    assert beat is not None
    assert (beat.at, beat.content["by"]) == (b.T0 + 60 * S, "here")


def test_an_alert_that_does_not_go_out_is_an_alarm_and_then_a_message_by_another_channel(
    house: House,
) -> None:
    house.queue("pager")
    assert house.later(60) == []
    assert house.later(1) == ["unsent/pager"]
    assert house.built.trouble.list() == ["auditor: pager: 1 alert(s) unsent for 61 s"]
    assert house.switch.came[-1] == ("POST", "/secret/fail", "pager: 1 alert(s) unsent for 61 s")
    assert house.told() == []
    house.later(119)
    assert house.told() == []
    house.later(1)
    assert house.told() == [("mail", "trouble", "pager: 1 alert(s) unsent for 3 min")]
    house.later(15)
    assert len(house.told()) == 1


def test_a_change_is_pinged_at_once_and_what_stays_at_its_period(house: House) -> None:
    house.later(0)
    house.queue("pager")
    house.clock.move(61 * S)
    for _ in range(3):
        house.watching.look()
    assert [path for _, path, _ in house.switch.came] == ["/secret", "/secret/fail"]


def test_what_is_over_is_said_to_whom_it_was_told(house: House) -> None:
    house.queue("pager")
    for seconds in (61, 120):
        house.later(seconds)
    sent(house)
    assert house.later(15) == []
    assert house.told() == [("mail", "recovered", "unsent/pager: over")]
    assert house.built.trouble.list() == []
    assert house.switch.came[-1][1] == "/secret"


def test_after_a_restart_a_trouble_is_not_told_again_and_its_end_is(house: House) -> None:
    house.queue("pager")
    for seconds in (61, 120):
        house.later(seconds)
    [trouble] = [d for d in house.built.store.outbox.due(house.clock.now(), 9) if d.alert.notice]
    house.watching = again(house)
    for seconds in (15, 120, 120):
        assert "unsent/pager" in house.later(seconds)
    assert len(house.told()) == 1
    sent(house)
    house.watching = again(house)
    house.later(15)
    house.later(15)
    assert house.told() == [("mail", "recovered", "unsent/pager: over")]
    [over] = house.built.store.outbox.due(house.clock.now(), 9)
    assert over.key == trouble.key  # a pager ends what it began


def test_where_no_other_channel_is_left_the_heartbeat_alone_says_it(house: House) -> None:
    house.queue("pager", "mail")
    for seconds in (61, 120, 15):
        assert house.later(seconds) == ["unsent/mail", "unsent/pager"]
    assert house.told() == []
    assert house.switch.came[-1][1] == "/secret/fail"


def test_a_loop_that_hangs_is_found_by_its_pulse(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.pulse.beat(PIPELINE)
    house.pulse.beat(DELIVERER)
    assert house.later(15) == []
    ages = {PIPELINE: 61.0, DELIVERER: 61.0}
    monkeypatch.setattr(house.pulse, "age_s", lambda part: ages.get(part, 0.0))
    assert house.later(15) == ["pipeline", "deliverer"]
    ages["auditor"] = 1000.0  # the whole process was frozen: nobody has come round yet
    assert house.later(15) == []


def test_only_who_holds_the_outbox_pings_and_tells(house: House) -> None:
    house.watching._held = dict
    house.queue("pager")
    for seconds in (61, 120, 15):
        assert house.later(seconds) == ["unsent/pager"]
    assert house.switch.came == []
    assert house.told() == []


def test_a_store_that_cannot_be_written_withholds_the_heartbeat(house: House) -> None:
    store = house.built.store
    assert isinstance(store, SqliteStore)
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert house.later(15) == ["store"]
    finally:
        holder.close()
    assert house.switch.came[-1][1] == "/secret/fail"
    assert house.later(15) == []


def test_a_full_disk_withholds_it_although_small_changes_still_succeed(house: House) -> None:
    store = house.built.store
    assert isinstance(store, SqliteStore)
    store._max_bytes = store.path.stat().st_size + 64 * 1024
    with pytest.raises(Unavailable, match="kB left"):
        store.require_room()
    assert house.later(15) == ["store"]
    assert house.switch.came[-1][1] == "/secret/fail"


def test_what_waits_to_be_filed_is_an_alarm(house: House) -> None:
    house.built.log.append([NewEntry(EntryKind.CREATED, "shop", b.T0, b"[]")])
    assert house.later(60) == []
    assert house.later(1) == ["behind"]


def test_a_switch_that_is_not_reached_is_told_and_its_address_is_not(house: House) -> None:
    house.switch.status = 404
    house.later(15)
    assert house.built.trouble.list() == ["heartbeat: the switch outside: answered 404"]
    with pytest.raises(PingError) as told:
        house.switch.ping("GET").well()
    assert "secret" not in str(told.value)


def test_without_an_address_for_failures_no_ping_says_it() -> None:
    switch = Switch()
    assert not switch.ping(fail=False).unwell(["store: full"])
    assert switch.came == []
    assert switch.ping("GET").unwell(["store: full"])
    assert switch.came == [("GET", "/secret/fail", "")]


def test_who_watches_the_auditor_says_when_it_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = Pulse()
    assert auditor_late(pulse, 15) == ""  # none is expected here
    pulse.beat("auditor")
    assert auditor_late(pulse, 15) == ""
    monkeypatch.setattr(pulse, "age_s", lambda part: 46.0)
    assert "has not run for 46 s" in auditor_late(pulse, 15)
