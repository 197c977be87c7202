"""Invented sentences with what a person would say of them, for the rules of compounds.

Each row: the sentence, and whether it is about what the term names. Written before the rules were
tried, half of them to mislead.
"""

from __future__ import annotations

BRAND = (
    ("Die Acme Bahn fällt heute aus", True),
    ("Acme-Bahn schon wieder zu spät", True),
    ("Acmebahn schon wieder zu spät", True),
    ("Meine AcmeBahn ist pünktlich", True),
    ("Die Acme-Bahn-App stürzt ab", True),
    ("acme\u2011bahn mit hartem Bindestrich", True),
    ("Acme\nBahn über zwei Zeilen", True),
    ("#acmebahn ist ein Witz", True),
    ("@AcmeBahn wann kommt der Zug", True),
    ("Die Acme Bahn-App stürzt ab", True),
    ("Acme und Bahn sind zweierlei", False),
    ("Bahn Acme, anders herum", False),
    ("Ein Acmebahner erzählt", False),
    ("Am Acmebahnhof war ich nie", False),
    ("Pacmebahn ist ein Spiel", False),
    ("Acme, Bahn und Bus", False),
)
"""For the term ``acme bahn``."""

MODIFIER = (
    ("Die Bahn kommt nicht", True),
    ("Dieses Bahnchaos jeden Morgen", True),
    ("Am Bahnhof gestrandet", True),
    ("Bahn-Streik ab Montag", True),
    ("Bahnstreik ab Montag", True),
    ("Die Bahnkunden sind sauer", True),
    ("Meine BahnCard ist weg", True),
    ("Ein Bahnmitarbeiter half", True),
    ("Ein Ende bahnt sich an", False),
    ("Er bahnte sich einen Weg", False),
    ("Den Weg bahnen wir selbst", False),
    ("Die Anbahnung des Geschäfts", False),
    ("Auf der Autobahn Stau", False),
    ("In Bahia regnet es", False),
)
"""For ``bahn`` and the compounds that begin with it."""

HEAD = (
    ("Die Bahn kommt nicht", True),
    ("Die Regionalbahn steht", True),
    ("Alle Regionalbahnen stehen", True),
    ("Die S-Bahn fährt nicht", True),
    ("Straßenbahn voll", True),
    ("Der Fahrplan der Stadtbahnen", True),
    ("U-Bahn-Chaos am Morgen", True),
    ("Bahnen sind unpünktlich", True),
    ("Das lässt sich anbahn, Tippfehler", False),
    ("Eisenbahnfreunde treffen sich", False),
    ("Der Bahnhof ist zu", False),
    ("Autobahnkreuz gesperrt", False),
    ("Es bahnt sich an", False),
)
"""For ``bahn`` and the compounds that end with it."""

FUNCTION_WORDS = (
    ("in der", "Ein Inder erzählt"),
    ("an der", "Das ist etwas ander"),
    ("im port", "Der Import stockt"),
    ("ab fall", "Der Abfall liegt herum"),
    ("um satz", "Der Umsatz steigt"),
    ("db app", "dbapp als Dateiname"),
)
"""Phrases with a short word, and a sentence that only holds them written as one."""
