"""How the parts of a store get at a connection: by opening a transaction of the store's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection

Transactions = Callable[[], AbstractContextManager[Connection]]
"""Opens one that writes: it commits on a clean exit and rolls back on an exception."""

Snapshots = Callable[[], AbstractContextManager[Connection]]
"""Opens one that reads, and sees one state throughout."""
