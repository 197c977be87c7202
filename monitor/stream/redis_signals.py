"""RedisSignals: small live signals between processes, over Redis pub/sub.

Pub/sub keeps nothing: who does not listen at that moment does not hear it, which is all that live
pages need (https://redis.io/docs/latest/develop/pubsub/). In a cluster every node passes a message
on to all others, so one connection to any of them is enough.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from monitor.clock import stopwatch
from monitor.stream import WrongServer

if TYPE_CHECKING:
    import redis

log_ = logging.getLogger(__name__)

PUBLISH_S = 0.25
"""How long publishing may hold up its caller; connecting included, twice this."""

PAUSE_S = 2.0
"""After a failure nothing is tried for so long: an outage costs each caller next to nothing."""

LISTEN_S = 0.25
"""How soon `RedisSignals.follow` notices that it shall stop."""


class RedisSignals:
    """`monitor.ports.Signals` between any number of processes; lossy by design.

    Whoever follows hears its own process's signals as well.
    """

    def __init__(self, url: str, *, prefix: str = "sturmglas") -> None:
        """Take a URL as `RedisLog.open` does; connects when needed. Raises `WrongServer`."""
        try:
            from monitor.stream.redis_link import addresses
        except ModuleNotFoundError as error:
            raise WrongServer(
                "signals over Redis need redis-py: pip install 'sturmglas[redis]'"
            ) from error
        nodes, self._options = addresses(url)
        self._places = [{"host": host, "port": port} for host, port in nodes] or [{}]
        self._channel = f"{prefix}:signals"
        self._guard = threading.Lock()
        self._at = 0
        self._sender: redis.Redis | None = None
        self._quiet_until = 0.0
        self._closed = False

    def publish(self, kind: str, id: str, version: int) -> None:
        """Tell whoever listens now; where Redis cannot be reached nobody is told, and nothing raised."""
        if self._closed or stopwatch() < self._quiet_until:
            return
        if not self._guard.acquire(timeout=PUBLISH_S):
            return
        try:
            if self._sender is None:
                self._sender = self._client(self._at, PUBLISH_S)
            self._sender.publish(self._channel, json.dumps([kind, id, version]))
        except Exception as error:  # lossy by design: the pages look for themselves now and then
            log_.info("a signal was not sent: %s", type(error).__name__)
            self._at += 1
            self._quiet_until = stopwatch() + PAUSE_S
            self._drop()
        finally:
            self._guard.release()

    def follow(
        self,
        hear: Callable[[str, str, int], None],
        stop: threading.Event,
        connected: Callable[[], None] | None = None,
    ) -> None:
        """Call ``hear(kind, id, version)`` for each signal until ``stop``; in the caller's thread.

        Connects again by itself, to another node of a cluster if need be. What was published
        meanwhile is lost: ``connected`` is called each time when listening begins.
        """
        at = self._at
        while not (stop.is_set() or self._closed):
            client = self._client(at, 2 * LISTEN_S)
            try:
                self._listen(client, hear, stop, connected)
            except _gone() as error:
                log_.info("signals are not heard for now: %s", type(error).__name__)
                at += 1
                stop.wait(LISTEN_S)
            finally:
                client.close()

    def _listen(
        self,
        client: Any,  # a redis.Redis, whose pubsub() carries no types
        hear: Callable[[str, str, int], None],
        stop: threading.Event,
        connected: Callable[[], None] | None,
    ) -> None:
        with client.pubsub() as heard:
            heard.subscribe(self._channel)
            while not (stop.is_set() or self._closed):
                message = heard.get_message(timeout=LISTEN_S)
                if message is None:
                    continue
                if message["type"] == "subscribe" and connected is not None:
                    connected()
                elif message["type"] == "message":
                    signal = _signal(message["data"])
                    if signal is not None:
                        hear(*signal)

    def _client(self, at: int, timeout_s: float) -> redis.Redis:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        place: dict[str, Any] = self._places[at % len(self._places)]
        options = {k: v for k, v in self._options.items() if k not in ("path", "ssl")}
        if "path" in self._options:
            options["unix_socket_path"] = self._options["path"]
        return redis.Redis(
            **place,
            **options,
            ssl=bool(self._options.get("ssl")),
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )

    def _drop(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def close(self) -> None:
        """Send nothing any more and end whoever follows. May be called twice."""
        self._closed = True
        with self._guard:
            self._drop()


def _gone() -> tuple[type[Exception], ...]:
    import redis

    return (redis.RedisError, OSError)


def _signal(data: bytes) -> tuple[str, str, int] | None:
    """Return a signal as it was published; None for what is none of ours."""
    try:
        kind, id, version = json.loads(data)
        return str(kind), str(id), int(version)
    except (ValueError, TypeError):
        return None
