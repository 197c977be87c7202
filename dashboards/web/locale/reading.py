"""Texts of how tones are read, and of what corrections teach."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "rd.page": ("Wie {name} gelesen wird", "How {name} is read"),
    "rd.link": ("Wie gut wird der Ton gelesen?", "How well is tone read?"),
    "rd.lead": (
        "Die Maschine liest den Ton jedes Beitrags. Hier sagen Menschen, ob sie richtig liest, und was sie daraus lernen soll.",
        "The machine reads the tone of every post. Here people say whether it reads rightly, and what it is to learn from that.",
    ),
    "rd.how": ("Wie gut es gelesen wird", "How well it is read"),
    "rd.how.none": (
        "Noch hat niemand zufällig gezogene Beiträge geprüft; bis dahin weiß es niemand.",
        "Nobody has looked at randomly drawn posts yet; until then nobody knows.",
    ),
    "rd.how.right": (
        "{share} der gezogenen Beiträge richtig: {right} von {n}, wahrscheinlich {low} bis {high}.",
        "{share} of the drawn posts rightly: {right} of {n}, probably {low} to {high}.",
    ),
    "rd.how.recall": (
        "{share} der kritischen Beiträge werden als kritisch erkannt: {right} von {n}, wahrscheinlich {low} bis {high}.",
        "{share} of the critical posts are seen to be critical: {right} of {n}, probably {low} to {high}.",
    ),
    "rd.how.few": (
        "Wie viele der kritischen Beiträge erkannt werden, sagen wir ab {least}; bisher sind es {n}.",
        "How many of the critical posts are seen we say from {least} on; so far there are {n}.",
    ),
    "rd.how.share": (
        "Von diesen {n} sind kritisch: {people}, sagen Menschen; {machine}, sagt die Maschine.",
        "Of these {n} are critical: {people}, people say; {machine}, the machine says.",
    ),
    "rd.unreliable": (
        "<b>Der Ton ist hier nicht verlässlich:</b> Nur {share} der kritischen Beiträge werden erkannt ({right} von {n}). Bitte selbst lesen; Korrekturen helfen.",
        "<b>Tone is unreliable here:</b> only {share} of the critical posts are seen ({right} of {n}). Please read for yourself; corrections help.",
    ),
    "rd.unreliable.short": (
        "Der Ton ist hier nicht verlässlich: Nur {share} der kritischen Beiträge werden erkannt.",
        "Tone is unreliable here: only {share} of the critical posts are seen.",
    ),
    "rd.asked": (
        "{n} zufälliger Beitrag der Woche {week}|{n} zufällige Beiträge der Woche {week}",
        "{n} random post of week {week}|{n} random posts of week {week}",
    ),
    "rd.asked.h": ("Was sagen Sie?", "What do you say?"),
    "rd.asked.open": ("{n} noch offen", "{n} still open"),
    "rd.asked.done": ("alle geprüft, danke", "all looked at, thank you"),
    "rd.asked.more": ("{n} weiterer|{n} weitere", "{n} more|{n} more"),
    "rd.asked.said": ("{n} geprüft", "{n} looked at"),
    "rd.asked.why": (
        "Zufällig gezogen, und was die Maschine las, steht erst danach da: So bleibt die Zahl ehrlich.",
        "Drawn at random, and what the machine read stands there only afterwards: so the figure stays honest.",
    ),
    "rd.asked.none": (
        "In dieser Woche kam noch kein Beitrag, den die Maschine lesen konnte.",
        "No post that the machine could read has come this week yet.",
    ),
    "rd.was": ("gelesen als {tone}", "read as {tone}"),
    "rd.said": ("{tone}, sagt {name}", "{tone}, says {name}"),
    "rd.right": ("richtig gelesen", "read rightly"),
    "rd.tone.-1": ("kritisch", "critical"),
    "rd.tone.0": ("neutral", "neutral"),
    "rd.tone.1": ("positiv", "positive"),
    "rd.tone.2": ("ungelesen", "unread"),
    "rd.say": ("Ton dieses Beitrags", "Tone of this post"),
    "rd.say.not": ("Gelesen als {tone}. Was stimmt?", "Read as {tone}. What is right?"),
    "rd.words": ("Was gesagt wurde", "What was said"),
    "rd.words.none": ("Noch nichts.", "Nothing yet."),
    "rd.words.more": ("{n} frühere", "{n} earlier"),
    "rd.drawn": ("gezogen", "drawn"),
    "rd.gone": ("(vom Netzwerk gelöscht)", "(deleted by its platform)"),
    "rd.back": ("zurücknehmen", "take back"),
    "rd.back.of": ("Wort über Beitrag {num} zurücknehmen", "take back the word on post {num}"),
    "rd.teach": ("Was daraus gelernt wurde", "What was learned from it"),
    "rd.teach.lead": (
        "{n} von {needed} Worten aus allen Themen. Ab {needed}, und nur wenn sie gezogene Beiträge sicher besser lesen, dürfen gelernte Gewichte mitreden.",
        "{n} of {needed} words from all topics. From {needed} on, and only where they surely read drawn posts better, may learned weights speak.",
    ),
    "rd.teach.few": (
        "Gelernt wird ab {least} Worten; vorher ändern sie nur ihren eigenen Beitrag.",
        "Learning begins at {least} words; before that they change their own post only.",
    ),
    "rd.speaks": ("Es liest: {name}.", "Reading now: {name}."),
    "rd.shipped": ("die mitgelieferten Gewichte ({name})", "the shipped weights ({name})"),
    "rd.void": (
        "Die gewählten Gewichte passen nicht zu dieser Fassung; es lesen die mitgelieferten. Neue werden aus denselben Worten gelernt.",
        "The chosen weights do not fit this version; the shipped ones are reading. New ones are learned from the same words.",
    ),
    "rd.v.name": ("Gewichte", "Weights"),
    "rd.v.words": ("Worte (gezogen)", "Words (drawn)"),
    "rd.v.before": ("bisher", "before"),
    "rd.v.after": ("gelernt", "learned"),
    "rd.v.gain": ("Gewinn mindestens", "Gain at least"),
    "rd.v.act": ("Darf lesen?", "May it read?"),
    "rd.v.refit": ("neu angepasst", "fitted anew"),
    "rd.v.online": ("Wort für Wort", "word by word"),
    "rd.v.no": ("noch nicht", "not yet"),
    "rd.v.old": ("für ältere Gewichte", "for older weights"),
    "rd.v.now": ("liest jetzt", "reading now"),
    "rd.v.why": (
        "Werte sind macro-F1 (0 bis 100) auf gezogenen Beiträgen, die beim Lernen nicht dabei waren. „Mindestens“: unteres Ende mit 95 % Sicherheit.",
        "Figures are macro-F1 (0 to 100) on drawn posts that learning had not seen. “At least”: lower end, 95 % sure.",
    ),
    "rd.let": ("lesen lassen", "let it read"),
    "rd.let.of": ("{name} lesen lassen", "let {name} read"),
    "rd.unlet": ("mitgelieferte Gewichte lesen lassen", "let the shipped weights read"),
    "rd.note": ("Anmerkung (freiwillig)", "Note (optional)"),
    "rd.history": ("Wer wann las", "Who read when"),
    "rd.drift": ("Veränderung", "Change"),
    "rd.drift.none": (
        "Die gezogenen Beiträge werden gelesen wie bisher, und ihre Worte sind bekannt.",
        "The drawn posts are read as before, and their words are known.",
    ),
    "rd.drift.residuals": (
        "Die Beiträge werden anders gelesen als vorher, seit {time}.",
        "Posts are read differently from before, since {time}.",
    ),
    "rd.drift.unknown": (
        "Neue Worte, die die Gewichte nicht kennen, seit {time}.",
        "New words that the weights do not know, since {time}.",
    ),
    "rd.wrong.stale": (
        "Das steht hier nicht mehr zur Wahl. Bitte noch einmal sehen.",
        "That is no longer to be chosen here. Please look again.",
    ),
    "rd.wrong.conflict": (
        "Jemand war schneller: Wer liest, hat sich inzwischen geändert.",
        "Somebody was faster: who reads has changed meanwhile.",
    ),
    "rd.wrong.invalid": (
        "Das geht so nicht: Diese Gewichte lesen nicht sicher besser, oder die Anmerkung ist zu lang.",
        "That cannot be: these weights do not surely read better, or the note is too long.",
    ),
    "rd.wrong.unavailable": (
        "Der Speicher ist gerade nicht erreichbar; nichts wurde geändert.",
        "The store cannot be reached now; nothing was changed.",
    ),
}
