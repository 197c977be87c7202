"""What arrived held against what was sent: nothing missing, nothing else, doubles by channel class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from alerts.alert import Action, AttemptOutcome, Delivery, DeliveryState, message_id
from alerts.outbox import Attempt
from alerts.render.mail import REPEAT_HEADER
from monitor.bench.receiving import CHAT, CLASSES, HOOK, MAIL, PAGER
from monitor.ports import Store
from monitor.server.sink import Received

RECEIVERS = {PAGER: "pagerduty", CHAT: "slack", HOOK: "webhook", MAIL: "mail"}
"""How the sink calls what a channel of ours leads to."""
EDIT = "slack edit"
FEW = 5
"""Examples of what went wrong that are told by name."""
B_AT_MOST = 0.001
"""Doubles of class B, as a share of its pages (docs/architecture.md, promises)."""


def sent_as(delivery: Delivery) -> list[str]:
    """Return what a receiver can tell one delivery by from the others; to PagerDuty one for each of its keys."""
    alert = delivery.alert
    if delivery.channel == CHAT:
        return [f"{delivery.key} {delivery.seq}"]
    if delivery.channel != PAGER:
        return [message_id(delivery)]
    said = alert.action.value
    if alert.action is Action.TRIGGER:
        said = f"trigger {alert.reason} {int(alert.level)}"
    return [f"{key} {said}" for key in alert.dedup_keys]


def may_arrive(delivery: Delivery, unknown: int, attempts: int) -> int:
    """Return how often each of its messages may arrive: once, and once for each unknown outcome. What goes to
    several keys begins anew with the first where a later one was refused."""
    return 1 + unknown if len(sent_as(delivery)) == 1 else max(1, attempts)


def got_as(received: Received) -> list[str]:
    """Return what `sent_as` gives for the deliveries that arrived with it: in a chat one message may tell
    several of one incident; elsewhere it is one."""
    match received.channel:
        case "webhook":
            return [received.headers["webhook-id"].removeprefix("msg_")]
        case "mail":
            return [received.key.strip("<>").partition("@")[0]]
        case "pagerduty":
            return [_event(received)]
        case _:
            return _told(received)


def _told(received: Received) -> list[str]:
    metadata = received.parsed.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(payload, dict):
        return []
    return [f"{payload['key']} {seq}" for seq in range(payload["first"], payload["last"] + 1)]


def _event(received: Received) -> str:
    payload = received.parsed.get("payload")
    if not isinstance(payload, dict):
        return f"{received.key} {received.parsed['event_action']}"
    level = payload["custom_details"]["level"]
    return f"{received.key} trigger {payload['class']} {level}"


def marked(received: Received) -> bool:
    """Tell whether a message of class C says that it may have arrived before."""
    return bool({"sturmglas-may-repeat", REPEAT_HEADER.lower()} & received.headers.keys())


def is_edit(received: Received) -> bool:
    """Tell chat.update from chat.postMessage."""
    return received.channel == EDIT


def arrived_at(channels: Iterable[str], received: Iterable[Received]) -> list[Received]:
    """Return what came to the receivers of these channels of ours."""
    names = {RECEIVERS[c] for c in channels} | ({EDIT} if CHAT in channels else set())
    return [r for r in received if r.channel in names]


# --- the outbox ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trail:
    """One delivery and every attempt of it."""

    delivery: Delivery
    attempts: Sequence[Attempt]

    @property
    def unknown(self) -> int:
        """Attempts whose outcome was unknown when the next began, whatever was learnt later: a sender
        that was frozen may still hear that its request had been accepted."""
        ends = [a.outcome for a in self.attempts]
        return ends.count(AttemptOutcome.UNKNOWN) + max(0, ends.count(AttemptOutcome.ACCEPTED) - 1)


def trails(store: Store) -> list[Trail]:
    """Return what went out about every incident, and about none (our own trouble); what was cancelled before it
    was tried is left out."""
    incidents = [i.id for i in store.read.incidents(limit=1_000_000)]
    found = [d for about in (*incidents, "") for d in store.read.deliveries(about)]
    return [Trail(d, store.read.delivery_attempts(d.id)) for d in found]


# --- by class -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Doubles:
    """What the channels of one class sent, and what their receivers got.

    ``pages`` deliveries that were sent; ``doubles`` of class A: pages beyond one an episode, by the
    receiver's own rules; of B: messages beyond one a delivery; of C the same, of which
    ``unmarked`` do not say so and ``beyond`` have no unknown outcome to be explained by; some of
    these are ``examples``: arrived, of how many allowed.
    """

    pages: int = 0
    arrived: int = 0
    attempts: int = 0
    unknown_outcomes: int = 0
    doubles: int = 0
    unmarked: int = 0
    beyond: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """Doubles by class, and every promise that was broken, in words."""

    classes: dict[str, Doubles] = field(default_factory=dict)
    wrong_keys: int = 0
    problems: list[str] = field(default_factory=list)

    def demand(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def record(self) -> dict[str, object]:
        """Return it JSON-ready."""
        return asdict(self)

    @property
    def lost(self) -> int:
        return sum(found.lost for found in self.classes.values())


def judge(known: Sequence[Trail], received: Sequence[Received]) -> Verdict:
    """Hold what arrived against the outbox: loss, foreign keys, trails, doubles by class."""
    verdict = Verdict()
    _keys(verdict, known, received)
    for trail in known:
        _trail(verdict, trail)
    for name, channels in CLASSES.items():
        mine = [t for t in known if t.delivery.channel in channels]
        if mine:
            got = arrived_at(channels, received)
            verdict.classes[name] = _class(name, mine, got)
            _promise(verdict, name, verdict.classes[name])
    return verdict


def _keys(verdict: Verdict, known: Sequence[Trail], received: Iterable[Received]) -> None:
    names = {name for t in known for name in sent_as(t.delivery)}
    keys = {t.delivery.key for t in known}
    # What a chat tells by its numbers may hold some that were cancelled untried.
    stray = {name for r in received for name in got_as(r)} - names
    wrong = sorted(name for name in stray if name.partition(" ")[0] not in keys)
    verdict.wrong_keys = len(wrong)
    verdict.demand(not wrong, f"{len(wrong)} arrived that nobody queued: {wrong[:FEW]}")


def _trail(verdict: Verdict, trail: Trail) -> None:
    """Every attempt is on record, ended, and an unknown one marks what follows."""
    numbers = [a.number for a in trail.attempts]
    name = f"delivery {trail.delivery.id}"
    right = list(range(1, trail.delivery.attempts + 1))
    verdict.demand(numbers == right, f"{name}: trail {numbers}, expected {right}")
    verdict.demand(all(a.outcome for a in trail.attempts), f"{name}: an attempt is left open")
    marked_so = trail.delivery.may_repeat or not trail.unknown
    verdict.demand(marked_so, f"{name}: {trail.unknown} unknown outcomes, and not marked")


def _class(name: str, mine: Sequence[Trail], got: Sequence[Received]) -> Doubles:
    found = Doubles(
        pages=sum(t.delivery.state is DeliveryState.SENT for t in mine),
        arrived=len(got),
        attempts=sum(len(t.attempts) for t in mine),
        unknown_outcomes=sum(t.unknown for t in mine),
        lost=len(missing(mine, got)),
    )
    arrived = Counter(name for r in got if not is_edit(r) for name in got_as(r))
    allowed = {
        name: may_arrive(t.delivery, t.unknown, len(t.attempts))
        for t in mine
        for name in sent_as(t.delivery)
    }
    over = {id: n for id, n in arrived.items() if n > allowed.get(id, 0)}
    found.beyond = sum(n - allowed.get(id, 0) for id, n in over.items())
    found.examples = [f"{id}: {n} of {allowed.get(id, 0)}" for id, n in sorted(over.items())[:FEW]]
    found.doubles = sum(n - 1 for n in arrived.values())
    if name == "A":
        found.doubles = sum(n - 1 for n in rung(got).values())
    if name == "C":
        found.unmarked = _unmarked(got)
    return found


def _promise(verdict: Verdict, name: str, found: Doubles) -> None:
    verdict.demand(not found.lost, f"class {name}: {found.lost} lost")
    verdict.demand(
        not found.beyond,
        f"class {name}: {found.beyond} beyond the unknown outcomes: {found.examples}",
    )
    verdict.demand(not found.unmarked, f"class {name}: {found.unmarked} repeats without a mark")
    at_most = {"A": 0.0, "B": B_AT_MOST * found.pages}.get(name, float(found.unknown_outcomes))
    verdict.demand(found.doubles <= at_most, f"class {name}: {found.doubles} doubles")


def missing(known: Iterable[Trail], received: Iterable[Received]) -> list[Delivery]:
    """Return what was not sent, or was and never arrived."""
    arrived = {name for r in received for name in got_as(r)}
    return [
        t.delivery
        for t in known
        if t.delivery.state is not DeliveryState.SENT or not arrived.issuperset(sent_as(t.delivery))
    ]


def rung(received: Iterable[Received]) -> Counter[str]:
    """Return how often PagerDuty would have paged for each key: a trigger where nothing is open.

    After a resolve the same key opens a new alert and pages again (Events API v2).
    """
    pages, open_ = Counter[str](), set[str]()
    for event in received:
        action = event.parsed["event_action"]
        if action == "trigger" and event.key not in open_:
            pages[event.key] += 1
            open_.add(event.key)
        elif action == "resolve":
            open_.discard(event.key)
    return pages


def _unmarked(received: Iterable[Received]) -> int:
    seen: set[str] = set()
    unmarked = 0
    for one in received:
        names = got_as(one)
        unmarked += not seen.isdisjoint(names) and not marked(one)
        seen.update(names)
    return unmarked
