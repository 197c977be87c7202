"""Backup and restore of a store in PostgreSQL, by its own `pg_dump` and `pg_restore`.

The dump and the counts are of one snapshot, while others go on writing. Passwords reach the tools
by their environment, never by their arguments, which every user of a machine can read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.app.keeping.files import CannotKeep, arriving
from monitor.app.keeping.sqlite import Contents
from monitor.store.version import HEAD

if TYPE_CHECKING:
    import psycopg

_PLACES = Path("/usr/lib/postgresql"), Path("/usr"), Path("/opt")
"""Where packages put versions side by side: Debian, the RPMs of the project, Homebrew."""
_CONNECT_S = 10
_LOCK_MS = 60_000
"""How long tables may be locked by somebody who changes them before we give up."""

_EMPTY = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema$)'
AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
_TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
AND relnamespace = to_regnamespace(current_schema()::text)
"""
_OWNER = "SELECT 1 FROM setting WHERE name = 'owner' AND value = 'sturmglas'"


class Database:
    """One database by its address, without password, and the password beside it (None: none)."""

    def __init__(self, url: str, password: str | None) -> None:
        self.url = re.sub(r"^postgresql\+\w+:", "postgresql:", url)
        self._password = password

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Connect meanwhile; every error of the server or on the way to it becomes `CannotKeep`."""
        try:
            import psycopg
        except ImportError as error:
            raise CannotKeep(
                "no driver for PostgreSQL; pip install 'sturmglas[postgres]'"
            ) from error
        try:
            with psycopg.connect(
                self.url, password=self._password, connect_timeout=_CONNECT_S, autocommit=True
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise CannotKeep(f"{self.url}: {' '.join(str(error).split())}") from error

    def environment(self) -> dict[str, str]:
        """Return what the tools run with."""
        given = {} if self._password is None else {"PGPASSWORD": self._password}
        return {**os.environ, "PGCONNECT_TIMEOUT": str(_CONNECT_S), **given}


def back_up(database: Database, out: Path, *, force: bool) -> Contents:
    """Dump the database to ``out``, and look into the dump. Raises `CannotKeep`."""
    with database.session() as c, arriving(out, force=force) as part:
        version = c.info.server_version // 10_000
        dump, restore = tool("pg_dump", version), tool("pg_restore", version)
        c.execute(f"SET lock_timeout = {_LOCK_MS}")
        c.execute("SET idle_in_transaction_session_timeout = 0")
        with c.transaction():
            c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            contents = _contents(c, database.url)
            row = c.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            options = ["--no-owner", "--no-privileges", "--no-comments", "--no-password"]
            options += [f"--lock-wait-timeout={_LOCK_MS}", f"--snapshot={row[0]}"]
            where = [f"--file={part}", f"--dbname={database.url}"]
            _run([dump, "--format=custom", *options, *where], database)
        missing = set(contents.rows) - _listed(part, restore)
        if missing:
            raise CannotKeep(f"{out}: the dump lacks {', '.join(sorted(missing))}; not kept")
        return contents


def restore(file: Path, database: Database) -> Contents:
    """Fill the empty database from the dump ``file``, in one transaction. Raises `CannotKeep`."""
    if not file.is_file():
        raise CannotKeep(f"{file}: no such file")
    with database.session() as c:
        tool_path = tool("pg_restore", c.info.server_version // 10_000)
        _refuse_foreign(file, tool_path)
        row = c.execute(_EMPTY).fetchone()
        if row is None or row[0]:
            raise CannotKeep(
                f"{database.url}: not empty; make an empty database (createdb), name it in [store] url,"
                " and restore into that. What is there stays as it is"
            )
    _run(
        [
            *(tool_path, "--single-transaction", "--exit-on-error", "--no-owner"),
            *("--no-privileges", "--no-comments", "--no-password"),
            *(f"--dbname={database.url}", str(file)),
        ],
        database,
    )
    with database.session() as c:
        c.execute("ANALYZE")  # a dump holds no statistics, and without them plans are bad
        return _contents(c, database.url)


def pending(database: Database) -> tuple[int, int | None]:
    """Return how many deliveries wait to be sent, and when the oldest was made (microseconds)."""
    with database.session() as c:
        row = c.execute(
            "SELECT count(*), min(created_us) FROM delivery WHERE state IN ('pending', 'sending')"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def tool(name: str, at_least: int) -> str:
    """Return the path of a PostgreSQL tool that is not older than the server, or `CannotKeep`.

    An older `pg_dump` refuses a newer server (postgresql.org/docs/current/app-pgdump.html).
    """
    seen: list[str] = []
    for path in _candidates(name):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        found = re.search(r"(\d+)(\.\d+)*", said.stdout)
        if found and int(found[1]) >= at_least:
            return path
        seen.append(f"{path} ({found[0] if found else 'no version'})")
    if seen:
        raise CannotKeep(
            f"the server is PostgreSQL {at_least}, and {name} is older: {', '.join(seen)};"
            f" install the client of version {at_least} (Debian: postgresql-client-{at_least})"
        )
    raise CannotKeep(
        f"{name} is not installed here; install the client of PostgreSQL {at_least} or newer"
        f" (Debian: postgresql-client-{at_least})"
    )


def _candidates(name: str) -> list[str]:
    """Return where a tool is: first as the shell finds it, then the newest of those beside."""
    first = shutil.which(name)
    patterns = ("*/bin", "pgsql-*/bin", "homebrew/opt/libpq*/bin")
    others = {
        str(place / name)
        for root, pattern in zip(_PLACES, patterns, strict=True)
        for place in root.glob(pattern)
        if (place / name).exists()
    }
    return [*([first] if first else []), *sorted(others, key=_number, reverse=True)]


def _number(path: str) -> int:
    found = re.search(r"\d+", path)
    return int(found[0]) if found else 0


def _contents(c: psycopg.Connection[tuple[Any, ...]], url: str) -> Contents:
    """Count the rows of a store that this program can use; `CannotKeep` where it is none."""
    tables = [str(name) for (name,) in c.execute(_TABLES).fetchall()]
    ours = {"alembic_version", "setting"} <= set(tables) and c.execute(_OWNER).fetchone()
    if not ours:
        raise CannotKeep(f"{url}: no store of Sturmglas in it; [store] url names the database")
    found = c.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(found[0]) if found else ""
    if revision > HEAD:
        raise CannotKeep(_too_new(url, revision))
    rows: dict[str, int] = {}
    for table in sorted(set(tables) - {"alembic_version"}):
        number = c.execute(f'SELECT count(*) FROM "{table}"'.encode()).fetchone()  # noqa: S608
        rows[table] = number[0] if number else 0
    return Contents(rows, revision)


def _refuse_foreign(file: Path, tool_path: str) -> None:
    """Raise `CannotKeep` for what is no dump of a store, or one of a newer program."""
    if not {"alembic_version", "seen"} <= _listed(file, tool_path):
        raise CannotKeep(f"{file}: no backup of Sturmglas; expected what `sturmglas backup` wrote")
    command = [tool_path, "--data-only", "--table=alembic_version", "--file=-", str(file)]
    found = re.search(r"^COPY .*\n(.*)\n", _run(command), re.MULTILINE)
    revision = found[1] if found else ""
    if revision > HEAD:
        raise CannotKeep(_too_new(str(file), revision))


def _listed(file: Path, tool_path: str) -> set[str]:
    """Return the names of the tables whose definition is in a dump."""
    try:
        text = _run([tool_path, "--list", str(file)])
    except CannotKeep as error:
        raise CannotKeep(f"{file}: no whole dump of PostgreSQL: {error}") from error
    return set(re.findall(r"^\d+; \d+ \d+ TABLE public (\S+) ", text, re.MULTILINE))


def _run(command: Sequence[str], database: Database | None = None) -> str:
    """Run a tool to its end; what it complains of becomes `CannotKeep`."""
    environment = database.environment() if database else None
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        command, capture_output=True, text=True, check=False, env=environment, errors="replace"
    )
    if done.returncode:
        raise CannotKeep(f"{Path(command[0]).name}: {_last_line(done.stderr)}")
    return done.stdout


def _last_line(text: str) -> str:
    """Return what tells most of a tool's complaint: its first error, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return (wrong or lines or ["it failed without a word"])[-1 if not wrong else 0]


def _too_new(what: str, revision: str) -> str:
    return (
        f"{what}: written by a newer Sturmglas (schema {revision}, this program knows {HEAD});"
        " use that version"
    )
