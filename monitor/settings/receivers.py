"""Who is named: receivers of routes and chains, channels of people, people of rotas. All must be ours.

Works on the raw tables, so that these complaints come together with those of single values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.book import CHANNEL, PERSON, ROTA
from alerts.channels.ntfy import is_topic
from monitor.settings.routes import LISTS, Found, raw_routes
from playbooks.complaints import nearest, one_of, shown

SORTS = (CHANNEL, PERSON, ROTA)
SELVES = (("audit", "tell"), ("morning", "to"))
"""Sections that name receivers of what we say about ourselves."""
Path = tuple[str | int, ...]
Known = Mapping[str, Mapping[str, Any]]
"""What there is: names of channels, people, rotas, chains and topics."""


def check_receivers(raw: Mapping[str, Any]) -> list[Found]:
    """Return key path and text of each complaint about a name that is nobody's."""
    known = {sort: _table(raw, sort) for sort in (*SORTS, "chain", "topic")}
    found = [*_routes(raw, known), *_people(known), *_users(known), *_rotas(known)]
    return [*found, *_chains(known), *_watchers(raw, known)]


def _routes(raw: Mapping[str, Any], known: Known) -> Iterator[Found]:
    for path, route in raw_routes(raw):
        yield from unknown((*path, "topics"), route, known["topic"], "topic")
        wake = route.get("wake")
        if isinstance(wake, str) and wake and wake not in known["chain"]:
            yield (*path, "wake"), no_such("chain", wake, known["chain"])
        for key in LISTS:
            for i, name in enumerate(_list(route, key)):
                if isinstance(name, str) and "." not in name and name not in known[CHANNEL]:
                    yield (*path, key, i), no_such(CHANNEL, name, known[CHANNEL])
                elif isinstance(name, str) and "." in name:
                    yield from _receiver((*path, key, i), name, known)


def _people(known: Known) -> Iterator[Found]:
    for name, person in known[PERSON].items():
        for i, method in enumerate(_list(person, "methods")):
            path: Path = (PERSON, name, "methods", i)
            channel = method.get("channel") if isinstance(method, dict) else None
            if isinstance(channel, str) and channel not in known[CHANNEL]:
                yield (*path, "channel"), no_such(CHANNEL, channel, known[CHANNEL])
            elif isinstance(method, dict) and method.get("address"):
                text = _addressed(known[CHANNEL].get(str(channel)), method["address"])
                if text:
                    yield (*path, "address"), text


def _users(known: Known) -> Iterator[Found]:
    """Look at whom a channel's own users are taken for."""
    for name, channel in known[CHANNEL].items():
        users = channel.get("users") if isinstance(channel, dict) else None
        for id, who in users.items() if isinstance(users, dict) else ():
            if isinstance(who, str) and who not in known[PERSON]:
                yield (CHANNEL, name, "users", id), no_such(PERSON, who, known[PERSON])


def _rotas(known: Known) -> Iterator[Found]:
    for name, rota in known[ROTA].items():
        people: list[tuple[Path, object]] = [
            (("people", i), who) for i, who in enumerate(_list(rota, "people"))
        ]
        people.append((("deputy",), rota.get("deputy") if isinstance(rota, dict) else None))
        for key, who in people:
            if isinstance(who, str) and who not in known[PERSON]:
                yield (ROTA, name, *key), no_such(PERSON, who, known[PERSON])


def _chains(known: Known) -> Iterator[Found]:
    for name, chain in known["chain"].items():
        for i, step in enumerate(_list(chain, "step")):
            for k, receiver in enumerate(_list(step, "tell")):
                yield from _receiver(("chain", name, "step", i, "tell", k), receiver, known)


def _watchers(raw: Mapping[str, Any], known: Known) -> Iterator[Found]:
    lists: list[tuple[Path, list[Any]]] = [
        (("watch", name, "tell"), _list(watch, "tell"))
        for name, watch in _table(raw, "watch").items()
    ]
    lists += [((one, key), _list(raw.get(one), key)) for one, key in SELVES]
    for path, receivers in lists:
        for k, receiver in enumerate(receivers):
            yield from _receiver((*path, k), receiver, known)


def _receiver(path: Path, receiver: object, known: Known) -> Iterator[Found]:
    sort, _, name = receiver.partition(".") if isinstance(receiver, str) else ("", "", "")
    if sort not in SORTS:
        yield path, f"found {shown(receiver)}; expected channel.NAME, person.NAME or rota.NAME"
    elif name not in known[sort]:
        yield path, no_such(sort, name, known[sort])


def _addressed(channel: object, address: object) -> str:
    """Return what is wrong with a person's address on a channel, "" for nothing."""
    sort = channel.get("type") if isinstance(channel, dict) else ""
    if sort not in ("smtp", "slack", "ntfy"):
        expected = "expected ntfy, smtp, or slack with a token"
        return f"a {sort} channel takes no address of a person; {expected}"
    if sort == "slack" and isinstance(channel, dict) and "token" not in channel:
        return "a Slack webhook posts in one place; expected a channel with a token"
    if sort == "smtp" and (not isinstance(address, str) or "@" not in address):
        return f"{shown(address)} is no mail address; expected name@example.org"
    if sort == "ntfy" and not (isinstance(address, str) and is_topic(address)):
        return "no topic (not shown); expected letters, digits, - and _, at most 64"
    return ""


def no_such(what: str, name: str, known: Mapping[str, Any]) -> str:
    """Return the complaint that ``name`` is none of those that there are."""
    expected = one_of(known) if known else f"a [{what}.NAME] section, and there is none"
    return f"unknown {what} {shown(name)}; expected {expected}{nearest(name, known)}"


def unknown(
    path: Path, section: Mapping[str, Any], known: Mapping[str, Any], what: str
) -> list[Found]:
    """Return a complaint for each name of a list (the last of ``path``) that is nobody's."""
    return [
        ((*path, i), no_such(what, name, known))
        for i, name in enumerate(_list(section, str(path[-1])))
        if isinstance(name, str) and name not in known
    ]


def _table(raw: Mapping[str, Any], sort: str) -> Mapping[str, Any]:
    table = raw.get(sort, {})
    return table if isinstance(table, dict) else {}


def _list(section: object, key: str) -> list[Any]:
    value = section.get(key) if isinstance(section, dict) else None
    return value if isinstance(value, list) else []
