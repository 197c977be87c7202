"""Texts of the trace: a short noun for each measure, and what would have kept it silent.

The sentence for a reason is `alerts.words`' business and is the same in page, chat and mail.
"""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "reason.negative_burst": ("Seltenheit der Kritik", "rarity of the criticism"),
    "reason.mention_burst": ("Seltenheit der Menge", "rarity of the volume"),
    "reason.young_negatives": ("Kritik gegen die ersten Tage", "criticism against the first days"),
    "reason.young_mentions": ("Menge gegen die ersten Tage", "volume against the first days"),
    "reason.negative_authors": ("negative Stimmen", "negative voices"),
    "reason.negative_threads": ("Gesprächsfäden", "threads"),
    "reason.sources": ("Quellen mit Kritik", "sources with criticism"),
    "reason.multiple": ("Vielfaches des Üblichen", "multiple of the usual"),
    "reason.negative_share": ("Anteil Kritik", "share of criticism"),
    "reason.tone_low": ("Ton überwiegend harmlos", "tone mostly harmless"),
    "reason.tone_usual": ("Ton wie sonst", "tone as usual"),
    "reason.tone_unreadable": ("Ton nicht lesbar", "tone unreadable"),
    "reason.aggression": ("Aggression", "aggression"),
    "reason.growth": ("Wachstum", "growth"),
    "reason.reach": ("größte Reichweite", "widest reach"),
    "reason.first_spark": ("erster Funke", "first spark"),
    "reason.tripwire": ("Stolperdraht", "tripwire"),
    "reason.copies": ("Nahkopien", "near-copies"),
    "reason.expected_event": ("angekündigtes Ereignis", "announced event"),
    "reason.media": ("Medienecho", "media echo"),
    "reason.young_topic": ("Thema bekannt seit", "topic known for"),
    "reason.blind": ("ohne Sicht", "without sight"),
    "reason.late": ("Nachzügler", "latecomers"),
    "reason.hold": ("gehaltene Stufe", "level held"),
    "hint.negative_burst": ("entscheidet, ob es weckt", "decides whether it wakes"),
    "hint.mention_burst": ("alle Beiträge", "all posts"),
    "hint.young_negatives": ("−log₁₀ p", "−log₁₀ p"),
    "hint.young_mentions": ("−log₁₀ p", "−log₁₀ p"),
    "hint.negative_authors": ("verschiedene, in 60 min", "different, in 60 min"),
    "hint.negative_threads": ("mit Kritik, in 60 min", "with criticism, in 60 min"),
    "hint.new_topic": ("Thema noch neu", "topic still new"),
    "hint.sources": ("in 60 min", "in 60 min"),
    "hint.multiple": ("Median, 28 Tage", "median, 28 days"),
    "hint.negative_share": ("unteres Ende", "lower end"),
    "hint.tone_low": ("Anteil Kritik, oberes Ende", "share of criticism, upper end"),
    "hint.tone_usual": ("Anteil Kritik gegen den üblichen", "share of criticism against the usual"),
    "hint.aggression": ("Anteil an der Kritik", "share of the criticism"),
    "hint.growth": ("15 min gegen die davor", "15 min against those before"),
    "hint.reach": ("eines negativen Beitrags", "of one negative post"),
    "hint.first_spark": ("Reichweite, vor aller Menge", "reach, before any volume"),
    "hint.tripwire": ("unabhängige Personen", "independent people"),
    "hint.copies": ("Anteil an der Kritik", "share of the criticism"),
    "hint.media": ("Häuser in 24 h", "outlets in 24 h"),
    "hint.hold": ("ruhige Abschnitte", "quiet stretches"),
    "unit.hours": ("{n} Stunde|{n} Stunden", "{n} hour|{n} hours"),
    "unit.days.plain": ("{n} Tag|{n} Tage", "{n} day|{n} days"),
    "unit.times": ("{n}×", "{n}×"),
    "still.negative_burst": (
        "ein Schub, der öfter als {threshold} vorkommt (gemessen: {value})",
        "a burst that comes more often than {threshold} (measured: {value})",
    ),
    "still.negative_authors": (
        "weniger als {threshold} negative Stimmen (gemessen: {value})",
        "fewer than {threshold} negative voices (measured: {value})",
    ),
    "still.negative_threads": (
        "weniger als {threshold} Gesprächsfäden mit Kritik (gemessen: {value})",
        "fewer than {threshold} threads with criticism (measured: {value})",
    ),
    "still.negative_share": (
        "ein Anteil Kritik unter {threshold} (gemessen: {value})",
        "a share of criticism below {threshold} (measured: {value})",
    ),
    "still.multiple": (
        "weniger als {threshold} das Übliche (gemessen: {value})",
        "less than {threshold} the usual (measured: {value})",
    ),
    "still.tripwire": (
        "weniger als {threshold} unabhängige Personen am Stolperdraht (gemessen: {value})",
        "fewer than {threshold} independent people at the tripwire (measured: {value})",
    ),
    "still.reach": (
        "kein negativer Beitrag mit Reichweite ab {threshold} (gemessen: {value})",
        "no negative post with a reach of {threshold} (measured: {value})",
    ),
    "still.young_negatives": (
        "weniger Kritik als in den ersten Tagen üblich plus Schwelle {threshold} (gemessen: {value})",
        "less criticism than usual in the first days plus threshold {threshold} (measured: {value})",
    ),
}
