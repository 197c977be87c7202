"""The way to Redis: one server or a cluster, spoken to in batches, each shard where it lives.

The only module of the log that imports redis. It speaks over the client library's connections
itself instead of through its pipelines, because those send a batch again when the connection
breaks: a repeated XREADGROUP would hand out the next entries and leave the first ones behind.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool, parse_url
from redis.retry import Retry

from monitor.clock import stopwatch
from monitor.ports import Unavailable
from monitor.stream import WrongServer
from monitor.stream.redis_checks import checked, crowded
from monitor.stream.redis_errors import TROUBLE, later, told

CONNECT_S = 1.0
"""How long a connection may take to be made; a machine that is gone answers nothing at all."""

REFRESH_S = 0.25
"""The least time between two looks at who holds what in a cluster."""

LOOK_S = 0.5
"""How often memory is looked at, at most."""

Reply = Any  # what a server answered (bytes, numbers, lists of them), or a `Failure`
Arg = str | bytes | int


@dataclass(frozen=True, slots=True)
class Call:
    """One command; ``key`` says which node it is for."""

    key: str
    args: tuple[Arg, ...]


def script(text: str, keys: Sequence[str], *args: Arg) -> Call:
    """Return the call of a script; all keys live in one slot, or the server is no cluster."""
    return Call(keys[0], ("EVAL", text, len(keys), *keys, *args))


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without an answer: what to raise, and whether the server may have done it."""

    error: Exception
    in_doubt: bool


class Link:
    """Connections to one server or to all nodes of a cluster; any number of threads may use it."""

    def __init__(self, url: str, timeout_s: float) -> None:
        try:
            self._nodes, options = addresses(url)
            options |= {
                "protocol": 2,  # nothing here is a push message; the same answers from 6.2 on
                "decode_responses": False,
                "socket_timeout": timeout_s,
                "socket_connect_timeout": min(timeout_s, CONNECT_S),
            }
            self.place = ", ".join(f"{host}:{port}" for host, port in self._nodes)
            self._cluster: Any = None  # a RedisCluster; most of its methods carry no types
            self._one: redis.Redis | None = None
            if "+cluster" in url.partition("://")[0]:
                self._cluster = RedisCluster(
                    startup_nodes=[_node(host, port) for host, port in self._nodes],
                    require_full_coverage=False,  # one part that is lost must not hide the rest
                    retry=Retry(NoBackoff(), 0),
                    **options,
                )
            else:
                self.place = self.place or str(options.get("path"))
                options.pop("ssl", None)  # the URL says it
                pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **options)
                self._one = redis.Redis(connection_pool=pool)
        except TROUBLE as error:
            raise told(error, self.place) from None
        self._guard = threading.Lock()
        self._refreshed = 0.0
        self._looked: dict[str, tuple[float, str]] = {}
        self._closed = False

    @property
    def clustered(self) -> bool:
        return self._cluster is not None

    # calls

    def run(self, calls: Sequence[Call], *, replicas: int = 0) -> list[Reply]:
        """Return the answer to each call, or why there is none; all nodes work at the same time.

        Calls to one node are done in their order. What a node refuses because another one has the
        slot now is sent there, once. ``replicas``: how many replicas must have what was written.
        """
        results: list[Reply] = [None] * len(calls)
        left = list(range(len(calls)))
        for last in (False, True):
            self._exchange(calls, left, results, replicas)
            left = [i for i in left if _moved(results[i])]
            if not left:
                break
            for i in [] if last else left:
                self._cluster.nodes_manager.move_slot(results[i])
        for i, result in enumerate(results):
            if isinstance(result, Exception):
                results[i] = Failure(later(result, self.place), in_doubt=False)
        if any(isinstance(r, Failure) for r in results):
            self._refresh()
        return results

    def one(self, call: Call) -> Reply:
        """Return the answer to one call, or raise why there is none."""
        [result] = self.run([call])
        if isinstance(result, Failure):
            raise result.error
        return result

    def _exchange(
        self,
        calls: Sequence[Call],
        which: Sequence[int],
        results: list[Reply],
        replicas: int,
    ) -> None:
        lanes: dict[ConnectionPool, _Lane] = {}
        for i in which:
            try:
                pool = self._pool(calls[i].key)
            except TROUBLE as error:
                results[i] = Failure(later(error, self.place), in_doubt=False)
                continue
            lanes.setdefault(pool, _Lane(pool, self.place)).mine.append(i)
        try:
            for lane in lanes.values():
                lane.send(calls, results, replicas)
            for lane in lanes.values():
                lane.receive(results, replicas)
        finally:
            for lane in lanes.values():
                lane.release()

    def _pool(self, key: str) -> ConnectionPool:
        if self._closed:
            raise errors.ConnectionError("the log is closed")
        if self._one is not None:
            return self._one.connection_pool
        node = self._cluster.get_node_from_key(key)
        if node is None:
            raise errors.SlotNotCoveredError("no node has this slot")
        pool: ConnectionPool = self._cluster.get_redis_connection(node).connection_pool
        return pool

    def _refresh(self) -> None:
        """Learn again who holds what, in a cluster."""
        if self._cluster is None or self._closed:
            return
        with self._guard:
            if stopwatch() - self._refreshed < REFRESH_S:
                return
            self._refreshed = stopwatch()
        try:
            self._cluster.nodes_manager.initialize()
        except TROUBLE:
            return  # nobody answers: whoever calls next is told so

    # the servers themselves

    def clients(self) -> list[tuple[str, redis.Redis]]:
        """Return every node, replicas too: any of them may be the primary next."""
        if self._one is not None:
            return [(self.place, self._one)]
        return [
            (node.name, self._cluster.get_redis_connection(node))
            for node in self._cluster.get_nodes()
        ]

    def check(self) -> list[str]:
        """Return sentences about what could not be checked; raise `WrongServer` for what is wrong."""
        notes: list[str] = []
        asked = 0
        for place, client in self.clients():
            try:
                notes += checked(client, place, clustered=self.clustered)
                asked += 1
            except TROUBLE as error:
                if not self.clustered or not isinstance(told(error, place), Unavailable):
                    raise told(error, place) from None
                notes.append(f"{told(error, place)}; its settings were not checked")
        if not asked:
            raise Unavailable("; ".join(notes))
        return notes

    def room(self, keys: Sequence[str]) -> None:
        """Raise `Unavailable` where a node that holds one of ``keys`` is nearly out of memory."""
        for place, client in self._primaries(keys):
            at, why = self._looked.get(place, (-LOOK_S, ""))
            if stopwatch() - at >= LOOK_S:
                why = crowded(client, place)
                self._looked[place] = (stopwatch(), why)
            if why:
                raise Unavailable(why, retry_after_s=2.0)

    def _primaries(self, keys: Sequence[str]) -> list[tuple[str, redis.Redis]]:
        if self._one is not None:
            return [(self.place, self._one)]
        try:
            nodes = {self._cluster.get_node_from_key(key) for key in keys} - {None}
        except TROUBLE:
            return []  # the call itself will say so
        return [(n.name, self._cluster.get_redis_connection(n)) for n in nodes if n is not None]

    def close(self) -> None:
        """Close all connections. May be called twice."""
        self._closed = True
        for client in (self._one, self._cluster):
            if client is not None:
                client.close()


class _Lane:
    """One connection to one node for one exchange."""

    def __init__(self, pool: ConnectionPool, place: str) -> None:
        self._pool = pool
        self.mine: list[int] = []
        self._connection: Any = None  # redis has no public name for "a connection of any kind"
        self._clean = True
        kwargs = pool.connection_kwargs
        self._place = f"{kwargs['host']}:{kwargs.get('port')}" if "host" in kwargs else place

    def send(self, calls: Sequence[Call], results: list[Reply], replicas: int) -> None:
        try:
            self._connection = self._pool.get_connection()
        except TROUBLE as error:
            self._fail(results, self.mine, error, in_doubt=False)
            return
        commands: list[tuple[Arg, ...]] = [calls[i].args for i in self.mine]
        if replicas:
            timeout_ms = int(self._pool.connection_kwargs["socket_timeout"] * 500)
            commands.append(("WAIT", replicas, timeout_ms))
        self._clean = False
        try:
            self._connection.send_packed_command(self._connection.pack_commands(commands))
        except TROUBLE as error:
            self._fail(results, self.mine, error, in_doubt=True)

    def receive(self, results: list[Reply], replicas: int) -> None:
        if self._connection is None or self._clean:
            return
        for n, i in enumerate(self.mine):
            if isinstance(results[i], Failure):
                return
            try:
                results[i] = self._answer()
            except TROUBLE as error:
                self._fail(results, self.mine[n:], error, in_doubt=True)
                return
        if replicas:
            self._copied(results, replicas)
        self._clean = True

    def _copied(self, results: list[Reply], replicas: int) -> None:
        try:
            n = self._answer()
        except TROUBLE as error:
            self._fail(results, self.mine, error, in_doubt=True)
            return
        if isinstance(n, int) and n < replicas:
            why = f"redis at {self._place}: {n} of {replicas} replicas have what was appended"
            for i in self.mine:
                if not isinstance(results[i], Exception):
                    results[i] = Failure(Unavailable(why), in_doubt=True)

    def _answer(self) -> Reply:
        """Return what the server says next; an error that it states is an answer like any other."""
        try:
            return self._connection.read_response()
        except errors.ResponseError as error:
            return error

    def _fail(
        self,
        results: list[Reply],
        which: Sequence[int],
        error: Exception,
        *,
        in_doubt: bool,
    ) -> None:
        for i in which:
            results[i] = Failure(later(error, self._place), in_doubt)

    def release(self) -> None:
        if self._connection is None:
            return
        if not self._clean:
            self._connection.disconnect()  # or the next user would read our answers
        self._pool.release(self._connection)
        self._connection = None


def addresses(url: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Return the hosts that a URL names, and the other options of a connection in it.

    ``redis://``, ``rediss://`` and ``unix://`` as redis-py reads them; ``redis+cluster://`` and
    ``rediss+cluster://`` with one or more ``host:port``, parted by commas. Raises `WrongServer`.
    """
    scheme, _, rest = url.partition("://")
    plain = scheme.removesuffix("+cluster")
    if plain not in ("redis", "rediss", "unix") or (scheme != plain and plain == "unix"):
        raise WrongServer(
            f"a log cannot be at {scheme}://; expected redis://, rediss://, unix://,"
            " redis+cluster:// or rediss+cluster://"
        )
    netloc = re.split(r"[/?]", rest, maxsplit=1)[0]
    tail = rest[len(netloc) :]
    who, at, hosts = netloc.rpartition("@")
    try:
        if plain == "unix":
            options = _parsed(url)
            return [], {k: v for k, v in options.items() if k != "connection_class"}
        parsed = [_parsed(f"{plain}://{who}{at}{host}{tail}") for host in hosts.split(",")]
    except ValueError:
        raise WrongServer(
            f"the URL of the log ({scheme}://...) cannot be read; expected"
            f" {scheme}://user:password@host:port/"
        ) from None
    options = dict(parsed[0])
    nodes = [(str(p.get("host", "localhost")), int(p.get("port", 6379))) for p in parsed]
    for name in ("host", "port", "connection_class"):
        options.pop(name, None)
    if scheme != plain and options.pop("db", 0):
        raise WrongServer("a Redis Cluster has no numbered databases; leave out what is after /")
    options["ssl"] = plain == "rediss"
    return nodes, options


def _parsed(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call]  # redis ships it without types


def _node(host: str, port: int) -> ClusterNode:
    return ClusterNode(host, port)  # type: ignore[no-untyped-call]  # as above


def _moved(result: Reply) -> bool:
    """Tell whether another node of a cluster has it now; the error names which."""
    return isinstance(result, errors.MovedError)
