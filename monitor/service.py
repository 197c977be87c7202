"""Service: the wired parts, by name. What a request, a page or a job may reach; nothing is built here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.book import EMPTY, Book
from alerts.channels.trying import Tried
from alerts.posted import Answer
from detectors.detection import Level
from detectors.topic import Topic
from monitor.clock import Clock
from monitor.ports import Log, Signals, Store
from monitor.settings import Settings
from playbooks.playbook import Playbook

SendTest = Callable[[str, Level, str], Awaitable[Tried]]


@dataclass(frozen=True, slots=True)
class Service:
    """Everything the HTTP side and the jobs work with.

    ``wake`` tells pipeline and deliverer that there is something to do. ``demo`` marks invented
    data: every page says so. ``sink_url`` is the demo's page of what receivers would have got.
    ``book``: who is behind each receiver. ``housekeep`` is the store's (`monitor.ports.Housekeeper`).
    ``send_test`` sends a test alert through a channel, at a level, asked for by somebody; None where
    nothing is sent from here. ``answer`` tells at a receiver what came of an answer there. ``failures`` returns what is broken right now, in plain words, for
    ``/readyz`` and the pages.
    """

    settings: Settings
    topics: Mapping[str, Topic]
    playbooks: Mapping[str, Playbook]
    store: Store
    log: Log
    clock: Clock
    signals: Signals
    wake: Callable[[], None] = lambda: None
    demo: bool = False
    sink_url: str = ""
    failures: Callable[[], list[str]] = field(default=list)
    book: Book = EMPTY
    housekeep: Callable[[datetime, int], int] = lambda now, keep_days: 0
    send_test: SendTest | None = None
    answer: Callable[[Answer], Awaitable[None]] | None = None
