"""The door: what comes in, what is answered, and that an answer means it is on disk."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.ports import EntryKind
from monitor.settings import Settings
from tests.builders import T0
from tests.monitor.serving import (
    BEARER,
    JSON,
    OTHER_TOKEN,
    PATH,
    TOKEN,
    Served,
    served,
    settings,
    wire,
)

LINES = "application/x-ndjson"
EVENT = "application/cloudevents+json"
EVENTS = "application/cloudevents-batch+json"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def event(type_: str, data: Any, **more: Any) -> dict[str, Any]:
    base = {"specversion": "1.0", "id": "e1", "source": "/shop", "type": type_, "data": data}
    return {**base, **more}


def test_one_mention_is_taken_and_in_the_log(server: Served) -> None:
    answer = server.send(wire(1))
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    (entry,) = server.stored()
    assert (entry.kind, entry.source, entry.observed_at) == (EntryKind.CREATED, "shop", T0)
    assert json.loads(entry.payload) == [wire(1)]


def test_a_good_array_reaches_the_log_as_it_was_sent(server: Served) -> None:
    body = json.dumps([wire(n) for n in range(1000)], indent=1).encode()
    assert server.send(body).json()["accepted"] == 1000
    (entry,) = server.stored()
    assert entry.payload == body


def test_lines_are_taken_and_blank_ones_are_no_mentions(server: Served) -> None:
    body = "\n\r\n".join(json.dumps(wire(n)) for n in range(3)).encode() + b"\n"
    answer = server.send(body, content_type=LINES)
    assert answer.json()["accepted"] == 3
    assert [item["source_id"] for item in server.mentions()] == ["0", "1", "2"]


def test_an_empty_array_is_fine_and_stores_nothing(server: Served) -> None:
    answer = server.send([])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)
    assert server.stored() == []


def test_a_bad_one_never_spoils_its_neighbours(server: Served) -> None:
    answer = server.send([wire(1), wire(2, text=7), wire(3), wire(4, colour="red"), wire(5)])
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 3,
        "duplicates": 0,
        "rejected": [
            {"index": 1, "error": "text: expected a text, got 7"},
            {"index": 3, "error": "colour: unknown field"},
        ],
    }
    assert [item["source_id"] for item in server.mentions()] == ["1", "3", "5"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (
            {"published_at": "22.11.2026 14:05"},
            "published_at: expected a time with offset such as 2026-11-22T14:05:00+01:00, "
            'got "22.11.2026 14:05"',
        ),
        (
            {"published_at": "2026-11-22T14:05:00"},
            "published_at: expected a time with offset such as 2026-11-22T14:05:00+01:00, "
            'got "2026-11-22T14:05:00"',
        ),
        ({"published_at": None}, "published_at: expected a time with offset such as 2026-11-22T14:05:00+01:00, got null"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, "published_at: expected a year between 2 and 9998"),
        ({"published_at": "9999-12-31T23:59:59-14:00"}, "published_at: expected a year between 2 and 9998"),
        ({"autor": {}}, 'autor: unknown field; did you mean "author"?'),
        ({"author": {"nick": "x"}}, "author.nick: unknown field"),
        ({"author": {"followers": -1}}, "author.followers: expected a number >= 0, got -1"),
        ({"author": {"followers": 10**30}}, f"author.followers: expected a number <= {2**53}, got 1{'0' * 30}"),
        ({"author": {"account_type": "cat"}}, 'author.account_type: expected one of person, org, bot, got "cat"'),
        ({"text": "x" * 20_001}, "text: expected at most 20000 characters, got 20001 characters"),
        ({"source_id": ""}, 'source_id: expected at least 1 characters, got ""'),
        ({"source_id": "a\0b"}, "source_id: must not contain U+0000"),
        ({"tags": ["a", "b\0"]}, "tags[1]: must not contain U+0000"),
        ({"tags": ["a", 3]}, "tags[1]: expected a text, got 3"),
        ({"tags": "a"}, 'tags: expected a list, got "a"'),
        ({"tags": ["a"] * 101}, "tags: expected at most 100 entries, got a list of 101"),
        ({"rating": "5"}, 'rating: expected a number or null, got "5"'),
        ({"country": "DEU"}, 'country: expected at most 2 characters, got "DEU"'),
        (
            {"kind": "tweet"},
            "kind: expected one of post, comment, reply, share, review, dm, article, video, mail, "
            'got "tweet"',
        ),
        ({"source": "elsewhere"}, 'source: "elsewhere" is not among the sources you may speak for (shop)'),
        ({"source": "forum"}, 'source: "forum" is not among the sources you may speak for (shop)'),
    ],
)  # fmt: skip
def test_a_rejection_names_field_and_reason(
    server: Served, changes: dict[str, Any], error: str
) -> None:
    answer = server.send([wire(1), wire(2, **changes)])
    assert answer.json()["rejected"] == [{"index": 1, "error": error}]
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("field", ["source", "source_id", "text", "published_at"])
def test_a_missing_field_is_named(server: Served, field: str) -> None:
    item = wire(1)
    del item[field]
    answer = server.send(item)
    assert answer.status_code == 422
    assert answer.json()["rejected"] == [{"index": 0, "error": f"{field}: required field missing"}]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (b'{"rating": NaN}', "rating: NaN"),
        (b'{"text": "\\ud800"}', "text: holds half a surrogate"),
        (b'{"text": "\xff"}', "UTF-8"),
        (b'{"text": "a\nb"}', "not JSON"),
        (b'{"text" "a"}', "not JSON"),
        (b"", "nothing"),
        (b"[" * 50_000 + b"]" * 50_000, "expected an object"),
        (b'{"tags": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "tags"),
    ],
)
def test_even_what_is_no_json_spoils_only_itself(server: Served, broken: bytes, says: str) -> None:
    good = [json.dumps(wire(n)).encode() for n in range(2)]
    answer = server.send(b"[" + b",".join([good[0], broken, good[1]]) + b"]")
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    (rejected,) = answer.json()["rejected"]
    assert rejected["index"] == 1
    assert says in rejected["error"]
    assert len(server.mentions()) == 2


def test_all_rejected_is_a_problem_with_the_same_figures(server: Served) -> None:
    answer = server.send([wire(1, text=None), wire(2, rating="x")])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["accepted"], body["duplicates"], len(body["rejected"])) == (0, 0, 2)
    assert body["status"] == 422
    assert server.stored() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"hello", b'"text"', b"12", b"null", b"{", b"[", b'[{"a":1}', b'{"a":1}}', b"[]]",
     b"\xff\xfe[\x00]\x00", b'\xef\xbb\xbf[]', b"[{]}", b'[{"a": "x]', b"[1,2] 3"],
)  # fmt: skip
def test_what_is_no_json_at_all_is_a_400(server: Served, body: bytes) -> None:
    answer = server.send(body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:sturmglas:problem:not-json"
    assert server.stored() == []


def test_duplicates_within_a_request_are_counted_and_stored_once(server: Served) -> None:
    answer = server.send([wire(1), wire(2), wire(1, text="again"), wire(1)])
    assert answer.json() == {"accepted": 2, "duplicates": 2, "rejected": []}
    assert [(m["source_id"], m["text"]) for m in server.mentions()] == [
        ("1", wire(1)["text"]),
        ("2", wire(2)["text"]),
    ]


def test_more_than_a_thousand_are_refused_as_a_whole(server: Served) -> None:
    many = [wire(n) for n in range(1001)]
    assert server.send(many).status_code == 413
    lines = "\n".join(json.dumps(m) for m in many).encode()
    assert server.send(lines, content_type=LINES).status_code == 413
    assert server.send([*many[:1000], {"bad": 1}]).status_code == 413
    assert (
        server.send([event("mention.created", m) for m in many], content_type=EVENTS).status_code
        == 413
    )
    assert server.stored() == []


def test_a_large_body_is_refused_without_reading_it(tmp_path: Path) -> None:

    read = 0

    async def chunks() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1024
            yield b" " * 1024

    with served(tmp_path, given=settings(max_body_bytes=4096)) as server:
        told = server.send(b"x", content_length="5000")
        streamed = server.post(PATH, content=chunks(), headers={**BEARER, **JSON})
        assert (told.status_code, streamed.status_code) == (413, 413)
        assert streamed.json()["type"] == "urn:sturmglas:problem:too-large"
        assert read <= 8192
        assert server.send([wire(n) for n in range(3)]).status_code == 202


def test_gzip_is_taken_and_a_bomb_is_not(tmp_path: Path) -> None:

    with served(tmp_path, given=settings(max_body_bytes=100_000)) as server:
        body = json.dumps([wire(n) for n in range(100)]).encode()
        assert server.send(gzip.compress(body), content_encoding="gzip").json()["accepted"] == 100
        bomb = gzip.compress(b" " * 50_000_000)
        assert len(bomb) < 100_000
        assert server.send(bomb, content_encoding="gzip").status_code == 413
        cut = server.send(gzip.compress(body)[:-20], content_encoding="gzip")
        assert (cut.status_code, cut.json()["detail"]) == (400, "The gzip data are cut off.")
        assert server.send(body, content_encoding="gzip").status_code == 400
        assert server.send(body, content_encoding="br").status_code == 415
        two = gzip.compress(b"[") + gzip.compress(body[1:])
        assert server.send(two, content_encoding="gzip").json()["accepted"] == 100


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"]
)
def test_another_content_type_is_named_and_refused(server: Served, content_type: str) -> None:
    answer = server.send(wire(1), content_type=content_type)
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["detail"]


def test_a_charset_other_than_utf8_is_refused(server: Served) -> None:
    latin = server.send(wire(1), content_type="application/json; charset=iso-8859-1")
    assert latin.status_code == 415
    assert server.send(wire(1), content_type="application/json; charset=UTF-8").status_code == 202


def test_cloud_events_structured_and_batched(server: Served) -> None:
    one = server.send(event("mention.created", wire(1), traceparent="x"), content_type=EVENT)
    assert one.json()["accepted"] == 1
    ref = {"source": "shop", "source_id": "1"}
    batch = [
        event("mention.deleted", ref),
        event("mention.metrics", {**ref, "metrics": {"likes": 4}}),
        event("mention.updated", wire(1, text="corrected")),
        event("mention.created", wire(2)),
        event("mention.shouted", wire(3)),
        event("mention.created", wire(4), specversion="0.3"),
        event("mention.deleted", wire(5)),
    ]
    many = server.send(batch, content_type=EVENTS)
    assert many.json()["accepted"] == 4
    assert [r["index"] for r in many.json()["rejected"]] == [4, 5, 6]
    assert many.json()["rejected"][0]["error"].startswith("type: expected one of mention.created")
    assert many.json()["rejected"][1]["error"] == 'specversion: expected "1.0", got "0.3"'
    kinds = [(e.kind, json.loads(e.payload)[0]["source_id"]) for e in server.stored()]
    assert kinds == [
        (EntryKind.CREATED, "1"),
        (EntryKind.CREATED, "2"),
        (EntryKind.UPDATED, "1"),
        (EntryKind.DELETED, "1"),
        (EntryKind.METRICS, "1"),
    ]


def test_cloud_events_in_binary_mode(server: Served) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/s",
        "ce-type": "mention.updated",
    }
    assert server.send(wire(1), **headers).json()["accepted"] == 1
    assert server.stored()[0].kind is EntryKind.UPDATED
    del headers["ce-id"]
    missing = server.send(wire(1), **headers)
    assert missing.json()["rejected"] == [{"index": 0, "error": "ce-id: required header missing"}]


def test_of_two_corrections_in_one_request_the_later_counts(server: Served) -> None:
    batch = [event("mention.updated", wire(1, text=text)) for text in ("first", "second")]
    assert server.send(batch, content_type=EVENTS).json()["duplicates"] == 1
    assert [m["text"] for m in server.mentions()] == ["second"]


def test_sources_of_one_request_become_entries_of_their_own(tmp_path: Path) -> None:

    shared = {"type": "http", "token": TOKEN}
    given = Settings.model_validate({"source": {"shop": shared, "forum": shared}})
    with served(tmp_path, given=given) as server:
        answer = server.send([wire(1), wire(2, source="forum"), wire(3)])
        assert answer.json()["accepted"] == 3
        found = {e.source: len(json.loads(e.payload)) for e in server.stored()}
        assert found == {"shop": 2, "forum": 1}


def test_the_same_request_again_is_fine(server: Served) -> None:
    first, second = server.send(wire(1)), server.send(wire(1))
    assert first.json() == second.json()


def test_only_post_is_possible(server: Served) -> None:
    answer = server.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_crowded_requests_share_commits_and_all_are_stored(server: Served) -> None:
    async def crowd(client: httpx.AsyncClient) -> list[int]:
        async def one(n: int) -> int:
            answer = await client.post(PATH, json=[wire(n)], headers=BEARER)
            return answer.status_code

        return await asyncio.gather(*(one(n) for n in range(200)))

    assert server.ask(crowd) == [202] * 200
    assert sorted(int(m["source_id"]) for m in server.mentions()) == list(range(200))


def test_a_token_speaks_only_for_its_own_source(server: Served) -> None:
    answer = server.send(wire(1), authorization=f"Bearer {OTHER_TOKEN}")
    assert answer.status_code == 422
    assert "(forum)" in answer.json()["rejected"][0]["error"]
