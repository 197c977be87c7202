"""Texts of what was answered of a post: tags, and how many posts are of which kind."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "ans.tags": ("Was aus dem Text gelesen wurde", "What was read from the text"),
    "ans.complaint": ("Beschwerde", "complaint"),
    "ans.praise": ("Lob", "praise"),
    "ans.question": ("Frage", "question"),
    "ans.bug": ("Störungsmeldung", "bug report"),
    "ans.feature_request": ("Wunsch", "request"),
    "ans.offensive": ("beleidigend", "offensive"),
    "ans.insult": ("Beleidigung", "insult"),
    "ans.abuse": ("Herabwürdigung", "abuse"),
    "ans.profanity": ("Kraftausdruck", "profanity"),
    "ans.hate": ("Hass", "hate"),
    "ans.toxic_comment": ("toxisch", "toxic"),
    "ans.engaging": ("sachlich und zugewandt", "engaging"),
    "ans.fact_claiming": ("Tatsachenbehauptung", "states facts"),
    "ans.banned": ("verbotenes Wort: {term}", "banned word: {term}"),
    "ans.suspect": ("verdächtiges Wort: {term}", "suspect word: {term}"),
    "ans.sure": ("{share} sicher", "{share} sure"),
    "ans.unsure.quoted": (
        "<b>{what}?</b> Zitiert: bitte selbst lesen",
        "<b>{what}?</b> Quoted: read it yourself",
    ),
    "ans.unsure.negated": (
        "<b>{what}?</b> Verneint: bitte selbst lesen",
        "<b>{what}?</b> Negated: read it yourself",
    ),
    "ans.unsure.reported": (
        "<b>{what}?</b> Berichtet oder verurteilt: bitte selbst lesen",
        "<b>{what}?</b> Reported or condemned: read it yourself",
    ),
    "ans.about": ("Worum es geht", "What it is about"),
    "ans.about.of": (
        "maschinell gelesen aus {n} Beitrag der letzten Stunde|maschinell gelesen aus {n} Beiträgen der letzten Stunde",
        "read by machine from {n} post of the last hour|read by machine from {n} posts of the last hour",
    ),
    "ans.n.complaint": (
        "<b>{n}</b> Beschwerde|<b>{n}</b> Beschwerden",
        "<b>{n}</b> complaint|<b>{n}</b> complaints",
    ),
    "ans.n.praise": (
        "<b>{n}</b>-mal Lob|<b>{n}</b>-mal Lob",
        "<b>{n}</b> praise|<b>{n}</b> praise",
    ),
    "ans.n.question": (
        "<b>{n}</b> Frage|<b>{n}</b> Fragen",
        "<b>{n}</b> question|<b>{n}</b> questions",
    ),
    "ans.n.bug": (
        "<b>{n}</b> Störungsmeldung|<b>{n}</b> Störungsmeldungen",
        "<b>{n}</b> bug report|<b>{n}</b> bug reports",
    ),
    "ans.n.feature_request": (
        "<b>{n}</b> Wunsch|<b>{n}</b> Wünsche",
        "<b>{n}</b> request|<b>{n}</b> requests",
    ),
    "ans.n.offensive": (
        "<b>{n}</b> beleidigend|<b>{n}</b> beleidigend",
        "<b>{n}</b> offensive|<b>{n}</b> offensive",
    ),
    "ans.n.insult": (
        "<b>{n}</b> Beleidigung|<b>{n}</b> Beleidigungen",
        "<b>{n}</b> insult|<b>{n}</b> insults",
    ),
    "ans.n.abuse": (
        "<b>{n}</b> Herabwürdigung|<b>{n}</b> Herabwürdigungen",
        "<b>{n}</b> abuse|<b>{n}</b> abuse",
    ),
    "ans.n.profanity": (
        "<b>{n}</b>-mal Kraftausdrücke|<b>{n}</b>-mal Kraftausdrücke",
        "<b>{n}</b> with profanity|<b>{n}</b> with profanity",
    ),
    "ans.n.hate": ("<b>{n}</b>-mal Hass|<b>{n}</b>-mal Hass", "<b>{n}</b> hate|<b>{n}</b> hate"),
    "ans.n.toxic_comment": (
        "<b>{n}</b> toxisch|<b>{n}</b> toxisch",
        "<b>{n}</b> toxic|<b>{n}</b> toxic",
    ),
    "ans.n.banned": (
        "<b>{n}</b> mit verbotenem Wort|<b>{n}</b> mit verbotenen Wörtern",
        "<b>{n}</b> with a banned word|<b>{n}</b> with banned words",
    ),
    "ans.n.suspect": (
        "<b>{n}</b> mit verdächtigem Wort|<b>{n}</b> mit verdächtigen Wörtern",
        "<b>{n}</b> with a suspect word|<b>{n}</b> with suspect words",
    ),
}
