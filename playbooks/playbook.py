"""Playbook, Step, Trigger: what a team does about a storm, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from detectors.detection import Level


class Role(StrEnum):
    """Who does a step; a person is named per run, a role per playbook."""

    LEAD = "lead"
    COMMUNITY = "community"
    COMMS = "comms"
    LEGAL = "legal"
    CARE = "care"
    EXPERT = "expert"
    EXECUTIVE = "executive"
    SCRIBE = "scribe"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in German and English; both are required in the shipped library."""

    de: str
    en: str

    def in_(self, lang: str) -> str:
        """Return the text for ``lang`` ("de", "de-AT", "en" ...); English for any other."""
        return self.de if lang.split("-")[0] == "de" else self.en


ROLE_WORDS: Mapping[Role, Text] = {
    Role.LEAD: Text("Leitung", "Lead"),
    Role.COMMUNITY: Text("Community", "Community"),
    Role.COMMS: Text("Kommunikation", "Communications"),
    Role.LEGAL: Text("Recht", "Legal"),
    Role.CARE: Text("Kundenservice", "Customer care"),
    Role.EXPERT: Text("Fachseite", "Subject expert"),
    Role.EXECUTIVE: Text("Geschäftsführung", "Executive"),
    Role.SCRIBE: Text("Protokoll", "Scribe"),
}
"""What people read for each role."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``due`` counts from the start of the run. ``action`` names an Action or is "".

    ``questions`` are asked inside the step. ``min_level``: the step is due only once the incident
    has reached this level.
    """

    id: str
    title: Text
    text: Text
    role: Role
    due: timedelta
    questions: tuple[Text, ...] = ()
    action: str = ""
    min_level: Level = Level.CALM


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a playbook fits: all of what is stated must hold; more matches rank higher.

    ``terms`` are words looked for in the burst's posts, without case, as whole words; ``*`` at
    either end stands for the rest of the word (``*abbuchung*``). One hit among the ``terms``,
    ``topics``, ``brands`` or ``tripwires`` stated is enough for each of them.
    """

    min_level: Level = Level.STRONG_WIND
    topics: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    tripwires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Playbook:
    """An ordered list of steps with the trigger that starts it. ``version`` = hash of its content."""

    id: str
    title: Text
    summary: Text
    trigger: Trigger
    steps: tuple[Step, ...]
    version: str
    source: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def step(self, id: str) -> Step:
        """Return the step of that id; KeyError where there is none."""
        for step in self.steps:
            if step.id == id:
                return step
        raise KeyError(id)
