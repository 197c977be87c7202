"""Texts of a query's health."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "qh.title": ("Findet die Suche das Richtige?", "Does the query find the right posts?"),
    "qh.low": (
        "<b>Nur {share} gehören zur Marke</b> ({ours} von {marked} im Monat {month}). Erwartet sind 80 %: Bitte die Suche enger fassen.",
        "<b>Only {share} are about the brand</b> ({ours} of {marked} in {month}). Expected are 80%: please narrow the query.",
    ),
    "qh.warn": (
        "Nur {share} der gefundenen Beiträge gehören zur Marke, erwartet sind 80 %.",
        "Only {share} of the posts found are about the brand; expected are 80%.",
    ),
    "qh.fine": (
        "{share} gehören zur Marke: {ours} von {marked} Beiträgen im Monat {month}, wahrscheinlich {low} bis {high}.",
        "{share} are about the brand: {ours} of {marked} posts in {month}, probably {low} to {high}.",
    ),
    "qh.unknown": (
        "Wie viel davon zur Marke gehört, ist nicht bekannt, solange niemand Beiträge prüft.",
        "How much of it is about the brand is not known until somebody looks at posts.",
    ),
    "qh.wait": (
        "{n} Beitrag in diesem Monat; gefragt wird ab {least}.|{n} Beiträge in diesem Monat; gefragt wird ab {least}.",
        "{n} post this month; you will be asked from {least} on.|{n} posts this month; you will be asked from {least} on.",
    ),
    "qh.sample": (
        "{n} zufälliger Beitrag aus {month}|{n} zufällige Beiträge aus {month}",
        "{n} random post of {month}|{n} random posts of {month}",
    ),
    "qh.open": ("{n} noch offen", "{n} still open"),
    "qh.done": ("alle geprüft, danke", "all looked at, thank you"),
    "qh.ours": ("gehört dazu", "ours"),
    "qh.not": ("nicht unseres", "not ours"),
    "qh.said.ours": ("gehört dazu, sagt {name}", "ours, says {name}"),
    "qh.said.not": ("nicht unseres, sagt {name}", "not ours, says {name}"),
    "qh.names": ("Was der Suche fehlen könnte", "What the query may be missing"),
    "qh.names.why": (
        "Steht in vielen Beiträgen des Themas und selten anderswo; wer nur das schreibt, wird noch nicht gefunden.",
        "Stands in many posts of the topic and rarely elsewhere; who writes only that is not found yet.",
    ),
    "qh.names.none": (
        "Nichts fehlt, nach {n} Beitrag aus 28 Tagen.|Nichts fehlt, nach {n} Beiträgen aus 28 Tagen.",
        "Nothing is missing, by {n} post of 28 days.|Nothing is missing, by {n} posts of 28 days.",
    ),
    "qh.hashtag": ("Hashtag", "hashtag"),
    "qh.handle": ("Konto", "account"),
    "qh.name": ("Name", "name"),
    "qh.in": (
        "in {share} der Beiträge, anderswo {other}",
        "in {share} of posts, elsewhere {other}",
    ),
    "qh.in.only": ("in {share} der Beiträge", "in {share} of posts"),
}
