"""Bring a PostgreSQL database to the newest schema, or say clearly why not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine

from monitor.store.dialects import hold
from monitor.store.postgres import WrongDatabase
from monitor.store.version import HEAD

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine, where: str) -> None:
    """Make the connection's schema ours and current; does nothing where it is.

    All of it is one transaction under a lock: of two workers that start together one migrates
    and the other finds it done; a kill in the middle leaves the old schema.

    Raises `WrongDatabase` when the database is somebody else's or newer than this program.
    """
    with engine.connect() as c, c.begin():
        if _revision(c, where) == HEAD:
            return
    with engine.connect() as c, c.begin():
        hold(c, "migrations", ["schema"])
        if _revision(c, where) != HEAD:
            _upgrade(c)


def require(c: Connection, where: str) -> None:
    """Raise `WrongDatabase` unless the database is ours and current; changes nothing."""
    revision = _revision(c, where)
    if revision is None:
        raise WrongDatabase(f"{where}: holds nothing yet; `sturmglas serve` or `work` fills it")
    if revision != HEAD:
        raise WrongDatabase(
            f"{where}: of an older Sturmglas (schema {revision}, this program reads {HEAD});"
            " the next start of the service brings it up. Make a backup first"
        )


def _revision(c: Connection, where: str) -> str | None:
    """Return the schema of a database, None for an empty one; `WrongDatabase` if it is not ours."""
    tables = set(c.exec_driver_sql(_TABLES).scalars())
    if not tables:
        return None
    ours = {"alembic_version", "setting"} <= tables and c.exec_driver_sql(
        "SELECT count(*) FROM setting WHERE name = 'owner' AND value = 'sturmglas'"
    ).scalar()
    if not ours:
        raise WrongDatabase(
            f"{where}: holds tables of another program;"
            " name an empty database of its own in [store] url"
        )
    revision = str(c.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if revision > HEAD:
        raise WrongDatabase(
            f"{where}: written by a newer Sturmglas (schema {revision}, this program knows {HEAD});"
            " install that version again, or restore the backup from before the upgrade"
        )
    return revision


def _upgrade(c: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = c
    command.upgrade(config, "head")
    c.exec_driver_sql(
        "INSERT INTO setting (name, value) VALUES ('owner', 'sturmglas')"
        " ON CONFLICT (name) DO NOTHING"
    )


_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()::text)"
    " AND relkind IN ('r', 'p', 'v', 'm', 'f')"
)
