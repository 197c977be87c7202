"""Leases as rows: owner, end by the server's clock, and a number that rises with every take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from monitor.ports import HUNG_TERMS, Fenced, Fences, Holding
from monitor.store import schema
from monitor.store.codec import instant
from monitor.store.dialects import brief, hold, insert
from monitor.store.transactions import Snapshots, Transactions

WORKER: Final = "worker/"
"""Rows of this prefix say who is alive; no lease may be called so."""

_t = schema.lease
# The clock of this very moment: now() would be that of the transaction's begin.
_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


@dataclass(slots=True)
class _Lease:
    name: str
    owner: str
    fence: int
    until_us: int
    ours_to_change: bool

    def free(self, now_us: int) -> bool:
        return not self.owner or self.until_us <= now_us

    def stood_on_too_long(self, now_us: int) -> bool:
        return not self.ours_to_change and self.free(now_us)


class SqlLeases:
    """`monitor.ports.Leases` in the table ``lease``, on a server that many workers use."""

    def __init__(self, write: Transactions, read: Snapshots, lease_s: float) -> None:
        self._write = write
        self._read = read
        self._lease_us = round(lease_s * 1_000_000)

    def balance(self, owner: str, work: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Renew, give back and take, so that everybody alive has a fair share of each kind.

        One at a time does this, in some milliseconds. A lease that an open transaction stands on
        is neither taken nor given back: it is left as it is until the next call. If it ended and
        its worker says nothing for `HUNG_TERMS` terms, the worker's session is ended, which undoes what
        it had begun.
        """
        if any(name.startswith(WORKER) for names in work.values() for name in names):
            raise ValueError(f"no lease may be called {WORKER}...")
        with self._write() as c:
            brief(c)
            hold(c, "leases", ["balance"])
            now_us = _now_us(c)
            alive = self._heartbeat(c, owner, now_us)
            leases = _lockable(c, sorted({n for names in work.values() for n in names}))
            for names in work.values():
                self._share(c, owner, [leases[n] for n in sorted(set(names))], alive, now_us)
            mine = {lease.name: lease for lease in leases.values() if lease.owner == owner}
            _renew(c, [m.name for m in mine.values() if m.ours_to_change], now_us + self._lease_us)
            if any(lease.stood_on_too_long(now_us) for lease in leases.values()):
                _end_hung(c, HUNG_TERMS * self._lease_us)
        return {name: lease.fence for name, lease in mine.items()}

    def leave(self, owner: str) -> None:
        """Give back everything at once and be no longer counted: a clean stop."""
        with self._write() as c:
            brief(c)
            hold(c, "leases", ["balance"])
            ours = select(_t.c.name).where(_t.c.owner == owner, ~_t.c.name.startswith(WORKER))
            names = list(c.scalars(ours.order_by(_t.c.name).with_for_update()))
            c.execute(_t.update().where(_t.c.name.in_(names)).values(owner="", until_us=None))
            c.execute(_t.delete().where(_t.c.name == WORKER + owner))

    def holdings(self) -> list[Holding]:
        """Return every lease ever taken, by name; an expired one has no owner."""
        query = select(_t).where(~_t.c.name.startswith(WORKER), _t.c.fence > 0).order_by(_t.c.name)
        with self._read() as c:
            now_us = _now_us(c)
            return [
                Holding(
                    name=row.name,
                    owner=row.owner if (row.until_us or 0) > now_us else "",
                    fence=row.fence,
                    until=instant(row.until_us),
                )
                for row in c.execute(query)
            ]

    def _heartbeat(self, c: Connection, owner: str, now_us: int) -> list[str]:
        """Say that ``owner`` is alive, forget the dead; return who is alive."""
        values = {"owner": owner, "until_us": now_us + self._lease_us}
        c.execute(
            insert(c, _t)
            .values(name=WORKER + owner, fence=0, **values)
            .on_conflict_do_update(index_elements=[_t.c.name], set_=values)
        )
        c.execute(_t.delete().where(_t.c.name.startswith(WORKER), _t.c.until_us <= now_us))
        return list(c.scalars(select(_t.c.owner).where(_t.c.name.startswith(WORKER))))

    def _share(
        self, c: Connection, owner: str, kind: list[_Lease], alive: Sequence[str], now_us: int
    ) -> None:
        """Take or give back leases of one kind.

        Nobody holds more than ceil(n / alive). Since that would let the last of three workers on
        four leases go without, one above floor(n / alive) gives back while another is below it.
        """
        most, least = -(-len(kind) // len(alive)), len(kind) // len(alive)
        held = dict.fromkeys(alive, 0)
        for lease in kind:
            if lease.owner in held and (lease.owner == owner or not lease.free(now_us)):
                held[lease.owner] += 1
        free = [x for x in kind if x.owner != owner and x.free(now_us)]
        others_lack = sum(max(0, least - n) for name, n in held.items() if name != owner)
        mine = held[owner]
        for lease in reversed(kind):
            if lease.owner != owner or not lease.ours_to_change:
                continue
            if mine > most or (mine > least and others_lack > len(free)):
                _give(c, lease)
                free.append(lease)
                mine -= 1
        takeable = [x for x in free if x.ours_to_change and x.owner != owner and x.name]
        for lease in takeable:
            wanted = mine < least or (mine < most and len(free) > others_lack)
            if not wanted or (held[owner] > mine):
                break
            _take(c, lease, owner, now_us + self._lease_us)
            free.remove(lease)
            mine += 1


def renew(c: Connection, fences: Fences, lease_s: float) -> None:
    """Check, renew and lock the leases that a transaction stands on; `Fenced` names what is lost.

    To be called first. Who is committed to take one of them has raised its number; who wants to
    take one later leaves out what is locked.
    """
    names = sorted(fences)
    rows = c.execute(_LOCK, {"names": names}).all()
    current = {row.name: row.fence for row in rows if row.owner}
    lost = [name for name in names if current.get(name) != fences[name]]
    if lost:
        raise Fenced(
            f"lost meanwhile, nothing was stored: {', '.join(lost)} (now with somebody else)"
        )
    _renew(c, names, _now_us(c) + round(lease_s * 1_000_000))


_LOCK = (
    select(_t.c.name, _t.c.owner, _t.c.fence)
    .where(_t.c.name.in_(bindparam("names", expanding=True)))
    .order_by(_t.c.name)
    .with_for_update()
)


def _now_us(c: Connection) -> int:
    return int(c.exec_driver_sql(f"SELECT {_NOW}").scalar_one())


def _lockable(c: Connection, names: Sequence[str]) -> dict[str, _Lease]:
    """Return leases as they stand, made where missing, each locked unless somebody stands on it."""
    if not names:
        return {}
    named = select(_t).where(_t.c.name.in_(names)).order_by(_t.c.name)
    # Only what is missing: an insert waits for whoever stands on the row, conflict or not.
    missing = sorted(set(names) - {row.name for row in c.execute(named)})
    if missing:
        new = [{"name": name, "owner": "", "fence": 0} for name in missing]
        c.execute(insert(c, _t).on_conflict_do_nothing(), new)
    locked = {row.name for row in c.execute(named.with_for_update(skip_locked=True))}
    return {
        row.name: _Lease(row.name, row.owner, row.fence, row.until_us or 0, row.name in locked)
        for row in c.execute(named)
    }


def _end_hung(c: Connection, silent_us: int) -> None:
    """End the sessions that stand on leases and wait for a client that says nothing.

    The server's idle_in_transaction_session_timeout knows only who waits between two statements. A
    worker that was frozen inside a COPY would keep its locks for as long as it is frozen.
    """
    c.execute(_END_HUNG, {"silent_us": silent_us})


_END_HUNG = text(
    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid"
    " WHERE l.relation = 'lease'::regclass AND l.mode = 'RowShareLock'"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND a.usename = current_user AND a.pid <> pg_backend_pid() AND a.wait_event = 'ClientRead'"
    " AND a.state_change < clock_timestamp() - :silent_us * interval '1 microsecond'"
)


def _renew(c: Connection, names: Sequence[str], until_us: int) -> None:
    if names:
        c.execute(_t.update().where(_t.c.name.in_(names)).values(until_us=until_us))


def _give(c: Connection, lease: _Lease) -> None:
    lease.owner = ""
    c.execute(_t.update().where(_t.c.name == lease.name).values(owner="", until_us=None))


def _take(c: Connection, lease: _Lease, owner: str, until_us: int) -> None:
    lease.owner, lease.fence = owner, lease.fence + 1
    c.execute(
        _t.update()
        .where(_t.c.name == lease.name)
        .values(owner=owner, fence=lease.fence, until_us=until_us)
    )
