"""Kept: what the sink has taken, in order, safe between threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it was taken. ``channel`` slack ("slack edit", "slack whisper"), pagerduty, webhook or mail.

    ``key`` is what its kind of receiver knows repeats by: dedup_key, incident key, Message-ID;
    "" for Slack. ``repeat`` counts earlier ones with the same key and action; PagerDuty knows each routing
    key's apart.
    """

    n: int
    channel: str
    at: datetime
    headers: Mapping[str, str]
    raw: bytes
    parsed: Json
    key: str = ""
    repeat: int = 0


class Kept:
    """The sink's memory."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._all: list[Received] = []
        self._known: Counter[tuple[object, ...]] = Counter()

    def add(
        self, channel: str, headers: Mapping[str, str], raw: bytes, parsed: Json, key: str
    ) -> Received:
        """Keep one message and return it with its number."""
        with self._lock:
            name = (channel, key, parsed.get("event_action"), parsed.get("routing_key"))
            repeat = self._known[name] if key else 0
            self._known[name] += 1
            found = Received(
                len(self._all) + 1, channel, self._now(), dict(headers), raw, parsed, key, repeat
            )
            self._all.append(found)
            return found

    def all(self) -> list[Received]:
        with self._lock:
            return list(self._all)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()
            self._known.clear()
