"""Minutes long, by `make soak`: a month of several topics; files and results stay in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from detectors.topic import Query
from monitor.app.replaying import replay
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, calm, in_order, storm

DAYS = timedelta(days=30)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_month_of_ten_topics_pages_for_its_storms_only(flow: Callable[..., Flow]) -> None:
    topics = [
        replace(TOPIC, id=f"t{n}", brand=f"b{n}", query=Query(any=("acme bahn",)))
        for n in range(10)
    ]
    made = flow(live=False, topics=topics)
    storms = [MONDAY + timedelta(days=d, hours=14) for d in (10, 20)]
    mentions = in_order(
        calm(MONDAY, MONDAY + DAYS, 20), *(storm(at, 90, 0.5, 12, seed=at.day) for at in storms)
    )
    lines = list(replay(mentions, made.parts, made.store))
    first = [x for x in lines if x.type == "alert" and x.data["reason"] in ("first", "reopened")]
    for topic in topics:
        told = [x.at for x in first if x.topic == topic.id]
        assert len(told) == len(storms)
        assert all(
            at < page <= at + timedelta(minutes=60) for at, page in zip(storms, told, strict=True)
        )
    totals = made.store.read.totals()
    assert totals["mention"] == len(mentions)
    assert totals["mention_topic"] == len(mentions) * len(topics)
