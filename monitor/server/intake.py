"""Intake: the body of one ingest request becomes entries for the log, and a reason for each refusal.

Pure: bytes in, `Intake` out. Everything good is kept, whatever stands beside it: a body that does
not decode as a whole is cut into its items first, and each item is judged alone. Items become one
entry for each kind, source and shard of the log (`monitor.ports.shard_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from detectors.mention import Mention, MentionRef, MetricsUpdate
from monitor.ports import EntryKind, NewEntry, shard_of
from monitor.server.complaint import complaint, places
from monitor.server.errors import Problem
from monitor.server.json_text import LIMIT, not_json, require_json, split_array, too_many

Item = Mention | MentionRef | MetricsUpdate

_WIRE: dict[EntryKind, type[Item]] = {
    EntryKind.CREATED: Mention,
    EntryKind.UPDATED: Mention,
    EntryKind.DELETED: MentionRef,
    EntryKind.METRICS: MetricsUpdate,
}
_one = {kind: msgspec.json.Decoder(type_) for kind, type_ in _WIRE.items()}
_many = msgspec.json.Decoder(list[Mention])
_line = msgspec.json.Decoder(Mention)
_cut = msgspec.json.Decoder(list[msgspec.Raw])

_NUL = b"\\u0000"
"""PostgreSQL cannot hold U+0000 in a text; a mention that carries one is refused by field."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the item at ``index`` (from 0, in the order sent) was not taken."""

    index: int
    error: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one body: ``accepted + duplicates + len(rejected)`` is what was sent.

    ``sizes[i]`` is how many mentions ``entries[i]`` holds.
    """

    entries: tuple[NewEntry, ...] = ()
    sizes: tuple[int, ...] = ()
    duplicates: int = 0
    rejected: tuple[Rejection, ...] = ()

    @property
    def accepted(self) -> int:
        return sum(self.sizes)


class Refused(ValueError):
    """One item cannot be taken; the message names field and reason."""


@dataclass(slots=True)
class Sorting:
    """Sorts good items by kind, source and shard, drops repeats, remembers refusals."""

    allowed: frozenset[str]
    observed_at: datetime
    shards: int
    kept: dict[tuple[EntryKind, str, int], dict[str, bytes]] = field(default_factory=dict)
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def take(self, index: int, kind: EntryKind, raw: bytes) -> None:
        """Judge one item by itself; ``index`` from 0, in the order sent."""
        try:
            item = decode_one(kind, raw)
            refusal = judge(item, self.allowed)
            if refusal:
                raise Refused(refusal)
        except Refused as error:
            self.refuse(index, str(error))
            return
        shard = shard_of(item.source, item.source_id, self.shards)
        batch = self.kept.setdefault((kind, item.source, shard), {})
        if item.source_id in batch:
            self.duplicates += 1
            if kind is EntryKind.CREATED:
                return  # the first arrival of a mention is the mention
        batch[item.source_id] = raw  # of two amendments the later one is the truth

    def refuse(self, index: int, error: str) -> None:
        self.rejected.append(Rejection(index, error))

    def done(self) -> Intake:
        """Return entries in the order in which they must be applied: created ones first."""
        order = list(EntryKind)
        batches = sorted(self.kept.items(), key=lambda pair: order.index(pair[0][0]))
        entries = [
            NewEntry(kind, source, self.observed_at, _array(batch.values()), shard)
            for (kind, source, shard), batch in batches
        ]
        sizes = tuple(len(batch) for _, batch in batches)
        return Intake(tuple(entries), sizes, self.duplicates, tuple(self.rejected))


def judge(item: Item, allowed: frozenset[str]) -> str:
    """Return why a well-formed item is refused, "" when it is not."""
    if item.source not in allowed:
        names = ", ".join(sorted(allowed))
        return f"source: {quote(item.source)} is not among the sources you may speak for ({names})"
    if isinstance(item, Mention) and not 1 < item.published_at.year < 9999:
        return "published_at: expected a year between 2 and 9998"
    if "\0" in item.source_id:
        return "source_id: must not contain U+0000"
    return ""


def decode_one(kind: EntryKind, raw: bytes) -> Item:
    """Decode one item; raises a refusal that names field and reason."""
    try:
        item = _one[kind].decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refused(complaint(error, raw, _WIRE[kind])) from None
    if _NUL in raw and (place := _nul_field(item)):
        raise Refused(f"{place}: must not contain U+0000")
    return item


def take_json(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int = 1
) -> Intake:
    """Take one mention or an array of them (application/json).

    Cost: one decode of the whole body when all is well, about 0.5 us a mention (2 us with several
    shards); about 30 us for each item otherwise. Raises `Problem` 400 when it is no JSON, 413 beyond `LIMIT` items.
    """
    start = body.lstrip(b" \t\r\n")[:1]
    if start == b"{":
        if one := _single(body, allowed, observed_at, shards):
            return one
        sorting = Sorting(allowed, observed_at, shards)
        sorting.take(0, EntryKind.CREATED, body)
        if sorting.rejected:
            require_json(body)
        return sorting.done()
    if start != b"[":
        raise Problem(400, "not-json", not_json(body))
    if whole := _whole(body, None, allowed, observed_at, shards):
        return whole
    return _each(split_array(body), allowed, observed_at, shards)


def take_lines(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int = 1
) -> Intake:
    """Take one mention a line (NDJSON); blank lines are skipped and have no index."""
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    if not lines:
        raise Problem(400, "not-json", "The body holds no line.")
    if whole := _whole(body, lines, allowed, observed_at, shards):
        return whole
    return _each(lines, allowed, observed_at, shards)


def _whole(
    body: bytes,
    lines: Sequence[bytes] | None,
    allowed: frozenset[str],
    observed_at: datetime,
    shards: int,
) -> Intake | None:
    """Return the intake of a body in which everything is good, else None.

    ``lines`` are its items where they are known already. What is of one source, for a log of one
    shard, goes on as it came: no item is copied.
    """
    try:
        mentions = _many.decode(body) if lines is None else _line.decode_lines(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if len(mentions) > LIMIT:
        raise too_many()
    if not mentions:
        return Intake()
    sources = {m.source for m in mentions}
    years = {m.published_at.year for m in mentions}
    if not sources <= allowed or _NUL in body or min(years) < 2 or max(years) > 9998:
        return None
    alone = len(sources) == 1
    ids = {m.source_id if alone else (m.source, m.source_id) for m in mentions}
    repeats = len(mentions) - len(ids)
    if alone and shards == 1 and not repeats:
        payload = body if lines is None else _array(lines)
        entry = NewEntry(EntryKind.CREATED, mentions[0].source, observed_at, payload)
        return Intake((entry,), (len(mentions),))
    items = _cut.decode(body) if lines is None else lines
    parts: dict[tuple[str, int], dict[str, bytes | msgspec.Raw]] = {}
    for mention, raw in zip(mentions, items, strict=True):
        id = mention.source_id
        part = parts.setdefault((mention.source, shard_of(mention.source, id, shards)), {})
        part.setdefault(id, raw)  # the first arrival of a mention is the mention
    entries = [
        NewEntry(EntryKind.CREATED, source, observed_at, _array(part.values()), shard)
        for (source, shard), part in parts.items()
    ]
    return Intake(tuple(entries), tuple(map(len, parts.values())), repeats)


def _single(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int
) -> Intake | None:
    """Return the intake of one good mention, else None."""
    try:
        mention = _line.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if _NUL in body or judge(mention, allowed):
        return None
    shard = shard_of(mention.source, mention.source_id, shards)
    entry = NewEntry(EntryKind.CREATED, mention.source, observed_at, b"[" + body + b"]", shard)
    return Intake((entry,), (1,))


def _array(items: Iterable[bytes | msgspec.Raw]) -> bytes:
    """Return a JSON array of items that are JSON already."""
    return b"[" + b",".join(items) + b"]"


def _each(
    items: Sequence[bytes], allowed: frozenset[str], observed_at: datetime, shards: int
) -> Intake:
    if len(items) > LIMIT:
        raise too_many()
    sorting = Sorting(allowed, observed_at, shards)
    for index, raw in enumerate(items):
        sorting.take(index, EntryKind.CREATED, raw)
    return sorting.done()


def _nul_field(item: Item) -> str:
    """Return the first place of ``item`` that holds U+0000, "" for none."""
    inside = msgspec.to_builtins(item)
    return next((at for at, v in places(inside) if isinstance(v, str) and "\0" in v), "")


def quote(text: str) -> str:
    """Return what was sent as it may stand in a refusal: quoted, at most 80 characters."""
    return msgspec.json.encode(text[:80]).decode()
