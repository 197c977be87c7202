"""Keeping: a backup of the store while it works, and the way back. Only this knows which kind it is.

What waits in a Redis log is in no backup: it is filed within seconds, or its sender repeats it.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.alert import AttemptOutcome, DeliveryState
from monitor.app.keeping import postgres, sqlite
from monitor.app.keeping.files import CannotKeep
from monitor.app.keeping.sqlite import Contents
from monitor.app.only import only
from monitor.app.wiring import sqlite_path, with_password
from monitor.ports import GROUP, Log, Store, Unavailable
from monitor.settings import Settings
from monitor.store.codec import instant
from monitor.store.database import open_store
from monitor.store.sqlite import WrongFile
from monitor.stream import WrongServer

__all__ = ["CannotKeep", "Contents", "Kept", "Restored", "back_up", "hold", "restore"]

HELD = "held back at a restore, because it was old; send it again by hand if it still matters"
_FAR = timedelta(days=3650)
_MANY = 100_000
_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup: its file and bytes, what is in it, and what the log beside it still holds.

    ``waiting``: entries that were accepted, are not filed yet and so not in it; None: unknown.
    ``trouble``: why they are unknown.
    """

    path: Path
    bytes: int
    contents: Contents
    waiting: int | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored store: where, what is in it, and the deliveries that will go out when it runs.

    ``aside``: where the store that was there before is now. ``since``: when the oldest delivery
    was made.
    """

    place: str
    contents: Contents
    aside: Path | None
    pending: int
    since: datetime | None


def back_up(settings: Settings, out: Path, *, force: bool, now: datetime) -> Kept:
    """Write a checked backup of the configured store, while others work on it.

    ``out``: a file, or a folder that gets a file with the time in its name. Costs a reading of the
    whole store and disk for it; writers do not wait. Raises `CannotKeep`, and then there is no file.
    """
    on_file = _on_file(settings)
    if out.is_dir():
        out = out / f"sturmglas-{now:%Y%m%dT%H%M%SZ}.{'db' if on_file else 'dump'}"
    if not out.parent.is_dir():
        raise CannotKeep(f"{out}: its folder does not exist; create {out.parent} first")
    # Before the copy: what is filed meanwhile is then told as waiting, and never the other way.
    waiting, trouble = _waiting(settings)
    if on_file:
        contents = sqlite.back_up(sqlite_path(settings.store.url), out, force=force)
    else:
        contents = postgres.back_up(_database(settings), out, force=force)
    return Kept(out, out.stat().st_size, contents, waiting, trouble)


def restore(settings: Settings, file: Path, *, force: bool, now: datetime) -> Restored:
    """Bring a backup back into the place that the settings name; nobody may work there.

    Raises `CannotKeep` and `InUse`, and then the place is as it was.
    """
    if not _on_file(settings):
        database = _database(settings)
        contents = postgres.restore(file, database)
        count, since = postgres.pending(database)
        return Restored(database.url, contents, None, count, instant(since))
    store = sqlite_path(settings.store.url)
    if not store.parent.is_dir():
        raise CannotKeep(f"{store}: its folder does not exist; create {store.parent} first")
    with only(store):
        contents, aside = sqlite.restore(file, store, force=force, now=now)
        count, since = sqlite.pending(store)
    return Restored(str(store), contents, aside, count, instant(since))


def hold(settings: Settings, older_than: timedelta, now: datetime) -> int:
    """Give up deliveries that wait and were made earlier than that; return how many.

    They end as dead with the reason on their incident's timeline, and can be sent again from there.
    Brings the store to this program's schema first.
    """
    with ExitStack() as stack:
        if _on_file(settings):
            stack.enter_context(only(sqlite_path(settings.store.url)))
        store = open_store(with_password(settings.store.url, settings.store.password))
        stack.callback(store.close)
        store.outbox.recover(now, now)
        return _give_up(store, now - older_than, now)


def _give_up(store: Store, made_before: datetime, now: datetime) -> int:
    held = 0
    while True:
        # Only the first of each incident and channel is due at a time; the next comes after it.
        due = store.outbox.due(now + _FAR, _MANY)
        old = [delivery for delivery in due if delivery.created_at < made_before]
        for delivery in old:
            attempt = store.outbox.begin(delivery, now)
            if attempt is not None:
                outcome, state = AttemptOutcome.REFUSED, DeliveryState.DEAD
                store.outbox.finish(attempt, outcome, state, now, error=HELD)
                held += 1
        if not old:
            return held


def _waiting(settings: Settings) -> tuple[int | None, str]:
    """Return how many accepted entries are in a log beside the store, and why that is unknown."""
    if not settings.stream.url or settings.stream.url == settings.store.url:
        return 0, ""
    try:
        with closing(_log_beside(settings)) as log:
            return log.backlog(GROUP).entries, ""
    except (Unavailable, WrongServer, WrongFile, ImportError) as error:
        return None, str(error)


def _log_beside(settings: Settings) -> Log:
    """Open the log only to look: unlike those who use it, a backup agrees on nothing there."""
    stream = settings.stream
    if stream.url.startswith("sqlite"):
        from monitor.stream.embedded import EmbeddedLog

        if not sqlite_path(stream.url).is_file():
            raise Unavailable(f"{sqlite_path(stream.url)} does not exist yet")
        return EmbeddedLog.open(sqlite_path(stream.url))
    from monitor.stream.redis_link import Link
    from monitor.stream.redis_streams import RedisLog

    link = Link(with_password(stream.url, stream.password), _LOOK_S)
    return RedisLog(link, shards=stream.shards, prefix=stream.prefix, replicas=0, clock=None)


def _on_file(settings: Settings) -> bool:
    """True for an SQLite file, False for PostgreSQL; `CannotKeep` for a store that keeps nothing."""
    url = settings.store.url
    if not url.startswith("sqlite"):
        return False
    if not url.removeprefix("sqlite://").strip("/") or ":memory:" in url:
        raise CannotKeep(f"{url} keeps nothing; set [store] url to sqlite:///FILE")
    return True


def _database(settings: Settings) -> postgres.Database:
    password = settings.store.password
    return postgres.Database(
        settings.store.url, None if password is None else password.get_secret_value()
    )
