"""The demo's story: a fictional energy company, a rumour, a friendly evening, a storm over bills.

All names are invented. The story begins at local midnight of the day that ``start`` falls on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from detectors.mention import Kind
from detectors.topic import Query, Topic
from monitor.sources.world_build import World
from monitor.sources.world_plan import Channel, LoudEvent, Outage, Storm
from monitor.sources.world_texts import Brand

ZONE = ZoneInfo("Europe/Berlin")
NORDLICHT = Brand(
    id="nordlicht",
    name="Nordlicht Energie",
    handle="@nordlicht_energie",
    tag="#NordlichtEnergie",
    trade="energy",
    products=("App", "Kundenportal", "Ökotarif", "Vorteilskarte"),
    names=("Nordlicht", "Nordlicht Energie", "Nordlicht Energie", "Nordlicht-Energie"),
)
FALKENBAHN = Brand(
    id="falkenbahn",
    name="Falkenbahn",
    handle="@falkenbahn",
    tag="#Falkenbahn",
    trade="rail",
    products=("App", "Monatskarte", "Fahrplanauskunft"),
)
SILENT_SOURCE = "bahnforum"
"""The one source of the second brand; it stops, so that the demo shows "unknown"."""

DEMO_TOPICS: tuple[Topic, ...] = (
    Topic(
        id="nordlicht",
        name="Nordlicht Energie",
        query=Query(
            any=("nordlicht", "nordlicht energie", "nordlicht-energie", "@nordlicht_energie", "#nordlichtenergie")
        ),
        brand="Nordlicht",
    ),
    Topic(
        id="nordlicht-rechnung",
        name="Nordlicht: Rechnung und Abbuchung",
        query=Query(
            any=(
                "abgebucht", "abbuch*", "doppelt*", "lastschrift*", "rechnung*", "eingezogen", "konto", "konten",
                "charge*", "charging", "debit*", "bill", "refund", "account*",
            ),
            all=("nordlicht*",),
        ),
        brand="Nordlicht",
    ),
    Topic(
        id="nordlicht-app",
        name="Nordlicht: App und Portal",
        query=Query(any=("app", "kundenportal", "portal"), all=("nordlicht*",)),
        brand="Nordlicht",
    ),
    Topic(
        id="falkenbahn",
        name="Falkenbahn",
        query=Query(any=("falkenbahn", "@falkenbahn", "#falkenbahn")),
        brand="Falkenbahn",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoStory:
    """When what happens, in UTC. Up to ``live_from`` is history that warms the baseline."""

    begin: datetime
    rumour_at: datetime
    event_at: datetime
    silent_at: datetime
    live_from: datetime
    storm_at: datetime
    end: datetime


def demo_story(start: datetime) -> DemoStory:
    """Return the story's instants: eight calm days, and on the ninth the storm at 14:10 local."""
    day = datetime.combine(start.astimezone(ZONE).date(), time(0), ZONE)

    def at(days: int, hour: int, minute: int = 0) -> datetime:
        moment = datetime.combine((day + timedelta(days=days)).date(), time(hour, minute), ZONE)
        return moment.astimezone(UTC)

    return DemoStory(
        begin=at(0, 0),
        rumour_at=at(5, 9, 30),
        event_at=at(7, 19),
        silent_at=at(8, 12, 20),
        live_from=at(8, 13),
        storm_at=at(8, 14, 10),
        end=at(9, 12),
    )


def demo_world(seed: int, start: datetime) -> World:
    """Return the demo's world: about 1,100 mentions on a calm day, a storm of 900 an hour."""
    story = demo_story(start)
    rumour = Storm(
        onset=story.rumour_at,
        doubling=timedelta(minutes=35),
        peak_per_hour=18,
        start_per_hour=2,
        plateau=timedelta(hours=1),
        half_life=timedelta(minutes=50),
        negativity=0.2,
        sarcasm=0.05,
        sources=("stadtforum", "kurznachrichten"),
        theme="rumour",
        copies=0.1,
    )
    storm = Storm(
        onset=story.storm_at,
        doubling=timedelta(minutes=13),
        peak_per_hour=900,
        start_per_hour=8,
        plateau=timedelta(minutes=100),
        half_life=timedelta(hours=2),
        negativity=0.86,
        langs={"de": 0.82, "en": 0.18},
        theme="billing",
    )
    evening = LoudEvent(start=story.event_at, peak_per_hour=700)
    rail = World(
        seed,
        FALKENBAHN,
        per_day=150,
        channels=(Channel(SILENT_SOURCE, 1.0, Kind.POST, replies=0.5),),
        outages=(Outage(SILENT_SOURCE, story.silent_at),),
        langs={"de": 1.0},
    )
    return World(
        seed, NORDLICHT, per_day=950, storms=(rumour, storm), events=(evening,), beside=(rail,)
    )
