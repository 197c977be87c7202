"""Texts of a topic's settings page, and of trying settings on its past."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "set.link": ("Einstellungen des Themas", "Settings of this topic"),
    "set.title": ("Einstellungen: {name}", "Settings: {name}"),
    "set.back": ("zurück zur Lage", "back to the situation"),
    "set.query": ("Was beobachtet wird", "What is watched"),
    "set.any": ("mindestens eines von", "at least one of"),
    "set.all": ("alles von", "all of"),
    "set.none": ("nichts von", "none of"),
    "set.brand": ("Marke", "Brand"),
    "set.languages": ("Sprachen", "Languages"),
    "set.languages.all": ("alle", "all"),
    "set.sources": ("Quellen", "Sources"),
    "set.zone": ("Zeitzone", "Time zone"),
    "set.rivals": ("Mitbewerber", "Competitors"),
    "set.wakes": ("Wann jemand gerufen wird", "When somebody is called"),
    "set.budget": (
        "Höchstens etwa <b>ein Fehlalarm in {n} Tag</b>.|Höchstens etwa <b>ein Fehlalarm in {n} Tagen</b>.",
        "At most about <b>one false alarm in {n} day</b>.|At most about <b>one false alarm in {n} days</b>.",
    ),
    "set.authors": (
        "Stufe 4 verlangt mindestens <b>{n} verschiedene Person</b>, die negativ schreibt.|Stufe 4 verlangt mindestens <b>{n} verschiedene Personen</b>, die negativ schreiben.",
        "Level 4 takes at least <b>{n} different person</b> writing negatively.|Level 4 takes at least <b>{n} different people</b> writing negatively.",
    ),
    "set.own": ("Anders als üblich", "Other than usual"),
    "set.own.name": ("Schwelle", "Threshold"),
    "set.own.value": ("hier", "here"),
    "set.own.usual": ("üblich", "usual"),
    "set.own.none": ("Alle Schwellen stehen wie üblich.", "All thresholds are the usual ones."),
    "set.file": (
        "Geändert wird das in der Einstellungsdatei; hier lässt sich vorher sehen, was es hieße.",
        "This is changed in the settings file; here you can see beforehand what it would mean.",
    ),
    "set.night": ("Wen die Nacht geweckt hat", "Whom the night has called"),
    "set.night.none": (
        "In den letzten {n} Tagen niemanden.",
        "Nobody in the last {n} days.",
    ),
    "set.night.lead": (
        "Nachtrufe der letzten {n} Tage über alle Themen. Nichts wird deshalb zurückgehalten.",
        "Night calls of the last {n} days over all topics. Nothing is held back because of them.",
    ),
    "set.night.calls": ("{n} Ruf|{n} Rufe", "{n} call|{n} calls"),
    "set.night.over": (
        "Ab {n} Rufen im Monat: Bitte den Plan ansehen.",
        "From {n} calls a month on: please look at the rota.",
    ),
    "trial.title": ("Ein anderes Budget ausprobieren", "Try another budget"),
    "trial.lead": (
        "Die letzten {n} Tage noch einmal, mit diesen Einstellungen. Nichts wird gesendet oder geändert.",
        "The last {n} days once more, with these settings. Nothing is sent or changed.",
    ),
    "trial.budget": ("Ein Fehlalarm in", "One false alarm in"),
    "trial.days": ("{n} Tag|{n} Tagen", "{n} day|{n} days"),
    "trial.authors": (
        "Personen, die Stufe 4 mindestens verlangt",
        "People that level 4 takes at least",
    ),
    "trial.go": ("Ausprobieren", "Try it"),
    "trial.wait": (
        "Die Vergangenheit läuft noch einmal ab; das dauert einige Sekunden.",
        "The past runs once more; this takes some seconds.",
    ),
    "trial.busy": (
        "Gerade wird schon etwas ausprobiert, und es geht nur eines zugleich. Bitte gleich noch einmal.",
        "Something is being tried already, and only one at a time can be. Please try again in a moment.",
    ),
    "trial.invalid": (
        "Das lässt sich nicht ausprobieren: ein Budget über 0 bis 365 Tage, 1 bis 100.000 Personen.",
        "That cannot be tried: a budget above 0 up to 365 days, 1 to 100,000 people.",
    ),
    "trial.no_past": (
        "Von diesem Thema ist noch nichts gespeichert, das noch einmal ablaufen könnte.",
        "Nothing of this topic is stored yet that could run once more.",
    ),
    "trial.too_much": (
        "Zu viele Beiträge für eine Seite. Auf der Kommandozeile geht es:",
        "Too many posts for a page. The command line can do it:",
    ),
    "trial.unavailable": (
        "Der Speicher lässt sich gerade nicht lesen. Bitte gleich noch einmal.",
        "The store cannot be read just now. Please try again in a moment.",
    ),
    "trial.paged": (
        "Sie wären <b>{n} Mal</b> gerufen worden.|Sie wären <b>{n} Mal</b> gerufen worden.",
        "You would have been called <b>once</b>.|You would have been called <b>{n} times</b>.",
    ),
    "trial.never": (
        "Sie wären <b>nicht</b> gerufen worden; höchste Stufe {level}.",
        "You would <b>not</b> have been called; highest level {level}.",
    ),
    "trial.tried": (
        "{since} bis {until}, ausprobiert mit einem Fehlalarm in {days} Tagen und mindestens {authors} Personen.",
        "{since} to {until}, tried with one false alarm in {days} days and at least {authors} people.",
    ),
    "trial.warm": (
        "{days} Tage davor haben nur gelehrt, was üblich ist.",
        "{days} days before only taught what is usual.",
    ),
    "trial.short": (
        "Von {asked} Tagen fehlen {days}: so lange ist das Thema noch nicht bekannt.",
        "Of {asked} days {days} are missing: the topic is not known for that long.",
    ),
    "trial.young": (
        "In {days} Tagen davon war das Thema neu und das Übliche noch geschätzt.",
        "In {days} of these days the topic was new and what is usual still a guess.",
    ),
    "trial.blind": (
        "Aus {hours} belebten Stunden sind nur noch Zahlen da, keine Beiträge: dort ist kein Ruf zu sehen.",
        "Of {hours} busy hours only counts are kept, no posts: no call can be seen there.",
    ),
    "trial.alone": (
        "Nur dieses Thema; vielleicht früher rufen, jedes für sich: {names}.",
        "This topic alone; these call on their own, perhaps earlier: {names}.",
    ),
    "trial.then": (
        "In Wahrheit hat in dieser Zeit {n} Vorfall jemanden geweckt.|In Wahrheit haben in dieser Zeit {n} Vorfälle jemanden geweckt.",
        "In truth {n} incident woke somebody in that time.|In truth {n} incidents woke somebody in that time.",
    ),
    "trial.lost": ("Ginge verloren", "Would be lost"),
    "trial.lost.why": (
        "bis Stufe {level}; jemand nannte ihn echt, und gerufen hätte man niemanden",
        "up to level {level}; somebody called it real, and nobody would have been called",
    ),
    "trial.none_lost": (
        "Kein Vorfall, den jemand echt nannte, ginge verloren.",
        "No incident that somebody called real would be lost.",
    ),
    "trial.was": ("Damals", "Then"),
    "trial.was.open": ("noch offen", "still open"),
    "trial.was.none": ("damals kein Vorfall", "no incident then"),
    "trial.up_to": ("bis {level}", "up to {level}"),
}
