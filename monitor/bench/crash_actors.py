"""Who takes part in `bench crash`: the victim that is killed, who kills it, and a person."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.bench.actor import Actor
from monitor.bench.machine import alive
from monitor.bench.nursery import PATIENCE_S, Nursery, Plan, last_words, python, tell

PERSON = "ada"

JSON = "application/json"
Json = Any  # what a server answered, read defensively


class Victim:
    """A process that is killed and started again, always on the same port and files.

    ``warm``: children are forked by a nursery (`monitor.bench.nursery`); a cold start is possible
    all the same. What they say on standard error is kept in ``notes``.
    """

    def __init__(self, module: str, plan: Plan, port: int, notes: Path, *, warm: bool) -> None:
        self._module = module
        self._plan = plan
        self._port = port
        self._notes = notes
        self._nursery = Nursery(module, notes) if warm else None
        self._cold: subprocess.Popen[str] | None = None
        self._pid = 0

    def spawn(self, *, cold: bool = False) -> None:
        """Start it, without waiting for anything."""
        if cold or self._nursery is None:
            self._cold = python(self._module, self._notes)
            self._pid = self._cold.pid
            tell(self._cold, json.dumps(self._plan))
        else:
            self._pid = self._nursery.start(self._plan)

    def wait_for_door(self) -> float:
        """Wait until it listens; return how long that took, in seconds."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return time.monotonic() - began
            if not alive(self._pid):
                raise RuntimeError(f"{self._module} ended at start: {last_words(self._notes)}")
            time.sleep(0.01)
        raise RuntimeError(f"{self._module} did not listen within {PATIENCE_S:g} s")

    def kill(self) -> None:
        """SIGKILL it, if it was started, and wait until it is gone."""
        if self._pid:
            self._end(signal.SIGKILL)

    def stop(self) -> tuple[int, float]:
        """SIGTERM it; return its exit code and how long it took, in seconds."""
        began = time.monotonic()
        return self._end(signal.SIGTERM), time.monotonic() - began

    def _end(self, sign: signal.Signals) -> int:
        pid, self._pid = self._pid, 0
        if self._cold is None:
            assert self._nursery is not None
            return self._nursery.end(pid, sign)
        ended, self._cold = self._cold, None
        ended.send_signal(sign)
        ended.communicate(timeout=PATIENCE_S)
        return ended.returncode

    def close(self) -> None:
        """Kill whatever is left."""
        self.kill()
        if self._nursery is not None:
            self._nursery.close()


class Call:
    """HTTP to the victim: an answer, or None where the connection broke.

    ``cut`` counts requests that reached it and were never answered.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.cut = 0

    def __call__(
        self, method: str, path: str, body: Json = None, kind: str = JSON, token: str = ""
    ) -> tuple[int, Json] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        sent = {"content-type": kind, **({"authorization": f"Bearer {token}"} if token else {})}
        try:
            connection.connect()
        except OSError:
            return None
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            self.cut += 1
            return None
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person did and was told it is done (200)."""

    kind: str
    incident: str
    episode: int


class Person(Actor):
    """Acknowledges what is new and ends what is acknowledged, so that episodes follow each other."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(0.4)
        self.done: set[Act] = set()
        self._call = Call(port)
        self._rng = random.Random(seed)

    def act(self) -> None:
        answer = self._call("GET", "/api/v1/incidents?open=true")
        if answer is None or answer[0] != 200:
            return
        for incident in answer[1]:
            if incident["status"] == "new" and self._rng.random() < 0.5:
                self._do("acknowledge", incident, {"by": PERSON})
            elif incident["status"] != "new" and self._rng.random() < 0.15:
                self._do("resolve", incident, {"by": PERSON, "outcome": "real", "note": "over"})

    def _do(self, kind: str, incident: Json, body: Json) -> None:
        answer = self._call("POST", f"/api/v1/incidents/{incident['id']}/{kind}", body)
        if answer is not None and answer[0] == 200:
            after = answer[1]["incident"]
            self.done.add(Act(kind, after["id"], after["episode"]))


@dataclass(frozen=True, slots=True)
class Aim:
    """Counters that grow when there is something worth cutting off."""

    sends: Callable[[], int]
    """Requests that a receiver got."""
    accepts: Callable[[], int]
    """Mentions that were accepted, and are being filed."""


def torment(
    victim: Victim,
    kills: int,
    rng: random.Random,
    aim: Aim,
    after: Callable[[], None],
    say: Callable[[str], None],
) -> list[float]:
    """Kill ``victim`` so often, at random instants; return how long its doors took to open.

    One in six dies while starting, one in three up to 1.5 s after its door opened. The others are
    aimed: right after a receiver got a request, or after mentions were accepted. One in ten is
    started cold. ``after`` is called while it lies dead.
    """
    took = []
    for n in range(kills):
        cold = n % 10 == 9
        victim.spawn(cold=cold)
        fate = rng.random()
        if fate < 1 / 6:
            time.sleep(rng.uniform(0.0, 2.0 if cold else 0.6))
        else:
            took.append(victim.wait_for_door())
            if fate < 1 / 2:
                time.sleep(rng.uniform(0.0, 1.5))
            else:
                time.sleep(rng.uniform(0.0, 0.5))
                _wait_for(aim.sends if fate < 3 / 4 else aim.accepts, rng)
        victim.kill()
        after()
        if (n + 1) % 10 == 0:
            say(f"  {n + 1} kills")
    return took


def _wait_for(counter: Callable[[], int], rng: random.Random) -> None:
    before, end = counter(), time.monotonic() + 2.0
    while counter() == before and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(rng.choice((0.0, 0.001, 0.003, 0.01)))
