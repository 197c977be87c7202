"""Buttons under Slack's message: what can be answered with one press.

An action's id is `PREFIX` and the button's name; its value is the key of the incident's episode, so that a
press on an old message never answers a new storm (docs.slack.dev/reference/interaction-payloads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from alerts.alert import Action, Alert
from alerts.words import Language, pick

PREFIX = "sturmglas_"
Json = Mapping[str, object]


class Button(StrEnum):
    """What a press does; the doing is the desk's (`monitor.desk.presses`)."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    FALSE_ALARM = "false_alarm"
    SLEEP = "sleep"
    SILENCE = "silence"


WORKING = (
    Button.ACKNOWLEDGE,
    Button.ASSIGN,
    Button.FALSE_ALARM,
    Button.SLEEP,
    Button.SILENCE,
)
"""Those that are shown, in this order: each has its row in `monitor.desk.presses.DOES` (a test looks)."""

LABELS: dict[Button, tuple[str, str]] = {
    Button.ACKNOWLEDGE: ("Ich kümmere mich", "Acknowledge"),
    Button.ASSIGN: ("Mir zuweisen", "Assign to me"),
    Button.FALSE_ALARM: ("Fehlalarm", "False alarm"),
    Button.SLEEP: ("Alles ruhig: schlafen", "All clear: sleep"),
    Button.SILENCE: ("4 h stumm", "Silence 4 h"),
}
_STYLES = {Button.ACKNOWLEDGE: "primary", Button.FALSE_ALARM: "danger"}
_SURE: dict[Button, tuple[str, str]] = {
    Button.FALSE_ALARM: (
        "Der Vorfall endet als Fehlalarm, für alle. Den Grund kann man auf der Seite ergänzen.",
        "The incident ends as a false alarm, for everybody. A reason can be added on the page.",
    ),
    Button.SILENCE: (
        "Vier Stunden lang ruft hierzu niemand an, es sei denn, es steigt um zwei Stufen.",
        "For four hours nobody is called about this, unless it rises by two levels.",
    ),
}
"""Asked before it happens, because it is hard to take back."""


def buttons(alert: Alert, shown: Sequence[Button], lang: Language) -> list[Json]:
    """Return those of ``shown`` that still make sense; none at an end or for a test."""
    if alert.test or alert.action is Action.RESOLVE:
        return []
    over = {Button.ACKNOWLEDGE} if alert.action is Action.ACKNOWLEDGE else set()
    return [_button(one, alert.key, lang) for one in shown if one not in over]


def _button(button: Button, key: str, lang: Language) -> Json:
    made: dict[str, object] = {
        "type": "button",
        "action_id": f"{PREFIX}{button}",
        "value": key,
        "text": _plain(pick(LABELS[button], lang)),
    }
    if button in _STYLES:
        made["style"] = _STYLES[button]
    if button in _SURE:
        made["confirm"] = {
            "title": _plain(pick(LABELS[button], lang)),
            "text": _plain(pick(_SURE[button], lang)),
            "confirm": _plain(pick(LABELS[button], lang)),
            "deny": _plain(pick(("Abbrechen", "Cancel"), lang)),
        }
    return made


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}
