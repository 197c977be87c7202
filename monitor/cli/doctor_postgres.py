"""Doctor's look at PostgreSQL: reachable, new enough, ours, safe, with room, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli.finding import Finding, State
from monitor.clock import SystemClock
from monitor.settings.sections import StoreSettings
from monitor.store.postgres_store import CONNECTIONS
from monitor.store.version import HEAD

if TYPE_CHECKING:
    import psycopg

OLDEST = 13
"""The oldest version that is tried: it is also the oldest that we name as supported."""
CLOCK_S = 2.0
"""Leases go by the server's clock, due times by ours; beyond this apart a person should know."""
CLOCK_LONG_S = 60.0
_TIMEOUT_S = 3

_FREE = """
SELECT current_setting('max_connections')::int
     - current_setting('superuser_reserved_connections')::int
     - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""
_TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')
AND relnamespace = to_regnamespace(current_schema()::text)
"""


def examine_postgres(store: StoreSettings) -> Iterator[Finding]:
    """Look at the database of the settings; opens one connection and writes nothing."""
    try:
        import psycopg
    except ImportError:
        text = "the driver psycopg is missing; pip install 'sturmglas[postgres]'"
        yield Finding("store", State.FAIL, text)
        return
    password = store.password.get_secret_value() if store.password else None
    url = store.url.replace("postgresql+psycopg:", "postgresql:", 1)
    try:
        connection = psycopg.connect(
            url, password=password, connect_timeout=_TIMEOUT_S, autocommit=True
        )
    except psycopg.Error as error:
        text = _without(" ".join(str(error).split()), password)
        yield Finding("store", State.FAIL, f"PostgreSQL cannot be used: {text}")
        return
    try:
        with connection as c:
            c.execute(f"SET statement_timeout = '{_TIMEOUT_S}s'")
            for look in (_version, _owned, _durable, _room, _clocks):
                yield look(c)
    except psycopg.Error as error:
        text = f"PostgreSQL answers, and then {type(error).__name__} ({error.sqlstate})"
        yield Finding("store", State.FAIL, f"{text}; look into its log")


def _version(c: psycopg.Connection[Any]) -> Finding:
    major, minor = divmod(c.info.server_version, 10_000)
    where = f"{c.info.host}:{c.info.port}/{c.info.dbname}"
    text = f"PostgreSQL {major}.{minor} at {where} answers"
    if major < OLDEST:
        return Finding("store", State.FAIL, f"{text}; {OLDEST} or newer is needed")
    encoding = c.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        text = f"{text}, but keeps text as {encoding}; make a database with ENCODING 'UTF8'"
        return Finding("store", State.FAIL, text)
    return Finding("store", State.OK, text)


def _owned(c: psycopg.Connection[Any]) -> Finding:
    """Say whose tables are there, and of which schema."""
    tables = {str(name) for (name,) in c.execute(_TABLES).fetchall()}
    if not tables:
        if _one(c, "SELECT has_schema_privilege(current_schema()::text, 'CREATE')") is not True:
            text = "empty, and this user may make no tables in it; let it own the database"
            return Finding("schema", State.FAIL, text)
        return Finding("schema", State.OK, "empty; it will be made at the first start")
    owner = "SELECT count(*) FROM setting WHERE name = 'owner' AND value = 'sturmglas'"
    if not {"alembic_version", "setting"} <= tables or not _one(c, owner):
        text = "the database holds tables of another program; name an empty one in [store] url"
        return Finding("schema", State.FAIL, text)
    revision = str(_one(c, "SELECT version_num FROM alembic_version"))
    if revision > HEAD:
        text = f"{revision}, written by a newer Sturmglas; this program knows {HEAD}"
        return Finding("schema", State.FAIL, f"{text}; install that version")
    if revision < HEAD:
        text = f"{revision}; the next start brings it to {HEAD}. Make a backup first"
        return Finding("schema", State.WARN, text)
    return Finding("schema", State.OK, f"{revision}, the newest")


def _durable(c: psycopg.Connection[Any]) -> Finding:
    """Say whether a commit is on disk; ``synchronous_commit`` is set by us for each session."""
    found = {name: str(_one(c, f"SHOW {name}")) for name in ("fsync", "full_page_writes")}
    off = [name for name, value in found.items() if value != "on"]
    if off:
        text = f"{', '.join(off)} off: a power cut destroys the database; switch it on"
        return Finding("durability", State.FAIL, text)
    commit = _one(c, "SHOW synchronous_commit")
    if commit == "off":
        text = "synchronous_commit is off; ours are switched on by ourselves, others may lose rows"
        return Finding("durability", State.WARN, text)
    return Finding("durability", State.OK, f"fsync on, synchronous_commit {commit}")


def _room(c: psycopg.Connection[Any]) -> Finding:
    free = int(_one(c, _FREE))
    text = f"{free} free; each process of ours takes up to {CONNECTIONS}"
    if free < CONNECTIONS:
        text = f"{text}; raise max_connections, or run fewer workers"
        return Finding("connections", State.WARN, text)
    return Finding("connections", State.OK, text)


def _clocks(c: psycopg.Connection[Any]) -> Finding:
    """Compare the server's clock with the middle of the time that asking took."""
    clock = SystemClock()
    before = clock.now()
    theirs: datetime = _one(c, "SELECT clock_timestamp()")
    after = clock.now()
    apart = abs((theirs - before - (after - before) / 2).total_seconds())
    text = f"the server's clock and ours are {apart:.1f} s apart"
    if apart <= CLOCK_S:
        return Finding("server clock", State.OK, text)
    state = State.FAIL if apart > CLOCK_LONG_S else State.WARN
    return Finding("server clock", state, f"{text}; set both by NTP")


def _one(c: psycopg.Connection[Any], query: str) -> Any:
    """Return the one value that ``query`` asks for; its type is the query's."""
    row = c.execute(query.encode()).fetchone()
    return row[0] if row else None


def _without(text: str, secret: str | None) -> str:
    return text.replace(secret, "…") if secret else text
