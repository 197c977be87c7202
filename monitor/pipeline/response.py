"""Response: what is said and begun once an incident deserves it: evidence, playbook, alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import Alert, NotifyReason, Quote, compose
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.route import Route, route
from detectors.detection import Assessment, ReasonCode
from detectors.measures import representatives
from detectors.score.base import Tone
from detectors.terms import burst_terms
from detectors.topic import Topic
from detectors.window import Window
from monitor.pipeline.lines import Line, stamp
from monitor.ports import Post, Reader, Transaction
from playbooks.match import match
from playbooks.playbook import Playbook
from playbooks.run import Run, next_step, raise_level, run_id, start

SAMPLE = 400
"""Posts read on each side to tell what is new; more would not change the first six terms."""
QUOTES = 3
EVIDENCE = 12
DAY = timedelta(days=1)
PRIVATE = ("dm", "mail")


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst is about: quoted posts, new terms, words of danger, posts kept as evidence."""

    quotes: tuple[Quote, ...]
    terms: tuple[str, ...]
    texts: tuple[str, ...]
    tripwires: tuple[str, ...]
    evidence: tuple[int, ...]


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

    def burst(self, window: Window, seen: Assessment) -> Burst:
        """Return what the last hour is about. Deterministic: the same rows give the same burst."""
        telling = representatives(window, EVIDENCE)
        posts = {p.num: p for p in self._reader.posts([window.num[i] for i, _ in telling])}
        quotes = [
            _quote(posts[window.num[i]], copies)
            for i, copies in telling
            if window.num[i] in posts and posts[window.num[i]].kind not in PRIVATE
        ]
        negative = [
            num
            for num, tone, kind in zip(window.num, window.tone, window.kind, strict=True)
            if tone == Tone.NEGATIVE and kind not in PRIVATE
        ]
        now = self._texts(negative)
        # What was said before the burst began, else a storm of hours is compared with itself.
        calm = min(window.since, seen.onset or window.since)
        before = self._reader.window(seen.topic, calm - DAY, calm, SAMPLE)
        terms = burst_terms(now, self._texts(before.num))
        return Burst(
            quotes=tuple(quotes[:QUOTES]),
            terms=tuple(t.term for t in terms),
            texts=tuple(now),
            tripwires=tuple(sorted(_tripped(seen))),
            evidence=tuple(window.num[i] for i, _ in telling),
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
        return compose(
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

    def channels(self, alert: Alert) -> tuple[str, ...]:
        """Return the channels that hear of this alert, in the order of the routes."""
        return route(alert, self._routes)


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
