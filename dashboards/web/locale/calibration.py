"""Texts of verdicts and of moving thresholds."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "cal.title": ("Urteile und Schwellen", "Verdicts and thresholds"),
    "cal.lead": (
        "Was Menschen von den letzten 90 Tagen sagten. Schwellen ändern sich nur, wenn jemand es bestätigt, höchstens um ein Viertel im Monat.",
        "What people said of the last 90 days. Thresholds move only when somebody confirms it, by a quarter a month at most.",
    ),
    "cal.none": ("Noch kein Urteil.", "No verdict yet."),
    "cal.missed": ("verpasst", "missed"),
    "cal.withdraw": ("Zurückziehen", "Withdraw"),
    "cal.withdraw.of": ("{name} zurückziehen", "Withdraw {name}"),
    "cal.add": ("Wir haben einen verpasst", "We missed one"),
    "cal.field.since": ("Von", "From"),
    "cal.field.until": ("Bis", "Until"),
    "cal.field.note": ("Was geschah", "What happened"),
    "cal.hint": (
        "Eine vergangene Spanne von höchstens 7 Tagen, in der Zeit von {zone}.",
        "A past span of at most 7 days, in the time of {zone}.",
    ),
    "cal.go": ("Merken", "Keep"),
    "cal.proposals": ("Vorschläge", "Proposals"),
    "cal.try": ("Vorschläge ausrechnen", "Work out proposals"),
    "cal.try.wait": (
        "Die Vergangenheit läuft noch einmal ab; das kann eine Minute dauern.",
        "The past runs once more; this may take a minute.",
    ),
    "cal.try.none": ("Keine Änderung hätte geholfen.", "No move would have helped."),
    "cal.name.level4_authors": (
        "Personen, die Stufe 4 mindestens verlangt",
        "People that level 4 asks for at least",
    ),
    "cal.name.level4_multiple": (
        "Vielfaches des Üblichen, das Stufe 4 mindestens verlangt",
        "Times the usual that level 4 asks for at least",
    ),
    "cal.name.rarity_family": (
        "Teil des Budgets, nach dem ein Ausbruch als selten gilt",
        "Part of the budget from which on a burst is rare",
    ),
    "cal.move": ("{name}: {before} → {after}", "{name}: {before} → {after}"),
    "cal.pages": (
        "Rufe: {pages} statt {before}, davon neu: {gained}.",
        "Calls: {pages} instead of {before}; new ones: {gained}.",
    ),
    "cal.gone": ("Fehlalarme, die wegfielen", "False alarms that would be gone"),
    "cal.caught": ("Verpasste, die erkannt würden", "Missed ones that would be caught"),
    "cal.lost": ("Echte Stürme, die verloren gingen", "Real storms that would be lost"),
    "cal.lost.none": ("Kein echter Sturm ginge verloren.", "No real storm would be lost."),
    "cal.untold": ("Nicht mehr prüfbar", "No longer testable"),
    "cal.note": ("Warum", "Why"),
    "cal.confirm": ("Bestätigen", "Confirm"),
    "cal.history": ("Frühere Änderungen", "Earlier moves"),
    "cal.number": ("Nr. {id}", "No. {id}"),
    "cal.by": ("von {name}", "by {name}"),
    "cal.undone": ("nimmt Nr. {id} zurück", "takes back no. {id}"),
    "cal.undo": ("Rückgängig", "Undo"),
    "cal.undo.of": ("Nr. {id} rückgängig machen", "Undo no. {id}"),
    "cal.wrong.since": ("Der Anfang ist keine Zeit.", "The start is no time."),
    "cal.wrong.until": (
        "Das Ende muss nach dem Anfang liegen, in der Vergangenheit und höchstens 7 Tage später.",
        "The end must be after the start, in the past and at most 7 days later.",
    ),
    "cal.wrong.note": ("Höchstens 500 Zeichen.", "At most 500 characters."),
    "cal.wrong.limit": (
        "Mehr lässt der Monat nicht zu: höchstens ein Viertel.",
        "The month allows no more: a quarter at most.",
    ),
    "cal.wrong.conflict": (
        "Jemand war schneller, oder es steht schon da. Bitte noch einmal ansehen.",
        "Somebody was faster, or it is there already. Please look again.",
    ),
    "cal.wrong.stale": (
        "Dieser Vorschlag gilt nicht mehr. Bitte neu ausrechnen.",
        "This proposal holds no longer. Please work it out again.",
    ),
    "cal.wrong.busy": (
        "Gerade wird schon gerechnet. Bitte gleich noch einmal.",
        "It is being worked out already. Please try again in a moment.",
    ),
    "cal.wrong.no_past": (
        "Von diesem Thema ist noch nichts gespeichert.",
        "Nothing of this topic is stored yet.",
    ),
    "cal.wrong.too_much": (
        "Zu viele Beiträge für eine Seite; auf der Kommandozeile geht es: sturmglas calibrate.",
        "Too many posts for a page; the command line can do it: sturmglas calibrate.",
    ),
    "cal.wrong.unavailable": (
        "Der Speicher ist gerade nicht zu erreichen.",
        "The store cannot be reached just now.",
    ),
}
