"""Short makers of valid things: each takes only what a test cares about.

Times start at `T0`, a Sunday noon in UTC; texts are invented here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.alert import Action, Alert, NotifyReason, Quote, alert_id
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident, Status, incident_id
from detectors.detection import Assessment, Level, Reason, ReasonCode
from detectors.mention import Author, Kind, Mention, Metrics, author_key
from detectors.planned import Kind as PlannedKind
from detectors.planned import Planned
from detectors.score.base import Score, Tone
from detectors.window import Counts, Dated, SourceClock, bin_start
from monitor.ports import (
    BinResult,
    EntryKind,
    Filed,
    NewEntry,
    SourceState,
    WatchState,
)
from playbooks.playbook import Playbook, Role, Step, Text, Trigger
from playbooks.run import Run, RunStep, StepState

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOPIC = "acme-bahn"
SOURCE = "feed"
KEY = b"a key for tests, of no worth at all"


def after(seconds: float = 0, **parts: float) -> datetime:
    """Return `T0` moved by ``seconds`` and any `timedelta` parts (``minutes=5``)."""
    return T0 + timedelta(seconds=seconds, **parts)


def mention(
    n: int | str = 1,
    *,
    text: str = "Der Zug faellt schon wieder aus, das ist unertraeglich",
    at: datetime = T0,
    source: str = SOURCE,
    handle: str | None = "kim",
    followers: int | None = 120,
    **fields: Any,
) -> Mention:
    """Return the mention ``n`` of a source; two calls with the same ``n`` are the same mention."""
    author = None if handle is None else Author(handle=handle, name="Kim", followers=followers)
    return Mention(
        source=source, source_id=str(n), text=text, published_at=at, author=author, **fields
    )


def score(tone: Tone = Tone.NEGATIVE, *, offensive: float = 0.1, lang: str = "de") -> Score:
    """Return a score whose probabilities agree with ``tone``."""
    p = {
        Tone.NEGATIVE: (0.8, 0.15, 0.05),
        Tone.NEUTRAL: (0.1, 0.8, 0.1),
        Tone.POSITIVE: (0.05, 0.15, 0.8),
        Tone.UNREAD: (0.0, 0.0, 0.0),
    }[tone]
    return Score(lang=lang, tone=tone, score=p[2] - p[0], p=p, offensive=offensive)


def filed(
    n: int | str = 1,
    *,
    topics: tuple[str, ...] = (TOPIC,),
    at: datetime = T0,
    observed_at: datetime | None = None,
    tone: Tone = Tone.NEGATIVE,
    offensive: float = 0.1,
    cluster: int = 0,
    thread: int = 0,
    tripwire: str = "",
    of: Mention | None = None,
    **fields: Any,
) -> Filed:
    """Return a row ready to be stored; further ``fields`` go to `mention`."""
    m = of if of is not None else mention(n, at=at, **fields)
    return Filed(
        id=m.id,
        mention=m,
        at=at,
        observed_at=observed_at or at + timedelta(seconds=3),
        dated=Dated.PUBLISHED,
        author=author_key(KEY, m.source, m.author.handle) if m.author else 0,
        thread=thread,
        cluster=cluster,
        topics=topics,
        score=score(tone, offensive=offensive, lang=m.lang or "de"),
        model="test-1",
        tripwire=tripwire,
    )


def counts_of(row: Filed) -> Counts:
    """Return what one stored row adds to its minute."""
    tone = row.score.tone
    negativity = round(100 * row.score.p[0])
    return Counts(
        mentions=1,
        negatives=int(tone is Tone.NEGATIVE),
        neutrals=int(tone is Tone.NEUTRAL),
        positives=int(tone is Tone.POSITIVE),
        unread=int(tone is Tone.UNREAD),
        offensive=int(row.score.offensive >= 0.5),
        reach=row.mention.reach,
        tripwires=int(bool(row.tripwire)),
        articles=int(row.mention.kind is Kind.ARTICLE),
        negativity=negativity,
        negativity_squares=negativity**2,
    )


def entry(
    payload: bytes = b'[{"source":"feed","source_id":"1"}]',
    *,
    source: str = SOURCE,
    kind: EntryKind = EntryKind.CREATED,
    at: datetime = T0,
) -> NewEntry:
    """Return one batch as the door appends it."""
    return NewEntry(kind=kind, source=source, observed_at=at, payload=payload)


def metrics(**fields: int) -> Metrics:
    return Metrics(**fields)


def reason(
    code: ReasonCode = ReasonCode.NEGATIVE_BURST, value: float = 90.0, threshold: float = 30.0
) -> Reason:
    return Reason(code=code, value=value, threshold=threshold, met=value >= threshold)


def assessment(
    level: Level = Level.STRONG_WIND, *, at: datetime = T0, topic: str = TOPIC, **fields: Any
) -> Assessment:
    """Return an assessment of ``topic`` for the bin that ends at ``at``."""
    values: dict[str, Any] = {
        "social": level,
        "media": Level.CALM,
        "interrupt": level >= Level.STRONG_WIND,
        "return_period_days": 90.0,
        "reasons": (reason(),),
        "onset": at - timedelta(minutes=15),
    }
    return Assessment(topic=topic, at=at, level=level, **(values | fields))


def result(
    start: datetime = T0,
    *,
    topic: str = TOPIC,
    level: Level = Level.CALM,
    revision: int = 0,
    assessed: Assessment | None = None,
    mentions: int = 4,
    negatives: int = 1,
    expected_mentions: float = 3.5,
    expected_negatives: float = 0.5,
    uplift: float = 1.0,
) -> BinResult:
    return BinResult(
        topic=topic,
        start=bin_start(start),
        revision=revision,
        mentions=mentions,
        negatives=negatives,
        expected_mentions=expected_mentions,
        expected_negatives=expected_negatives,
        level=int(level),
        assessment=assessed,
        uplift=uplift,
    )


def watch(topic: str = TOPIC, *, until: datetime | None = T0, **state: Any) -> WatchState:
    return WatchState(topic=topic, closed_until=until, state=state)


def planned(
    id: str = "webinar-1",
    *,
    kind: PlannedKind = PlannedKind.EVENT,
    starts: datetime = T0,
    hours: float = 2.0,
    uplift: float | None = 10.0,
    topics: tuple[str, ...] = (TOPIC,),
    **fields: Any,
) -> Planned:
    """Return an announced webinar of ``hours``, in no store yet."""
    values: dict[str, Any] = {"type": "webinar", "title": "Webinar on fares", "actor": "kim"}
    return Planned(
        id=id,
        kind=kind,
        topics=topics,
        starts=starts,
        ends=starts + timedelta(hours=hours),
        uplift=uplift,
        at=T0 - timedelta(days=3),
        **(values | fields),
    )


def source_state(source: str = SOURCE, **fields: Any) -> SourceState:
    """Return the health of a source whose clock has seen one item at `T0`."""
    return SourceState(clock=SourceClock(source=source).saw(T0, after(2)), **fields)


def incident(
    *,
    topics: tuple[str, ...] = (TOPIC,),
    level: Level = Level.STRONG_WIND,
    status: Status = Status.NEW,
    onset: datetime = T0,
    counter: int = 1,
    ref: str | None = None,
    **fields: Any,
) -> Incident:
    """Return an open incident of level 4; ``counter`` makes another one of the same topic."""
    values: dict[str, Any] = {
        "peak": level,
        "episode": 1,
        "opened_at": onset + timedelta(minutes=20),
        "updated_at": onset + timedelta(minutes=20),
        "reasons": (reason(),),
    }
    return Incident(
        id=incident_id(topics[0], onset, counter),
        ref=ref or f"2026-{counter:04d}",
        topics=topics,
        status=status,
        level=level,
        onset=onset,
        **(values | fields),
    )


def fact(
    kind: FactKind = FactKind.NOTE, *, at: datetime = T0, actor: str = MACHINE, **payload: Any
) -> Fact:
    return Fact(kind=kind, at=at, observed_at=at, actor=actor, payload=payload)


def alert(
    of: Incident | None = None,
    *,
    reason: NotifyReason = NotifyReason.FIRST,
    action: Action | None = None,
    level: Level | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Alert:
    """Return an alert about ``of``; its action follows from ``reason`` unless stated."""
    storm = of or incident()
    follows = {
        NotifyReason.ACKNOWLEDGED: Action.ACKNOWLEDGE,
        NotifyReason.RESOLVED: Action.RESOLVE,
    }
    when = at or storm.opened_at
    values: dict[str, Any] = {
        "topic": storm.topic,
        "topic_name": "Acme Bahn",
        "timezone": "Europe/Berlin",
        "since": storm.onset,
        "mentions": 64,
        "negatives": 41,
        "expected": 3.2,
        "return_period_days": 90.0,
        "reasons": storm.reasons,
        "quotes": (Quote(text="Kein Zug, keine Auskunft", source=SOURCE, at=storm.onset),),
        "next_step": "Lage pruefen",
        "links": (("page", f"http://localhost:8787/incidents/{storm.id}"),),
    }
    return Alert(
        id=alert_id(storm.id, storm.episode, reason, level or storm.level, when),
        incident=storm.id,
        ref=storm.ref,
        key=storm.key,
        action=action or follows.get(reason, Action.TRIGGER),
        reason=reason,
        level=level or storm.level,
        at=when,
        **(values | fields),
    )


def playbook(id: str = "outage", *, steps: int = 2, trigger: Trigger | None = None) -> Playbook:
    """Return a playbook of ``steps`` steps, due every ten minutes."""
    return Playbook(
        id=id,
        title=Text(de="Ausfall", en="Outage"),
        summary=Text(de="Wenn etwas steht", en="When something stands still"),
        trigger=trigger or Trigger(),
        steps=tuple(
            Step(
                id=f"step-{n}",
                title=Text(de=f"Schritt {n}", en=f"Step {n}"),
                text=Text(de="Tun", en="Do it"),
                role=Role.LEAD,
                due=timedelta(minutes=10 * n),
            )
            for n in range(1, steps + 1)
        ),
        version="1f2e3d",
        notes={"origin": "tests"},
    )


def run(of: Incident | None = None, *, book: Playbook | None = None, **fields: Any) -> Run:
    """Return a run that has just started for ``of``, all steps open."""
    storm, plan = of or incident(), book or playbook()
    start = storm.opened_at
    return Run(
        id=f"{storm.id}-{storm.episode}-{plan.id}",
        incident=storm.id,
        playbook=plan,
        started_at=start,
        steps=tuple(
            RunStep(step=step.id, state=StepState.OPEN, due_at=start + step.due)
            for step in plan.steps
        ),
        **fields,
    )
