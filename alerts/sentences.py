"""Sentences: every reason of a level as people read it, in German and English.

One sentence per reason, the same on the page, in the chat, in the mail and in the log. Numbers
stand beside their normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from alerts.words import TRIPWIRE_NAMES, Language, number, percent, pick, return_period
from detectors.detection import MULTIPLES, RARITIES, SHARES, Reason, ReasonCode

Sentence = Callable[[Reason, Language], str]


def reason_line(reason: Reason, lang: Language) -> str:
    """Return one reason as a sentence without its full stop.

    A reason that was not met says what it would have needed, because what would have silenced an
    alert is as telling as what raised it.
    """
    line = _SENTENCES[reason.code](reason, lang)
    limit = _limit(reason, lang)
    if not limit:
        return line
    if reason.met:
        return f"{line} ({pick(('Schwelle', 'threshold'), lang)} {limit})"
    return f"{line} ({pick(('nötig wären', 'needs'), lang)} {limit})"


def _limit(reason: Reason, lang: Language) -> str:
    """Return the threshold in the reason's own unit, "" where it says nothing to people."""
    limit = reason.threshold
    if limit is None or reason.code in _SILENT_LIMITS or not math.isfinite(limit) or limit <= 0:
        return ""
    if reason.code in SHARES:
        return percent(limit)
    if reason.code in RARITIES:
        return return_period(limit, lang)
    if reason.code in MULTIPLES:
        return f"{number(limit, lang)}×"
    return number(limit, lang)


_SILENT_LIMITS = frozenset(
    {
        ReasonCode.TONE_LOW,
        ReasonCode.YOUNG_TOPIC,
        ReasonCode.BLIND,
        ReasonCode.LATE,
        ReasonCode.HOLD,
        ReasonCode.EXPECTED_EVENT,
        ReasonCode.COPIES,
        ReasonCode.BOTS,
        ReasonCode.NAMED_ALONG,
        ReasonCode.CLIFF,
        ReasonCode.ONE_BIN,
        ReasonCode.CAPPED,
        ReasonCode.MOVED,
        ReasonCode.NOT_OURS,
        ReasonCode.SPREAD,
        ReasonCode.DOUBLING,
        ReasonCode.PERSISTENCE,
    }
)


def _plural(reason: Reason, lang: Language, one: tuple[str, str], many: tuple[str, str]) -> str:
    """Return the form for the value's number, "{}" filled with it."""
    pair = one if reason.value == 1 else many
    return pick(pair, lang).format(number(reason.value, lang))


def _plain(de: str, en: str) -> Sentence:
    return lambda r, lang: pick((de, en), lang).format(number(r.value, lang))


def _share(de: str, en: str) -> Sentence:
    return lambda r, lang: pick((de, en), lang).format(percent(r.value))


def _unreadable(reason: Reason, lang: Language) -> str:
    if reason.text:  # people's samples say so
        words = (
            "laut, Ton nicht verlässlich ({} der Kritik wird nicht erkannt): bitte ansehen",
            "loud, tone unreliable ({} of the criticism is not seen): please look",
        )
    else:
        words = (
            "laut, Ton nicht lesbar ({} ungelesen): bitte ansehen",
            "loud, tone unreadable ({} unread): please look",
        )
    return pick(words, lang).format(percent(reason.value))


def _usual_tone(reason: Reason, lang: Language) -> str:
    more = round(100 * min(1.0, max(0.0, reason.value)))
    if reason.text:
        words = (
            "{} von 100 Texten kritischer als sonst, das kann bei so wenigen Zufall sein",
            "{} of 100 texts more critical than usual, which may be chance with so few",
        )
    else:
        words = (
            "viele reden, kaum kritischer als sonst: {} von 100 Texten",
            "many talk, hardly more critical than usual: {} of 100 texts",
        )
    return pick(words, lang).format(more)


def _counted(one: tuple[str, str], many: tuple[str, str]) -> Sentence:
    return lambda r, lang: _plural(r, lang, one, many)


def _rare(what: tuple[str, str]) -> Sentence:
    def sentence(reason: Reason, lang: Language) -> str:
        rare = return_period(reason.value, lang) or pick(("ohne Vergleich", "no comparison"), lang)
        return f"{pick(what, lang)}: {rare}"

    return sentence


def _young(what: tuple[str, str]) -> Sentence:
    def sentence(reason: Reason, lang: Language) -> str:
        if reason.text == "authors":
            return _plural(
                reason,
                lang,
                ("{} Person schreibt negativ, Thema neu", "{} person negative, new topic"),
                ("{} Personen schreiben negativ, Thema neu", "{} people negative, new topic"),
            )
        odds = number(min(reason.value, 300.0), lang)
        return f"{pick(what, lang)} ({pick(('Stärke', 'strength'), lang)} {odds})"

    return sentence


def _tripwire(reason: Reason, lang: Language) -> str:
    name = pick(TRIPWIRE_NAMES.get(reason.text, (reason.text, reason.text)), lang)
    people = _plural(reason, lang, ("{} Person", "{} person"), ("{} Personen", "{} people"))
    if lang == "de":
        return f"Stolperdraht „{name}“: {people}"
    return f"Tripwire “{name}”: {people}"


def _blind(reason: Reason, lang: Language) -> str:
    hours = number(reason.value, lang)
    who = reason.text or pick(("eine Quelle", "a source"), lang)
    return pick((f"Wir sehen nicht: {who}, seit {hours} h", f"Blind: {who}, for {hours} h"), lang)


def _late(reason: Reason, lang: Language) -> str:
    return pick(("Nachzügler ergänzt", "latecomers added"), lang)


def _along(reason: Reason, lang: Language) -> str:
    rival = reason.text or pick(("ein Wettbewerber", "a competitor"), lang)
    share = percent(reason.value)
    de = f"am Rande erwähnt: {share} der Kritik nennen {rival}"
    return pick((de, f"named along: {share} of the criticism names {rival}"), lang)


def _capped(reason: Reason, lang: Language) -> str:
    n, source = number(reason.value, lang), reason.text
    return pick(
        (
            f"mindestens {n}: {source} liefert nur einen Teil",
            f"at least {n}: {source} delivers only part of it",
        ),
        lang,
    )


def _moved(reason: Reason, lang: Language) -> str:
    return pick(
        (
            f"{reason.text} schweigt, anderswo wird mehr geschrieben",
            f"{reason.text} is silent, and elsewhere more is written",
        ),
        lang,
    )


def _announced(reason: Reason, lang: Language) -> str:
    if reason.value <= 1.0:
        return pick((f"wie angekündigt: {reason.text}", f"as announced: {reason.text}"), lang)
    times = number(reason.value, lang)
    return pick(
        (
            f"über dem Angekündigten ({reason.text}): {times}×",
            f"above what was announced ({reason.text}) by {times}×",
        ),
        lang,
    )


_SENTENCES: dict[ReasonCode, Sentence] = {
    ReasonCode.NEGATIVE_BURST: _rare(("So viel Kritik auf einmal", "This much criticism at once")),
    ReasonCode.MENTION_BURST: _rare(("So viele Beiträge auf einmal", "This many posts at once")),
    ReasonCode.YOUNG_NEGATIVES: _young(
        (
            "Mehr Kritik als in den ersten Tagen dieses Themas",
            "More criticism than in this topic's first days",
        )
    ),
    ReasonCode.YOUNG_MENTIONS: _young(
        (
            "Mehr Beiträge als in den ersten Tagen dieses Themas",
            "More posts than in this topic's first days",
        )
    ),
    ReasonCode.NEGATIVE_AUTHORS: _counted(
        ("{} Person schreibt negativ", "{} person writes negatively"),
        ("{} Personen schreiben negativ", "{} people write negatively"),
    ),
    ReasonCode.NEGATIVE_THREADS: _counted(
        ("in {} Gesprächsfaden", "in {} thread"), ("in {} Gesprächsfäden", "in {} threads")
    ),
    ReasonCode.SOURCES: _counted(
        ("Kritik in {} Quelle", "criticism in {} source"),
        ("Kritik in {} Quellen", "criticism in {} sources"),
    ),
    ReasonCode.MULTIPLE: _plain("{}× so viel Kritik wie üblich", "{}× the usual criticism"),
    ReasonCode.NEGATIVE_SHARE: _share("mindestens {} negativ", "at least {} negative"),
    ReasonCode.TONE_LOW: _share(
        "Aufmerksamkeit, kein Sturm: höchstens {} negativ",
        "attention, no storm: at most {} negative",
    ),
    ReasonCode.TONE_USUAL: _usual_tone,
    ReasonCode.TONE_UNREADABLE: _unreadable,
    ReasonCode.AGGRESSION: _share("{} der Kritik beleidigend", "{} of the criticism offensive"),
    ReasonCode.GROWTH: _plain("wächst: {}× in 15 Minuten", "growing: {}× within 15 minutes"),
    ReasonCode.REACH: _plain(
        "größte Reichweite eines Beitrags: {}", "widest reach of one post: {}"
    ),
    ReasonCode.FIRST_SPARK: _plain(
        "erster Funke: ein negativer Beitrag mit Reichweite {}",
        "first spark: one negative post with a reach of {}",
    ),
    ReasonCode.TRIPWIRE: _tripwire,
    ReasonCode.SLOW_NEGATIVES: _rare(
        ("So viel Kritik über Stunden", "This much criticism over hours")
    ),
    ReasonCode.SLOW_DAYS: _counted(
        (
            "{} von 7 Tagen mit mehr Kritik als üblich",
            "{} of 7 days with more criticism than usual",
        ),
        (
            "{} von 7 Tagen mit mehr Kritik als üblich",
            "{} of 7 days with more criticism than usual",
        ),
    ),
    ReasonCode.COPIES: _share(
        "{} sind Kopien eines Textes, dessen Ton offen ist", "{} copy a text of unsure tone"
    ),
    ReasonCode.BOTS: _share(
        "{} sind Kopien von Konten, denen kaum jemand folgt",
        "{} are copies by accounts that hardly anybody follows",
    ),
    ReasonCode.NAMED_ALONG: _along,
    ReasonCode.CLIFF: _counted(
        ("alles auf einmal, wie nach einer Sendung", "all at once, as after a broadcast"),
        ("alles auf einmal, wie nach einer Sendung", "all at once, as after a broadcast"),
    ),
    ReasonCode.ONE_BIN: _counted(
        ("alles in denselben fünf Minuten", "all within the same five minutes"),
        ("alles in denselben fünf Minuten", "all within the same five minutes"),
    ),
    ReasonCode.CAPPED: _capped,
    ReasonCode.MOVED: _moved,
    ReasonCode.NOT_OURS: _share(
        "vielleicht nicht gemeint: {} mit Wörtern, die hier nie vorkamen",
        "perhaps not ours: {} with words never seen here",
    ),
    ReasonCode.EXPECTED_EVENT: _announced,
    ReasonCode.NEW_AUTHORS: _share(
        "{} schreiben zum ersten Mal hierzu", "{} write about this for the first time"
    ),
    ReasonCode.DELETIONS: _share("{} der Beiträge gelöscht", "{} of the posts deleted"),
    ReasonCode.SPREAD: _plain(
        "verteilt über {} gleich laute Quellen", "spread over {} sources of equal weight"
    ),
    ReasonCode.DOUBLING: _plain("verdoppelt sich in {} Minuten", "doubles within {} minutes"),
    ReasonCode.PERSISTENCE: _plain(
        "seit {} Minuten über dem Üblichen", "beyond the usual for {} minutes"
    ),
    ReasonCode.SILENCE: _rare(("So lange kein Beitrag", "No post for so long")),
    ReasonCode.MEDIA: _counted(
        ("{} Medium berichtet", "{} outlet reports"), ("{} Medien berichten", "{} outlets report")
    ),
    ReasonCode.YOUNG_TOPIC: _counted(
        ("kennt dieses Thema seit {} Tag", "knows this topic for {} day"),
        ("kennt dieses Thema seit {} Tagen", "knows this topic for {} days"),
    ),
    ReasonCode.BLIND: _blind,
    ReasonCode.LATE: _late,
    ReasonCode.HOLD: _counted(
        ("Stufe wird gehalten: {} ruhiger Abschnitt", "level held: {} quiet stretch"),
        ("Stufe wird gehalten: {} ruhige Abschnitte", "level held: {} quiet stretches"),
    ),
}
