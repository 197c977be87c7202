"""Response: what is said and begun once an incident deserves it: evidence, playbook, alert."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert, NotifyReason, Quote, compose
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.routing import Plan, Route, plan
from detectors.card import POSTS, Card, Part, card, first_negative, in_order, negatives
from detectors.detection import Assessment, ReasonCode
from detectors.measures import measure, representatives
from detectors.score.base import Tone
from detectors.thresholds import Thresholds
from detectors.topic import Topic
from detectors.window import BIN, Window
from monitor.desk.corrections import reading_error
from monitor.pipeline.lines import Line, stamp
from monitor.ports import Post, Reader, Transaction
from playbooks.match import match
from playbooks.playbook import Playbook
from playbooks.run import Run, next_step, raise_level, run_id, start

SAMPLE = 400
"""Posts read on each side to tell what is new; more would not change the first six terms."""
QUOTES = 3
EVIDENCE = POSTS
TERMS = 3
"""New words named in one alert; the page has them all."""
ROWS = 5_000
"""Newest posts of a burst that its card is made of, of a day at most."""
FIRST_WITHIN = 3 * BIN
"""How long after the onset's bin began its first negative post is looked for."""
FIRST_ROWS = 100
LATE = 3 * BIN
"""First posts that came later than this after their burst began: until then we were blind."""
DAY = timedelta(days=1)
SHARE = 0.2
"""Of a burst's negatives: what is named in an alert as its language, source or hashtag."""
_TAG = re.compile(r"(?<!\w)#(\w{2,50})")
_NEGATIVE = int(Tone.NEGATIVE)
PRIVATE = ("dm", "mail")


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst is about: quoted posts, words of danger, posts kept as evidence, and its card.

    ``authors``: distinct authors of the last hour's negatives."""

    quotes: tuple[Quote, ...]
    texts: tuple[str, ...]
    tripwires: tuple[str, ...]
    evidence: tuple[int, ...]
    card: Card
    authors: int = 0

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(t.term for t in self.card.terms)


class Response:
    """Builds bursts, alerts and runs from what is stored. Holds no state of its own."""

    def __init__(
        self,
        reader: Reader,
        topics: Mapping[str, Topic],
        playbooks: Mapping[str, Playbook],
        routes: Sequence[Route],
        page_url: str,
        language: str,
    ) -> None:
        self._reader = reader
        self._topics = topics
        self._playbooks = playbooks
        self._routes = routes
        self._page_url = page_url.rstrip("/")
        self._language = language

    def burst(self, window: Window, seen: Assessment, incident: Incident, expected: float) -> Burst:
        """Return what the last hour is about, and the card of all since the burst began.

        ``window`` of the last hour, ``expected`` negatives of it. Deterministic: the same rows give
        the same burst.
        """
        hour = in_order(window)
        telling = representatives(hour, EVIDENCE)
        posts = {p.num: p for p in self._reader.posts([hour.num[i] for i, _ in telling])}
        quotes = [
            _quote(posts[hour.num[i]], copies)
            for i, copies in telling
            if hour.num[i] in posts and posts[hour.num[i]].kind not in PRIVATE
        ]
        now = self._texts(negatives(hour))
        # What was said before the burst began, else a storm of hours is compared with itself.
        calm = min(window.since, seen.onset or window.since)
        before = self._reader.window(seen.topic, calm - DAY, calm, SAMPLE)
        made = self._card(hour, seen, incident, expected, now, self._texts(in_order(before).num))
        kept = dict.fromkeys([*(hour.num[i] for i, _ in telling), *(p.num for p in made.posts)])
        return Burst(
            quotes=tuple(quotes[:QUOTES]),
            texts=tuple(now),
            tripwires=tuple(sorted(_tripped(seen))),
            evidence=tuple(kept),
            card=made,
            authors=measure(hour).authors,
        )

    def _card(
        self,
        hour: Window,
        seen: Assessment,
        incident: Incident,
        expected: float,
        texts: Sequence[str],
        before: Sequence[str],
    ) -> Card:
        topic = self._topics[seen.topic]
        onset = seen.onset or min(incident.onset, hour.since)
        since = max(min(onset, hour.since), seen.at - DAY)
        rows = in_order(self._reader.window(seen.topic, since, seen.at, ROWS))
        first = None
        if since > onset or len(rows) >= ROWS:  # the rows no longer reach back to it
            early = self._reader.window(seen.topic, onset, onset + FIRST_WITHIN)
            first = first_negative(early, onset)
        authors = {a for a, tone in zip(rows.author, rows.tone, strict=True) if tone == _NEGATIVE}
        return card(
            rows,
            hour,
            seen,
            texts=texts,
            before=before,
            new_authors=self._reader.new_authors(seen.topic, authors - {0}, since),
            expected=expected,
            limits=Thresholds(topic.thresholds),
            budget_days=topic.alarm_budget_days,
            onset=first,
            error=reading_error(self._reader, seen.topic, seen.at),
        )

    def _texts(self, nums: Sequence[int]) -> list[str]:
        return [post.text for post in self._reader.posts(nums[-SAMPLE:])]

    def run(
        self, tx: Transaction, incident: Incident, seen: Assessment, burst: Burst, now: datetime
    ) -> tuple[list[Line], str]:
        """Start the best playbook once an episode, or wake its steps for a higher level.

        Returns the lines to tell and the next step's title in the install's language.
        """
        topic = self._topics[seen.topic]
        running = self._running(tx, incident)
        if running is not None:
            raised = raise_level(running, incident.level, now)
            if raised != running:
                tx.save_run(raised, running.version)
            return [], self._next(raised, now)
        found = match(
            self._playbooks,
            level=incident.level,
            topic=topic.id,
            brand=topic.brand,
            terms=[*burst.terms, *burst.texts],
            tripwires=burst.tripwires,
        )
        if not found:
            return [], ""
        best = found[0]
        run = start(best.playbook, incident.id, incident.episode, incident.level, now, best.why)
        if not tx.save_run(run, 0):
            return [], ""
        payload = {"playbook": run.playbook.id, "run": run.id, "why": list(run.why)}
        fact = Fact(FactKind.PLAYBOOK_STARTED, seen.at, now, MACHINE, payload)
        tx.add_facts(incident.id, [fact])
        data = {
            "incident": incident.ref,
            "run": run.id,
            "playbook": run.playbook.id,
            "version": run.playbook.version,
            "why": list(run.why),
            "steps": len(run.steps),
        }
        lines = [Line("run", seen.at, seen.topic, data)]
        for step in run.steps:
            due = stamp(step.due_at) if step.due_at else None
            data = {"incident": incident.ref, "run": run.id, "step": step.step, "due": due}
            lines.append(Line("step", seen.at, seen.topic, {**data, "state": step.state.value}))
        return lines, self._next(run, now)

    def _running(self, tx: Transaction, incident: Incident) -> Run | None:
        for playbook in self._playbooks.values():
            run = tx.run(run_id(incident.id, incident.episode, playbook.id))
            if run is not None:
                return run
        return None

    def _next(self, run: Run, now: datetime) -> str:
        due = next_step(run, now)
        if due is None:
            return ""
        step = next(s for s in run.playbook.steps if s.id == due.step)
        return step.title.in_(self._language)

    def alert(
        self,
        incident: Incident,
        seen: Assessment,
        reason: NotifyReason,
        window: Window,
        burst: Burst,
        next_step: str,
        at: datetime,
        expected: float,
    ) -> Alert:
        """Return what to tell the receivers; numbers are those of the last hour.

        ``expected``: negatives expected over that hour.
        """
        links: tuple[tuple[str, str], ...] = ()
        if self._page_url:
            links = (("page", f"{self._page_url}/incidents/{incident.ref}"),)
        made = compose(
            incident,
            self._topics[seen.topic],
            seen,
            reason=reason,
            at=at,
            mentions=len(window),
            negatives=sum(tone == Tone.NEGATIVE for tone in window.tone),
            expected=expected,
            quotes=burst.quotes,
            next_step=next_step,
            links=links,
        )
        return replace(
            made,
            since=since_first_post(incident, burst.card),
            terms=burst.terms[:TERMS],
            silent=burst.card.silent[:1],
            languages=most(p for p in burst.card.languages if p.name != "und"),
            sources=most(burst.card.sources),
            tags=hashtags(burst.texts),
            authors=burst.authors,
        )

    def blind_until(self, topic: str, since: datetime) -> datetime | None:
        """Return when a burst that began at ``since`` first reached us; None where that was soon."""
        rows = self._reader.window(topic, since, since + FIRST_WITHIN, FIRST_ROWS)
        seen = [post.observed_at for post in self._reader.posts(negatives(rows))]
        first = min(seen, default=since)
        return first if first - since > LATE else None

    def plan(self, alert: Alert, now: datetime) -> Plan:
        """Return who hears of this alert, by the routes."""
        return plan(alert, self._routes, now)


def since_first_post(incident: Incident, of: Card) -> datetime:
    """Return the incident's onset, dated to the first post of its bin where the card tells it."""
    in_its_bin = incident.onset <= of.onset < incident.onset + BIN
    return of.onset if in_its_bin else incident.onset


def most(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names of those parts that make up a fifth of all or more, the largest first."""
    found = list(parts)
    whole = sum(part.count for part in found)
    return tuple(part.name for part in found if part.count >= SHARE * whole)


def hashtags(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the hashtags, without # and case, that stand in a fifth of the texts or more, and in two at least."""
    counted = Counter(tag for text in texts for tag in {t.casefold() for t in _TAG.findall(text)})
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(tag for tag, n in ranked if n >= max(2, SHARE * len(texts)))


def _tripped(seen: Assessment) -> set[str]:
    """Return the categories of danger words that enough authors used; one word is no danger."""
    return {r.text for r in seen.reasons if r.code is ReasonCode.TRIPWIRE and r.met}


def _quote(post: Post, copies: int) -> Quote:
    return Quote(
        text=post.text,
        source=post.source,
        at=post.at,
        lang=post.lang,
        reach=post.reach,
        copies=copies,
        url=post.url,
    )
