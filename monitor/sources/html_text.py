"""Plain text out of HTML fragments, as feeds and Mastodon send them."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_BREAKS = frozenset(
    {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "ul", "ol"}
)
_HIDDEN = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!][^>]*>|&(#\d+|#x[0-9a-fA-F]+|\w+);")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n ?")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BREAKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def to_text(fragment: str) -> str:
    """Return what a reader would see: tags gone, paragraphs as line breaks, entities resolved.

    Text without any markup comes back as it is, trimmed. Never raises: broken markup gives what
    can be read of it.
    """
    if not _LOOKS_LIKE_HTML.search(fragment):
        return fragment.strip()
    parser = _Text()
    parser.feed(fragment)
    parser.close()
    text = _LINES.sub("\n", _SPACES.sub(" ", "".join(parser.parts)))
    return re.sub(r"\n{3,}", "\n\n", text).strip() or html.unescape(_strip(fragment))


def _strip(fragment: str) -> str:
    return re.sub(r"<[^>]*>", " ", fragment).strip()
