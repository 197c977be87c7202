"""Dry run: who would get an alert, when and why. Pure; asks the same stages as a real alert, and queues nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, NotifyReason
from alerts.book import PERSON, ROTA, Book
from alerts.escalation import Escalation, take
from alerts.routing import Plan, Route, plan
from alerts.silences import Silence, broken, holding
from alerts.trial import trial_alert
from detectors.detection import WAKE, Level, Reason, ReasonCode
from detectors.topic import Topic

MOST_STEPS = 20
"""Steps of a chain that are told: the first round has no more."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver and who is behind it at that moment. ``person`` "": a channel, or nobody on call.

    ``targets`` empty: it reaches nobody.
    """

    name: str
    person: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A step of a chain: its number from 1, when, and whom it tells if nobody has answered."""

    number: int
    at: datetime
    receivers: tuple[Receiver, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of an alert. ``held_until``: the night holds its chain back until then.

    ``silence``: holds it all back, what would be told and called stands beside it; ``broken``: silences that it
    would break. ``calls``: the first round of the chain; a step that reaches nobody is skipped, and told in ``skipped``.
    """

    alert: Alert
    plan: Plan
    inform: tuple[Receiver, ...]
    watch: tuple[Receiver, ...]
    calls: tuple[Call, ...]
    skipped: tuple[int, ...]
    held_until: datetime | None
    silence: Silence | None = None
    broken: tuple[Silence, ...] = ()

    @property
    def reached(self) -> bool:
        """True where somebody hears of it, at once, by a call or in a digest."""
        if self.silence is not None:
            return False
        told = (*self.inform, *self.watch, *(r for c in self.calls for r in c.receivers))
        return any(r.targets for r in told)


def sample(
    topic: Topic,
    level: Level,
    at: datetime,
    *,
    languages: Sequence[str] = (),
    sources: Sequence[str] = (),
    tags: Sequence[str] = (),
    danger: bool = False,
) -> Alert:
    """Return an alert of ``topic`` as routes look at it. ``danger``: a word of danger was used."""
    tripwire = (Reason(ReasonCode.TRIPWIRE, 1, 1),) if danger else ()
    return replace(
        trial_alert(at, "en", level=level, timezone=topic.timezone),
        reason=NotifyReason.FIRST,
        test=False,
        topic=topic.id,
        topic_name=topic.name,
        brand=topic.brand,
        languages=tuple(languages),
        sources=tuple(sources),
        tags=tuple(tags),
        reasons=tripwire,
    )


def dry_run(
    alert: Alert,
    routes: Sequence[Route],
    book: Book,
    now: datetime,
    silences: Sequence[Silence] = (),
) -> DryRun:
    """Return what would become of ``alert`` at ``now``, where ``silences`` stand."""
    found = plan(alert, routes, now)
    held = book.night.held_until(alert, now) if found.wake else None
    calls, skipped = _calls(alert, found.wake, book, held or now)
    return DryRun(
        alert=alert,
        plan=found,
        inform=_receivers(found.inform, book, now),
        watch=_receivers(found.watch, book, now),
        calls=calls,
        skipped=skipped,
        held_until=held,
        silence=holding(silences, alert, now),
        broken=tuple(silence for silence, _ in broken(silences, alert, now)),
    )


def _calls(
    alert: Alert, name: str, book: Book, begin: datetime
) -> tuple[tuple[Call, ...], tuple[int, ...]]:
    """Take the steps of a chain's first round as if nobody answered."""
    chain = book.chains.get(name)
    if chain is None or alert.level < WAKE:
        return (), ()
    once = replace(chain, rounds=1)
    state = Escalation("dry-run", 1, alert.level, name, alert.id, begin)
    calls: list[Call] = []
    skipped: list[int] = []
    for _ in range(MOST_STEPS):
        at = state.due_at
        state, taken = take(state, once, book.reach(at), at)
        if taken is None:
            break
        skipped += taken.skipped
        if taken.exhausted:
            break
        receivers = _receivers(once.steps[taken.step - 1].receivers, book, at)
        calls.append(Call(taken.step, at, receivers))
    return tuple(calls), tuple(skipped)


def _receivers(names: Sequence[str], book: Book, at: datetime) -> tuple[Receiver, ...]:
    reach = book.reach(at)
    return tuple(Receiver(name, _person(name, book, at), reach(name)) for name in names)


def _person(receiver: str, book: Book, at: datetime) -> str:
    sort, _, name = receiver.partition(".")
    id = book.on_call(name, at) if sort == ROTA else name if sort == PERSON else ""
    return book.people[id].name if id in book.people else ""
