"""Apprise: one address, one target, one try; what it says no to, and what it is without."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator

import pytest

from alerts.channels.apprise import Apprise, AppriseSettings, installed
from alerts.channels.base import ChannelError, Receipt
from monitor.server.sink import Fault, FaultPlan, Sink
from tests.alerts.samples import delivery

needs_it = pytest.mark.skipif(not installed(), reason="the extra [apprise] is not installed")


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan()) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


def sent(url: str, **changes: object) -> Receipt | ChannelError:
    given = {"type": "apprise", "url": url, "schemas": ["json"], "timeout_s": 2, **changes}
    channel = Apprise("there", AppriseSettings.model_validate(given))
    try:
        return asyncio.run(channel.send(delivery()))
    except ChannelError as error:
        return error


@needs_it
def test_it_tries_once_whatever_the_address_asks_for(sink: Sink) -> None:
    sink.faults.script([Fault.ERROR])
    error = sent(f"{sink.apprise_url}?retry=5")
    assert isinstance(error, ChannelError)
    assert sink.faults.drawn[Fault.ERROR] == 1
    assert sink.received == []


@needs_it
@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.ERROR, "500"), (Fault.REFUSE, "400"), (Fault.MISSING, "404")]
)
def test_a_no_with_a_status_was_heard_and_is_tried_again(
    sink: Sink, fault: Fault, status: str
) -> None:
    sink.faults.script([fault])
    error = sent(sink.apprise_url)
    assert isinstance(error, ChannelError)
    assert status in str(error)
    assert (error.permanent, error.ambiguous) == (False, False)


@needs_it
def test_a_no_without_a_status_may_have_arrived() -> None:
    error = sent("json://127.0.0.1:9/")
    assert isinstance(error, ChannelError)
    assert (error.permanent, error.ambiguous) == (False, True)


@needs_it
def test_an_address_that_apprise_cannot_use_is_permanent() -> None:
    error = sent("json://")
    assert isinstance(error, ChannelError)
    assert error.permanent


@needs_it
def test_two_targets_in_one_address_are_refused() -> None:
    error = sent("ntfy://127.0.0.1/one/two", schemas=["ntfy"])
    assert isinstance(error, ChannelError)
    assert error.permanent
    assert "2 targets" in str(error)


class Heard(logging.Handler):
    """Keeps what reaches our log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@needs_it
def test_nothing_of_it_reaches_our_log() -> None:
    heard = Heard()
    logging.getLogger().addHandler(heard)
    try:
        sent("json://kim:secret@127.0.0.1:9/")
    finally:
        logging.getLogger().removeHandler(heard)
    assert heard.lines == []


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    error = sent("json://127.0.0.1:9/")
    assert isinstance(error, ChannelError)
    assert "pip install 'sturmglas[apprise]'" in str(error)
    assert not error.permanent
