"""`bench flood`: ten thousand alerts of fifty incidents in a minute, to a channel of each class.

Nine in ten say what was said before, as after a crash; the others are rises, returns and ends. Asked for:
one page an incident and step, and no more; a chat that is not flooded; all sent within two minutes
of the first alert; memory of the process that queues and sends.
"""

from __future__ import annotations

import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from alerts.alert import Action
from monitor.bench import receiving
from monitor.bench.arrivals import EDIT, RECEIVERS, Trail, is_edit, judge, rung, trails
from monitor.bench.figures import versions
from monitor.bench.machine import rss_bytes
from monitor.bench.nursery import Nursery, last_words
from monitor.server.sink import Received, Sink
from monitor.store.database import SqliteStore

STORMS = 50
TICKS = 200
EPISODES = 1, 4
"""How often each incident comes within the minute; each return is a message of its own in the chat."""
SECONDS = 60.0
DRAINED_S = 120.0
MEMORY_MB = 300.0
EDITS_PER_S = 1
PATIENCE_S = 300.0
QUIET_S = 4.0


def run(seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Flood with incidents that come once, and with such that come back; return both records."""
    found: dict[str, object] = {"bench": "flood"}
    for times in EPISODES:
        side = measure(STORMS, TICKS, TICKS // times, SECONDS)
        say(f"{times} times: drained after {side['drained_s']} s, {side['memory_most_mb']} MB")
        found[f"episodes_{times}"] = side
    packages = ("sturmglas", "httpx", "aiosmtplib", "aiosmtpd", "sqlalchemy")
    return {**found, "seed": seed, "versions": versions(packages)}


def measure(storms: int, ticks: int, wave: int, seconds: float) -> dict[str, object]:
    """Flood one process; return what its receivers got, when it was over, and its memory.

    Each storm crosses, rises twice and ends within ``wave`` ticks, as often as they fit.
    """
    with tempfile.TemporaryDirectory(prefix="sturmglas-flood-") as folder, Sink() as sink:
        path = Path(folder) / "store.db"
        settings = receiving.settings(f"sqlite:///{path}", sink)
        nursery = Nursery("monitor.bench.flood_sender", Path(folder) / "notes")
        try:
            plan = {
                "settings": settings,
                "storms": storms,
                "ticks": ticks,
                "wave": wave,
                "seconds": seconds,
            }
            pid = nursery.start(plan)
            memory = _watch(pid, path, storms * (ticks // wave), seconds)
            _await_shown(sink)
            code = nursery.end(pid, signal.SIGTERM)
            if code != 0:
                raise RuntimeError(f"the sender ended with {code}: {last_words(nursery.notes)}")
        finally:
            nursery.close()
        store = SqliteStore.open(f"sqlite:///{path}")
        try:
            known = trails(store)
        finally:
            store.close()
        record = _record(known, sink.received, storms * ticks, memory)
        return {**record, "cancelled": _count(path, "delivery WHERE state = 'cancelled'")}


def _watch(pid: int, path: Path, episodes: int, seconds: float) -> float:
    """Wait until the flood is over and everything sent; return the most memory seen, in MB."""
    end, most = time.monotonic() + seconds + PATIENCE_S, 0.0
    over = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        most = max(most, rss_bytes(pid) / 1e6)
        if time.monotonic() > over and _left(path, episodes) == 0:
            return most
    raise RuntimeError(f"{_left(path, episodes)} are left after {seconds + PATIENCE_S:g} s")


def _await_shown(sink: Sink) -> None:
    """Wait for edits that nobody waits for: one a second goes out while there are any."""
    end = time.monotonic() + PATIENCE_S
    before, edits = -1, 0
    while edits != before and time.monotonic() < end:
        time.sleep(QUIET_S)
        before, edits = edits, sum(map(is_edit, sink.received))


def _left(path: Path, episodes: int) -> int:
    ended = _count(path, "fact WHERE kind = 'resolved'")
    return _count(path, "delivery WHERE state IN ('pending', 'sending')") + episodes - ended


def _count(path: Path, which: str) -> int:
    with closing(sqlite3.connect(path, timeout=30)) as db:
        found: int = db.execute(f"SELECT count(*) FROM {which}").fetchone()[0]
    return found


def _record(
    known: Sequence[Trail], received: Sequence[Received], said: int, memory: float
) -> dict[str, object]:
    verdict = judge(known, received)
    events = [r for r in received if r.channel == "pagerduty"]
    pages = rung(events)
    keys = {key for t in known if _pages(t) for key in t.delivery.alert.dedup_keys}
    extra = sum(pages.values()) - len(keys)
    edits = most_a_second(r.at for r in received if is_edit(r))
    drained, shown = _drained_s(known), _shown_s(known, received)
    met = not verdict.problems and not extra and edits <= EDITS_PER_S
    return {
        "alerts": said,
        "steps": len({t.delivery.alert.id for t in known}),
        "deliveries": len(known),
        "pages_at_pagerduty": sum(pages.values()),
        "episodes": len(keys),
        "extra_pages": extra,
        "arrived": dict(Counter(_method(r) for r in received)),
        "doubles": sum(found.doubles for found in verdict.classes.values()),
        "edits_most_a_second": edits,
        "posts_most_a_second": most_a_second(
            r.at for r in received if r.channel == "slack" and not is_edit(r)
        ),
        "drained_s": round(drained, 1),
        "shown_s": round(shown, 1),
        "memory_most_mb": round(memory, 1),
        "problems": verdict.problems[:5],
        "met": met and max(drained, shown) < DRAINED_S and memory < MEMORY_MB,
    }


def _pages(trail: Trail) -> bool:
    pager = trail.delivery.channel == receiving.PAGER
    return pager and trail.delivery.alert.action is Action.TRIGGER


def _method(received: Received) -> str:
    names = {RECEIVERS[receiving.CHAT]: "chat.postMessage", EDIT: "chat.update"}
    return names.get(received.channel, received.channel)


def _drained_s(known: Sequence[Trail]) -> float:
    """Return the time from the first alert's queueing until the last was accepted."""
    ended = [t.delivery.sent_at for t in known if t.delivery.sent_at is not None]
    return (max(ended) - min(t.delivery.created_at for t in known)) / timedelta(seconds=1)


def _shown_s(known: Sequence[Trail], received: Sequence[Received]) -> float:
    """Return the time from the first alert's queueing until the last edit of a message in the chat."""
    first = min(t.delivery.created_at for t in known)
    return max(((r.at - first) / timedelta(seconds=1) for r in received if is_edit(r)), default=0.0)


def most_a_second(times: Iterable[datetime]) -> int:
    """Return the greatest number of them within any one second."""
    ordered, first, most = sorted(times), 0, 0
    for n, at in enumerate(ordered):
        while at - ordered[first] >= timedelta(seconds=1):
            first += 1
        most = max(most, n - first + 1)
    return most
