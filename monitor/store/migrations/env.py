"""Run by Alembic: migrate over the connection that `monitor.store.migrate` hands in.

From a shell (``alembic -c ...``) it does not run: a migration needs the lock and the checks
that opening the store brings.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from monitor.store.schema import metadata


def run() -> None:
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise RuntimeError("migrations run when a store is opened: monitor.store.database")
    # The caller holds the transaction, so that the whole upgrade is there or nothing of it.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    context.run_migrations()


run()
