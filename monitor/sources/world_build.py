"""World: a seeded stream of invented mentions that is the same however the span is cut.

Chance is drawn per (seed, strand, hour) for counts and per (seed, strand, minute) for content, so
that [a, b) followed by [b, c) equals [a, c), and a live source can begin anywhere.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from detectors.mention import Author, Direction, Kind, Mention, Metrics
from monitor.sources.world_people import paper, person
from monitor.sources.world_plan import (
    CHANNELS,
    Channel,
    LoudEvent,
    Outage,
    Storm,
    Truth,
    event_truth,
    storm_truth,
)
from monitor.sources.world_texts import Brand, Tone, Voice

K = TypeVar("K")
HOUR_S = 3600
MINUTE_S = 60
REGULARS = 4_000
"""People who talk about a brand on calm days; a few of them talk much more than the rest."""
ANNOUNCED = timedelta(hours=2)
"""How long before a loud event the brand tells of it."""
CROWD = 60_000
"""People a storm can bring in."""


class Labelled(NamedTuple):
    """A mention and the truth about it: the tone its maker meant, and the strand it belongs to."""

    mention: Mention
    tone: Tone
    strand: str


@dataclass(frozen=True, slots=True)
class Strand:
    """One channel's part of one thing that happens: calm talk, a storm, an event."""

    name: str
    channel: Channel
    number: int
    part: Storm | LoudEvent | None
    share: float
    delay: timedelta
    start: datetime | None
    end: datetime | None
    theme: str
    tones: tuple[tuple[Tone, ...], tuple[float, ...]]
    langs: tuple[tuple[str, ...], tuple[float, ...]]
    copies: float


class World:
    """One invented brand and all that is said about it.

    ``per_day`` mentions on a calm day over all ``channels``; the times of ``storms``, ``events``
    and ``outages`` are event time. ``beside`` are worlds of other brands whose mentions are merged
    in. Cost: about 30 microseconds a mention, memory for one minute.
    """

    def __init__(
        self,
        seed: int,
        brand: Brand,
        *,
        per_day: float = 1_200.0,
        channels: Sequence[Channel] = CHANNELS,
        storms: Sequence[Storm] = (),
        events: Sequence[LoudEvent] = (),
        outages: Sequence[Outage] = (),
        langs: Mapping[str, float] | None = None,
        zone: str = "Europe/Berlin",
        beside: Sequence[World] = (),
    ) -> None:
        self.seed = seed
        self.brand = brand
        self.per_day = per_day
        self.storms = tuple(storms)
        self.events = tuple(events)
        self.outages = tuple(outages)
        self.channels = tuple(channels)
        self.beside = tuple(beside)
        self._zone = ZoneInfo(zone)
        self._langs = dict(langs or {"de": 0.75, "en": 0.25})
        spoken = set(self._langs)
        for mix in (*(s.langs for s in self.storms), *(e.langs for e in self.events)):
            spoken.update(mix)
        self._voices = {lang: Voice(brand, lang) for lang in sorted(spoken)}
        self._announced = {
            int((e.start - ANNOUNCED).timestamp()) // MINUTE_S for e in self.events if e.announced
        }
        self._strands = tuple(self._make_strands())
        self._counts = lru_cache(maxsize=64 * len(self._strands))(self._draw_counts)

    @property
    def calm_per_hour(self) -> float:
        return self.per_day / 24

    def sources(self) -> tuple[str, ...]:
        """Return the names of all sources, those of the worlds beside included."""
        names = {channel.name for channel in self.channels}
        return tuple(sorted(names.union(*(w.sources() for w in self.beside))))

    def truth(self) -> list[Truth]:
        """Return what really happens, by onset: for benches, never for detectors."""
        calm = self.calm_per_hour
        found = [storm_truth(s, self.brand, calm) for s in self.storms]
        found += [event_truth(e, self.brand, calm) for e in self.events]
        for world in self.beside:
            found += world.truth()
        return sorted(found, key=lambda t: t.onset)

    def out(self, source: str, at: datetime) -> bool:
        """True when an outage keeps that source silent at that instant."""
        worlds = (self, *self.beside)
        return any(o.covers(source, at) for w in worlds for o in w.outages)

    def mentions(self, start: datetime, end: datetime) -> Iterator[Mention]:
        """Yield the mentions published in [start, end), oldest first."""
        return (made.mention for made in self.labelled(start, end))

    def labelled(self, start: datetime, end: datetime) -> Iterator[Labelled]:
        """Yield what `mentions` yields, with the truth beside each."""
        if not self.beside:
            return self._own(start, end)
        worlds = (self, *self.beside)
        return heapq.merge(*(w._own(start, end) for w in worlds), key=_order)

    def _own(self, start: datetime, end: datetime) -> Iterator[Labelled]:
        low, high = start.timestamp(), end.timestamp()
        for hour in range(int(low // HOUR_S), int(-(-high // HOUR_S))):
            counts = [
                (strand, self._counts(strand.number, hour))
                for strand in self._strands
                if _touches(strand, hour)
            ]
            for minute in range(hour * 60, hour * 60 + 60):
                if (minute + 1) * MINUTE_S <= low or minute * MINUTE_S >= high:
                    continue
                made: list[Labelled] = []
                for strand, per_minute in counts:
                    if per_minute[minute % 60]:
                        made += self._minute(strand, minute, per_minute[minute % 60])
                if minute % 60 == 30 or minute in self._announced:
                    made += self._brand_speaks(minute)
                made.sort(key=_order)
                yield from (m for m in made if low <= m.mention.published_at.timestamp() < high)

    # --- how many -------------------------------------------------------------------------

    def _draw_counts(self, number: int, hour: int) -> list[int]:
        strand = self._strands[number]
        rng = np.random.default_rng([self.seed, number, hour, _code(self.brand.id)])
        begin = datetime.fromtimestamp(hour * HOUR_S, UTC)
        if strand.part is None:
            rates = np.full(60, self._calm_rate(strand, begin, rng) / 60)
        else:
            calm = self.calm_per_hour
            middles = (begin - strand.delay + timedelta(minutes=m + 0.5) for m in range(60))
            rates = np.array([strand.part.rate(at, calm) * strand.share / 60 for at in middles])
        drawn: list[int] = rng.poisson(rates).tolist()
        return drawn

    def _calm_rate(self, strand: Strand, begin: datetime, rng: np.random.Generator) -> float:
        local = begin.astimezone(self._zone)
        channel, weekend = strand.channel, local.weekday() >= 5
        hours = channel.weekend_hours if weekend else channel.weekday_hours
        day = Random(f"{self.seed}/{self.brand.id}/{strand.name}/{local.date()}")
        return (
            self.calm_per_hour
            * strand.share
            * hours[local.hour]
            * (channel.weekend if weekend else 1.06)
            * day.lognormvariate(-0.02, 0.2)
            * float(rng.gamma(12.0, 1 / 12.0))
        )

    def _make_strands(self) -> Iterator[Strand]:
        number = 0
        total = sum(c.share for c in self.channels)
        for channel in self.channels:
            yield Strand(
                f"calm/{channel.name}", channel, number, None, channel.share / total, timedelta(0),
                None, None, "", _cumulated(channel.tones), _cumulated(self._langs), 0.02,
            )  # fmt: skip
            number += 1
        by_name = {c.name: c for c in self.channels}
        parts: list[Storm | LoudEvent] = [*self.storms, *self.events]
        for index, part in enumerate(parts):
            used = [by_name[name] for name in part.sources if name in by_name]
            shares = [_loudness(c) for c in used]
            for place, (channel, share) in enumerate(zip(used, shares, strict=True)):
                begin, delay = _begin(part, place, channel)
                kind = "storm" if isinstance(part, Storm) else "event"
                yield Strand(
                    f"{kind}{index}/{part.theme}/{channel.name}", channel, number, part,
                    share / sum(shares), delay, begin, part.end(self.calm_per_hour) + delay,
                    part.theme, _cumulated(_tones(part)), _cumulated(part.langs), part.copies,
                )  # fmt: skip
                number += 1

    # --- what -----------------------------------------------------------------------------

    def _minute(self, strand: Strand, minute: int, count: int) -> Iterator[Labelled]:
        rng = Random(
            (self.seed << 64) ^ (_code(self.brand.id) << 40) ^ (strand.number << 32) ^ minute
        )
        for index in range(count):
            made = self._one(strand, minute, index, rng)
            if not self._lost(made.mention):
                yield made

    def _lost(self, mention: Mention) -> bool:
        return any(o.covers(mention.source, mention.published_at) for o in self.outages)

    def _one(self, strand: Strand, minute: int, index: int, rng: Random) -> Labelled:
        channel = strand.channel
        at = datetime.fromtimestamp(minute * MINUTE_S + int(rng.random() * 60_000) / 1000, UTC)
        tone = _weighted(rng, strand.tones)
        lang = _weighted(rng, strand.langs)
        voice = self._voices[lang]
        source_id = self._id(strand, minute, index)
        thread, parent = self._thread(strand, minute, index, source_id, rng)
        kind = channel.reply_kind if parent else channel.kind
        title, rating, author = "", None, self._author(strand, rng)
        if channel.kind is Kind.ARTICLE:
            tone = Tone.NEUTRAL
            title, text = self._article(voice, strand, rng)
            author = paper(self.seed, rng.randrange(50))
        elif strand.theme and rng.random() < strand.copies:
            text = voice.call(rng, strand.theme, rng.randrange(4) + 10 * strand.number)
            tone = Tone.NEGATIVE if isinstance(strand.part, Storm) else Tone.PRAISE
            kind = Kind.SHARE if channel.reply_kind is Kind.REPLY and not parent else kind
        else:
            text = voice.post(rng, tone, strand.theme, review=channel.rated)
        if channel.rated:
            rating = _rating(rng, tone)
        mention = Mention(
            source=channel.name, source_id=source_id, text=text, published_at=at,
            url=f"https://{channel.name}.example/{source_id}", title=title,
            lang=lang if channel.states_lang else "", kind=kind, author=author,
            thread_id=thread, parent_id=parent, metrics=_metrics(rng, channel), rating=rating,
        )  # fmt: skip
        return Labelled(mention, tone, strand.name)

    def _article(self, voice: Voice, strand: Strand, rng: Random) -> tuple[str, str]:
        if strand.theme:
            return voice.headline(rng, strand.theme)
        return voice.post(rng, Tone.NEUTRAL), voice.post(rng, Tone.NEUTRAL)

    def _id(self, strand: Strand, minute: int, index: int) -> str:
        return f"{self.brand.id}-{strand.number}-{minute:x}-{index}"

    def _thread(
        self, strand: Strand, minute: int, index: int, own: str, rng: Random
    ) -> tuple[str, str]:
        """Return (thread id, parent id). Number 0 of a minute always starts a thread, so that a
        later reply can name it without having seen it."""
        if index == 0 or rng.random() >= strand.channel.replies:
            return own, ""
        back = minute - int(rng.expovariate(1 / 25))
        if strand.theme:
            back -= back % 10  # a storm gathers in few threads
        if back < minute and self._counts(strand.number, back // 60)[back % 60]:
            root = self._id(strand, back, 0)
            return root, root
        return own, ""

    def _author(self, strand: Strand, rng: Random) -> Author:
        if strand.part is None or rng.random() < 0.3:
            return person(self.seed, int(REGULARS * rng.random() ** 2.2))
        offset = 1_000_000 + strand.number // len(self.channels) * CROWD
        return person(self.seed, offset + int(CROWD * rng.random() ** 1.3))

    def _brand_speaks(self, minute: int) -> list[Labelled]:
        """Return the brand's own posts: one on weekday mornings, one before each loud event."""
        occasions = ["event"] if minute in self._announced else []
        at = datetime.fromtimestamp(minute * MINUTE_S, UTC)
        if minute % 60 == 30:
            local = at.astimezone(self._zone)
            if local.hour == 10 and local.weekday() < 5:
                occasions.append("calm")
        posts = [self._own_post(at, occasion) for occasion in occasions]
        return [post for post in posts if not self._lost(post.mention)]

    def _own_post(self, at: datetime, occasion: str) -> Labelled:
        rng = Random(f"{self.seed}/{self.brand.id}/own/{at.isoformat()}")
        lang = max(self._langs, key=lambda name: self._langs[name])
        source, source_id = self.channels[0].name, f"{self.brand.id}-own-{int(at.timestamp()):x}"
        mention = Mention(
            source=source, source_id=source_id, text=self._voices[lang].own(rng, occasion),
            published_at=at, url=f"https://{source}.example/{source_id}", thread_id=source_id,
            author=Author(handle=self.brand.handle.lstrip("@"), followers=18_400, verified=True),
            direction=Direction.OWN,
        )  # fmt: skip
        return Labelled(mention, Tone.NEUTRAL, "own")


def _order(made: Labelled) -> tuple[datetime, str, str]:
    return made.mention.published_at, made.mention.source, made.mention.source_id


def _touches(strand: Strand, hour: int) -> bool:
    if strand.start is None or strand.end is None:
        return True
    return (
        strand.start.timestamp() < (hour + 1) * HOUR_S
        and strand.end.timestamp() + HOUR_S > hour * HOUR_S
    )


def _begin(part: Storm | LoudEvent, place: int, channel: Channel) -> tuple[datetime, timedelta]:
    """Return when a channel joins, and how far its curve is moved: newsrooms write later."""
    if isinstance(part, LoudEvent):
        return part.start, timedelta(0)
    delay = part.spread * place
    return part.onset + delay, delay


def _loudness(channel: Channel) -> float:
    """Return a channel's weight in a storm or event: newsrooms write far fewer pieces."""
    return channel.share * (0.2 if channel.kind is Kind.ARTICLE else 1.0)


def _tones(part: Storm | LoudEvent) -> dict[Tone, float]:
    if isinstance(part, Storm):
        # Near-copies are negative by construction: what is drawn makes up for them.
        drawn = max(0.0, (part.negativity - part.copies) / (1 - part.copies))
        sarcasm = min(part.sarcasm, drawn)
        rest = 1.0 - drawn
        return {
            Tone.NEGATIVE: drawn - sarcasm, Tone.SARCASM: sarcasm, Tone.QUESTION: rest * 0.45,
            Tone.NEUTRAL: rest * 0.4, Tone.PRAISE: rest * 0.15,
        }  # fmt: skip
    rest = 1.0 - part.praise - part.negativity
    return {
        Tone.PRAISE: part.praise, Tone.NEGATIVE: part.negativity * 0.7,
        Tone.SARCASM: part.negativity * 0.3, Tone.NEUTRAL: rest * 0.7, Tone.QUESTION: rest * 0.3,
    }  # fmt: skip


def _cumulated(weights: Mapping[K, float]) -> tuple[tuple[K, ...], tuple[float, ...]]:
    total = sum(weights.values())
    return tuple(weights), tuple(accumulate(w / total for w in weights.values()))


def _weighted(rng: Random, table: tuple[tuple[K, ...], tuple[float, ...]]) -> K:
    roll = rng.random()
    for option, bound in zip(*table, strict=True):
        if roll < bound:
            return option
    return table[0][-1]


def _rating(rng: Random, tone: Tone) -> float:
    if tone in (Tone.NEGATIVE, Tone.SARCASM):
        return float(rng.choice((1, 1, 1, 2)))
    return float(rng.choice((5, 5, 4))) if tone is Tone.PRAISE else 3.0


def _metrics(rng: Random, channel: Channel) -> Metrics | None:
    if channel.rated or rng.random() < 0.4:
        return None
    likes = int(rng.lognormvariate(0.6, 1.2))
    return Metrics(likes=likes, shares=likes // 6 if channel.states_lang else None)


def _code(brand_id: str) -> int:
    return int.from_bytes(brand_id.encode()[:3].ljust(3, b"\0"), "big")
