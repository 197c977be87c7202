"""A line that somebody typed: one line, no control characters, not too long."""

from __future__ import annotations

import unicodedata

from monitor.desk.errors import Invalid


def one_line(text: str, name: str, limit: int) -> str:
    """Return ``text`` as one line; `Invalid`, beginning with its ``name``, where it is longer than ``limit``."""
    kept = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    if len(kept) > limit:
        raise Invalid(f"{name}: has {len(kept)} characters; expected at most {limit}")
    return kept
