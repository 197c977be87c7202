"""Doctor's look at test calls: which ways that shall wake somebody were never heard, or not for long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alerts.trial_call import STALE, Tested, TrialCall, tested
from monitor.cli.finding import Finding, State
from monitor.settings import Settings
from monitor.store.codec import unpack

QUERY = "SELECT content FROM beat WHERE name LIKE 'test/%'"
TOLD = {
    Tested.NEVER: "never tested",
    Tested.REFUSED: "the last test call was not accepted",
    Tested.UNSAID: "a test call was accepted, and nobody has said whether it rang",
    Tested.SILENT: "the last test call did not ring",
    Tested.OLD: f"last tested more than {STALE.days} days ago",
}
_TIMEOUT_S = 3


def examine_calls(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look at the last test call of each way that wakes; nothing where there is no such way, or no
    store to be read. Nothing is written."""
    people = settings.to_people(settings.night.night().level)
    called = settings.called()
    ways = [(people[id], m.channel) for id in called for m in people[id].methods if m.pierces]
    kept = _kept(settings) if ways else None
    if kept is None:
        return
    calls = {(c.channel, c.person): c for c in (unpack(text, TrialCall) for text in kept)}
    fine = 0
    for person, channel in ways:
        state = tested(calls.get((channel, person.id)), now)
        fine += state is Tested.RANG
        if state is not Tested.RANG:
            advice = f"sturmglas send-test {channel} --to {person.id}, then say on /duty if it rang"
            text = f"{TOLD[state]}; {advice}"
            yield Finding(f"test call {person.id}/{channel}", State.WARN, text)
    if fine == len(ways):
        yield Finding("test calls", State.OK, f"{fine} ways that wake, all of them rang lately")


def _kept(settings: Settings) -> Iterable[str] | None:
    """Return what is kept of test calls, None where it cannot be read; the store's own finding says why."""
    url = settings.store.url
    if url.startswith("sqlite:"):
        return _of_file(url.partition("///")[2].partition("?")[0])
    try:
        import psycopg
    except ImportError:
        return None
    try:
        password = settings.store.password.get_secret_value() if settings.store.password else None
        plain = url.replace("postgresql+psycopg:", "postgresql:", 1)
        with psycopg.connect(plain, password=password, connect_timeout=_TIMEOUT_S) as c:
            c.execute(f"SET statement_timeout = '{_TIMEOUT_S}s'")
            return [str(content) for (content,) in c.execute(QUERY).fetchall()]
    except psycopg.Error:
        return None


def _of_file(path: str) -> list[str] | None:
    file = Path(path)
    if not path or not file.is_file():
        return None
    try:
        address = f"{file.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=1)) as base:
            return [str(content) for (content,) in base.execute(QUERY)]
    except sqlite3.Error:
        return None
