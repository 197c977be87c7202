"""Advice: settings that can be used and are probably not what was meant. Warnings, not complaints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from alerts.book import CHANNEL, PERSON
from alerts.channels import apprise
from alerts.rota import gaps
from alerts.words import TRIPWIRE_NAMES
from detectors.detection import WAKE
from monitor.settings.load import Reading
from monitor.settings.root import Settings
from monitor.settings.routes import RouteSettings, receiver
from monitor.settings.sections import FeedSource, SyntheticSource
from playbooks.complaints import Complaint
from playbooks.match import GENERAL
from playbooks.playbook import Playbook

SHIPPED_TRIPWIRES = frozenset(TRIPWIRE_NAMES) - {"other"}

AHEAD = timedelta(days=28)
"""How far ahead gaps of rotas are looked for."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Key = tuple[str | int, ...]
Advice = Iterator[tuple[Key, str]]


def advise(reading: Reading, library: Mapping[str, Playbook], now: datetime) -> list[Complaint]:
    """Return warnings with their places; nothing for settings that could not be read."""
    settings = reading.settings
    if settings is None:
        return []
    found = [*_inputs(settings), *_wakes(settings), *_outputs(settings), *_refused(settings)]
    found += _playbooks(settings, library.values())
    found += _on_call(settings, now)
    return [reading.source.complain(key, text) for key, text in found]


def tripwire_names(settings: Settings | None) -> frozenset[str]:
    """Return the categories of tripwires that a playbook may name: shipped ones and own ones."""
    own = settings.tripwires.values() if settings else ()
    return SHIPPED_TRIPWIRES.union(*own)


def _inputs(settings: Settings) -> Advice:
    if not settings.topics:
        yield ("topic",), "no topic: nothing is watched; add [topic.NAME]"
    if not settings.sources:
        yield ("source",), "no source: nothing comes in; add [source.NAME]"
    invented = [n for n, s in settings.sources.items() if isinstance(s, SyntheticSource)]
    if invented and len(invented) < len(settings.sources):
        yield ("source", invented[0]), "invented mentions are mixed with real ones"


def _wakes(settings: Settings) -> Advice:
    """Say for which topics nobody would be woken."""
    fitting = [r for r in settings.routes if r.level <= WAKE]
    if not fitting:
        yield ("route",), f"nobody would be woken: no route with min_level {int(WAKE)} or below"
        return
    if settings.chains and "night" not in settings.model_fields_set:
        text = "nobody has said who may be woken at night: level 4 waits from 22:00 to 06:30"
        yield ("night",), f"{text}; say so in [night]"
    for id, person in settings.people.items():
        if not person.methods:
            yield ("person", id), f"{person.name} cannot be told: no methods"
    yield from _unheard(settings)
    for id in settings.topics:
        routes = [r for r in fitting if not r.topics or id in r.topics]
        channels = {name for r in routes for name in reached(settings, r)}
        if not routes:
            yield ("topic", id), f"nobody would be woken: no route takes it at level {int(WAKE)}"
        elif all(settings.channels[name].type == "console" for name in channels):
            yield ("topic", id), "nobody would be woken: its only channel is the console"


def _on_call(settings: Settings, now: datetime) -> Advice:
    """Say in which hours of duty nobody will be on call, and who cannot be told."""
    for id, rota in settings.to_rotas().items():
        nobody = gaps(rota, (), now, now + AHEAD)
        if nobody:
            hours = sum((until - since).total_seconds() for since, until in nobody) / 3600
            first = f"{nobody[0][0]:%Y-%m-%d %H:%M} UTC"
            text = f"nobody is on call for {hours:.0f} hours of the next {AHEAD.days} days"
            yield ("rota", id), f"{text}, first from {first}"
        for person in (*rota.people, rota.deputy):
            if person in settings.people and not settings.people[person].methods:
                yield ("rota", id, "people"), f"{person} cannot be told: no methods"


def reached(settings: Settings, route: RouteSettings) -> set[str]:
    """Return the channels that a route and those below it tell, chains and the people in them included. Who is
    on call may be anybody: a rota counts for none."""
    nodes = list(route.nodes())
    told = [receiver(r) for n in nodes for r in (*(n.inform or ()), *(n.watch or ()))]
    chains = [settings.chains[n.wake] for n in nodes if n.wake in settings.chains]
    told += [r for chain in chains for step in chain.steps for r in step.tell]
    names: set[str] = set()
    for sort, _, name in (r.partition(".") for r in told):
        if sort == CHANNEL:
            names.add(name)
        elif sort == PERSON and name in settings.people:
            names.update(m.channel for m in settings.people[name].methods)
    return names


def _unheard(settings: Settings) -> Advice:
    """Say who is called at night by nothing that is heard through Do Not Disturb."""
    night = settings.night.min_level
    called = settings.called()
    for id, person in settings.people.items():
        ways = [
            settings.channels[m.channel] for m in person.methods if m.channel in settings.channels
        ]
        heard = [w for w in ways if w.pierces_from is not None and w.pierces_from <= night]
        if id in called and ways and not heard:
            sorts = ", ".join(sorted({way.type for way in ways}))
            text = f"{person.name} sleeps through it: Do Not Disturb holds back {sorts}"
            yield ("person", id), f"{text}; add a pager, ntfy or a call"


def _outputs(settings: Settings) -> Advice:
    for name, channel in settings.channels.items():
        if channel.type == "apprise" and not apprise.installed():
            yield ("channel", name), f"nothing would be sent: {apprise.MISSING}"
    used = {name for route in settings.routes for name in reached(settings, route)}
    used |= {m.channel for person in settings.people.values() for m in person.methods}
    for name in settings.channels:
        if name not in used:
            yield ("channel", name), "no route uses this channel"
    outside = [c for c in settings.channels.values() if c.type != "console"]
    if outside and not settings.server.public_url:
        yield ("server", "public_url"), "not set: alerts carry no link to their page"


def _refused(settings: Settings) -> Advice:
    """Say which addresses on this very machine will be refused, as they are unless allowed."""
    if settings.server.allow_loopback_receivers:
        return
    sections: list[tuple[str, str, object]] = [
        *(("source", n, s) for n, s in settings.sources.items() if isinstance(s, FeedSource)),
        *(("channel", n, c) for n, c in settings.channels.items() if c.type != "apprise"),
    ]
    for kind, name, section in sections:
        for key in ("url", "webhook_url", "api_url"):
            value = getattr(section, key, None)
            url = value.get_secret_value() if isinstance(value, SecretStr) else value
            host = urlsplit(url).hostname if isinstance(url, str) else None
            if host in LOOPBACK and host not in settings.server.inside_hosts:
                text = f"{host} is this machine: refused without server.allow_loopback_receivers"
                yield (kind, name, key), text


def _playbooks(settings: Settings, library: Iterable[Playbook]) -> Advice:
    brands = {topic.brand.casefold() for topic in settings.topics.values()}
    for playbook in library:
        trigger = playbook.trigger
        for topic in trigger.topics:
            if topic not in settings.topics:
                yield ("playbooks",), f'{playbook.source}: its trigger names no topic "{topic}"'
        for brand in trigger.brands:
            if brand.casefold() not in brands:
                yield ("playbooks",), f'{playbook.source}: its trigger names no brand "{brand}"'
        narrow = trigger.topics or trigger.brands or trigger.terms or trigger.tripwires
        if playbook.id == GENERAL and (narrow or trigger.min_level > WAKE):
            text = "the general playbook has a narrow trigger; storms of other kinds find none"
            yield ("playbooks",), f"{playbook.source}: {text}"
