"""Settings: everything that can be set, in one frozen object."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PrivateAttr

from alerts.channels import ChannelSettings
from alerts.mutes import MuteWindow
from alerts.people import Person
from alerts.rota import Rota
from alerts.routing import Route
from detectors.detection import Level
from detectors.topic import Query, Topic
from monitor.settings.mutes import MuteSettings
from monitor.settings.people import AlertingSettings, ChainSettings, NightSettings, PersonSettings
from monitor.settings.rota import RotaSettings
from monitor.settings.routes import RouteSettings
from monitor.settings.sections import (
    CascadeSettings,
    Fed,
    HeadSettings,
    Name,
    Phrase,
    PlaybookSettings,
    ServerSettings,
    SourceSettings,
    StoreSettings,
    StreamSettings,
    Strict,
    TopicSettings,
    WordSettings,
    WorkSettings,
    Zone,
)
from monitor.settings.watching import (
    AuditSettings,
    HeartbeatSettings,
    MorningSettings,
    WatchSettings,
)

Phrases = Annotated[list[Phrase], Field(min_length=1)]
DEFAULTS = "no settings file: defaults, and nothing is watched yet"


class Settings(Strict):
    """Everything that can be set. In TOML: ``[topic.NAME]``, ``[source.NAME]``, ``[channel.NAME]``,
    ``[person.NAME]``, ``[rota.NAME]``, ``[chain.NAME]``, ``[mute.NAME]``, ``[[route]]``, ``[transformer.HEAD]``, ``[watch.NAME]``; in Python: ``topics``, ``sources``,
    ``channels``, ``people``, ``rotas``, ``chains``, ``mutes``, ``routes``, ``transformers``, ``watches``.

    Names referred to (channels and topics of a route) are checked by `monitor.settings.load`,
    which knows the lines.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    language: Literal["de", "en"] = Field(default="de", description="of pages and of the log")
    timezone: Zone = Field(default="Europe/Berlin", description="of people, where they set none")
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    stream: StreamSettings = StreamSettings()
    work: WorkSettings = WorkSettings()
    cascade: CascadeSettings = CascadeSettings()
    transformers: dict[Literal["sentiment", "offensive"], HeadSettings] = Field(
        default={}, alias="transformer", description="a second reader, by head"
    )
    topics: dict[Name, TopicSettings] = Field(default={}, alias="topic")
    sources: dict[Name, SourceSettings] = Field(default={}, alias="source")
    channels: dict[Name, ChannelSettings] = Field(default={}, alias="channel")
    alerting: AlertingSettings = AlertingSettings()
    night: NightSettings = NightSettings()
    people: dict[Name, PersonSettings] = Field(default={}, alias="person")
    rotas: dict[Name, RotaSettings] = Field(default={}, alias="rota")
    chains: dict[Name, ChainSettings] = Field(default={}, alias="chain")
    mutes: dict[Name, MuteSettings] = Field(default={}, alias="mute")
    routes: list[RouteSettings] = Field(default=[], alias="route")
    playbooks: PlaybookSettings = PlaybookSettings()
    tripwires: dict[Literal["de", "en"], dict[Name, Phrases]] = Field(
        default={}, description="own words of danger or duty, by language and category"
    )
    words: WordSettings = WordSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    watches: dict[Name, WatchSettings] = Field(default={}, alias="watch")
    audit: AuditSettings = AuditSettings()
    morning: MorningSettings = MorningSettings()
    _origin: str = PrivateAttr(default=DEFAULTS)

    @property
    def origin(self) -> str:
        """Where these settings come from, as one sentence for the log and for ``check``."""
        return self._origin

    def to_rotas(self) -> dict[str, Rota]:
        """Return who takes turns on call, in the order of the file."""
        return {id: rota.rota(id, self.timezone) for id, rota in self.rotas.items()}

    def called(self) -> list[str]:
        """Return the ids of those whom a rota or a chain may call, in the order of the file."""
        named = {who for r in self.rotas.values() for who in (*r.people, r.deputy) if who}
        told = (name for c in self.chains.values() for s in c.steps for name in s.tell)
        named |= {name.removeprefix("person.") for name in told if name.startswith("person.")}
        return [id for id in self.people if id in named]

    @property
    def night_is_set(self) -> bool:
        """True where the file says who may be woken when; else a page asks for it."""
        return "night" in self.model_fields_set

    def to_people(self, level: Level) -> dict[str, Person]:
        """Return who can be told, in the order of the file. A method pierces where a call of ``level`` does."""
        pierces = frozenset(
            name
            for name, given in self.channels.items()
            if given.pierces_from is not None and given.pierces_from <= level
        )
        return {id: person.person(id, pierces) for id, person in self.people.items()}

    def to_routes(self) -> list[Route]:
        """Return the routing tree, in the order of the file."""
        return [route.route(str(i)) for i, route in enumerate(self.routes, 1)]

    def to_expected(self) -> list[tuple[str, str, timedelta]]:
        """Return who is expected to speak: sort ("watch" by heartbeats, "source" by mentions), name, how often."""
        every = [("watch", name, watch.every_min) for name, watch in self.watches.items()]
        for name, source in self.sources.items():
            if isinstance(source, Fed) and source.expect_every_min is not None:
                every.append(("source", name, source.expect_every_min))
        return [(sort, name, timedelta(minutes=minutes)) for sort, name, minutes in every]

    def to_mutes(self) -> tuple[MuteWindow, ...]:
        """Return the recurring mute windows, in the order of the file."""
        return tuple(mute.window(id, self.timezone) for id, mute in self.mutes.items())

    def to_topics(self) -> dict[str, Topic]:
        """Return the topics as detectors know them, in the order of the file."""
        return {id: self._topic(id, topic) for id, topic in self.topics.items()}

    def _topic(self, id: str, topic: TopicSettings) -> Topic:
        own_zone = "timezone" in topic.model_fields_set
        return Topic(
            id=id,
            name=topic.name,
            query=Query(any=tuple(topic.any), all=tuple(topic.all), none=tuple(topic.none)),
            brand=topic.brand,
            languages=tuple(topic.languages),
            sources=tuple(topic.sources),
            timezone=topic.timezone if own_zone else self.timezone,
            alarm_budget_days=topic.alarm_budget_days,
            thresholds=dict(topic.thresholds),
            rivals={
                name: Query(any=tuple(rival.any), none=tuple(rival.none))
                for name, rival in topic.rivals.items()
            },
        )
