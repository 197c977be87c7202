"""Plain: the message as lines of text, for terminals, logs and the text part of a mail."""

from __future__ import annotations

from alerts.alert import Action, Delivery
from alerts.render.message import NEXT, NO_WORDS, OwnWords, cut, message
from alerts.words import Language, count_line, pick


def subject(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> str:
    """Return one line of at most 150 characters: "[5 Sturm] Acme Bahn: 142 negative ..."."""
    m = message(delivery, lang, own)
    said = count_line(delivery.alert, lang) if delivery.alert.action is Action.TRIGGER else m.spoken
    marks = "".join(f" ({mark})" for mark in m.marks)
    line = m.own_title or f"[{m.level}] {m.topic}: {said}"
    return cut(line, 150 - len(marks)) + marks


def lines(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> list[str]:
    """Return the whole message, one paragraph a line; an operator's text is one paragraph."""
    m = message(delivery, lang, own)
    out = [f"{m.feather} {m.title} ({delivery.alert.ref})", *(f"({mark})" for mark in m.marks)]
    out.append(m.lead)
    out += [f"- {line}" for line in m.why]
    out += m.about
    for voice in m.voices:
        out.append(f"> {voice.text}")
        out.append(f"  {voice.meta}{f' · {voice.url}' if voice.url else ''}")
    if m.next_step:
        out.append(f"{pick(NEXT, lang)}: {m.next_step}")
    out += m.blind
    out += [f"{label}: {url}" for label, url in m.answers]
    if m.link:
        out.append(f"{m.link_label}: {m.link}")
    return out
