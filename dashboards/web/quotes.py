"""Posts as people read them: hostile text, escaped, with the new words marked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from dashboards.web.views import Term

SHOWN = 320
"""Characters of a post shown at once; the rest opens with one press, nothing is cut off."""


def marked(text: str, terms: Iterable[Term]) -> Markup:
    """Return ``text`` escaped, each whole-word occurrence of a term inside `<mark>`."""
    words = sorted({t.term for t in terms if t.term.strip()}, key=len, reverse=True)
    if not words:
        return escape(text)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(_pattern, words)) + r")(?!\w)", re.IGNORECASE)
    parts: list[Markup] = []
    at = 0
    for hit in pattern.finditer(text):
        parts += [escape(text[at : hit.start()]), Markup("<mark>{}</mark>").format(hit.group())]
        at = hit.end()
    return Markup("").join([*parts, escape(text[at:])])


def _pattern(term: str) -> str:
    return r"\s+".join(re.escape(part) for part in term.split())


def http_url(url: str) -> str:
    """Return ``url`` where it is a web address, else "": a post may carry any scheme."""
    return url if url.lower().startswith(("https://", "http://")) else ""
