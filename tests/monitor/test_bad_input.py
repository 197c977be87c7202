"""Bad input: thousands of generated bodies get a precise complaint, cost nothing else, and never
a 5xx; a full disk is a clear 503 and passes when there is room again."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.builders import T0
from tests.monitor.serving import BEARER, Served, served, settings, wire
from tests.monitor.test_server_api import fill

QUIET = hypothesis_settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

FIELDS = [
    "source", "source_id", "text", "published_at", "url", "title", "lang", "kind", "author",
    "thread_id", "parent_id", "direction", "tags", "links", "media", "metrics", "rating", "country",
]  # fmt: skip

# Wrong for every field: no field takes an object with this key, this list, or this number.
WRONG: st.SearchStrategy[Any] = st.one_of(
    st.integers(min_value=2**70, max_value=2**80),
    st.just({"no such key": 1}),
    st.lists(st.none(), min_size=1, max_size=3),
    st.booleans(),
)
ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
TIMES = st.sampled_from(
    ["", "now", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22", "22.11.2026 14:05",
     "2026-11-22T14:05:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1e9",
     "2026-11-22T14:05:00+25:00", "٢٠٢٦-11-22T14:05:00Z"]
)  # fmt: skip


def _change(field: str, value: Any) -> dict[str, Any]:
    return {**wire("bad"), field: value}


def _lacking(field: str) -> dict[str, Any]:
    item = wire("bad")
    del item[field]
    return item


BAD_ITEMS = st.one_of(
    st.builds(_change, st.sampled_from([f for f in FIELDS if f not in ("rating", "author")]), WRONG),
    st.builds(_change, st.just("published_at"), TIMES),
    st.builds(_change, st.just("text"), st.just("x" * 20_001)),
    st.builds(_change, st.just("source"), st.text(max_size=80).filter(lambda s: s != "shop")),
    st.builds(_change, st.text(min_size=1, max_size=12).filter(lambda s: s not in FIELDS), ANY),
    st.builds(_change, st.just("author"), st.dictionaries(st.text("abc", min_size=1), ANY, min_size=1)),
    st.builds(_change, st.just("rating"), st.sampled_from([math.nan, math.inf, -math.inf, "4", []])),
    st.builds(_lacking, st.sampled_from(["source", "source_id", "text", "published_at"])),
    ANY.filter(lambda value: not isinstance(value, dict)),
    st.builds(_change, st.just("title"), st.sampled_from(["\ud800", "a\udfff", "\0"])),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("bad")) as one:
        fill(one)
        yield one


def _named(error: str) -> bool:
    field, colon, reason = error.partition(": ")
    return bool(field and colon and reason)


@given(
    bad=st.lists(BAD_ITEMS, min_size=5, max_size=5),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
)
@hypothesis_settings(QUIET, max_examples=300)
def test_a_bad_item_is_rejected_by_name_and_its_neighbours_are_kept(
    server: Served, bad: list[Any], before: int, after: int
) -> None:
    for item in bad:  # a body each: 1,500 in all
        _check_one(server, item, before, after)


def _check_one(server: Served, bad: Any, before: int, after: int) -> None:
    items = [wire(n) for n in range(before)] + [bad] + [wire(10 + n) for n in range(after)]
    answer = server.send(items)
    kept = server.mentions()
    assert answer.status_code == (202 if before + after else 422), answer.text
    figures = answer.json()
    assert (figures["accepted"], figures["duplicates"]) == (before + after, 0)
    (rejected,) = figures["rejected"]
    assert rejected["index"] == before
    assert _named(rejected["error"]), rejected
    assert [m["source_id"] for m in kept] == [m["source_id"] for m in items if m is not bad]


@given(
    seed=st.integers(0, 2**32),
    cuts=st.integers(1, 4),
    content_type=st.sampled_from(
        ["application/json", "application/x-ndjson", "application/cloudevents+json",
         "application/cloudevents-batch+json", "text/plain", "application/json;charset=utf-16", "\x7f"]
    ),
    encoding=st.sampled_from(["", "", "gzip", "br"]),
)  # fmt: skip
@hypothesis_settings(QUIET, max_examples=600)
def test_a_body_with_torn_bytes_is_never_a_server_error(
    server: Served, seed: int, cuts: int, content_type: str, encoding: str
) -> None:
    body = bytearray(json.dumps([wire(1), wire(2, tags=["ä"], author={"handle": "x"})]).encode())
    chance = random.Random(seed)
    for _ in range(cuts):
        place = chance.randrange(len(body))
        if chance.random() < 0.5:
            body[place] = chance.randrange(256)
        else:
            del body[place : place + chance.randrange(1, 40)]
    headers = {"content_type": content_type, "content_encoding": encoding}
    answer = server.send(bytes(body), **headers)
    assert answer.status_code in (202, 400, 413, 415, 422), answer.text
    assert answer.status_code == 202 or answer.json()["detail"]
    sent = answer.json()
    if answer.status_code in (202, 422):
        assert all(_named(r["error"]) for r in sent["rejected"])
    assert len(server.mentions()) == sent.get("accepted", 0)


@given(body=st.binary(max_size=200))
@hypothesis_settings(QUIET, max_examples=300)
def test_random_bytes_are_never_a_server_error(server: Served, body: bytes) -> None:
    assert server.send(body).status_code in (202, 400, 422)


def test_half_of_every_batch_may_be_bad(server: Served) -> None:
    items = [wire(n) if n % 2 else {"n": n} for n in range(1000)]
    figures = server.send(items).json()
    assert (figures["accepted"], len(figures["rejected"])) == (500, 500)
    assert [r["index"] for r in figures["rejected"]] == list(range(0, 1000, 2))
    assert len(server.mentions()) == 500


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 2_000_000,
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b'{"a":' * 200_000,
        b"[" + b"1," * 1_000_000 + b"1]",
        b"[" + b'"\\"' * 500_000,
        b'["' + b"a" * 4_000_000,
        b"[" + b'{"tags":[' + b'"a",' * 500_000 + b'"a"]}]',
        b"9" * 4_000_000,
    ],
    ids=["open", "deep", "objects", "many", "quotes", "endless", "tags", "digits"],
)
def test_bodies_made_to_hurt_are_refused_quickly(server: Served, body: bytes) -> None:
    answer = server.send(body)
    assert answer.status_code in (400, 413, 422)
    assert answer.elapsed.total_seconds() < 20  # around a second; tenfold slack and more


def test_the_rest_of_the_api_keeps_its_contract_under_generated_requests(server: Served) -> None:
    schema = schemathesis.openapi.from_dict(server.get("/openapi.json").json())
    tried = 0

    async def ask(case: schemathesis.Case, client: Any) -> Any:
        given_ = case.as_transport_kwargs(base_url="http://127.0.0.1")
        kept = ("method", "url", "headers", "params", "json", "content", "data")
        kwargs = {key: value for key, value in given_.items() if key in kept}
        if isinstance(kwargs.get("data"), bytes):
            kwargs["content"] = kwargs.pop("data")
        kwargs["headers"] = {**dict(kwargs.get("headers") or {}), **BEARER}
        return await client.request(**kwargs)

    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
               | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))  # fmt: skip
        @hypothesis_settings(QUIET, max_examples=25)
        def one(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            answer = server.ask(lambda client: ask(case, client))
            assert answer.status_code < 500, f"{case.method} {case.path}: {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["detail"]

        one()
    assert tried >= 300


def test_a_full_disk_is_a_503_that_passes_when_there_is_room(tmp_path: Path) -> None:
    text = "x" * 10_000
    with served(tmp_path, max_bytes=1_500_000) as server:
        answers = []
        for n in range(60):
            batch = [wire(f"{n}-{i}", text=text) for i in range(10)]
            answers.append(server.send(batch))
            if answers[-1].status_code != 202:
                break
        refused = answers[-1]
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        ready = server.get("/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert ready.json()["reasons"][0].startswith("log: ")

        entries = server.log.read("test", "test", 1000)
        assert len(entries) == len(answers) - 1  # all that was accepted is there, nothing more
        for group in ("test", "pipeline"):
            rest = server.log.read(group, "c", 1000) if group == "pipeline" else entries
            server.log.ack(group, [entry.position for entry in rest])
        assert server.log.trim() == len(entries)

        assert server.send([wire("again", text=text)]).status_code == 202
        assert server.get("/readyz").status_code == 200


def test_too_much_unread_is_a_503_until_it_is_read(tmp_path: Path) -> None:

    with served(tmp_path, given=settings(max_backlog_bytes=2**20)) as server:
        server.log.read("pipeline", "c", 1)
        batch = [wire(n, text="x" * 12_000) for n in range(100)]
        assert server.send(batch).status_code == 202
        time.sleep(0.6)  # the backlog is looked at twice a second
        refused = server.send(wire("more"))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "max_backlog_bytes" in refused.json()["detail"]
        assert server.get("/readyz").status_code == 503
        read = server.log.read("pipeline", "c", 100)
        server.log.ack("pipeline", [entry.position for entry in read])
        time.sleep(0.6)
        assert server.send(wire("more")).status_code == 202
        assert server.get("/readyz").status_code == 200


def test_the_time_of_the_door_is_the_time_of_the_service(server: Served) -> None:
    server.send(wire("when"))
    assert [entry.observed_at for entry in server.stored()] == [T0]
