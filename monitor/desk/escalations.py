"""Escalations: who was called, and who is called next unless somebody answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Call
from alerts.book import CHANNEL, PERSON, ROTA, Book
from alerts.errand import Kind
from alerts.escalation import Escalation
from detectors.shaped import shaped
from monitor.ports import ErrandReads


@dataclass(frozen=True, slots=True)
class NextCall:
    """The next step of a chain: ``number`` of ``steps`` in ``round`` of ``rounds``, at ``at``.

    ``names``: whom it calls, as people know them; empty: after this the chain is at its end.
    """

    at: datetime
    chain: str
    number: int
    steps: int
    round: int
    rounds: int
    names: tuple[str, ...]


def next_call(read: ErrandReads, book: Book, incident: str) -> NextCall | None:
    """Return who is called next for an incident, None where nobody is."""
    waiting = [e for e in read.errands(incident) if e.kind is Kind.STEP]
    if not waiting:
        return None
    found = shaped(waiting[0].content, Escalation)
    chain = book.chains.get(found.chain)
    if chain is None:
        return None
    step, round = found.step, found.round
    if step >= len(chain.steps):
        step, round = 0, round + 1
    over = round >= chain.rounds
    names = () if over else tuple(_name(r, book, found.due_at) for r in chain.steps[step].receivers)
    return NextCall(
        at=found.due_at,
        chain=found.chain,
        number=step + 1,
        steps=len(chain.steps),
        round=min(round + 1, chain.rounds),
        rounds=chain.rounds,
        names=names,
    )


def call_of(read: ErrandReads, book: Book, incident: str) -> Call | None:
    """Return whom a message names as called next, None where nobody is."""
    found = next_call(read, book, incident)
    return Call(found.at, found.names) if found and found.names else None


def _name(receiver: str, book: Book, at: datetime) -> str:
    sort, _, name = receiver.partition(".")
    if sort == CHANNEL:
        return name
    if sort == ROTA:
        person = book.people.get(book.on_call(name, at))
        return f"{name} ({person.name})" if person else name
    person = book.people.get(name) if sort == PERSON else None
    return person.name if person else name
