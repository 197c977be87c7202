"""Actions: the names that a step may call, and the Protocol of whoever carries them out.

In this version no action reaches outside: a step's action is shown to people, done by them and
recorded by ticking the step. `ACTIONS` says in words what that doing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playbooks.playbook import Text
from playbooks.run import Run


@dataclass(frozen=True, slots=True)
class ActionName:
    """A name that a step may call, with what people read. ``by_hand``: what there is to do."""

    name: str
    title: Text
    by_hand: Text


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, for the timeline. ``note`` holds no personal data."""

    note: Text


class Action(Protocol):
    """Carries out what a step calls. No implementation ships in this version.

    An action is started by a person ticking its step, never by the machine, and may be started
    twice for one (run, step): the second time changes nothing.
    """

    @property
    def name(self) -> str: ...

    def do(self, run: Run, step: str, actor: str, now: datetime) -> Done: ...


def _action(name: str, de: str, en: str, by_hand_de: str, by_hand_en: str) -> ActionName:
    return ActionName(name, Text(de, en), Text(by_hand_de, by_hand_en))


_ALL = (
    _action(
        "assign_lead",
        "Leitung benennen",
        "Name the lead",
        "Leitung und Protokoll am Vorfall eintragen.",
        "Enter lead and scribe on the incident.",
    ),
    _action(
        "open_channel",
        "Lageraum öffnen",
        "Open a room",
        "Einen Chatraum oder eine Konferenz öffnen, den Zugang als Notiz am Vorfall ablegen.",
        "Open a chat room or a conference; leave the way in as a note on the incident.",
    ),
    _action(
        "pause_posts",
        "Beiträge anhalten",
        "Pause posts",
        "In jedem Planungswerkzeug alle geplanten Beiträge anhalten; die Werkzeuge als Notiz nennen.",
        "Pause every scheduled post in every planning tool; name the tools in the note.",
    ),
    _action(
        "pause_ads",
        "Werbung anhalten",
        "Pause ads",
        "Laufende Kampagnen in jedem Werbekonto anhalten; die Konten als Notiz nennen.",
        "Pause running campaigns in every ad account; name the accounts in the note.",
    ),
    _action(
        "record_facts",
        "Faktenblatt anlegen",
        "Keep a fact sheet",
        "Bekanntes, Unbekanntes und die Quelle je Zeile festhalten, jeweils mit Uhrzeit.",
        "Write down what is known, what is not, and the source of each line, with the time.",
    ),
    _action(
        "inform_staff",
        "Belegschaft informieren",
        "Tell staff",
        "Drei Sätze an alle mit Kundenkontakt: was ist, was gesagt wird, wohin mit Fragen.",
        "Three sentences to all who meet customers: what is up, what we say, where questions go.",
    ),
    _action(
        "brief_care",
        "Kundenservice vorbereiten",
        "Brief customer care",
        "Antwortbausteine und Rückrufweg an den Kundenservice geben.",
        "Give customer care the answers to use and a way to call people back.",
    ),
    _action(
        "hold_statement",
        "Erste Stellungnahme",
        "Holding statement",
        "Text entwerfen, von der Leitung freigeben lassen, von Hand veröffentlichen.",
        "Draft the text, have the lead release it, publish it by hand.",
    ),
    _action(
        "ask_legal",
        "Recht einbeziehen",
        "Ask legal",
        "Frage, Frist und Faktenblatt an die Rechtsabteilung geben.",
        "Hand legal the question, the deadline and the fact sheet.",
    ),
    _action(
        "notify_authority",
        "Behörde melden",
        "Notify the authority",
        "Meldepflicht und Frist klären, Meldung abgeben, Aktenzeichen als Notiz ablegen.",
        "Settle duty and deadline, file the report, leave its reference as a note.",
    ),
    _action(
        "call_executive",
        "Geschäftsführung anrufen",
        "Call the executive",
        "Anrufen, nicht schreiben; Lage in drei Sätzen, nötige Entscheidung nennen.",
        "Call, do not write; the situation in three sentences and the decision that is needed.",
    ),
    _action(
        "stop_process",
        "Auslöser anhalten",
        "Stop the cause",
        "Den auslösenden Lauf oder Verkauf anhalten lassen; wer und wann als Notiz.",
        "Have the run or the sale that causes it stopped; note who did so and when.",
    ),
)

ACTIONS: Mapping[str, ActionName] = {action.name: action for action in _ALL}
"""Every name that a step may call."""
