"""Message: what an alert says in one language, before any receiver's shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from alerts import words
from alerts.alert import Action, Alert, Broken, Delivery, Notice, NotifyReason, Quote
from alerts.answering import May
from alerts.sentences import reason_line
from alerts.stillness import silent_line
from alerts.words import Language, pick
from detectors.detection import Reason, ReasonCode

WHY_LIMIT = 3
"""Why-lines in one message: enough to believe it at 3 a.m.; the page has them all."""
TERM_LENGTH = 40
QUOTE_LENGTH = 280
"""Characters of a post that are quoted; the link leads to the whole."""
LINK_LABELS: dict[str, tuple[str, str]] = {
    "page": ("Vorfall öffnen", "Open incident"),
    "playbook": ("Playbook öffnen", "Open playbook"),
    May.ACKNOWLEDGE: ("Ich habe es", "I have it"),
    May.ALL_CLEAR: ("Entwarnung", "All clear"),
}
"""Buttons by the name of the link; another one is labelled as it is called."""
NEXT: tuple[str, str] = ("Als Nächstes", "Next")
FEATHERS: dict[NotifyReason, str] = {
    NotifyReason.DIGEST: "○",
    NotifyReason.MORNING: "○",
    NotifyReason.TESTS_DUE: "○",
    NotifyReason.TROUBLE: "!",
    NotifyReason.RECOVERED: "○",
}
"""What stands where the wind feather stands, for what is about no incident."""
_BLIND = frozenset({ReasonCode.BLIND})
_FIRST = (ReasonCode.TRIPWIRE, ReasonCode.FIRST_SPARK, ReasonCode.REACH)


@dataclass(frozen=True, slots=True)
class Voice:
    """One quoted post: ``text`` cut to `QUOTE_LENGTH`, ``meta`` says how many, where and when."""

    text: str
    meta: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What an operator's templates say of one delivery; "" where the built-in words stand.

    ``fault``: why they could not be used, for the trail; then both are "".
    """

    title: str = ""
    text: str = ""
    fault: str = ""


NO_WORDS = OwnWords()


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of a message in reading order; an empty part is left out by every receiver.

    ``short`` is what a lock screen may show: no name, no quote, because others read along.
    ``about``: what the words are that came up, and what would have left it silent. ``links``: label
    and address of each button, the incident's page first; ``answers``: those of them that answer. ``call``: whom a
    chain calls next and when; ``status``: who has acknowledged, and whose it is. ``own_title``, and ``own_text`` (True: ``lead``
    holds it, in lines): in an operator's words.
    """

    level: str
    feather: str
    topic: str
    spoken: str
    short: str
    lead: str
    why: tuple[str, ...]
    about: tuple[str, ...]
    blind: tuple[str, ...]
    voices: tuple[Voice, ...]
    next_step: str
    link: str
    link_label: str
    links: tuple[tuple[str, str], ...]
    marks: tuple[str, ...]
    answers: tuple[tuple[str, str], ...] = ()
    call: str = ""
    status: str = ""
    own_title: str = ""
    own_text: bool = False

    @property
    def title(self) -> str:
        return self.own_title or f"{self.level} · {self.topic} · {self.spoken}"

    def said_as(self, own: OwnWords) -> Message:
        """Return the message in an operator's words.

        Their text takes the place of lead, reasons, posts and step; links and marks stay.
        """
        m = replace(self, own_title=own.title)
        if not own.text:
            return m
        m = replace(m, lead=own.text, own_text=True, why=(), about=(), blind=())
        return replace(m, voices=(), next_step="")


def message(
    delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS, *, live: bool = False
) -> Message:
    """Return what ``delivery`` says, in an operator's words where there are ``own``.

    An acknowledgement and an end are short; no posts, no step. ``live``: in the place of the message
    before, so they keep its facts.
    """
    if delivery.alert.notice is not None:
        return _noticed(delivery, delivery.alert.notice, lang)
    return _built_in(delivery, lang, live=live).said_as(own)


def _noticed(delivery: Delivery, notice: Notice, lang: Language) -> Message:
    """Return what is about no incident: a title and lines, no level, no posts, no step."""
    title = one_line(pick(notice.title, lang))
    first, *more = [one_line(pick(line, lang)) for line in notice.lines] or [title]
    links = tuple(_links(delivery.alert.links, lang))
    spoken = pick(words.SPOKEN[delivery.alert.reason], lang)
    return Message(
        level=spoken[:1].upper() + spoken[1:],
        feather=FEATHERS.get(delivery.alert.reason, ""),
        topic=one_line(delivery.alert.topic_name),
        spoken=spoken,
        short=title,
        lead=first,
        why=tuple(more),
        about=(),
        blind=(),
        voices=(),
        next_step="",
        link=links[0][1] if links else "",
        link_label=links[0][0] if links else "",
        links=links,
        marks=_marks(delivery, lang),
        own_title=title,
    )


def _built_in(delivery: Delivery, lang: Language, *, live: bool) -> Message:
    alert = delivery.alert
    triggers = alert.action is Action.TRIGGER
    whole = triggers or live
    level = words.level_line(alert.level, lang)
    spoken = pick(words.SPOKEN[alert.reason], lang)
    count = words.count_line(alert, lang)
    count = count[:1].upper() + count[1:]
    links = dict(alert.links)
    links_of = tuple(_links(alert.links, lang))
    answers = tuple(_links(delivery.answers, lang))
    return Message(
        level=level,
        feather=words.FEATHERS[alert.level],
        topic=one_line(alert.topic_name),
        spoken=spoken,
        short=f"{level}: {one_line(alert.topic_name)}. {count if triggers else spoken}",
        lead=_lead(alert, count, lang) if triggers else _ending(alert, lang),
        why=_why(alert, lang) if whole else (),
        about=_about(alert, lang) if whole else (),
        blind=_blind(alert, lang) if whole else (),
        voices=tuple(_voice(q, alert, lang) for q in alert.quotes) if whole else (),
        next_step=one_line(alert.next_step) if triggers else "",
        link=links.get("page", next(iter(links.values()), "")),
        link_label=pick(LINK_LABELS["page"], lang),
        links=(*links_of[:1], *answers, *links_of[1:]),
        marks=_marks(delivery, lang),
        answers=answers,
        call=_call(alert, lang) if triggers else "",
        status=_status(alert, lang),
    )


def one_line(text: str, limit: int = 500) -> str:
    """Return ``text`` without line breaks and control characters, cut at ``limit`` characters."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return cut(" ".join(clean.split()), limit)


def cut(text: str, limit: int) -> str:
    """Return ``text`` with at most ``limit`` characters; a cut shows as "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _lead(alert: Alert, count: str, lang: Language) -> str:
    since = words.clock(alert.since, alert.timezone, lang, near=alert.at)
    running = pick((f"Seit {since}", f"Since {since}"), lang)
    if alert.blind_until is not None:
        until = words.clock(alert.blind_until, alert.timezone, lang, near=alert.at)
        running += pick((f", bis {until} waren wir blind", f", we were blind until {until}"), lang)
    parts = [count, running]
    rare = words.return_period(alert.return_period_days, lang)
    if rare:
        parts.append(rare[:1].upper() + rare[1:])
    return ". ".join(parts) + "."


def _ending(alert: Alert, lang: Language) -> str:
    at = words.clock(alert.at, alert.timezone, lang)
    if alert.reason is NotifyReason.RESOLVED:
        return pick((f"Von einer Person beendet, {at}.", f"Ended by a person, {at}."), lang)
    if alert.reason is NotifyReason.MERGED:
        gone = f"Geht in einem anderen Vorfall weiter, {at}.", f"Goes on in another incident, {at}."
        return pick(gone, lang)
    if alert.reason is NotifyReason.ALL_CLEAR:
        de = f"Entwarnung von einer Person, {at}. Schlaf weiter."
        return pick((de, f"All clear from a person, {at}. Go back to sleep."), lang)
    return pick((f"Bestätigt, {at}. Jemand kümmert sich.", f"Acknowledged, {at}."), lang)


def _call(alert: Alert, lang: Language) -> str:
    if alert.call is None:
        return ""
    at = words.clock(alert.call.at, alert.timezone, lang, near=alert.at)
    names = ", ".join(one_line(name, TERM_LENGTH) for name in alert.call.names)
    return pick((f"Ohne Antwort um {at}: {names}", f"Without an answer at {at}: {names}"), lang)


def _status(alert: Alert, lang: Language) -> str:
    told = []
    if alert.acked_by:
        who = one_line(alert.acked_by, TERM_LENGTH)
        told.append(pick((f"Bestätigt von {who}", f"Acknowledged by {who}"), lang))
    if alert.owner:
        who = one_line(alert.owner, TERM_LENGTH)
        told.append(pick((f"Zuständig: {who}", f"Owner: {who}"), lang))
    return " · ".join(told)


def _why(alert: Alert, lang: Language) -> tuple[str, ...]:
    """Return the reasons that were met; what acts without statistics comes first."""
    met = [r for r in alert.reasons if r.met and r.code not in _BLIND]
    met.sort(key=lambda r: _FIRST.index(r.code) if r.code in _FIRST else len(_FIRST))
    return tuple(one_line(_bare(r, lang)) for r in met[:WHY_LIMIT])


def _about(alert: Alert, lang: Language) -> tuple[str, ...]:
    """Return the card in short: words of the burst, and the nearest thing that would have silenced it."""
    lines = [_broken(broken, alert, lang) for broken in alert.broke]
    if alert.terms:
        said = ", ".join(one_line(term, TERM_LENGTH) for term in alert.terms)
        lines.append(pick((f"Neue Wörter: {said}", f"New words: {said}"), lang))
    lines += [one_line(silent_line(silencer, lang)) for silencer in alert.silent]
    return tuple(lines)


def _broken(broken: Broken, alert: Alert, lang: Language) -> str:
    who = one_line(broken.author, 80)
    until = words.clock(broken.until, alert.timezone, lang, near=alert.at)
    why = pick(words.BROKE[broken.by], lang)
    return pick(
        (
            f"Stummschaltung von {who} (bis {until}) gebrochen: {why}",
            f"Silence of {who} (until {until}) broken because {why}",
        ),
        lang,
    )


def _blind(alert: Alert, lang: Language) -> tuple[str, ...]:
    return tuple(one_line(_bare(r, lang)) for r in alert.reasons if r.code in _BLIND)


def _bare(reason: Reason, lang: Language) -> str:
    line = reason_line(reason, lang)
    return line[:1].upper() + line[1:]


def _voice(quote: Quote, alert: Alert, lang: Language) -> Voice:
    at = words.clock(quote.at, alert.timezone, lang, near=alert.at)
    parts = [one_line(quote.source, 64), at]
    if quote.copies:
        form = ("Nahkopie", "near-copy") if quote.copies == 1 else ("Nahkopien", "near-copies")
        parts.insert(0, f"+ {words.number(quote.copies, lang)} {pick(form, lang)}")
    return Voice(one_line(quote.text, QUOTE_LENGTH), " · ".join(parts), web_address(quote.url))


def web_address(url: str) -> str:
    """Return ``url`` if it is a web address that may become a link, else ""."""
    fits = url.startswith(("https://", "http://")) and len(url) <= 2000
    return url if fits and url.isprintable() and " " not in url else ""


def _links(links: Iterable[tuple[str, str]], lang: Language) -> Iterator[tuple[str, str]]:
    for name, url in links:
        if web_address(url):
            yield pick(LINK_LABELS.get(name, (name, name)), lang), url


def _marks(delivery: Delivery, lang: Language) -> tuple[str, ...]:
    marks = []
    if delivery.alert.test:
        marks.append(pick(("Probe: nichts ist geschehen", "Test: nothing has happened"), lang))
    if delivery.may_repeat:
        marks.append(pick(("möglicherweise wiederholt", "possible repeat"), lang))
    return tuple(marks)
