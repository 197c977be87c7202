"""From "this is not negative" to weights that read so: filed, corrected over HTTP, taught, let speak, heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from detectors.matcher import Matcher
from detectors.mention import Mention
from detectors.score.linear import LinearScorer
from detectors.tripwires import Tripwires
from monitor.desk import teaching
from monitor.jobs import Jobs
from monitor.pipeline import Pipeline
from monitor.pipeline.listening import EVERY
from monitor.pipeline.work import Parts
from monitor.ports import Entry, EntryKind, NoSignals
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.detectors.test_score_taught import BAD, GOOD, PLAIN
from tests.monitor.serving import Served, served

LABELS = {"positive": GOOD, "negative": BAD, "neutral": PLAIN}
AGAIN = timedelta(minutes=10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def pipeline_of(server: Served) -> Pipeline:
    topics = server.service.topics
    parts = Parts(
        topics=topics,
        matcher=Matcher(topics.values()),
        scorer=LinearScorer.load(),
        taught=lambda added: LinearScorer.load(change=added.onto),
        tripwires=Tripwires.load(),
        playbooks={},
        routes=(),
    )
    return Pipeline(server.store, parts, NoSignals())


def file(pipeline: Pipeline, mentions: list[Mention]) -> None:
    pipeline.take([Entry("1", EntryKind.CREATED, b.SOURCE, T0, msgspec.json.encode(mentions))])


def said(n: str, text: str) -> Mention:
    return b.mention(n, text=f"Acme Bahn, {text}", lang="de", at=T0 - timedelta(minutes=5))


def tones(server: Served) -> dict[str, int]:
    nums = server.store.read.window(TOPIC, T0 - AGAIN, T0 + AGAIN).num
    return {post.text: post.tone for post in server.store.read.posts(nums)}


def test_what_a_team_corrects_is_read_so_once_it_may_speak(server: Served) -> None:
    pipeline = pipeline_of(server)
    texts = {text: label for label, some in LABELS.items() for text in some}
    texts |= {f"{text}, immer": label for text, label in list(texts.items())[::4]}
    file(pipeline, [said(f"l{n}", text) for n, text in enumerate(texts)])
    nums = server.store.read.window(TOPIC, T0 - AGAIN, T0 + AGAIN).num
    by_text = {post.text: post.num for post in server.store.read.posts(nums)}
    for text, label in texts.items():
        path = f"/api/v1/topics/{TOPIC}/posts/{by_text[f'Acme Bahn, {text}']}/tone"
        put = server.ask(
            lambda client, path=path, label=label: client.put(path, json={"tone": label})
        )
        assert put.status_code == 200
    Jobs(server.service).teach()
    standing = teaching.standing(server.store.read, teaching.shipped())
    assert standing.lessons == len(texts)
    assert {v.learner for v in standing.versions} == {teaching.REFIT, teaching.ONLINE}
    assert not any(teaching.may_speak(v, standing.base) for v in standing.versions), (
        "all of them were picked: nothing tells who reads better"
    )


def test_a_version_that_speaks_is_heard_by_the_next_batch(server: Served) -> None:
    from detectors.score.linear import SHIPPED, load_weights
    from tests.monitor.test_desk_teaching import refit, say, words

    pipeline = pipeline_of(server)
    pipeline.listen(T0)
    new = "das Brot war zark"
    file(pipeline, [said("before", f"{new} um acht")])
    say(server.store, words())
    made = refit(teaching.learn(server.store, load_weights(SHIPPED), T0))
    teaching.let_speak(server.store, teaching.shipped(), made.id, 0, "kim", "", T0)
    pipeline.listen(T0 + EVERY)
    file(pipeline, [said("after", f"{new} um neun")])
    read = tones(server)
    assert read[f"Acme Bahn, {new} um neun"] == -1
    assert read[f"Acme Bahn, {new} um acht"] != -1
    newest = server.store.read.speaking(1)[0].id
    teaching.back(server.store, newest, "kim", "", T0)
    pipeline.listen(T0 + 2 * EVERY)
    file(pipeline, [said("again", f"{new} um zehn")])
    assert tones(server)[f"Acme Bahn, {new} um zehn"] == read[f"Acme Bahn, {new} um acht"]
