"""Intake: the body of one ingest request becomes entries for the log, and a reason for each refusal.

Pure: bytes in, `Intake` out. Everything good is kept, whatever stands beside it: a body that does
not decode as a whole is cut into its items first, and each item is judged alone. Items become one
entry for each kind, source and shard of the log (`monitor.ports.shard_of`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from detectors.mention import Mention, MentionRef, MetricsUpdate
from monitor.ports import EntryKind, NewEntry, shard_of
from monitor.server.complaint import complaint, places
from monitor.server.errors import Problem

LIMIT = 1000
"""Most mentions of one request (docs/api.md)."""

Item = Mention | MentionRef | MetricsUpdate
TYPES: dict[str, EntryKind] = {f"mention.{kind.value}": kind for kind in EntryKind}

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

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_NUL = b"\\u0000"
"""PostgreSQL cannot hold U+0000 in a text; a mention that carries one is refused by field."""


class _Event(msgspec.Struct, frozen=True):
    """The CloudEvents 1.0 envelope; extension attributes are allowed and ignored."""

    specversion: str
    type: str
    source: str
    id: str
    data: msgspec.Raw = msgspec.Raw()  # empty: not given
    data_base64: str | None = None
    datacontenttype: str = "application/json"


_event = msgspec.json.Decoder(_Event)


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


class _Refused(ValueError):
    """One item cannot be taken; the message names field and reason."""


@dataclass(slots=True)
class _Sorting:
    """Sorts good items by kind, source and shard, drops repeats, remembers refusals."""

    allowed: frozenset[str]
    observed_at: datetime
    shards: int
    kept: dict[tuple[EntryKind, str, int], dict[str, bytes]] = field(default_factory=dict)
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def take(self, index: int, kind: EntryKind, raw: bytes) -> None:
        try:
            item = decode_one(kind, raw)
            refusal = judge(item, self.allowed)
            if refusal:
                raise _Refused(refusal)
        except _Refused as error:
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
        return f"source: {_quote(item.source)} is not among the sources you may speak for ({names})"
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
        raise _Refused(complaint(error, raw, _WIRE[kind])) from None
    if _NUL in raw and (place := _nul_field(item)):
        raise _Refused(f"{place}: must not contain U+0000")
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
        sorting = _Sorting(allowed, observed_at, shards)
        sorting.take(0, EntryKind.CREATED, body)
        if sorting.rejected:
            _require_json(body)
        return sorting.done()
    if start != b"[":
        raise Problem(400, "not-json", _not_json(body))
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


def take_event(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int = 1
) -> Intake:
    """Take one CloudEvent in structured mode."""
    _require_json(body)
    return _events([body], allowed, observed_at, shards)


def take_events(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int = 1
) -> Intake:
    """Take a JSON array of CloudEvents (batched mode)."""
    return _events(split_array(body), allowed, observed_at, shards)


def take_binary(
    body: bytes,
    attributes: Mapping[str, str],
    allowed: frozenset[str],
    observed_at: datetime,
    shards: int = 1,
) -> Intake:
    """Take one CloudEvent in binary mode: ``attributes`` are the ``ce-`` headers without prefix."""
    _require_json(body)
    sorting = _Sorting(allowed, observed_at, shards)
    try:
        for name in ("id", "source", "specversion", "type"):
            if not attributes.get(name):
                raise _Refused(f"ce-{name}: required header missing")
        kind = _kind(attributes["specversion"], attributes["type"], prefix="ce-")
    except _Refused as error:
        sorting.refuse(0, str(error))
    else:
        sorting.take(0, kind, body)
    return sorting.done()


def split_array(body: bytes) -> list[bytes]:
    """Cut a JSON array into its items without judging them; empty items are kept as b"".

    Linear in the body. Raises `Problem` 400 when brackets or quotes do not close (then nothing
    can be told apart), 413 beyond `LIMIT` items.
    """
    if body.lstrip(b" \t\r\n")[:1] != b"[":
        raise Problem(400, "not-json", "Expected a JSON array.")
    items: list[bytes] = []
    open_: list[int] = []
    start = 0
    for token in _TOKEN.finditer(body):
        char = body[token.start()]
        if char in b"[{":
            open_.append(char + 2)  # in ASCII the closing bracket stands two after the opening
            start = token.end() if len(open_) == 1 else start
        elif char in b"]}":
            if not open_ or open_.pop() != char:
                raise Problem(400, "not-json", _unclosed(token.start()))
            if not open_:
                return _close(body, items, start, token)
        elif char == ord(",") and len(open_) == 1:
            items.append(body[start : token.start()].strip())
            start = token.end()
            if len(items) > LIMIT:
                raise too_many()
    raise Problem(400, "not-json", _unclosed(len(body)))


def _close(body: bytes, items: list[bytes], start: int, token: re.Match[bytes]) -> list[bytes]:
    if body[token.end() :].strip():
        raise Problem(400, "not-json", f"Something follows the array (byte {token.end()}).")
    last = body[start : token.start()].strip()
    if last or items:
        items.append(last)
    if len(items) > LIMIT:
        raise too_many()
    return items


def too_many() -> Problem:
    return Problem(413, "too-many", f"At most {LIMIT} mentions in one request; send several.")


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
    sorting = _Sorting(allowed, observed_at, shards)
    for index, raw in enumerate(items):
        sorting.take(index, EntryKind.CREATED, raw)
    return sorting.done()


def _events(
    items: Sequence[bytes], allowed: frozenset[str], observed_at: datetime, shards: int
) -> Intake:
    sorting = _Sorting(allowed, observed_at, shards)
    for index, raw in enumerate(items):
        try:
            kind, data = _open_event(raw)
        except _Refused as error:
            sorting.refuse(index, str(error))
        else:
            sorting.take(index, kind, data)
    return sorting.done()


def _open_event(raw: bytes) -> tuple[EntryKind, bytes]:
    try:
        event = _event.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _Refused(complaint(error, raw, _Event)) from None
    if not event.id or not event.source:
        raise _Refused(f"{'source' if event.id else 'id'}: must not be empty")
    kind = _kind(event.specversion, event.type)
    if event.data_base64 is not None:
        raise _Refused("data_base64: send the mention as JSON in data")
    if "json" not in event.datacontenttype.lower():
        raise _Refused(f"datacontenttype: expected JSON, got {_quote(event.datacontenttype)}")
    if bytes(event.data) in (b"", b"null"):
        raise _Refused("data: required field missing")
    return kind, bytes(event.data)


def _kind(specversion: str, type_: str, prefix: str = "") -> EntryKind:
    if specversion != "1.0":
        raise _Refused(f'{prefix}specversion: expected "1.0", got {_quote(specversion)}')
    if type_ not in TYPES:
        names = ", ".join(TYPES)
        raise _Refused(f"{prefix}type: expected one of {names}; got {_quote(type_)}")
    return TYPES[type_]


def _nul_field(item: Item) -> str:
    """Return the first place of ``item`` that holds U+0000, "" for none."""
    inside = msgspec.to_builtins(item)
    return next((at for at, v in places(inside) if isinstance(v, str) and "\0" in v), "")


def _require_json(body: bytes) -> None:
    """Raise `Problem` 400 where the body is no JSON at all."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Problem(400, "not-json", _not_json(body)) from None


def _not_json(body: bytes) -> str:
    if not body.strip():
        return "The body is empty."
    try:
        msgspec.json.decode(body)
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    except msgspec.MsgspecError as error:
        return f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}."
    except RecursionError:
        return "The body is nested too deeply."
    return "Expected one mention (a JSON object) or an array of them."


def _unclosed(at: int) -> str:
    return f"The body is not JSON: brackets or quotes do not match (byte {at})."


def _quote(text: str) -> str:
    return msgspec.json.encode(text[:80]).decode()
