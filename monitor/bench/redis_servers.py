"""Redis servers and clusters of one's own: on free loopback ports, in a folder that goes away."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import redis

from monitor.bench.machine import free_port

READY_S = 30.0
NODE_TIMEOUT_MS = 2000
SLOTS = 16384


def installed() -> bool:
    """Tell whether there is a redis-server on this machine."""
    return shutil.which("redis-server") is not None


class RedisServer:
    """One server that flushes every write to disk; ``settings`` go over our own.

    Killed and started again it has the same port and the same folder.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sturmglas-redis-")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self._settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "save": "",
            "shutdown-timeout": "0",
            "enable-debug-command": "local",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def client(self) -> Any:  # redis.Redis, whose execute_command carries no types
        """Return a client of the test's own; close it."""
        return redis.Redis(
            port=self.port,
            protocol=2,
            password=self._settings.get("requirepass"),
            socket_timeout=10,
        )

    def start(self, *, wait: bool = True) -> RedisServer:
        """Start it and wait until it answers (or not: then it may still be loading)."""
        lines = "".join(f'{name} "{value}"\n' for name, value in self._settings.items())
        config = self.folder / "redis.conf"
        config.write_text(lines)
        with (self.folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen(
                ["redis-server", str(config)], stdout=out, stderr=out, start_new_session=True
            )
        if wait:
            self.answers()
        return self

    def answers(self) -> None:
        """Wait until the server has loaded its data and says so."""

        def ready() -> bool:
            try:
                with self.client() as client:
                    return bool(client.ping())
            except redis.RedisError:
                if self._process is not None and self._process.poll() is not None:
                    text = (self.folder / "server.log").read_text()
                    raise RuntimeError(f"redis-server ended at once: {text[-500:]}") from None
                return False

        until(ready, f"redis on port {self.port} answers")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Kill it and start it again on the same files."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it for good and remove its folder. May be called twice."""
        self.kill()  # told to stop it may take its time, for files that go away
        self._folder.cleanup()


class RedisCluster:
    """Three primaries with a replica each."""

    def __init__(self, primaries: int = 3, settings: Mapping[str, str] | None = None) -> None:
        shared = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "cluster-config-file": "nodes.conf",
            "repl-diskless-sync-delay": "0",
            **(settings or {}),
        }
        self._primaries = primaries
        self.nodes = [
            RedisServer({**shared, "cluster-port": str(free_port())}) for _ in range(2 * primaries)
        ]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis+cluster://{hosts}/"

    def start(self) -> RedisCluster:
        """Start all nodes, give out the slots, add the replicas, and wait until all agree."""
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.answers()
        clients = [node.client() for node in self.nodes]
        try:
            self._join(clients)
        finally:
            for client in clients:
                client.close()
        return self

    def _join(self, clients: list[Any]) -> None:
        n = self._primaries
        for i, client in enumerate(clients):
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", i + 1)
        for i in range(n):
            first, last = SLOTS * i // n, SLOTS * (i + 1) // n - 1
            clients[i].execute_command("CLUSTER ADDSLOTSRANGE", first, last)
        for node in self.nodes[1:]:
            bus = node._settings["cluster-port"]
            clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port, bus)
        until(lambda: all(len(_nodes(c)) == len(self.nodes) for c in clients), "all nodes have met")
        ids = [_text(c.execute_command("CLUSTER MYID")) for c in clients]
        for i in range(n):
            clients[n + i].execute_command("CLUSTER REPLICATE", ids[i])
        until(lambda: all(_settled(c, n) for c in clients), "the cluster is complete")

    def primary_of(self, key: str) -> RedisServer:
        """Return the node that has the slot of ``key`` now."""
        for node in self.nodes:
            try:
                with node.client() as client:
                    if _text(client.execute_command("ROLE")[0]) != "master":
                        continue
                    client.execute_command("EXISTS", key)
                    return node
            except redis.RedisError:
                continue
        raise LookupError(f"nobody has the slot of {key}")

    def settled(self) -> None:
        """Wait until every node that runs is content and every primary has a replica that follows."""

        def content() -> bool:
            running = [node for node in self.nodes if node._process is not None]
            try:
                for node in running:
                    with node.client() as client:
                        if not _settled(client, self._primaries, len(running)):
                            return False
            except redis.RedisError:
                return False
            return True

        until(content, "the cluster is complete")

    def stop(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            node.stop()


def until(done: Callable[[], bool], what: str, within_s: float = READY_S) -> None:
    """Wait until ``done`` is so."""
    end = time.monotonic() + within_s
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.02)


def _nodes(client: Any) -> list[str]:
    return [line for line in _raw_nodes(client).splitlines() if "handshake" not in line]


def _raw_nodes(client: Any) -> str:
    found = client.execute_command("CLUSTER NODES")
    if isinstance(found, dict):  # the client library reads it for us
        return "\n".join(f"{name} {node.get('flags')}" for name, node in found.items())
    return _text(found)


def _settled(client: Any, primaries: int, running: int | None = None) -> bool:
    info = client.info("replication")
    follows = info.get("role") == "master" or info.get("master_link_status") == "up"
    state = client.execute_command("CLUSTER INFO")
    text = state if isinstance(state, dict) else _text(state)
    ok = text.get("cluster_state") == "ok" if isinstance(text, dict) else "cluster_state:ok" in text
    slaves = sum("slave" in line and "fail" not in line for line in _nodes(client))
    wanted = (running or 2 * primaries) - primaries
    return bool(follows and ok and slaves == wanted)


def _text(found: object) -> str:
    return found.decode() if isinstance(found, bytes) else str(found)
