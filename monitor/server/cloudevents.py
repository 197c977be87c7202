"""CloudEvents: the envelopes around items, in the three modes of CloudEvents 1.0 over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from monitor.ports import EntryKind
from monitor.server.complaint import complaint
from monitor.server.intake import Intake, Refused, Sorting, quote
from monitor.server.json_text import require_json, split_array

TYPES: dict[str, EntryKind] = {f"mention.{kind.value}": kind for kind in EntryKind}


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


def take_event(
    body: bytes, allowed: frozenset[str], observed_at: datetime, shards: int = 1
) -> Intake:
    """Take one CloudEvent in structured mode."""
    require_json(body)
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
    require_json(body)
    sorting = Sorting(allowed, observed_at, shards)
    try:
        for name in ("id", "source", "specversion", "type"):
            if not attributes.get(name):
                raise Refused(f"ce-{name}: required header missing")
        kind = _kind(attributes["specversion"], attributes["type"], prefix="ce-")
    except Refused as error:
        sorting.refuse(0, str(error))
    else:
        sorting.take(0, kind, body)
    return sorting.done()


def _events(
    items: Sequence[bytes], allowed: frozenset[str], observed_at: datetime, shards: int
) -> Intake:
    sorting = Sorting(allowed, observed_at, shards)
    for index, raw in enumerate(items):
        try:
            kind, data = _open_event(raw)
        except Refused as error:
            sorting.refuse(index, str(error))
        else:
            sorting.take(index, kind, data)
    return sorting.done()


def _open_event(raw: bytes) -> tuple[EntryKind, bytes]:
    try:
        event = _event.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refused(complaint(error, raw, _Event)) from None
    if not event.id or not event.source:
        raise Refused(f"{'source' if event.id else 'id'}: must not be empty")
    kind = _kind(event.specversion, event.type)
    if event.data_base64 is not None:
        raise Refused("data_base64: send the mention as JSON in data")
    if "json" not in event.datacontenttype.lower():
        raise Refused(f"datacontenttype: expected JSON, got {quote(event.datacontenttype)}")
    if bytes(event.data) in (b"", b"null"):
        raise Refused("data: required field missing")
    return kind, bytes(event.data)


def _kind(specversion: str, type_: str, prefix: str = "") -> EntryKind:
    if specversion != "1.0":
        raise Refused(f'{prefix}specversion: expected "1.0", got {quote(specversion)}')
    if type_ not in TYPES:
        names = ", ".join(TYPES)
        raise Refused(f"{prefix}type: expected one of {names}; got {quote(type_)}")
    return TYPES[type_]
