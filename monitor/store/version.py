"""Which schema this program knows, and how a file says that it is ours.

Apart from `monitor.store.schema`: a current file is recognised without SQLAlchemy.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x53474C53
"""``SGLS`` in the header of every file of ours (sqlite.org/pragma.html#pragma_application_id)."""

HEAD: Final = "0008"
"""The newest migration; a test compares it with Alembic's own opinion."""
