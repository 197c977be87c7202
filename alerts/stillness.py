"""Stillness: what would have left somebody asleep, as people read it, in German and English."""

from __future__ import annotations

from collections.abc import Callable

from alerts.words import TRIPWIRE_NAMES, Language, number, percent, pick
from detectors.silencers import Change, Lever, Silencer


def silent_line(silencer: Silencer, lang: Language) -> str:
    """Return a sentence without its full stop: "It would have stayed silent with ..."."""
    said = silent_with(silencer, lang)
    return pick(
        (f"Still geblieben wäre es mit {said}", f"It would have stayed silent with {said}"), lang
    )


def silent_with(silencer: Silencer, lang: Language) -> str:
    """Return the changes alone, each beside what was measured: "a budget of 45 days instead of 30"."""
    parts = [_PARTS[change.lever](change, lang) for change in silencer.changes]
    return pick((" und ", " and "), lang).join(parts)


def _budget(c: Change, lang: Language) -> str:
    days, was = number(c.value, lang), number(c.measured, lang)
    de = f"einem Alarmbudget von {days} statt {was} Tagen"
    return pick((de, f"an alarm budget of {days} days instead of {was}"), lang)


def _authors(c: Change, lang: Language) -> str:
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"höchstens {most} der {was} negativen Stimmen"
    return pick((de, f"at most {most} of the {was} negative voices"), lang)


def _threads(c: Change, lang: Language) -> str:
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"Kritik in höchstens {most} der {was} Gesprächsfäden"
    return pick((de, f"criticism in at most {most} of the {was} threads"), lang)


def _multiple(c: Change, lang: Language) -> str:
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"höchstens {most}× statt {was}× dem Üblichen"
    return pick((de, f"at most {most}× the usual instead of {was}×"), lang)


def _share(c: Change, lang: Language) -> str:
    de = f"höchstens {percent(c.value)} statt {percent(c.measured)} Kritik"
    en = f"at most {percent(c.value)} criticism instead of {percent(c.measured)}"
    return pick((de, en), lang)


def _reach(c: Change, lang: Language) -> str:
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"einem weitesten Beitrag von höchstens {most} statt {was} Reichweite"
    return pick((de, f"a widest post of at most {most} people instead of {was}"), lang)


def _tripwire(c: Change, lang: Language) -> str:
    name = pick(TRIPWIRE_NAMES.get(c.text, (c.text, c.text)), lang)
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"höchstens {most} von {was} am Stolperdraht „{name}“"
    return pick((de, f"at most {most} of {was} at the tripwire “{name}”"), lang)


def _media(c: Change, lang: Language) -> str:
    most, was = number(c.value, lang), number(c.measured, lang)
    de = f"einem Medienecho von höchstens {most} statt {was}"
    return pick((de, f"a media echo of at most {most} instead of {was}"), lang)


_PARTS: dict[Lever, Callable[[Change, Language], str]] = {
    Lever.BUDGET: _budget,
    Lever.AUTHORS: _authors,
    Lever.THREADS: _threads,
    Lever.MULTIPLE: _multiple,
    Lever.SHARE: _share,
    Lever.REACH: _reach,
    Lever.TRIPWIRE: _tripwire,
    Lever.MEDIA: _media,
}
