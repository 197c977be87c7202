"""What a reply of Redis says: the entries in it, or how the call failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from monitor.ports import Entry, EntryKind, Unavailable
from monitor.store.codec import instant

if TYPE_CHECKING:
    from monitor.stream.redis_link import Reply


def position_of(shard: int, id: bytes, size: int) -> str:
    """Return shard, stream id and bytes: what acknowledging must know, without looking it up."""
    return f"{shard}:{id.decode()}:{size}"


def entry_of(shard: int, row: tuple[bytes, list[bytes]], redelivered: bool) -> Entry:
    """Return one row of a stream as `monitor.stream.redis_scripts.APPEND` wrote it."""
    id, fields = row
    kind, source, observed, payload = fields[1], fields[3], fields[5], fields[9]
    return Entry(
        position=position_of(shard, id, len(payload)),
        kind=EntryKind(kind.decode()),
        source=source.decode(errors="surrogatepass"),
        observed_at=instant(int(observed)),
        payload=payload,
        redelivered=redelivered,
        shard=shard,
    )


def failed(reply: Reply) -> bool:
    return isinstance(getattr(reply, "error", None), Exception)


def no_group(reply: Reply) -> bool:
    """True where the stream is there and the group is not, or neither is."""
    return failed(reply) and str(reply.error).startswith("NOGROUP")


def raise_first(replies: Iterable[Reply]) -> None:
    """Raise the first error among replies, if there is one."""
    for reply in replies:
        if failed(reply):
            raise reply.error


def raise_unless_refused(replies: Iterable[Reply]) -> None:
    """Raise where a server may have done what it did not answer, or said what is no outage."""
    for reply in replies:
        if failed(reply) and (reply.in_doubt or not isinstance(reply.error, Unavailable)):
            raise reply.error
