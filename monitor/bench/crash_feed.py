"""The feeder of `bench crash`: mentions, edits, deletes and counters, until each is accepted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.bench.actor import Actor
from monitor.bench.crash_actors import JSON, Call, Json
from monitor.clock import wall_seconds

TOPICS = 6
FACTOR = 120.0
"""One second is two minutes of event time: a five-minute bin closes every 2.5 s."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = "crash-bench-token"
CALM_S = 2.0
WAVE_S = 3.0
"""How long one topic is stormed before the next; a wave is about a hundred angry authors."""
EVERY_S = 0.02
AMEND = 0.25
"""Share of batches that are followed by amendments of what was accepted before."""
EVENTS = "application/cloudevents-batch+json"


def topic_name(topic: int) -> str:
    """Return the invented brand of a topic."""
    return f"marke{'abcdefghijkl'[topic]}"


@dataclass(slots=True)
class Sent:
    """What the feeder knows: every id it ever sent with its topic, and what was answered 202."""

    topics: dict[str, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    amended: int = 0
    answers: Counter[int] = field(default_factory=Counter)


class Feeder(Actor):
    """Sends batches; each is sent again until it was answered 202. Waves of anger go round.

    ``amends``: also edits, deletes and new counters of what was accepted before.
    """

    def __init__(self, port: int, zero: float, seed: int, *, amends: bool) -> None:
        super().__init__(EVERY_S)
        self.sent = Sent()
        self.call = Call(port)
        self._amends = amends
        self._zero = zero
        self._rng = random.Random(seed)
        self._n = 0

    def act(self) -> None:
        batch = [self._mention(self._new(topic), angry) for topic, angry in self._wanted()]
        if batch and self._deliver(batch, JSON):
            self.sent.accepted.update(m["source_id"] for m in batch)
        if self._amends and self.sent.accepted and self._rng.random() < AMEND:
            self._amend(self._rng.sample(sorted(self.sent.accepted)[-200:], 1)[0])

    def _deliver(self, batch: list[Json], kind: str) -> bool:
        """Send until it is accepted; False where we were stopped before."""
        while not self._over.is_set():
            answer = self.call("POST", "/api/v1/mentions", batch, kind, TOKEN)
            if answer is not None:
                self.sent.answers[answer[0]] += 1
                if answer[0] == 202:
                    if answer[1]["accepted"] != len(batch):
                        raise AssertionError(f"{len(batch)} good ones, answered {answer[1]}")
                    return True
            self._over.wait(0.02)
        return False

    def _amend(self, id: str) -> None:
        """Edit, measure and sometimes delete one mention, in one request."""
        events = [
            ("updated", self._mention(id, self._rng.random() < 0.5)),
            ("metrics", {"metrics": {"views": self._rng.randrange(10_000)}}),
        ]
        if self._rng.random() < 0.3:
            events.append(("deleted", {}))
        batch = [
            {
                "specversion": "1.0",
                "type": f"mention.{kind}",
                "source": "bench",
                "id": f"{id}-{kind}",
                "data": {"source": "forum", "source_id": id, **data},
            }
            for kind, data in events
        ]
        if self._deliver(batch, EVENTS):
            self.sent.amended += len(batch)
            if len(batch) == 3:
                self.sent.deleted.add(id)

    def _wanted(self) -> list[tuple[int, bool]]:
        """Return (topic, angry) of one batch: calm everywhere, and one topic that storms."""
        wanted = [(t, False) for t in range(TOPICS) if self._rng.random() < 0.1]
        since = wall_seconds() - self._zero - CALM_S
        if since > 0:
            wanted += [(int(since / WAVE_S) % TOPICS, True)] * 3
        return wanted

    def _new(self, topic: int) -> str:
        self._n += 1
        self.sent.topics[f"m{self._n}"] = topic
        return f"m{self._n}"

    def _mention(self, id: str, angry: bool) -> dict[str, Json]:
        rng, topic = self._rng, self.sent.topics[id]
        now = START + timedelta(seconds=(wall_seconds() - self._zero) * FACTOR)
        said = f"{rng.choice(_ANGRY)} {rng.choice(_ENDINGS)}" if angry else rng.choice(_CALM)
        return {
            "source": "forum",
            "source_id": id,
            "text": f"{topic_name(topic)} {said} ({self._n})",
            "published_at": (now - timedelta(seconds=rng.uniform(0, 20))).isoformat(),
            "author": {"handle": f"u{id}", "followers": 50},
            "thread_id": f"t{self._n % 40}",
        }


_ANGRY = (
    "ist eine Frechheit, unfassbar schlecht!",
    "betrügt uns, ich bin so wütend.",
    "is the worst service ever, disgusting.",
    "ist das Letzte, eine absolute Katastrophe.",
    "was für eine miese Abzocke!",
    "you should be ashamed, this is horrible.",
)
_ENDINGS = (
    "Nie wieder!",
    "Das ist eine Schande.",
    "Ich will mein Geld zurück, ihr Betrüger.",
    "Keine Hilfe, keine Antwort, einfach furchtbar.",
    "Nobody answers and nobody cares, I hate it.",
    "Mein Kind weint und ihr lügt uns an.",
)
_CALM = ("war heute ganz nett", "eröffnet morgen eine Filiale", "hat neue Öffnungszeiten")
