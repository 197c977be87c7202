"""What a server must know of the pages before it draws one: where their files lie, what may run.

Apart from `dashboards.web.render`, so that a server which only takes mentions in loads no pages.
"""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
"""The folder that the server serves under ``/static``."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The policy every page is written for: no inline code, no inline style, no other host."""
