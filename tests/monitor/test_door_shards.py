"""Shards at the door: all that concerns one mention is in one shard, and nothing is lost or moved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.mention import Mention
from monitor.app.intake import LogIntake
from monitor.clock import ManualClock
from monitor.ports import EntryKind, NewEntry, shard_of
from monitor.server import cloudevents, intake
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests.builders import T0
from tests.monitor.serving import wire

EIGHT = 8
BOTH = frozenset({"shop", "forum"})


class EightShards(EmbeddedLog):
    """The embedded log, seen through the eyes of who appends to one with eight shards."""

    appended: list[Sequence[NewEntry]]

    @property
    def shards(self) -> int:
        return EIGHT

    def append(self, entries: Sequence[NewEntry]) -> list[str]:
        self.appended.append(entries)
        return super().append(entries)


def items(entry: NewEntry) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(entry.payload)
    return found


def assert_in_their_shards(entries: Sequence[NewEntry]) -> None:
    for entry in entries:
        for item in items(entry):
            assert item["source"] == entry.source
            assert shard_of(item["source"], item["source_id"], EIGHT) == entry.shard


def body_of(shape: str, sent: list[dict[str, Any]]) -> tuple[bytes, Any]:
    """Return a body and what takes it: a good one whole, one with a bad item beside, lines."""
    if shape == "lines":
        return "\n".join(map(json.dumps, sent)).encode(), intake.take_lines
    spoilt = [*sent, {"source": "shop"}] if shape == "spoilt" else sent
    return json.dumps(spoilt, indent=1).encode(), intake.take_json


@pytest.mark.parametrize("shape", ["good", "spoilt", "lines"])
def test_items_are_grouped_by_source_and_shard_in_the_order_sent(shape: str) -> None:
    sent = [wire(n, source="shop" if n % 3 else "forum") for n in range(300)]
    body, take = body_of(shape, sent)
    taken = take(body, BOTH, T0, EIGHT)
    assert taken.accepted == 300
    assert len(taken.rejected) == (shape == "spoilt")
    assert len({(e.source, e.shard) for e in taken.entries}) == len(taken.entries) == 2 * EIGHT
    assert taken.sizes == tuple(len(items(entry)) for entry in taken.entries)
    assert_in_their_shards(taken.entries)
    for entry in taken.entries:
        numbers = [int(item["source_id"]) for item in items(entry)]
        assert numbers == sorted(numbers)
    stored = sorted((i for e in taken.entries for i in items(e)), key=lambda i: int(i["source_id"]))
    assert stored == sent


def test_with_one_shard_a_good_body_goes_on_as_it_came() -> None:
    body = json.dumps([wire(n) for n in range(50)], indent=2).encode()
    (entry,) = intake.take_json(body, BOTH, T0, 1).entries
    assert (entry.payload, entry.shard) == (body, 0)


def test_a_good_body_of_two_sources_needs_no_second_look_at_its_items() -> None:
    sent = [wire(n, source="shop" if n % 2 else "forum") for n in range(10)]
    taken = intake.take_json(json.dumps(sent).encode(), BOTH, T0)
    assert [(e.source, len(items(e)), e.shard) for e in taken.entries] == [
        ("forum", 5, 0),
        ("shop", 5, 0),
    ]


def test_the_same_id_of_two_sources_is_two_mentions() -> None:
    sent = [wire(1), wire(1, source="forum")]
    taken = intake.take_json(json.dumps(sent).encode(), BOTH, T0, EIGHT)
    assert (taken.accepted, taken.duplicates) == (2, 0)


def test_an_edit_and_a_deletion_follow_their_post_into_its_shard() -> None:
    def event(type_: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"specversion": "1.0", "id": "e", "source": "/s", "type": type_, "data": data}

    for n in range(40):
        ref = {"source": "shop", "source_id": str(n)}
        sent = [
            event("mention.created", wire(n)),
            event("mention.updated", wire(n, text="anders")),
            event("mention.metrics", {**ref, "metrics": {"likes": 3}}),
            event("mention.deleted", ref),
        ]
        taken = cloudevents.take_events(json.dumps(sent).encode(), BOTH, T0, EIGHT)
        assert {e.kind for e in taken.entries} == set(EntryKind)
        assert {e.shard for e in taken.entries} == {shard_of("shop", str(n), EIGHT)}


def test_what_sources_fetch_goes_through_the_same_shards(tmp_path: Path) -> None:
    log = EightShards.open(tmp_path / "log.db", synchronous="OFF")
    log.appended = []
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'store.db'}")
    try:
        into = LogIntake(log, store, ManualClock(T0))
        mentions = [msgspec.convert(wire(n), Mention) for n in range(100)]
        into.put("shop", mentions)
        into.delete("shop", [m.source_id for m in mentions])
        into.put("shop", [])
        into.delete("shop", [])
        assert len(log.appended) == 2  # each is one commit, whatever the shards
        created, deleted = log.appended
        for entries, kind in ((created, EntryKind.CREATED), (deleted, EntryKind.DELETED)):
            assert {e.kind for e in entries} == {kind}
            assert_in_their_shards(entries)
            assert sorted(int(i["source_id"]) for e in entries for i in items(e)) == [*range(100)]
    finally:
        log.close()
        store.close()
