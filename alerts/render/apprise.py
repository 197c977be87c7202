"""Apprise: the message as a title and plain text, for services of which we know nothing.

Some of them read Markdown, HTML or mentions into plain text. So what people wrote has each
character that could begin such a thing replaced by one that looks like it; addresses are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.alert import Delivery
from alerts.render.message import NEXT, NO_WORDS, Message, OwnWords, cut, message
from alerts.words import Language, pick

TITLE_LIMIT = 250
"""Apprise's own limit for most services (``title_maxlen``); longer ones are cut without a sign."""
_LOOKALIKES = str.maketrans(
    {"<": "‹", ">": "›", "@": "＠", "_": "ˍ", "~": "∼", "`": "ˋ", "|": "∣", "[": "［", "]": "］"}
)
_STARS = re.compile(r"\*(?=\S)|(?<=\S)\*")
"""A star with a space on either side begins nothing."""


def tame(text: str) -> str:
    """Return ``text`` without a character that any chat or mail would read as markup."""
    return _STARS.sub("∗", text.translate(_LOOKALIKES))


def title(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> str:
    """Return one line of at most `TITLE_LIMIT` characters."""
    m = message(delivery, lang, own)
    marks = "".join(f" ({mark})" for mark in m.marks)
    return cut(tame(m.title), TITLE_LIMIT - len(marks)) + marks


def text(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> str:
    """Return the message by weight: services cut long ones at the end."""
    m = message(delivery, lang, own)
    return "\n".join(_lines(m, delivery, lang))


def _lines(m: Message, delivery: Delivery, lang: Language) -> Iterator[str]:
    yield tame(m.lead)
    for why in m.why:
        yield f"- {tame(why)}"
    if m.next_step:
        yield f"{pick(NEXT, lang)}: {tame(m.next_step)}"
    for label, url in m.links:
        yield f"{tame(label)}: {url}"
    for voice in m.voices:
        yield f"„{tame(voice.text)}“ ({tame(voice.meta)}{f' · {voice.url}' if voice.url else ''})"
    for line in (*m.about, *m.blind, delivery.alert.ref):
        yield tame(line)
