"""Match: which playbooks fit an incident, best first, with the reasons shown to people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alerts.words import TRIPWIRE_NAMES
from detectors.detection import WAKE, Level
from playbooks.playbook import Playbook, Text, Trigger

GENERAL = "allgemein"
"""The shipped playbook for any storm; what is offered when nothing else fits."""


class MatchCode(StrEnum):
    """Why a playbook fits, from the most telling to the least."""

    TRIPWIRE = "tripwire"
    TOPIC = "topic"
    BRAND = "brand"
    TERM = "term"
    LEVEL = "level"
    NOTHING_ELSE = "nothing_else"


_WORDS: Mapping[MatchCode, Text] = {
    MatchCode.TRIPWIRE: Text("Signalwort für {0}", "tripwire: {0}"),
    MatchCode.TOPIC: Text("Thema {0}", "topic {0}"),
    MatchCode.BRAND: Text("Marke {0}", "brand {0}"),
    MatchCode.TERM: Text("Im Ausbruch kommt „{0}“ vor", "the burst's posts say “{0}”"),
    MatchCode.LEVEL: Text("ab Stufe {0}", "from level {0}"),
    MatchCode.NOTHING_ELSE: Text("kein anderes Playbook passt", "no other playbook fits"),
}


@dataclass(frozen=True, slots=True)
class MatchReason:
    """One reason: its code and the thing that was found (a term, a topic id, a level)."""

    code: MatchCode
    found: str = ""

    def __str__(self) -> str:
        return f"{self.code}:{self.found}" if self.found else str(self.code)


@dataclass(frozen=True, slots=True)
class Match:
    """A playbook that fits. ``why`` is what `playbooks.run.start` keeps; see `why_text`."""

    playbook: Playbook
    reasons: tuple[MatchReason, ...]

    @property
    def why(self) -> tuple[str, ...]:
        return tuple(str(reason) for reason in self.reasons)


def why_text(why: str, lang: str) -> str:
    """Return one entry of ``Run.why`` in words; what is not known is returned as it is."""
    code, _, found = why.partition(":")
    if code not in MatchCode.__members__.values():
        return why
    if code == MatchCode.TRIPWIRE and found in TRIPWIRE_NAMES:
        found = Text(*TRIPWIRE_NAMES[found]).in_(lang)
    return _WORDS[MatchCode(code)].in_(lang).format(found)


def match(
    playbooks: Iterable[Playbook] | Mapping[str, Playbook],
    *,
    level: Level,
    topic: str,
    brand: str = "",
    terms: Sequence[str] = (),
    tripwires: Sequence[str] = (),
) -> list[Match]:
    """Return the playbooks that fit, best first; the same input gives the same order.

    ``terms`` are words or whole posts of the burst, ``tripwires`` the categories that were hit.
    Ranked by tripwires, topic, brand and terms hit, then by the higher minimum level, then by id.
    From level 4 up at least one is returned where there is any: the general one, if nothing fits.
    """
    known = sorted(_values(playbooks), key=lambda p: p.id)
    words = "\n".join(terms).casefold()
    found = [
        Match(playbook, reasons)
        for playbook in known
        if (reasons := _reasons(playbook.trigger, level, topic, brand, words, tripwires))
    ]
    if not found and known and level >= WAKE:
        general = min(known, key=lambda p: (p.id != GENERAL, _stated(p.trigger), p.id))
        found = [Match(general, (MatchReason(MatchCode.NOTHING_ELSE),))]
    return sorted(found, key=_rank, reverse=True)


def term_pattern(term: str) -> re.Pattern[str]:
    """Return what finds a trigger's ``term`` in case-folded text."""
    core = r"\s+".join(re.escape(part) for part in term.casefold().strip("*").split())
    before = "" if term.startswith("*") else r"(?<!\w)"
    after = "" if term.endswith("*") else r"(?!\w)"
    return re.compile(before + core + after)


def _values(playbooks: Iterable[Playbook] | Mapping[str, Playbook]) -> Iterable[Playbook]:
    return playbooks.values() if isinstance(playbooks, Mapping) else playbooks


def _reasons(
    trigger: Trigger,
    level: Level,
    topic: str,
    brand: str,
    words: str,
    tripwires: Sequence[str],
) -> tuple[MatchReason, ...]:
    """Return why the trigger holds, () where it does not."""
    if level < trigger.min_level:
        return ()
    reasons: list[MatchReason] = []
    checks: tuple[tuple[MatchCode, Sequence[str], Callable[[str], bool]], ...] = (
        (MatchCode.TRIPWIRE, trigger.tripwires, lambda name: name in tripwires),
        (MatchCode.TOPIC, trigger.topics, lambda name: name == topic),
        (MatchCode.BRAND, trigger.brands, lambda name: name.casefold() == brand.casefold()),
        (MatchCode.TERM, trigger.terms, lambda term: bool(term_pattern(term).search(words))),
    )
    for code, stated, holds in checks:
        hits = [MatchReason(code, name.strip("*")) for name in stated if holds(name)]
        if stated and not hits:
            return ()
        reasons += hits
    return (*reasons, MatchReason(MatchCode.LEVEL, str(int(trigger.min_level))))


def _rank(match: Match) -> tuple[int, ...]:
    codes = [reason.code for reason in match.reasons]
    ordered = (MatchCode.TRIPWIRE, MatchCode.TOPIC, MatchCode.BRAND, MatchCode.TERM)
    return (*(codes.count(code) for code in ordered), int(match.playbook.trigger.min_level))


def _stated(trigger: Trigger) -> int:
    return sum(map(len, (trigger.tripwires, trigger.topics, trigger.brands, trigger.terms)))
