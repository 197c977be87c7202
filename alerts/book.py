"""Book: who is behind a receiver right now. Pure; whoever asks brings the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from alerts import stale
from alerts.escalation import Chain, Reach
from alerts.mutes import MuteWindow
from alerts.night import Night
from alerts.people import Person, parted

OnCall = Callable[[str], str]
"""Rota -> id of the person who is on call, "" for nobody."""
Roster = Callable[[datetime], OnCall]
"""Instant -> who is on call then, by one look at what was changed."""
CHANNEL, PERSON, ROTA = "channel", "person", "rota"


def _nobody(at: datetime) -> OnCall:
    return lambda rota: ""


@dataclass(frozen=True, slots=True)
class Book:
    """Channels, people, rotas and chains by name. A receiver is ``channel.NAME``, ``person.NAME`` or
    ``rota.NAME``; what nobody stands behind reaches nobody, and that is told by whoever asked. ``nights``: tells who may be
    woken when, as it stands. ``ringing``: channels that ring at any message, so that nothing calm goes there. ``mutes``: recurring mute windows.
    ``stale_after``: how old an acknowledgement may grow without a sign of life; nothing: for ever."""

    channels: frozenset[str] = frozenset()
    people: Mapping[str, Person] = field(default_factory=dict)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    roster: Roster = _nobody
    nights: Callable[[], Night] = Night
    ringing: frozenset[str] = frozenset()
    mutes: tuple[MuteWindow, ...] = ()
    stale_after: timedelta = stale.AFTER

    @property
    def night(self) -> Night:
        """Who may be woken when."""
        return self.nights()

    def person_of(self, actor: str) -> Person | None:
        """Return the person who goes by this id or name on a timeline, None for somebody else."""
        named = actor.strip().casefold()
        return self.people.get(actor) or next(
            (p for p in self.people.values() if p.name.casefold() == named), None
        )

    def on_call(self, rota: str, at: datetime) -> str:
        """Return the id of the person who is on call at ``at``, "" for nobody."""
        return self.roster(at)(rota)

    def reach(self, at: datetime) -> Reach:
        """Return what tells the targets of a receiver at ``at``.

        The roster is looked at once, at the first rota that is asked for.
        """
        called = cache(lambda: self.roster(at))

        def targets(receiver: str) -> tuple[str, ...]:
            sort, _, name = receiver.partition(".")
            if sort == CHANNEL:
                return (name,) if name in self.channels else ()
            person = called()(name) if sort == ROTA else name
            found = self.people.get(person)
            return found.targets if found else ()

        return targets


def calm(targets: Sequence[str], book: Book) -> tuple[str, ...]:
    """Return those of ``targets`` where a calm message may go: no channel that rings at any."""
    return tuple(target for target in targets if parted(target)[0] not in book.ringing)


EMPTY = Book()
"""Nobody is known: only channels are told, and nothing escalates."""
