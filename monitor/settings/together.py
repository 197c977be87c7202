"""What only several settings together can tell: names referred to, shared secrets, open doors.

Works on the raw tables, so that these complaints come together with those of single values.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from detectors.term import sources_of
from monitor.settings.receivers import check_receivers, no_such, unknown
from monitor.settings.routes import Found
from monitor.settings.secrets import UNREADABLE
from playbooks.complaints import nearest, one_of, shown

_MIN_SECRET = 16
"""Fewest characters of a token, and bytes of a signing secret, that `monitor.server.auth` takes."""


def check_together(raw: Mapping[str, Any]) -> list[Found]:
    """Return key path and text of each complaint, as far as ``raw`` has the shape of settings."""
    found: list[Found] = _open_door(raw.get("server"))
    found += _places(raw.get("store"), raw.get("stream"))
    topics = raw.get("topic", {})
    found += _thresholds(topics) if isinstance(topics, dict) else []
    found += check_receivers(raw)
    sources = raw.get("source", {})
    if not isinstance(sources, dict):
        return found
    watches = raw.get("watch")
    senders = _senders(sources) + _watches(watches if isinstance(watches, dict) else {}, sources)
    return found + senders + _limits(topics, sources)


def _open_door(server: object) -> list[Found]:
    """Nobody in who does not belong: beyond this machine a token is needed."""
    if not isinstance(server, dict) or server.get("token"):
        return []
    host = server.get("host", "127.0.0.1")
    if not isinstance(host, str) or is_loopback(host):
        return []
    text = f"{shown(host)} can be reached by others; expected server.token beside it"
    return [(("server", "host"), text)]


STORES = ("sqlite", "postgresql", "postgresql+psycopg")
STREAMS = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "sqlite")


def _places(store: object, stream: object) -> list[Found]:
    """Look at where things are kept: known kinds, no password in sight, and a log for PostgreSQL."""
    found: list[Found] = []
    urls: dict[str, str] = {}
    for name, section, kinds in (("store", store, STORES), ("stream", stream, STREAMS)):
        url = section.get("url", "") if isinstance(section, dict) else ""
        if not isinstance(url, str) or not url:
            continue
        urls[name] = kind = url.partition(":")[0]
        if kind not in kinds:
            found.append(((name, "url"), f"found {shown(kind)}; expected {one_of(kinds)}"))
        elif re.search(r"//[^/@]*:[^/@]+@", url):
            text = f"holds a password (not shown); expected it in {name}.password or password_file"
            found.append(((name, "url"), text))
    if urls.get("store", "").startswith("postgresql") and "stream" not in urls:
        text = 'PostgreSQL needs a log beside it; expected [stream] url = "redis://HOST:PORT/0"'
        found.append((("store", "url"), text))
    return found


def is_loopback(host: str) -> bool:
    """True when only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _thresholds(topics: Mapping[str, Any]) -> list[Found]:
    """Look at the thresholds that topics override; ``trip_...`` may name an own category."""
    found: list[Found] = []
    for name, topic in topics.items():
        own = topic.get("thresholds") if isinstance(topic, dict) else None
        if not isinstance(own, dict) or not own:
            continue
        # Late: who only takes in judges nothing, and most topics keep the usual thresholds.
        from detectors.thresholds import THRESHOLDS

        for key, value in own.items():
            path = ("topic", name, "thresholds", key)
            if key not in THRESHOLDS and not key.startswith("trip_"):
                found.append(
                    (path, f"unknown threshold; see docs/levels.md{nearest(key, THRESHOLDS)}")
                )
            elif isinstance(value, int | float) and not (0 <= value < math.inf):
                found.append((path, f"found {value}; expected 0 or more"))
    return found


def _limits(topics: object, sources: Mapping[str, Any]) -> list[Found]:
    """Look at the sources that topics and their terms are limited to: each must be one of ours."""
    found: list[Found] = []
    for name, topic in topics.items() if isinstance(topics, dict) else ():
        if not isinstance(topic, dict):
            continue
        found += unknown(("topic", name, "sources"), topic, sources, "source")
        rivals = topic.get("rivals")
        rivals = rivals if isinstance(rivals, dict) else {}
        queries: list[tuple[tuple[str | int, ...], object]] = [(("topic", name), topic)]
        queries += [(("topic", name, "rivals", r), q) for r, q in rivals.items()]
        for path, query in queries:
            found += _limits_of_terms(path, query, sources)
    return found


def _limits_of_terms(
    path: tuple[str | int, ...], query: object, sources: Mapping[str, Any]
) -> list[Found]:
    found: list[Found] = []
    for key in ("any", "all", "none") if isinstance(query, dict) else ():
        terms = query.get(key) if isinstance(query, dict) else None
        for i, term in enumerate(terms if isinstance(terms, list) else ()):
            for limit in sources_of(term) - sources.keys() if isinstance(term, str) else ():
                text = no_such("source", limit, sources)
                found.append(((*path, key, i), f"found {shown(term)}; {text}"))
    return found


def _senders(sources: Mapping[str, Any]) -> list[Found]:
    """Look at the secrets of all senders; with a shared one nobody could tell who sent what.

    A sender may have several, separated by spaces, while it changes from one to the next.
    """
    found: list[Found] = []
    owner: dict[str, str] = {}
    for name, section in sources.items():
        if not isinstance(section, dict) or section.get("type") != "http":
            continue
        for key in ("token", "signing_secret"):
            given = section.get(key)
            if not isinstance(given, str) or given == UNREADABLE:
                continue
            found += [(("source", name, key), t) for t in _faults(key, given.split(), name, owner)]
    return found


def _watches(watches: Mapping[str, Any], sources: Mapping[str, Any]) -> list[Found]:
    """Look at the tokens of those who are expected to speak: each has its own."""
    found: list[Found] = []
    owner: dict[str, str] = {}
    for name, section in sources.items():
        token = section.get("token") if isinstance(section, dict) else None
        owner |= dict.fromkeys(token.split(), f"source.{name}") if isinstance(token, str) else {}
    for name, section in watches.items():
        token = section.get("token") if isinstance(section, dict) else None
        if not isinstance(token, str) or token == UNREADABLE:
            continue
        for given in token.split() or [""]:
            first = owner.setdefault(given, f"watch.{name}")
            if len(given) < _MIN_SECRET:
                text = f"too short (not shown); expected at least {_MIN_SECRET} characters"
                found.append((("watch", name, "token"), text))
            elif first != f"watch.{name}":
                text = f'the same secret as {first}; expected one of its own for "{name}"'
                found.append((("watch", name, "token"), text))
    return found


def _faults(key: str, secrets: Sequence[str], name: str, owner: dict[str, str]) -> list[str]:
    """Return what is wrong with one sender's secrets; none of them is quoted."""
    faults = []
    for secret in secrets:
        first = owner.setdefault(secret, name)
        if first != name:
            faults.append(
                f'the same secret as source.{first}; expected one of its own for "{name}"'
            )
        if key == "token" and len(secret) < _MIN_SECRET:
            faults.append(f"too short (not shown); expected at least {_MIN_SECRET} characters")
        if key == "signing_secret" and not _can_sign(secret):
            faults.append('no signing secret (not shown); expected "whsec_" and base64 of 24 bytes')
    return faults


def _can_sign(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_") + "==")) >= _MIN_SECRET
    except (ValueError, binascii.Error):
        return False
