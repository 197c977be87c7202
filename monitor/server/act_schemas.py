"""What people send when they do something about an incident."""

from __future__ import annotations

from pydantic import Field

from alerts.incident import Outcome
from monitor.server.schemas import Act, Line, Text


class Assign(Act):
    owner: Line = Field(min_length=1, max_length=80)


class Note(Act):
    text: Text = Field(min_length=1, max_length=4000)


class Resolve(Act):
    outcome: Outcome
    note: Text = Field(default="", max_length=4000)


class Merge(Act):
    into: str = Field(min_length=1, max_length=80, description="id or reference")


class Split(Act):
    topic: str = Field(min_length=1, max_length=80, description="one of its topics")


class StepDone(Act):
    note: Text = Field(default="", max_length=4000)


class StepSkip(Act):
    reason: Text = Field(min_length=1, max_length=4000, description="why it is not needed")


class MediaSet(Act):
    level: int = Field(ge=0, le=6)
