"""Intake: what sources hand things to, over the log and the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from detectors.mention import Mention, MentionRef
from detectors.window import SourceClock
from monitor.clock import Clock
from monitor.ports import Capped, EntryKind, Log, NewEntry, SourceState, Store, shard_of

log = logging.getLogger("sturmglas")


class LogIntake:
    """Appends to the log and keeps each source's cursor and health in the store. Thread-safe.

    What goes wrong with a source is logged once until it changes, and so is its end.
    """

    def __init__(
        self, log: Log, store: Store, clock: Clock, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._log = log
        self._store = store
        self._clock = clock
        self._wake = wake
        self._told: dict[str, str] = {}

    def put(
        self, source: str, mentions: Sequence[Mention], kind: EntryKind = EntryKind.CREATED
    ) -> None:
        """Append mentions of one source, as one entry for each shard; durable on return."""
        self._append(source, kind, mentions)

    def delete(self, source: str, source_ids: Sequence[str]) -> None:
        """Append platform deletes; durable on return."""
        refs = [MentionRef(source=source, source_id=id) for id in source_ids]
        self._append(source, EntryKind.DELETED, refs)

    def _append(self, source: str, kind: EntryKind, items: Sequence[Mention | MentionRef]) -> None:
        if not items:
            return
        now, shards = self._clock.now(), self._log.shards
        parts: dict[int, list[Mention | MentionRef]] = {}
        for item in items:
            shard = shard_of(item.source, item.source_id, shards)
            parts.setdefault(shard, []).append(item)
        self._log.append(
            [
                NewEntry(kind, source, now, msgspec.json.encode(part), shard)
                for shard, part in parts.items()
            ]
        )
        self._wake()

    def cursor(self, source: str) -> Mapping[str, Any]:
        state = self._store.read.sources().get(source)
        return state.cursor if state else {}

    def save_cursor(self, source: str, cursor: Mapping[str, Any]) -> None:
        self._change(source, cursor=dict(cursor))

    def capped(self, source: str, since: datetime, until: datetime) -> None:
        """Keep the span: what is counted in it is the least there was."""
        log.warning("source %s: handed out only a part of %s to %s", source, since, until)
        with self._store.begin() as tx:
            tx.add_capped(Capped(source, since, until))

    def ok(self, source: str) -> None:
        if self._told.pop(source, ""):
            log.info("source %s: fine again", source)
        self._change(source, ok_at=self._clock.now(), error="", error_at=None)

    def failed(self, source: str, error: str) -> None:
        if self._told.get(source) != error:
            self._told[source] = error
            log.warning("source %s: %s", source, error)
        self._change(source, error=error, error_at=self._clock.now())

    def _change(self, source: str, **fields: Any) -> None:
        # Any: the fields of SourceState, checked by `replace` at run time and by the callers' types.
        with self._store.begin() as tx:
            state = tx.sources().get(source) or SourceState(clock=SourceClock(source))
            tx.save_source(replace(state, **fields))
