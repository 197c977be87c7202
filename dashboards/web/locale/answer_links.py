"""Texts of the page behind a link that answers a message."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "answer.title": ("Antwort", "Answer"),
    "answer.open": ("Hast du es?", "Do you have it?"),
    "answer.open.lead": (
        "Mit dem Knopf sagst du: Ich kümmere mich darum. Dann wird niemand weiter gerufen.",
        "With the button you say: I take care of it. Then nobody else is called.",
    ),
    "answer.press": ("Ich habe es", "I have it"),
    "answer.open.clear": ("War es ein Fehlalarm?", "Was it a false alarm?"),
    "answer.open.clear.lead": (
        "Mit dem Knopf beendest du den Vorfall als Fehlalarm. Alle, die gerufen wurden, erfahren es.",
        "With the button you end the incident as a false alarm. All who were called will hear of it.",
    ),
    "answer.press.clear": ("Entwarnung", "All clear"),
    "answer.done": ("Du hast es.", "You have it."),
    "answer.done.lead": (
        "Niemand wird weiter gerufen, solange es nicht schlimmer wird.",
        "Nobody else is called unless it gets worse.",
    ),
    "answer.done.clear": ("Entwarnung gegeben.", "All clear given."),
    "answer.done.clear.lead": (
        "Der Vorfall ist als Fehlalarm beendet.",
        "The incident has ended as a false alarm.",
    ),
    "answer.used": ("Schon benutzt.", "Used already."),
    "answer.used.lead": (
        "{name} hat diesen Link benutzt: {time}. Er wirkt nur einmal.",
        "{name} used this link: {time}. It works once.",
    ),
    "answer.taken": ("Jemand hat es schon.", "Somebody has it already."),
    "answer.taken.lead": (
        "{name} kümmert sich seit {time} darum. Du musst nichts tun.",
        "{name} has taken care of it since {time}. There is nothing for you to do.",
    ),
    "answer.ended": ("Vorbei.", "It is over."),
    "answer.ended.lead": (
        "Worum es in dieser Meldung ging, ist beendet. Du musst nichts tun.",
        "What this message was about has ended. There is nothing for you to do.",
    ),
    "answer.expired": ("Der Link ist abgelaufen.", "The link has expired."),
    "answer.expired.lead": (
        "Er galt bis {time}. Antworte auf der Seite des Vorfalls.",
        "It was good until {time}. Answer on the incident's page.",
    ),
    "answer.unknown": ("Diesen Link gibt es nicht.", "There is no such link."),
    "answer.unknown.lead": (
        "Vielleicht ist er beim Kopieren abgeschnitten worden. Nichts ist geschehen.",
        "Maybe it was cut off when it was copied. Nothing has happened.",
    ),
    "answer.unavailable": ("Das ging gerade nicht.", "That did not work just now."),
    "answer.unavailable.lead": (
        "Nichts ist geschehen. Versuche es in einer Minute noch einmal, oder rufe an.",
        "Nothing has happened. Try again in a minute, or call.",
    ),
    "answer.page": ("Vorfall öffnen (mit Anmeldung)", "Open incident (login needed)"),
}
