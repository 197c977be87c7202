"""`bench footprint`: what a process that only takes mentions in costs before the first request.

Fresh processes, in turns: FastAPI with one route; our server over the embedded log and the store of
one file that is there already, without a pipeline. CPU is what the system says of the ended
process, memory is what it held resident when all was built.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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
from monitor.server.app import create_app
with taking_in({"path": sys.argv[1], "settings": {}}) as service:
    app = create_app(service)
""" + "".join(f"    {line}\n" for line in _HELD.strip().splitlines())


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of a whole process, and MiB resident."""

    cpu_ms: float
    mib: float


@dataclass(frozen=True, slots=True)
class Result:
    """Both sides, run by run."""

    ours: list[Cost]
    fastapi: list[Cost]

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        cpu = [c.cpu_ms for c in self.ours], [c.cpu_ms for c in self.fastapi]
        mib = [c.mib for c in self.ours], [c.mib for c in self.fastapi]
        return {
            "bench": "footprint",
            **ratios(*cpu).record("cpu_ratio"),
            **ratios(*mib).record("memory_ratio"),
            **spread(cpu[0]).record("cpu_ms"),
            **spread(cpu[1]).record("fastapi_cpu_ms"),
            **spread(mib[0]).record("mib"),
            **spread(mib[1]).record("fastapi_mib"),
            "repeats": len(self.ours),
            "versions": versions(),
        }


def run(repeats: int = 7, say: Callable[[str], None] = lambda line: None) -> Result:
    """Start both ``repeats`` times in turns, after one of each that is not measured."""
    result = Result([], [])
    with tempfile.TemporaryDirectory() as folder:
        file = plan(Path(folder))["path"]
        with taking_in({"path": file, "settings": {}}):
            pass  # the file is made and migrated: that happens once in its life
        for turn in range(repeats + 1):
            ours, fastapi = _start(OURS, file), _start(FASTAPI)
            if turn:
                result.ours.append(ours)
                result.fastapi.append(fastapi)
                say(
                    f"run {turn}: ours {ours.cpu_ms:.0f} ms, {ours.mib:.1f} MiB; "
                    f"FastAPI {fastapi.cpu_ms:.0f} ms, {fastapi.mib:.1f} MiB"
                )
    return result


def _start(code: str, *args: str) -> Cost:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if status:
        raise RuntimeError(f"a process of the bench failed with {process.returncode}")
    return Cost((used.ru_utime + used.ru_stime) * 1e3, float(told))
