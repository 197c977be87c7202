"""`bench footprint`: what a process that only takes mentions in costs before the first request.

Fresh processes, in turns. FastAPI with one route. Ours: settings read, the embedded log open and
appended to once, durably, and the whole HTTP side built over it (door, API, metrics); no pipeline,
no pages, no store: pages and what reads the store (``/readyz``, topics, incidents) load theirs at
their first request. Ours with the store open as well, in the same file, as a server that shows
opens it at its start; that is told, and has no bar.

CPU is what the system says of the ended process, memory is what it held resident when all was
built. All start from byte code, as installed packages do, which the turn before the first writes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.bench.figures import ratios, spread, versions
from monitor.bench.ingest import plan
from monitor.bench.peers import taking_in

_HELD = """
import os
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20)
"""
FASTAPI = (
    """
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def route() -> dict[str, str]:
    return {}
"""
    + _HELD
)
OURS = """
import sys
from monitor.bench.peers import taking_in
from monitor.ports import EntryKind, NewEntry
from monitor.server.app import create_app
with taking_in({"path": sys.argv[1], "settings": {}}) as service:
    service.log.append([NewEntry(EntryKind.CREATED, "forum", service.clock.now(), b"[]")])
    if sys.argv[2:] == ["store"]:
        service.store.read.parked_count()
    app = create_app(service)
""" + textwrap.indent(_HELD, "    ")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of a whole process, and MiB resident."""

    cpu_ms: float
    mib: float


@dataclass(frozen=True, slots=True)
class Result:
    """All sides, run by run."""

    ours: list[Cost]
    with_store: list[Cost]
    fastapi: list[Cost]

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        cpu, store_cpu, fastapi_cpu = (
            [c.cpu_ms for c in side] for side in (self.ours, self.with_store, self.fastapi)
        )
        mib, store_mib, fastapi_mib = (
            [c.mib for c in side] for side in (self.ours, self.with_store, self.fastapi)
        )
        return {
            "bench": "footprint",
            **ratios(cpu, fastapi_cpu).record("cpu_ratio"),
            **ratios(mib, fastapi_mib).record("memory_ratio"),
            **ratios(store_cpu, fastapi_cpu).record("with_store_cpu_ratio"),
            **ratios(store_mib, fastapi_mib).record("with_store_memory_ratio"),
            **spread(cpu).record("cpu_ms"),
            **spread(store_cpu).record("with_store_cpu_ms"),
            **spread(fastapi_cpu).record("fastapi_cpu_ms"),
            **spread(mib).record("mib"),
            **spread(store_mib).record("with_store_mib"),
            **spread(fastapi_mib).record("fastapi_mib"),
            "repeats": len(self.ours),
            "versions": versions(),
        }


def run(repeats: int = 9, say: Callable[[str], None] = lambda line: None) -> Result:
    """Start all sides ``repeats`` times in turns, after one of each that is not measured."""
    result = Result([], [], [])
    with tempfile.TemporaryDirectory() as folder:
        file = plan(Path(folder))["path"]
        with taking_in({"path": file, "settings": {}}):
            pass  # the file is made and migrated: that happens once in its life
        for turn in range(repeats + 1):
            ours, fastapi = _start(folder, OURS, file), _start(folder, FASTAPI)
            with_store = _start(folder, OURS, file, "store")
            if turn:
                result.ours.append(ours)
                result.with_store.append(with_store)
                result.fastapi.append(fastapi)
                say(
                    f"run {turn}: ours {ours.cpu_ms:.0f} ms, {ours.mib:.1f} MiB;"
                    f" with its store {with_store.cpu_ms:.0f} ms, {with_store.mib:.1f} MiB;"
                    f" FastAPI {fastapi.cpu_ms:.0f} ms, {fastapi.mib:.1f} MiB"
                )
    return result


def _start(folder: str, code: str, *args: str) -> Cost:
    """Return what running ``code`` cost; its byte code is kept in ``folder``."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
    # Where this is set, our modules would be compiled at each start, and FastAPI's would not.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if status:
        raise RuntimeError(f"a process of the bench failed with {process.returncode}")
    return Cost((used.ru_utime + used.ru_stime) * 1e3, float(told))
