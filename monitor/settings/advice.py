"""Advice: settings that can be used and are probably not what was meant. Warnings, not complaints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from alerts.book import CHANNEL, PERSON, ROTA
from alerts.channels import apprise
from alerts.channels.pagerduty import PagerDutySettings
from alerts.channels.slack_settings import MISSING, SlackSettings, can_connect
from alerts.matching import Field, ceiling
from alerts.mutes import MuteWindow
from alerts.render import curve_png
from alerts.rota import gaps
from alerts.silences import is_broad
from alerts.wall_clock import zone_of
from alerts.words import TRIPWIRE_NAMES
from detectors.detection import WAKE, Level
from monitor.settings.load import Reading
from monitor.settings.people import ChainSettings
from monitor.settings.root import Settings
from monitor.settings.routes import RouteSettings, receiver
from monitor.settings.sections import FeedSource, SyntheticSource
from playbooks.complaints import Complaint
from playbooks.match import GENERAL
from playbooks.playbook import Playbook

SHIPPED_TRIPWIRES = frozenset(TRIPWIRE_NAMES) - {"other"}

ALWAYS_H = 7 * 24
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
    found += [*_on_call(settings, now), *_watchers(settings), *_muted(settings, now)]
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
    if settings.chains and not settings.night_is_set:
        text = "nobody has said who may be woken at night: level 4 waits from 22:00 to 06:30"
        yield ("night",), f"{text}; say so on /duty, or in [night]"
    for id, person in settings.people.items():
        if not person.methods:
            yield ("person", id), f"{person.name} cannot be told: no methods"
    yield from _unheard(settings)
    yield from _rung_once(settings)
    yield from _watch_in_vain(settings)
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


def _watchers(settings: Settings) -> Advice:
    """Say who would not notice that we are gone, and which pager would ring to say that all is calm."""
    outside = any(channel.type != "console" for channel in settings.channels.values())
    if outside and settings.heartbeat.url is None:
        text = "not set: if this machine stops, nobody is told; give the address of a dead-man's switch"
        yield ("heartbeat", "url"), text
    for k, to in enumerate(settings.morning.to):
        channels = sorted(_channels_of(settings, to))
        if channels and all(rings(settings, name) for name in channels):
            text = f"{to} hears no morning line: {', '.join(channels)} rings at any message"
            yield ("morning", "to", k), text


def _watch_in_vain(settings: Settings) -> Advice:
    """Say which receivers of digests would be rung out of bed by what is not urgent, and so hear nothing."""
    for k, route in enumerate(settings.routes):
        for name in {receiver(r) for node in route.nodes() for r in node.watch or ()}:
            channels = sorted(_channels_of(settings, name))
            if channels and all(rings(settings, one) for one in channels):
                text = f"{name} hears no digest: {', '.join(channels)} rings at any message"
                yield ("route", k), text


def rings(settings: Settings, channel: str) -> bool:
    """True for a channel that rings whatever it is told: it is told alarms and nothing else."""
    given = settings.channels.get(channel)
    return given is not None and given.pierces_from == Level.CALM


def _channels_of(settings: Settings, name: str, *, rotas: bool = True) -> set[str]:
    """Return the channels behind a receiver; of a rota those of everybody in it, unless ``rotas`` is False."""
    sort, _, id = name.partition(".")
    if sort == CHANNEL:
        return {id}
    people = [id] if sort == PERSON else settings.rotas[id].people if rotas else []
    return {m.channel for who in people for m in settings.people[who].methods}


def _muted(settings: Settings, now: datetime) -> Advice:
    """Say which recurring windows mute more than was probably meant."""
    for window in settings.to_mutes():
        key = ("mute", window.id)
        for m in window.matchers:
            if m.field is Field.TOPIC and not any(m.names(id) for id in settings.topics):
                yield (*key, "match"), f"no topic is meant by {m}"
        top = ceiling(window.matchers)
        spans = window.spans(now, now + timedelta(days=7))
        week = sum((until - since).total_seconds() for since, until in spans) / 3600
        if is_broad(window.matchers) and top is None:
            yield (
                (*key, "match"),
                "mutes everything of every level but 6; name a topic, or level<=4",
            )
        elif (top is None or top >= Level.STORM) and _covers_night(window, settings, now):
            text = "mutes level 5 at night, when that alone wakes anybody; add level<=4"
            yield (*key, "match"), text
        if week >= ALWAYS_H:
            yield (*key, "hours"), "is on all week: what is muted for good is no topic; remove it"


def _covers_night(window: MuteWindow, settings: Settings, now: datetime) -> bool:
    """Return whether a window is on at some quarter of an hour of a night of the next week."""
    night, zone = settings.night.night(), zone_of(window.timezone)
    quarter = timedelta(minutes=15)
    return any(
        night.since != night.until and night.is_on((since + n * quarter).astimezone(zone).time())
        for since, until in window.spans(now, now + timedelta(days=7))
        for n in range((until - since) // quarter)
    )


def reached(settings: Settings, route: RouteSettings) -> set[str]:
    """Return the channels that a route and those below it tell, chains and the people in them included. Who is
    on call may be anybody: a rota counts for none."""
    nodes = list(route.nodes())
    told = [receiver(r) for n in nodes for r in (*(n.inform or ()), *(n.watch or ()))]
    chains = [settings.chains[n.wake] for n in nodes if n.wake in settings.chains]
    told += [r for chain in chains for step in chain.steps for r in step.tell]
    return {name for one in told for name in _channels_of(settings, one, rotas=False)}


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


def _rung_once(settings: Settings) -> Advice:
    """Say where PagerDuty cannot tell people of a chain apart: per incident and routing key it rings once, whom it
    decides."""
    for id, chain in settings.chains.items():
        sharing: dict[str, dict[str, None]] = {}
        for person in _people_of(settings, chain):
            for method in settings.people[person].methods if person in settings.people else ():
                given = settings.channels.get(method.channel)
                if isinstance(given, PagerDutySettings):
                    key = given.routing_key.get_secret_value()
                    sharing.setdefault(key, {})[person] = None
        for people in sharing.values():
            if len(people) > 1:
                names = ", ".join(people)
                text = f"{names} have one routing key: PagerDuty decides who of them rings, and a later step rings nobody anew"
                yield ("chain", id), f"{text}; give each a [channel] with a key of their own"


def _people_of(settings: Settings, chain: ChainSettings) -> list[str]:
    """Return the ids of those whom a chain may call, each once."""
    found: list[str] = []
    for step in chain.steps:
        for one in step.tell:
            sort, _, name = one.partition(".")
            if sort == PERSON:
                found.append(name)
            elif sort == ROTA and name in settings.rotas:
                rota = settings.rotas[name]
                found += [*rota.people, *([rota.deputy] if rota.deputy else [])]
    return list(dict.fromkeys(found))


def _outputs(settings: Settings) -> Advice:
    for name, channel in settings.channels.items():
        if channel.type == "apprise" and not apprise.installed():
            yield ("channel", name), f"nothing would be sent: {apprise.MISSING}"
        if isinstance(channel, SlackSettings):
            yield from _pressed(name, channel, settings.server.public_url)
            if channel.curve and not curve_png.installed():
                yield ("channel", name, "curve"), curve_png.MISSING
    used = {name for route in settings.routes for name in reached(settings, route)}
    used |= {m.channel for person in settings.people.values() for m in person.methods}
    told = [
        *settings.audit.tell,
        *settings.morning.to,
        *(r for w in settings.watches.values() for r in w.tell),
    ]
    used |= {name for one in told for name in _channels_of(settings, one)}
    for name in settings.channels:
        if name not in used:
            yield ("channel", name), "no route uses this channel"
    outside = [c for c in settings.channels.values() if c.type != "console"]
    if outside and not settings.server.public_url:
        yield (
            ("server", "public_url"),
            "not set: alerts carry no link to their page, and nobody can answer from a message",
        )


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


def _pressed(name: str, slack: SlackSettings, public_url: str) -> Advice:
    """Say why presses of buttons would not arrive."""
    if slack.app_token and not can_connect():
        yield ("channel", name, "app_token"), f"presses would not arrive: {MISSING}"
    elif slack.signing_secret and not slack.app_token and not public_url.startswith("https://"):
        text = (
            "presses come to server.public_url, which Slack must reach by https; or use app_token"
        )
        yield ("channel", name, "signing_secret"), text
