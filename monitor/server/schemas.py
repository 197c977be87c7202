"""What the JSON API shows and takes; pydantic models, filled from the domain's own types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.fact import Fact, FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.outbox import Attempt
from detectors.detection import Reason
from monitor.desk.pagers import Effect
from monitor.desk.silences import HeldBack
from monitor.ports import BinResult, CurvePoint, SourceState
from playbooks.run import Run, StepState


class Out(BaseModel):
    """Base of everything shown."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """Base of everything taken: unknown fields are refused by name, U+0000 by field."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text, no control characters."""
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class ReasonOut(Out):
    """One line of "why this level": the measured value against its threshold."""

    code: str
    value: float
    threshold: float | None
    met: bool
    text: str

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        return cls(
            code=reason.code,
            value=reason.value,
            threshold=reason.threshold,
            met=reason.met,
            text=reason.text,
        )


class TopicOut(Out):
    """One thing watched."""

    id: str
    name: str
    brand: str
    languages: list[str]
    sources: list[str]
    timezone: str
    any: list[str]
    all: list[str]
    none: list[str]
    alarm_budget_days: float


class Numbers(Out):
    """Posts in the newest closed bin: seen, or expected for this hour of the week."""

    mentions: float
    negatives: float


class WeatherOut(Out):
    """How it stands with a topic. ``unknown`` true: nobody can say, and ``why`` tells why; then
    ``level`` is the last one known and must not be read as calm."""

    topic: str
    unknown: bool
    why: list[str]
    at: datetime | None = Field(description="end of the newest closed bin")
    level: int | None = Field(ge=0, le=6)
    social: int | None = Field(description="measured")
    media: int = Field(description="media echo, set by a person")
    since: datetime | None = Field(description="start of the burst that is running")
    observed: Numbers | None
    expected: Numbers | None
    return_period_days: float | None
    reasons: list[ReasonOut]
    incident: str | None = Field(description="reference of the open incident, if there is one")
    tone_unreliable: bool = Field(
        description="fewer than 0.6 of the topic's critical posts are seen, by people's samples"
    )


class PointOut(Out):
    """One step of a curve; None where nothing is known or was expected yet."""

    at: datetime
    mentions: int
    negatives: int
    expected_mentions: float | None
    expected_negatives: float | None
    level: int | None

    @classmethod
    def of(cls, point: CurvePoint) -> PointOut:
        return cls(
            at=point.at,
            mentions=point.mentions,
            negatives=point.negatives,
            expected_mentions=point.expected_mentions,
            expected_negatives=point.expected_negatives,
            level=point.level,
        )


class CurveOut(Out):
    topic: str
    since: datetime
    until: datetime
    step_s: int
    points: list[PointOut]


class IncidentOut(Out):
    """One storm."""

    id: str
    ref: str
    topics: list[str]
    status: Status
    open: bool
    level: int
    peak: int
    episode: int
    onset: datetime
    opened_at: datetime
    updated_at: datetime
    acked_by: str
    acked_at: datetime | None
    acked_level: int | None
    owner: str
    outcome: Outcome | None
    resolved_at: datetime | None
    end_proposed: bool
    reasons: list[ReasonOut]
    version: int

    @classmethod
    def of(cls, incident: Incident) -> IncidentOut:
        named = set(cls.model_fields) - {"topics", "open", "reasons"}
        return cls(
            **{name: getattr(incident, name) for name in named},
            topics=list(incident.topics),
            open=incident.is_open,
            reasons=[ReasonOut.of(reason) for reason in incident.reasons],
        )


class FactOut(Out):
    """One entry of a timeline."""

    kind: FactKind
    at: datetime
    observed_at: datetime
    actor: str
    payload: dict[str, Any]  # JSON-ready by contract; its shape depends on the kind

    @classmethod
    def of(cls, fact: Fact) -> FactOut:
        return cls(**{name: getattr(fact, name) for name in cls.model_fields})


class StepOut(Out):
    id: str
    title: dict[str, str]
    text: dict[str, str]
    role: str
    state: StepState
    due_at: datetime | None
    owner: str
    by: str
    at: datetime | None
    note: str


class RunOut(Out):
    """One playbook at work for an incident."""

    id: str
    playbook: str
    title: dict[str, str]
    why: list[str]
    started_at: datetime
    finished_at: datetime | None
    steps: list[StepOut]

    @classmethod
    def of(cls, run: Run) -> RunOut:
        known = {step.id: step for step in run.playbook.steps}
        return cls(
            id=run.id,
            playbook=run.playbook.id,
            title={"de": run.playbook.title.de, "en": run.playbook.title.en},
            why=list(run.why),
            started_at=run.started_at,
            finished_at=run.finished_at,
            steps=[
                StepOut(
                    id=at.step,
                    title={"de": known[at.step].title.de, "en": known[at.step].title.en},
                    text={"de": known[at.step].text.de, "en": known[at.step].text.en},
                    role=known[at.step].role,
                    state=at.state,
                    due_at=at.due_at,
                    owner=at.owner,
                    by=at.by,
                    at=at.at,
                    note=at.note,
                )
                for at in run.steps
            ],
        )


class AttemptOut(Out):
    number: int
    started_at: datetime
    outcome: AttemptOutcome | None
    error: str
    latency_ms: float

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptOut:
        return cls(**{name: getattr(attempt, name) for name in cls.model_fields})


class DeliveryOut(Out):
    """One alert on its way to one channel, with its trail."""

    id: int
    channel: str
    reason: str
    level: int
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    may_repeat: bool
    error: str
    trail: list[AttemptOut]

    @classmethod
    def of(cls, delivery: Delivery, trail: list[Attempt]) -> DeliveryOut:
        named = set(cls.model_fields) - {"reason", "level", "trail"}
        return cls(
            **{name: getattr(delivery, name) for name in named},
            reason=delivery.alert.reason,
            level=int(delivery.alert.level),
            trail=[AttemptOut.of(attempt) for attempt in trail],
        )


class NextCallOut(Out):
    """Who is called next unless somebody acknowledges; ``names`` empty: then nobody is left to call."""

    at: datetime
    chain: str
    number: int
    steps: int
    round: int
    rounds: int
    names: list[str]


class HeldBackOut(Out):
    """Which silence holds an incident's alert back; ``due_at``: when what it holds is looked at again."""

    silence: int
    author: str
    reason: str
    until: datetime
    due_at: datetime

    @classmethod
    def of(cls, held: HeldBack | None) -> HeldBackOut | None:
        if held is None or held.silence is None:
            return None
        by = held.silence
        return cls(
            silence=by.id, author=by.author, reason=by.reason, until=by.until, due_at=held.due_at
        )


class IncidentDetailOut(IncidentOut):
    """An incident with its timeline, its runs and what was sent."""

    next_call: NextCallOut | None
    held_back: HeldBackOut | None

    facts: list[FactOut]
    runs: list[RunOut]
    deliveries: list[DeliveryOut]


class SourceOut(Out):
    """How a source does. ``silent``: longer quiet than it usually is, so what it covers is
    unknown."""

    name: str
    type: str
    configured: bool
    silent: bool
    last_item_at: datetime | None
    newest_published_at: datetime | None
    usual_gap_s: float
    usual_lag_s: float
    items: int
    ok_at: datetime | None
    error: str
    error_at: datetime | None

    @classmethod
    def of(cls, name: str, type_: str, state: SourceState | None, now: datetime) -> SourceOut:
        clock = state.clock if state else None
        return cls(
            name=name,
            type=type_ or "unknown",
            configured=bool(type_),
            silent=clock is None or clock.silent(now),
            last_item_at=clock.seen_at if clock else None,
            newest_published_at=clock.watermark if clock else None,
            usual_gap_s=round(clock.gap_s, 3) if clock else 0.0,
            usual_lag_s=round(clock.lag_s, 3) if clock else 0.0,
            items=clock.items if clock else 0,
            ok_at=state.ok_at if state else None,
            error=state.error if state else "",
            error_at=state.error_at if state else None,
        )


class SourcesOut(Out):
    """All sources; ``gaps`` says in words what is not seen right now."""

    sources: list[SourceOut]
    gaps: list[str]


class Act(In):
    """Something a person does; ``by`` is the name that stands on the timeline."""

    by: Line = Field(default="", max_length=80, description="default: the user of HTTP Basic")


class Done(Out):
    """It is done; ``incident`` as it stands now, where there is one."""

    done: bool = True
    incident: IncidentOut | None = None


class HeardOut(Out):
    """What came of an event from outside."""

    effect: Effect


def numbers(result: BinResult) -> tuple[Numbers, Numbers]:
    """Return what a closed bin held and what was expected of it."""
    return (
        Numbers(mentions=result.mentions, negatives=result.negatives),
        Numbers(mentions=result.expected_mentions, negatives=result.expected_negatives),
    )
