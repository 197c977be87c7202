"""How we talk to PostgreSQL: connections, their settings, and what an error means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from monitor.ports import HUNG_TERMS, LEASE_S, Unavailable
from monitor.store.sqlite import WrongFile

if TYPE_CHECKING:
    import psycopg

CONNECT_S = 5
LOCK_S = 10
"""How long another worker's lock is waited for before we say that we are unavailable."""

IDLE_S = round(HUNG_TERMS * LEASE_S)
"""A transaction that does nothing for so long is ended by the server: its worker hangs."""

EXPECTED = "expected postgresql://user@host:5432/database"

_SESSION = (
    "SELECT set_config('synchronous_commit', 'on', false),"  # what was accepted is on disk
    " set_config('timezone', 'UTC', false),"
    f" set_config('lock_timeout', '{LOCK_S}s', false),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_S}s', false)"
)


class WrongDatabase(WrongFile):
    """The database is not ours, is newer than this program, or cannot be used. Says what to do."""


def address(url: str) -> URL:
    """Return ``url`` for SQLAlchemy with psycopg 3; `WrongDatabase` names no password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise WrongDatabase(f"no store URL; {EXPECTED}") from None
    if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise WrongDatabase(f"{parsed.drivername}: {EXPECTED}")
    if not parsed.database:
        raise WrongDatabase(f"{shown(parsed)}: names no database; {EXPECTED}")
    return parsed.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """Return what may stand in a message: host, port and database, neither user nor password."""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database or ''}"


def engine_for(url: URL, *, connections: int) -> Engine:
    """Return an engine in READ COMMITTED; `WrongDatabase` where psycopg is not installed."""
    try:
        import psycopg  # noqa: F401 - only to say clearly that it is missing
    except ImportError as error:
        raise WrongDatabase(
            f"{shown(url)}: PostgreSQL needs the driver psycopg 3;"
            " pip install 'sturmglas[postgres]'"
        ) from error
    engine = create_engine(
        url,
        hide_parameters=True,  # an error must not carry what people wrote
        isolation_level="READ COMMITTED",
        # An INSERT that returns its key closes its cursor, and with it the count of rows.
        execution_options={"preserve_rowcount": True},
        poolclass=QueuePool,
        pool_size=min(8, connections),
        max_overflow=max(0, connections - 8),
        pool_timeout=CONNECT_S,
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": "sturmglas",
            # A server that vanished without a word is noticed within half a minute.
            "tcp_user_timeout": 30_000,
            "keepalives_idle": 30,
        },
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "before_cursor_execute", _marked, retval=True)
    return engine


def _prepare(connection: psycopg.Connection[tuple[object, ...]], record: object) -> None:
    from psycopg.types.string import StrDumperUnknown

    class Text(StrDumperUnknown):
        """Text without U+0000, which PostgreSQL cannot store and sources do send."""

        def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
            return super().dump(obj.replace("\0", "") if "\0" in obj else obj)

    connection.adapters.register_dumper(str, Text)
    connection.execute(_SESSION)
    connection.commit()


@lru_cache(maxsize=1024)
def _with_marks(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


def _marked(
    connection: Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: object,
    context: ExecutionContext | None,
    executemany: bool,
) -> tuple[str, object]:
    """Turn the ``?`` of our own SQL into psycopg's marks; what SQLAlchemy built has its own."""
    if context is not None and context.compiled is None and parameters:
        return _with_marks(statement), parameters
    return statement, parameters


_WHY = {
    "53100": "its disk is full",
    "53200": "it has no memory left",
    "53300": "it has no connection left (raise max_connections, or run fewer workers)",
    "53400": "it has reached a limit of its configuration",
    "57P01": "it was shut down",
    "57P02": "it crashed, and recovers",
    "57P03": "it is starting up or shutting down",
    "57P05": "it ended a session that did nothing for too long",
    "25P03": "a transaction did nothing for too long",
    "25006": "it is read-only (a standby, or set so)",
    "55P03": f"another worker has held what is needed for {LOCK_S} s",
    "40P01": "two workers wanted the same rows in a different order",
    "40001": "another worker has changed the same rows",
    "57014": "it cancelled the statement",
    "58030": "its disk does not take it (an I/O error)",
}
_SOON = {"55P03", "40P01", "40001"}
_WRONG = {
    "28P01": "the password or the user is wrong; see [store] url and [store] password",
    "28000": "this user may not connect; see [store] url and the server's pg_hba.conf",
    "3D000": "there is no such database; create it first",
    "42501": "this user lacks rights there; it must own the schema",
}


def unavailable(error: BaseException, where: str) -> Unavailable | None:
    """Return what ``error`` means to a sender, None where it is no matter of availability."""
    if isinstance(error, PoolTimeout):
        return Unavailable(f"{where}: all connections are in use; try again later")
    state, lost = _state(error)
    why = _WHY.get(state) or ("cannot be reached, or the connection was lost" if lost else None)
    if why is None:
        return None
    return Unavailable(
        f"{where}: {why}{f' ({state})' if state else ''}; nothing was stored, try again later",
        retry_after_s=1.0 if state in _SOON else 5.0,
    )


def _state(error: BaseException) -> tuple[str, bool]:
    """Return an error's SQLSTATE, and whether it stands for a lost or refused connection."""
    import psycopg

    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return "", False
    state = cause.sqlstate or _refusal(str(cause))
    lost = state.startswith("08") or (
        not state and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    )
    return state, lost


_REFUSALS = (
    (r"too many (clients|connections)|remaining connection slots", "53300"),
    (r"starting up|shutting down|in recovery|not yet accepting", "57P03"),
    (r'role ".*" does not exist|password authentication failed|no password supplied', "28P01"),
    (r'database ".*" does not exist', "3D000"),
    (r"pg_hba\.conf|not permitted to log in", "28000"),
)


def _refusal(message: str) -> str:
    """Return the SQLSTATE behind a refused connection, of which libpq hands on the words alone."""
    return next((state for words, state in _REFUSALS if re.search(words, message)), "")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn "not now" into `Unavailable`; every other error stays what it is.

    SQLAlchemy gives up every connection of the pool once it meets a lost one, so that the next
    transaction finds out by itself whether the server is back.
    """
    import psycopg

    try:
        yield
    except (DBAPIError, psycopg.Error, PoolTimeout) as error:
        state, _ = _state(error)
        if state in _WRONG:
            raise WrongDatabase(f"{where}: {_WRONG[state]} ({state})") from error
        later = unavailable(error, where)
        if later is None:
            raise
        raise later from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction; a connection that COPY lost behind SQLAlchemy's back is given up."""
    import psycopg

    with engine.connect() as c:
        try:
            with c.begin():
                yield c
        except psycopg.Error:
            c.invalidate()
            raise
