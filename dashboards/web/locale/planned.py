"""Texts of planned events."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "plan.page": ("Angekündigt: {name}", "Announced: {name}"),
    "plan.title": ("Angekündigte Ereignisse", "Announced events"),
    "plan.lead": (
        "Sie heben an, wie viele Beiträge zu erwarten sind, nie wie viele negative: Läuft ein Webinar schief, wird so früh gerufen wie sonst.",
        "They raise how many posts are to be expected, never how many negative ones: a webinar that goes wrong wakes as soon as ever.",
    ),
    "plan.col.what": ("Was", "What"),
    "plan.col.when": ("Wann", "When"),
    "plan.col.expected": ("Beiträge", "Posts"),
    "plan.col.by": ("Von", "By"),
    "plan.col.act": ("Absagen", "Call off"),
    "plan.times": ("{n}-mal so viele", "{n} times as many"),
    "plan.learned": ("{n}-mal so viele, wie frühere", "{n} times as many, as past ones"),
    "plan.brought": ("brachte {n}-mal so viele", "brought {n} times as many"),
    "plan.cancel": ("Absagen", "Call off"),
    "plan.cancel.of": ("„{title}“ absagen", "Call off “{title}”"),
    "plan.none": (
        "Nichts ist angekündigt. Ein Kalender lässt sich mit <code>sturmglas plan import</code> übernehmen.",
        "Nothing is announced. A calendar can be taken over with <code>sturmglas plan import</code>.",
    ),
    "plan.add": ("Etwas ankündigen", "Announce something"),
    "plan.field.title": ("Titel", "Title"),
    "plan.field.type": ("Art, etwa Webinar", "Type, like webinar"),
    "plan.field.starts": ("Beginn", "Start"),
    "plan.field.ends": ("Ende; leer: ein eigener Beitrag", "End; empty: a post of your own"),
    "plan.field.uplift": (
        "Wie viel mal so viele Beiträge; leer: wie frühere dieser Art",
        "How many times as many posts; empty: as past ones of this type",
    ),
    "plan.hint": ("Zeiten in {zone}, höchstens 14 Tage lang.", "Times in {zone}, at most 14 days."),
    "plan.go": ("Ankündigen", "Announce"),
    "plan.wrong.title": (
        "Bitte einen Titel nennen, höchstens 200 Zeichen.",
        "Please give a title, at most 200 characters.",
    ),
    "plan.wrong.type": (
        "Die Art darf höchstens 40 Zeichen haben.",
        "The type may have at most 40 characters.",
    ),
    "plan.wrong.starts": (
        "Der Beginn ist keine Zeit zwischen 1990 und 2100.",
        "The start is no time between 1990 and 2100.",
    ),
    "plan.wrong.ends": (
        "Das Ende muss nach dem Beginn liegen, höchstens 14 Tage später.",
        "The end must be after the start, at most 14 days later.",
    ),
    "plan.wrong.uplift": (
        "Bitte eine Zahl von 1 bis 1000, oder nichts.",
        "Please a number from 1 to 1000, or nothing.",
    ),
    "plan.wrong.conflict": (
        "Das ist schon angekündigt, oder jemand hat es gerade geändert.",
        "It is announced already, or somebody has just changed it.",
    ),
    "plan.wrong.unavailable": (
        "Gerade lässt sich nichts speichern. Bitte gleich noch einmal.",
        "Nothing can be stored just now. Please try again in a moment.",
    ),
}
