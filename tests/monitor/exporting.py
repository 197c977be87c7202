"""A listening tool's export, as people get it: invented posts, semicolons, cp1252, German dates."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from detectors.mention import Mention
from monitor.sources.synthetic import NORDLICHT, Storm, World

ZONE = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 3, 5, tzinfo=ZONE).astimezone(UTC)
STORM_AT = datetime(2026, 3, 10, 14, 10, tzinfo=ZONE).astimezone(UTC)
END = datetime(2026, 3, 10, 20, tzinfo=ZONE).astimezone(UTC)


def posts() -> list[Mention]:
    """Return five calm days of 140 posts, and a storm on the sixth."""
    storm = Storm(
        onset=STORM_AT,
        doubling=timedelta(minutes=20),
        peak_per_hour=220,
        start_per_hour=5,
        half_life=timedelta(minutes=40),
    )
    world = World(7, NORDLICHT, per_day=140, storms=(storm,), langs={"de": 1.0})
    return list(world.mentions(BEGIN, END))


def write_export(path: Path, mentions: Iterable[Mention]) -> Path:
    """Write them the way such tools do: local times without a zone, date and time apart."""
    with path.open("w", encoding="cp1252", errors="replace", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(("Datum", "Uhrzeit", "Plattform", "Autor", "Reichweite", "Beitrag", "Link"))
        for m in mentions:
            at = m.published_utc.astimezone(ZONE)
            reach = f"{m.reach:,}".replace(",", ".")
            author = m.author.handle if m.author else ""
            text = " ".join(m.text.split())
            link = f"https://{m.source}.example/{m.source_id}"
            rows.writerow((f"{at:%d.%m.%Y}", f"{at:%H:%M}", m.source, author, reach, text, link))
    return path
