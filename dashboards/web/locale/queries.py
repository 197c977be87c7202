"""Texts of trying another query on the last 24 hours."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "qt.title": ("Eine andere Suche ausprobieren", "Try another query"),
    "qt.lead": (
        "Was sie unter den gespeicherten Beiträgen der letzten 24 Stunden gefunden hätte. Nichts wird geändert.",
        "What it would have found among the stored posts of the last 24 hours. Nothing is changed.",
    ),
    "qt.language": (
        "Ein Suchwort je Zeile. * steht für einen Teil eines Wortes, ~ für den Rest einer Zusammensetzung; lang:de oder source:forum davor begrenzt es.",
        "One term a line. * stands for part of a word, ~ for the rest of a compound; lang:de or source:forum before it limits it.",
    ),
    "qt.any": ("mindestens eines von", "at least one of"),
    "qt.all": ("alles von", "all of"),
    "qt.none": ("nichts von", "none of"),
    "qt.languages": ("Sprachen, leer: alle", "Languages, empty: all"),
    "qt.only": ("Nur diese Quellen, ohne Auswahl: alle", "Only these sources, none chosen: all"),
    "qt.sources": ("Quellen", "Sources"),
    "qt.langs": ("Sprachen", "Languages"),
    "qt.go": ("Suche ausprobieren", "Try this query"),
    "qt.wait": ("Die Beiträge werden durchgesehen.", "The posts are being looked through."),
    "qt.of": (
        "<b>{n}</b> von {all} Beiträgen gefunden|<b>{n}</b> von {all} Beiträgen gefunden",
        "<b>{n}</b> of {all} posts found|<b>{n}</b> of {all} posts found",
    ),
    "qt.part": (
        "Angesehen sind die neuesten {n} Beiträge; ältere nicht. Sie reichen zurück bis",
        "The newest {n} posts were looked at, older ones not. They go back to",
    ),
    "qt.same": (
        "Das sind dieselben Beiträge, die auch die jetzige Suche findet.",
        "These are the same posts that the query of now finds.",
    ),
    "qt.new": (
        "<b>{n} Beitrag neu dabei</b>|<b>{n} Beiträge neu dabei</b>",
        "<b>{n} post newly in</b>|<b>{n} posts newly in</b>",
    ),
    "qt.gone": (
        "<b>{n} Beitrag fällt weg</b>|<b>{n} Beiträge fallen weg</b>",
        "<b>{n} post newly out</b>|<b>{n} posts newly out</b>",
    ),
    "qt.found": (
        "{n} Beitrag insgesamt|{n} Beiträge insgesamt",
        "{n} post in all|{n} posts in all",
    ),
    "qt.more": (
        "{n} weiteres Beispiel|{n} weitere Beispiele",
        "{n} more example|{n} more examples",
    ),
    "qt.copies": ("{n} gleiche", "{n} alike"),
    "qt.private": (
        "{n} private Nachricht ist gezählt und wird nicht gezeigt.|{n} private Nachrichten sind gezählt und werden nicht gezeigt.",
        "{n} private message is counted and not shown.|{n} private messages are counted and not shown.",
    ),
    "qt.empty": (
        "Aus den letzten 24 Stunden ist kein Beitrag gespeichert.",
        "No post of the last 24 hours is stored.",
    ),
    "qt.busy": (
        "Gerade wird schon eine Suche ausprobiert, und es geht nur eine zugleich. Bitte gleich noch einmal.",
        "A query is being tried already, and only one at a time can be. Please try again in a moment.",
    ),
    "qt.unavailable": (
        "Der Speicher lässt sich gerade nicht lesen. Bitte gleich noch einmal.",
        "The store cannot be read just now. Please try again in a moment.",
    ),
    "qt.invalid": ("So lässt sich nicht suchen:", "That cannot be looked for:"),
    "qt.why.no_term": (
        "es fehlt ein Suchwort, hier oder unter „alles von“",
        "a term is missing, here or under “all of”",
    ),
    "qt.why.many": ("mehr als 500 Suchwörter", "more than 500 terms"),
    "qt.why.long": ("länger als 200 Zeichen", "longer than 200 characters"),
    "qt.why.language": (
        "ist kein Sprachkürzel wie de oder de-AT",
        "is no language tag such as de or de-AT",
    ),
    "qt.why.unknown_source": ("nennt eine unbekannte Quelle", "names an unknown source"),
    "qt.why.empty": (
        "nennt nichts, das sich finden ließe",
        "names nothing that could be found",
    ),
    "qt.why.alone": (
        "ein * für sich wäre jedes Wort; möglich sind acme* und *bahn",
        "a * of its own would be every word; possible are acme* and *bahn",
    ),
    "qt.why.short": (
        "neben * und ~ braucht es mindestens drei Buchstaben",
        "at least three letters are needed beside * and ~",
    ),
    "qt.why.stars": (
        "höchstens ein * im Inneren, wie acme*bahn",
        "at most one * inside, such as acme*bahn",
    ),
    "qt.why.compound": (
        "~ steht am Anfang oder Ende eines Wortes und nicht mit *",
        "~ stands at the start or end of a word, and not with *",
    ),
    "qt.why.lang": (
        "nach lang: fehlt eine Sprache, wie lang:de acme",
        "a language is missing after lang:, such as lang:de acme",
    ),
    "qt.why.source": (
        "nach source: fehlt eine Quelle, wie source:forum acme",
        "a source is missing after source:, such as source:forum acme",
    ),
}
