"""Filling the situation room: from the store's snapshots to the view types of `dashboards.web`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.fact import Fact, FactKind
from alerts.incident import Incident
from dashboards.web.curve import Curve, Mark, MarkKind, Point, Range, Span, Spark
from dashboards.web.gaps import Gap, GapKind
from dashboards.web.views import Chrome, Detail, Situation, Tile, Trend, Unknown
from detectors.detection import WATCH, Level, Reason, ReasonCode
from detectors.silencers import Silencer, silencers
from detectors.thresholds import Thresholds
from detectors.topic import Topic
from detectors.window import BIN, BIN_S, bin_start
from monitor.desk.calibration import moved
from monitor.desk.corrections import unreliable
from monitor.desk.coverage import gaps, hushed, unseen
from monitor.desk.planned import announced
from monitor.desk.query_health import standing
from monitor.desk.watchers import expected
from monitor.pipeline.awake import RUNNING, blind_spans
from monitor.ports import BinResult, CurvePoint, Reader, SourceState
from monitor.server.page_incidents import row_of
from monitor.server.page_posts import HOUR, Heard
from monitor.service import Service

SPARK = timedelta(hours=3)
STALLED = timedelta(minutes=30)
"""Without a closed bin for so long, a topic is unknown: nobody is measuring."""
STEPS: Mapping[Span, tuple[timedelta, int]] = {
    Span.HOUR: (HOUR, 60),
    Span.QUARTER: (timedelta(hours=6), 300),
    Span.DAY: (timedelta(days=1), 900),
    Span.WEEK: (timedelta(days=7), 3600),
}
"""How far each span reaches, and in steps of how many seconds."""
CARRIED = 400
"""Newest posts by which a topic's sources are known."""
UNSEEN_SHARE = 0.5
"""A topic that got so much from sources now out of sight is unknown where it looks calm."""
UNREAD_SHARE = 0.05
"""Unreadable tone is named among the gaps from this share on."""

MARKS: Mapping[FactKind, MarkKind] = {
    FactKind.OPENED: MarkKind.OPENED,
    FactKind.REOPENED: MarkKind.OPENED,
    FactKind.LEVEL_ROSE: MarkKind.ROSE,
    FactKind.ACKNOWLEDGED: MarkKind.ACKNOWLEDGED,
    FactKind.RESOLVED: MarkKind.RESOLVED,
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of the sources at one moment."""

    states: Mapping[str, SourceState]
    dark: frozenset[str]
    known: frozenset[str]

    @classmethod
    def of(cls, service: Service, now: datetime) -> Sight:
        states = service.store.read.sources()
        types = {name: source.type for name, source in service.settings.sources.items()}
        found = gaps(states, (), now, configured=types)
        return cls(states, unseen(found), frozenset({*states, *types}))

    @property
    def data_until(self) -> datetime | None:
        """The newest time that any source told us of."""
        marks = [s.clock.watermark for s in self.states.values() if s.clock.watermark]
        return max(marks, default=None)


@dataclass(frozen=True, slots=True)
class Reading:
    """One topic as read once: its tile, its newest bin, its last three hours."""

    topic: Topic
    tile: Tile
    latest: BinResult | None
    mentions: int


def situation(
    service: Service,
    chrome: Chrome,
    sight: Sight,
    *,
    chosen: str,
    span: Span,
    table: bool,
    heard: Heard,
) -> Situation:
    """Return the situation room with ``chosen`` (a topic id; "": the worst) in the middle."""
    now, read = chrome.now, service.store.read
    readings = sorted((reading(read, t, sight, now) for t in service.topics.values()), key=_rank)
    middle = next((r for r in readings if r.topic.id == chosen), readings[0] if readings else None)
    anything = sight.data_until is not None or any(r.latest for r in readings)
    shown = anything and middle is not None
    return Situation(
        chrome=chrome,
        gaps=_gaps(service, sight, readings, now),
        tiles=tuple(r.tile for r in readings),
        detail=_detail(service, middle, sight, span, now, heard, chrome.viewer.lang)
        if shown and middle
        else None,
        span=span,
        table=table,
        anything=shown,
        topics_configured=bool(service.topics),
        sources_configured=bool(service.settings.sources),
        senders=tuple(n for n, s in service.settings.sources.items() if s.type == "http"),
    )


def reading(read: Reader, topic: Topic, sight: Sight, now: datetime) -> Reading:
    """Return what the list shows of one topic; four small reads."""
    latest = read.latest(topic.id)
    closed = latest.start + BIN if latest else None
    points = read.curve(topic.id, bin_start(now) - SPARK, bin_start(now), BIN_S)
    known = [p for p in points if closed and p.at < closed and p.level is not None]
    counts = read.counts(topic.id, now - HOUR, now + timedelta(minutes=1))
    hour = known[-12:]
    expected = sum(p.expected_negatives or 0.0 for p in hour)
    carried = _carried(read, topic.id, now)
    unknown, blind = _unknown(latest, carried, sight, now)
    spans = read.capped(now - HOUR, now)
    tile = Tile(
        topic=topic.id,
        name=topic.name,
        brand=topic.brand,
        level=None if unknown or latest is None else Level(latest.level),
        trend=_trend(known),
        negatives=counts.negatives,
        expected=Range.around(expected) if hour else None,
        spark=_spark(points, closed),
        at=closed,
        unknown=unknown,
        blind=blind,
        capped=tuple(sorted({s.source for s in spans} & carried.keys())),
    )
    return Reading(topic, tile, latest, counts.mentions)


def _rank(r: Reading) -> tuple[float, int, str]:
    """Worst first; unknown stands between watching and calm."""
    level = WATCH - 0.5 if r.tile.level is None else float(r.tile.level)
    return -level, -r.tile.negatives, r.topic.name


def _carried(read: Reader, topic: str, now: datetime) -> Counter[str]:
    """Return which sources brought the topic's newest posts of the last week."""
    return Counter(read.window(topic, now - timedelta(days=7), now, CARRIED).source)


def _unknown(
    latest: BinResult | None, carried: Counter[str], sight: Sight, now: datetime
) -> tuple[Unknown | None, tuple[str, ...]]:
    """Return why no level may be shown, and which missing sources matter where one is."""
    if latest is None:
        return Unknown.NO_DATA, ()
    if now - (latest.start + BIN) > STALLED:
        return Unknown.STALLED, ()
    missing = tuple(sorted(name for name in carried if name in sight.dark))
    total = sum(carried.values())
    lost = sum(carried[name] for name in missing) / total if total else 0.0
    all_dark = bool(sight.known) and sight.dark >= sight.known
    # A storm is shown whatever else is dark: what we do see is grave enough.
    if latest.level < WATCH and (all_dark or lost >= UNSEEN_SHARE):
        return Unknown.BLIND, missing
    if hushed(latest):
        return Unknown.HUSHED, missing
    return None, missing


def _trend(closed: Sequence[CurvePoint]) -> Trend:
    """Compare negatives of the last quarter of an hour with the one before, in closed bins."""
    recent = sum(p.negatives for p in closed[-3:])
    prior = sum(p.negatives for p in closed[-6:-3])
    if recent >= prior * 1.25 and recent - prior >= 3:
        return Trend.RISING
    if prior >= recent * 1.25 and prior - recent >= 3:
        return Trend.FALLING
    return Trend.FLAT


def _spark(points: Sequence[CurvePoint], closed: datetime | None) -> Spark:
    shown = [p for p in points if closed is None or p.at < closed]
    return Spark(
        values=tuple(p.negatives if p.level is not None else None for p in shown),
        high=tuple(Range.around(p.expected_negatives or 0.0).high for p in shown),
    )


def _gaps(
    service: Service, sight: Sight, readings: Sequence[Reading], now: datetime
) -> tuple[Gap, ...]:
    """Return everything that is not seen: what is broken first, then limits, then what never is."""
    types = {name: source.type for name, source in service.settings.sources.items()}
    found: list[Gap] = []
    spans = service.store.read.capped(now - HOUR, now)
    topics = list(service.topics.values())
    for gap in gaps(sight.states, topics, now, configured=types, capped=spans):
        topic = service.topics.get(gap.topic)
        state = sight.states.get(gap.source)
        found.append(
            Gap(
                kind=GapKind(gap.kind.value),
                name=topic.name if topic else gap.source,
                since=gap.since,
                usual_s=state.clock.gap_s if state else 0.0,
                size_s=gap.seconds,
                detail=gap.detail,
            )
        )
    found += [
        Gap(GapKind.YOUNG_TOPIC, r.topic.name, days=reason.value)
        for r in readings
        for reason in _reasons(r.latest)
        if reason.code is ReasonCode.YOUNG_TOPIC and reason.met
    ]
    found += [
        Gap(GapKind.HUSHED, r.topic.name, since=_newest(service.store.read, r.topic.id, now))
        for r in readings
        if r.tile.unknown is Unknown.HUSHED
    ]
    share = _unread_share(service, now)
    if share >= UNREAD_SHARE:
        found.append(Gap(GapKind.PICTURES, share=share))
    found += _absences(service, now)
    found.sort(key=lambda gap: list(GapKind).index(gap.kind))
    return (*found, Gap(GapKind.CLOSED))


def _absences(service: Service, now: datetime) -> Iterator[Gap]:
    """Yield who is expected to speak and does not, and when we ourselves did not run within a day."""
    read = service.store.read
    for one in expected(read, service.settings.to_expected()):
        if one.missing_since is not None:
            yield Gap(GapKind.MISSING, one.name, since=one.missing_since)
    for span in blind_spans(read.beat(RUNNING)):
        if span.until > now - timedelta(days=1):
            yield Gap(GapKind.ASLEEP, since=span.since, until=span.until)


def _newest(read: Reader, topic: str, now: datetime) -> datetime | None:
    """Return when the topic's newest post of the last week was written."""
    window = read.window(topic, now - timedelta(days=7), now, 1)
    return datetime.fromtimestamp(window.at[-1], UTC) if window.at else None


def _unread_share(service: Service, now: datetime) -> float:
    counts = [service.store.read.counts(t, now - HOUR, now) for t in service.topics]
    total = sum(c.mentions for c in counts)
    return sum(c.unread for c in counts) / total if total else 0.0


def _reasons(latest: BinResult | None) -> tuple[Reason, ...]:
    return latest.assessment.reasons if latest and latest.assessment else ()


def _silent(read: Reader, r: Reading) -> tuple[Silencer, ...]:
    """Return what would have kept the newest bin below 4, by the thresholds that judged it."""
    seen = r.latest.assessment if r.latest else None
    if seen is None:
        return ()
    topic = moved(r.topic, read.calibrations(r.topic.id))
    return silencers(seen, Thresholds(topic.thresholds), topic.alarm_budget_days)


# --- the chosen topic -------------------------------------------------------------------------


def _detail(
    service: Service, r: Reading, sight: Sight, span: Span, now: datetime, heard: Heard, lang: str
) -> Detail:
    read, topic, tile = service.store.read, r.topic.id, r.tile
    found = [i for i in read.incidents(limit=50) if topic in i.topics]
    current = max((i for i in found if i.is_open), key=lambda i: i.level, default=None)
    assessment = r.latest.assessment if r.latest else None
    onset = assessment.onset if assessment and tile.level and tile.level >= WATCH else None
    since = read.counts(topic, onset, now + timedelta(minutes=1)) if onset else None
    voice = heard.voices(read, topic, now)
    authors = [x for x in _reasons(r.latest) if x.code is ReasonCode.NEGATIVE_AUTHORS]
    runs = read.runs(current.id) if current else []
    return Detail(
        tile=tile,
        mentions=r.mentions,
        curve=_curve(read, r, found, onset, span, now),
        onset=onset,
        since_mentions=since.mentions if since else 0,
        since_negatives=since.negatives if since else 0,
        authors=round(authors[0].value) if authors else None,
        media=assessment.media if assessment else Level.CALM,
        reasons=_reasons(r.latest),
        silent=_silent(read, r),
        posts=voice.posts,
        terms=voice.terms,
        term_posts=voice.texts,
        sources=voice.sources,
        sources_known=len(sight.known),
        langs=voice.langs,
        unread=voice.unread,
        about=voice.about,
        looked_at=voice.looked_at,
        incident=row_of(service, current, now) if current else None,
        playbook=runs[-1].playbook.title.in_(lang) if runs else "",
        run_anchor="run-1" if runs else "",
        ours=_ours(read, topic, now),
        recall=unreliable(read, topic, now),
    )


def _ours(read: Reader, topic: str, now: datetime) -> float | None:
    """Return how much of what the query finds is ours, where that is too little."""
    found = standing(read, topic, now)
    return found.precision.share if found.precision and found.too_low else None


def _curve(
    read: Reader,
    r: Reading,
    incidents: Sequence[Incident],
    onset: datetime | None,
    span: Span,
    now: datetime,
) -> Curve:
    length, step_s = STEPS[span]
    step = timedelta(seconds=step_s)
    closed = r.latest.start + BIN if r.latest else None
    points = read.curve(r.topic.id, now - length, now, step_s)
    since = points[0].at if points else now
    carried = _carried(read, r.topic.id, now)
    spans = [s for s in read.capped(since, now) if s.source in carried]
    marks = [Mark(onset, MarkKind.ONSET)] if onset else []
    marks += [
        Mark(e.starts, MarkKind.PLANNED, until=e.core[1], text=e.title)
        for e in announced(read, since, now, r.topic.id)
    ]
    for incident in incidents[:3]:
        if incident.updated_at >= since:
            marks += filter(None, map(_mark, read.facts(incident.id)))
    return Curve(
        span=span,
        step_s=step_s,
        points=tuple(
            Point(
                at=p.at,
                mentions=p.mentions,
                negatives=p.negatives,
                expected=_expected(p),
                level=None if p.level is None else Level(p.level),
                open=closed is None or p.at + step > closed,
                capped=any(s.since < p.at + step and s.until > p.at for s in spans),
            )
            for p in points
        ),
        marks=_once([m for m in marks if (m.until or m.at) >= since]),
    )


def _once(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Drop a rise that is told at the moment of an opening: one thing happened."""
    opened = {m.at for m in marks if m.kind is MarkKind.OPENED}
    return tuple(m for m in marks if m.kind is not MarkKind.ROSE or m.at not in opened)


def _expected(point: CurvePoint) -> Range | None:
    mean = point.expected_negatives
    return None if mean is None else Range.around(mean)


def _mark(fact: Fact) -> Mark | None:
    kind = MARKS.get(fact.kind)
    level = fact.payload.get("level")
    if kind is None:
        return None
    return Mark(fact.at, kind, Level(level) if isinstance(level, int) else None)
