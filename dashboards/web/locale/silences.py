"""Texts of silences: their page, their part of the incident page, and "all clear, sleep"."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "sil.nav": ("Stummschaltungen", "Silences"),
    "sil.title": ("Stummschaltungen", "Silences"),
    "sil.lead": (
        "Solange eine steht, ruft und meldet Sturmglas nicht, was auf sie passt. Nichts geht verloren: es steht im Verlauf, und was am Ende noch weht, ohne dass jemand bestätigt hat, geht dann hinaus. Steigt die Stufe um zwei oder fällt ein Signalwort, bricht sie, und der Alarm sagt es.",
        "While one stands, Sturmglas neither calls nor tells what fits it. Nothing is lost: it is on the timeline, and what still blows at its end with nobody's acknowledgement goes out then. If the level rises by two or a word of danger is said, it breaks, and the alert says so.",
    ),
    "sil.standing": ("Jetzt stumm", "Silenced now"),
    "sil.none": (
        "Nichts ist stumm: alles wird gemeldet.",
        "Nothing is silenced: everything is told.",
    ),
    "sil.until": ("bis {time}", "until {time}"),
    "sil.for": ("noch {span}", "{span} left"),
    "sil.by": ("von {name}: {reason}", "by {name}: {reason}"),
    "sil.breaks": ("bricht ab Stufe {n}", "breaks from level {n}"),
    "sil.breaks.never": (
        "keine Stufe bricht sie, nur ein Signalwort",
        "no level breaks it, only a word of danger",
    ),
    "sil.holds": ("hält zurück:", "holds back:"),
    "sil.holds.none": ("hält gerade nichts zurück", "holds back nothing just now"),
    "sil.window": ("aus den Einstellungen, kommt wieder", "from the settings, comes again"),
    "sil.sleep": ("nach einer Entwarnung", "after an all clear"),
    "sil.end": ("Zurücknehmen", "Take back"),
    "sil.end.of": ("„{match}“ zurücknehmen", "Take back “{match}”"),
    "sil.ended": ("Vorbei, letzte 7 Tage", "Over, last 7 days"),
    "sil.ended.none": ("In den letzten 7 Tagen endete keine.", "None ended in the last 7 days."),
    "sil.over": ("abgelaufen {time}", "ran out {time}"),
    "sil.over.by": ("zurückgenommen {time} von {name}", "taken back {time} by {name}"),
    "sil.over.broken": ("gebrochen {time}: {why}", "broken {time}: {why}"),
    "sil.new": ("Etwas stumm schalten", "Silence something"),
    "sil.match": ("Was", "What"),
    "sil.match.hint": (
        "Felder: <code>topic brand level language source tag term reason</code>; <code>=</code> und <code>!=</code>, bei Stufen auch <code>&lt;=</code> und <code>&gt;=</code>; mehrere Werte mit Komma, <code>*</code> für beliebige Zeichen. Alles muss passen.",
        "Fields: <code>topic brand level language source tag term reason</code>; <code>=</code> and <code>!=</code>, for levels also <code>&lt;=</code> and <code>&gt;=</code>; several values with commas, <code>*</code> for any characters. All must fit.",
    ),
    "sil.topics": ("Themen:", "Topics:"),
    "sil.lasts": ("Wie lange", "For how long"),
    "sil.hours": ("{n} Stunde|{n} Stunden", "{n} hour|{n} hours"),
    "sil.reason": ("Warum muss es niemand wissen?", "Why need nobody be told?"),
    "sil.see": ("Vorschau", "Preview"),
    "sil.go": ("Stumm schalten", "Silence"),
    "sil.wrong.match": ("Das lässt sich nicht lesen:", "This cannot be read:"),
    "sil.wrong.reason": (
        "Bitte einen Grund nennen, höchstens 300 Zeichen.",
        "Please give a reason, at most 300 characters.",
    ),
    "sil.wrong.for": ("Bitte 5 Minuten bis 24 Stunden.", "Please 5 minutes to 24 hours."),
    "sil.wrong.conflict": (
        "Das hat {by} schon stumm geschaltet, {time}.",
        "{by} has silenced this already, {time}.",
    ),
    "sil.wrong.over": ("Die ist schon vorbei, {time}.", "That one is over already, {time}."),
    "sil.wrong.over.by": (
        "Die ist schon vorbei, {time}, beendet von {by}.",
        "That one is over already, {time}, ended by {by}.",
    ),
    "sil.wrong.unavailable": (
        "Gerade lässt sich nichts speichern. Bitte gleich noch einmal.",
        "Nothing can be stored just now. Please try again in a moment.",
    ),
    "fore.title": (
        "Was das in den letzten {n} Tagen zurückgehalten hätte",
        "What this would have held back in the last {n} days",
    ),
    "fore.none": (
        "Nichts: in dieser Zeit ging kein Alarm hinaus, der passt.",
        "Nothing: no alert went out in that time that fits.",
    ),
    "fore.sum": (
        "<b>{n} Alarm</b> wäre zurückgehalten worden|<b>{n} Alarme</b> wären zurückgehalten worden",
        "<b>{n} alert</b> would have been held back|<b>{n} alerts</b> would have been held back",
    ),
    "fore.broken": (
        "{n} hätte sie gebrochen|{n} hätten sie gebrochen",
        "{n} would have broken it|{n} would have broken it",
    ),
    "fore.held": ("zurückgehalten", "held back"),
    "fore.broke": ("gebrochen: {why}", "broken: {why}"),
    "fore.to": ("an {names}", "to {names}"),
    "fore.nobody": ("an niemanden", "to nobody"),
    "fore.wait": ("Schreiben Sie oben, was stumm sein soll.", "Write above what shall be silent."),
    "broke.rose": ("die Stufe stieg", "the level rose"),
    "broke.tripwire": ("ein Signalwort fiel", "a word of danger was said"),
    "broke.authors": ("doppelt so viele schrieben", "twice as many people wrote"),
    "broke.terms": ("neue Wörter kamen auf", "new words came up"),
    "quiet.held": (
        "<b>Zurückgehalten von {name}</b> bis {time}: {reason}.",
        "<b>Held back by {name}</b> until {time}: {reason}.",
    ),
    "quiet.due": (
        "Weht es dann noch und hat niemand bestätigt, geht der Alarm hinaus.",
        "If it still blows then and nobody has acknowledged, the alert goes out.",
    ),
    "quiet.release": ("Jetzt melden", "Tell now"),
    "quiet.title": ("Stumm schalten", "Silence"),
    "quiet.lead": (
        "Niemand wird zu diesem Thema neu gerufen, bis die Zeit um ist, die Stufe um zwei steigt oder ein Signalwort fällt.",
        "Nobody is called anew about this topic until time is up, the level rises by two or a word of danger is said.",
    ),
    "quiet.more": (
        "Was das letzte Woche zurückgehalten hätte: {n} Alarm|Was das letzte Woche zurückgehalten hätte: {n} Alarme",
        "What this would have held back last week: {n} alert|What this would have held back last week: {n} alerts",
    ),
    "quiet.all": ("alle Stummschaltungen", "all silences"),
    "clear.title": ("Entwarnung, schlaf weiter", "All clear, sleep"),
    "clear.link": ("Entwarnung …", "All clear …"),
    "clear.what": (
        "Ein Druck, und der Vorfall endet als Fehlalarm unter Ihrem Namen.",
        "One press, and the incident ends as a false alarm under your name.",
    ),
    "clear.told": (
        "Die Entwarnung bekommt, wer geweckt wurde: {names}.",
        "Whoever was woken gets the all clear: {names}.",
    ),
    "clear.told.none": (
        "Bisher wurde niemand erreicht; wartende Alarme entfallen.",
        "Nobody was reached so far; waiting alerts are dropped.",
    ),
    "clear.mute": (
        "Wovon er handelt, ist 24 Stunden stumm, außer es schreiben doppelt so viele, es kommen neue Wörter oder ein Signalwort auf, oder die Stufe steigt um zwei.",
        "What it is about is muted for 24 hours, unless twice as many people write, new words or a word of danger come up, or the level rises by two.",
    ),
    "clear.later": (
        "Warum es ein Fehlalarm war, fragen wir erst am Tag.",
        "Why it was a false alarm is asked only by day.",
    ),
    "clear.cause": ("Entwarnung gegeben", "all clear, sleep"),
    "clear.go": ("Entwarnung, schlaf weiter", "All clear, sleep"),
    "clear.muted": (
        "Was {name} entwarnt hat, ist stumm bis {time}.",
        "What {name} cleared is muted until {time}.",
    ),
    "asked.title": ("Was war es?", "What was it?"),
    "asked.lead": (
        "{name} hat Entwarnung gegeben. Jetzt ist Tag: ein Satz dazu, was es war, stellt die Schwellen richtig.",
        "{name} gave the all clear. It is day now: one sentence on what it was sets the thresholds right.",
    ),
    "asked.go": ("So war es", "That was it"),
    "asked.row": ("was es war, fehlt noch", "what it was is still to be said"),
    "row.held": ("zurückgehalten von {name}", "held back by {name}"),
    "room.quiet": (
        "<b>{n} Stummschaltung steht:</b>|<b>{n} Stummschaltungen stehen:</b>",
        "<b>{n} silence stands:</b>|<b>{n} silences stand:</b>",
    ),
    "notice.silence": (
        "Stumm geschaltet. Es steht im Verlauf, sobald etwas zurückgehalten wird.",
        "Silenced. It is on the timeline as soon as something is held back.",
    ),
    "notice.end": (
        "Zurückgenommen. Was noch weht, geht jetzt hinaus.",
        "Taken back. What still blows goes out now.",
    ),
    "notice.sleep": ("Entwarnung gegeben. Schlafen Sie gut.", "All clear given. Sleep well."),
    "notice.explain": ("Danke, das zählt jetzt so.", "Thank you, it counts like that now."),
    "what.silenced": ("stumm geschaltet", "silenced"),
    "field.match": ("was stumm sein soll", "what shall be silent"),
    "field.watch": ("ein Alarm, der jemanden geweckt hat", "an alert that woke somebody"),
    "notify.silence_over": ("Stummschaltung vorbei", "silence is over"),
    "notify.all_clear": ("Entwarnung", "all clear"),
    "fact.silenced": (
        "Zurückgehalten, {level}: stumm von {author} bis {until}",
        "Held back, {level}: silence of {author} until {until}",
    ),
    "fact.silence_broken": (
        "Stummschaltung von {author} gebrochen, {level}",
        "Silence of {author} broken, {level}",
    ),
    "fact.silence_over": (
        "Stummschaltung vorbei, niemand hat bestätigt: gemeldet",
        "Silence is over, nobody has acknowledged: told",
    ),
    "fact.all_clear": (
        "{actor} gibt Entwarnung; stumm bis {until}",
        "{actor} gave the all clear; muted until {until}",
    ),
    "fact.explained": ("{actor} sagt, was es war", "{actor} said what it was"),
}
