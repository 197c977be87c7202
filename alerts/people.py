"""People: who can be told, by which channel at which address, and what a delivery goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SLASH = "/"
"""Parts channel and person in a target; no name holds one."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to a person: a channel, and the address there where it is not the channel's own.

    ``pierces``: it is heard through Do Not Disturb.
    """

    channel: str
    address: str = ""
    pierces: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told. ``methods`` in the order in which they are tried: all at once."""

    id: str
    name: str
    methods: tuple[Method, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Return what deliveries to this person go to."""
        return tuple(target(method.channel, self.id) for method in self.methods)

    @property
    def wakes(self) -> bool:
        """True where at least one method is heard through Do Not Disturb."""
        return any(method.pierces for method in self.methods)


def target(channel: str, person: str = "") -> str:
    """Return what a delivery goes to: a channel, or a person on a channel.

    >>> target("mail"), target("mail", "kim")
    ('mail', 'mail/kim')
    """
    return f"{channel}{SLASH}{person}" if person else channel


def parted(target: str) -> tuple[str, str]:
    """Return channel and person of a target, person "" where it is a channel alone.

    >>> parted("mail/kim"), parted("mail")
    (('mail', 'kim'), ('mail', ''))
    """
    channel, _, person = target.partition(SLASH)
    return channel, person


def named(targets: Iterable[str], people: Mapping[str, Person]) -> tuple[str, ...]:
    """Return targets as people read them: each person once with their ways, and channels; in their order.

    >>> named(["mail", "pager/kim", "slack/kim"], {"kim": Person("kim", "Kim B.")})
    ('mail', 'Kim B. (pager, slack)')
    """
    ways: dict[str, list[str]] = {}
    for one in targets:
        channel, person = parted(one)
        ways.setdefault((person and SLASH + person) or channel, []).append(channel)
    return tuple(
        f"{_name(key[1:], people)} ({', '.join(dict.fromkeys(by))})"
        if key.startswith(SLASH)
        else key
        for key, by in ways.items()
    )


def _name(id: str, people: Mapping[str, Person]) -> str:
    return people[id].name if id in people else id
