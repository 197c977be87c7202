"""Own words: an operator's templates for title and text, over plain values of one alert.

The values are documented in docs/alerting.md; a name is added there, here and nowhere else. What a
template gives is text: each receiver treats it like everything else that it did not write itself.
"""

from __future__ import annotations

from functools import lru_cache

from alerts import words
from alerts.alert import SEVERITY, Delivery
from alerts.render.grammar import TemplateFault
from alerts.render.message import NO_WORDS, Message, OwnWords, message, one_line
from alerts.render.sandbox import Plain, Sandboxed
from alerts.trial import sample_deliveries
from alerts.words import Language

_NAMES = (
    "level level_word severity topic topic_id ref action reason reason_word at since mentions "
    "negatives expected rarity count lead reasons terms silent posts blind next_step url links test "
    "may_repeat"
)
NAMES = frozenset(_NAMES.split())
LINE_LIMIT = 2000
"""Characters of one line."""


class Own:
    """The templates of one channel. Sources "" stand for the built-in words."""

    def __init__(self, title: str, text: str) -> None:
        self._title = Sandboxed(title, NAMES) if title else None
        self._text = Sandboxed(text, NAMES) if text else None

    def words(self, delivery: Delivery, lang: Language) -> OwnWords:
        """Return what they say; a fault is told instead of raised, and the built-in words stand."""
        if self._title is None and self._text is None:
            return NO_WORDS
        given = values(delivery, lang)
        part = "title"
        try:
            title = one_line(self._title.render(given)) if self._title else ""
            part = "text"
            return OwnWords(title, _lines(self._text.render(given)) if self._text else "")
        except TemplateFault as fault:
            return OwnWords(fault=f"template.{part}: {fault}; the built-in words were sent")


def complaint(source: str) -> str:
    """Return what is wrong with a template, "" for nothing: it is tried on samples of every kind."""
    try:
        template = Sandboxed(source, NAMES)
    except TemplateFault as fault:
        return str(fault)
    for delivery in sample_deliveries():
        for lang in ("de", "en"):
            try:
                template.render(_sample(delivery, lang))
            except TemplateFault as fault:
                return f'{fault} (tried on an alert with reason "{delivery.alert.reason}")'
    return ""


def values(delivery: Delivery, lang: Language) -> dict[str, Plain]:
    """Return everything that a template may name."""
    alert, m = delivery.alert, message(delivery, lang)
    return {
        "level": int(alert.level),
        "level_word": words.level_name(alert.level, lang),
        "severity": SEVERITY[alert.level].value,
        "topic": m.topic,
        "topic_id": alert.topic,
        "ref": alert.ref,
        "action": alert.action.value,
        "reason": alert.reason.value,
        "reason_word": m.spoken,
        "at": words.clock(alert.at, alert.timezone, lang),
        "since": words.clock(alert.since, alert.timezone, lang, near=alert.at),
        "mentions": alert.mentions,
        "negatives": alert.negatives,
        "expected": words.expected_range(alert.expected),
        "rarity": words.return_period(alert.return_period_days, lang),
        "count": words.count_line(alert, lang),
        "lead": m.lead,
        "reasons": list(m.why),
        "terms": [one_line(term, 40) for term in alert.terms],
        "silent": list(m.about[1:] if alert.terms else m.about),
        "posts": _posts(delivery, m),
        "blind": list(m.blind),
        "next_step": m.next_step,
        "url": m.link,
        "links": [{"label": label, "url": url} for label, url in m.links],
        "test": alert.test,
        "may_repeat": delivery.may_repeat,
    }


def _posts(delivery: Delivery, m: Message) -> list[Plain]:
    """Return the quoted posts, as a message quotes them; none at an acknowledgement or an end."""
    return [
        {
            "text": voice.text,
            "meta": voice.meta,
            "source": one_line(quote.source, 64),
            "lang": quote.lang,
            "reach": quote.reach,
            "copies": quote.copies,
            "url": voice.url,
        }
        for voice, quote in zip(m.voices, delivery.alert.quotes, strict=False)
    ]


@lru_cache(maxsize=16)
def _sample(delivery: Delivery, lang: Language) -> dict[str, Plain]:
    return values(delivery, lang)


def _lines(text: str) -> str:
    """Return ``text`` by lines without control characters, with at most one empty line in a row."""
    lines: list[str] = []
    for line in text.splitlines():
        clean = one_line(line, LINE_LIMIT)
        if clean or (lines and lines[-1]):
            lines.append(clean)
    return "\n".join(lines).strip("\n")
