"""People and chains: who can be told, and who is told next when nobody answers."""

from __future__ import annotations

from datetime import time, timedelta

from pydantic import Field

from alerts.escalation import Chain, Step
from alerts.night import Night
from alerts.people import Method, Person
from detectors.detection import Level
from monitor.settings.sections import Strict

RECEIVER = r"^(channel|person|rota)\.[a-z0-9][a-z0-9_-]{0,63}$"


class MethodSettings(Strict):
    """One way to a person."""

    channel: str = Field(description="name of a channel")
    address: str = Field(
        default="",
        description="the person's address there: a mail address, a Slack user, a key; empty: the channel's own",
    )


class PersonSettings(Strict):
    """Somebody who can be told."""

    name: str = Field(min_length=1, max_length=80)
    methods: list[MethodSettings] = Field(
        default=[], max_length=10, description="all are used at once, each channel once"
    )

    def person(self, id: str, pierces: frozenset[str] = frozenset()) -> Person:
        """Return the person; ``pierces``: channels that are heard through Do Not Disturb."""
        methods = (Method(m.channel, m.address, m.channel in pierces) for m in self.methods)
        return Person(id, self.name, tuple(methods))


class NightSettings(Strict):
    """Who may be woken when."""

    since: time = Field(default=time(22, 0), description="local time; equal to until: no night")
    until: time = Field(default=time(6, 30), description="local time, when the day begins")
    min_level: int = Field(
        default=5, ge=4, le=6, description="what wakes at night; words of danger always do"
    )

    def night(self) -> Night:
        return Night(self.since, self.until, Level(self.min_level))


class AlertingSettings(Strict):
    """What holds for every alert."""

    stale_ack_min: float = Field(
        default=120,
        ge=0,
        le=24 * 60,
        description="minutes without a sign of life after which whoever has it is asked; 0: never",
    )

    @property
    def stale_after(self) -> timedelta:
        return timedelta(minutes=self.stale_ack_min)


class StepSettings(Strict):
    """One step of a chain."""

    tell: list[str] = Field(
        min_length=1, description="receivers: channel.NAME, person.NAME or rota.NAME"
    )
    wait_min: float = Field(
        default=5, ge=0.1, le=24 * 60, description="minutes until the next step, without an answer"
    )


class ChainSettings(Strict):
    """Who is called, and who next where nobody answers."""

    steps: list[StepSettings] = Field(alias="step", min_length=1, max_length=20)
    rounds: int = Field(default=3, ge=1, le=20, description="how often all steps are taken")

    def chain(self, id: str) -> Chain:
        steps = (Step(tuple(s.tell), timedelta(minutes=s.wait_min)) for s in self.steps)
        return Chain(id, tuple(steps), self.rounds)
