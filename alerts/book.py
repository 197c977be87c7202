"""Book: who is behind a receiver right now. Pure; whoever asks brings the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from alerts.escalation import Chain, Reach
from alerts.night import Night
from alerts.people import Person

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
    ``rota.NAME``; what nobody stands behind reaches nobody, and that is told by whoever asked. ``night``: who may be
    woken when."""

    channels: frozenset[str] = frozenset()
    people: Mapping[str, Person] = field(default_factory=dict)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    roster: Roster = _nobody
    night: Night = field(default_factory=Night)

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


EMPTY = Book()
"""Nobody is known: only channels are told, and nothing escalates."""
