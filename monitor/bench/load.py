"""A lean client in a process of its own: so many connections, each one request after the other.

``python -m monitor.bench.load``: the plan comes as one JSON line on standard input, the result goes
out as one JSON line. HTTP/1.1 over plain sockets, because a comfortable client would need more
CPU than the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

PATIENCE_S = 300.0
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Sent:
    """How it went: wall seconds, requests by status, request times in ms (median, 99th of 100)."""

    seconds: float
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float


def send(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    connections: int,
    folder: Path,
    headers: Sequence[str] = (),
) -> Sent:
    """Post every body once from another process; raises RuntimeError where one is not accepted."""
    file = folder / "bodies.msgpack"
    file.write_bytes(msgspec.msgpack.encode(bodies))
    plan = {
        "port": port,
        "path": path,
        "file": str(file),
        "connections": connections,
        "headers": list(headers),
    }
    done = subprocess.run(
        [sys.executable, "-m", "monitor.bench.load"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-2000:]}")
    sent = Sent(**json.loads(done.stdout.splitlines()[-1]))
    if set(sent.statuses) != {"202"}:
        raise RuntimeError(f"not all was accepted: {sent.statuses}")
    return sent


async def _connection(
    port: int, requests: Iterator[bytes], statuses: Counter[str], took: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        statuses[head[9:12].decode()] += 1
        lowered = head.lower()
        at = lowered.index(_LENGTH) + len(_LENGTH)
        await reader.readexactly(int(lowered[at : lowered.index(b"\r", at)]))
        took.append(time.perf_counter() - began)
    writer.close()


async def _all(plan: dict[str, Any]) -> Sent:  # Any: JSON
    bodies = msgspec.msgpack.decode(Path(plan["file"]).read_bytes(), type=list[bytes])
    lines = [
        f"POST {plan['path']} HTTP/1.1",
        f"host: 127.0.0.1:{plan['port']}",
        "content-type: application/json",
        *plan["headers"],
    ]
    head = "\r\n".join(lines).encode()
    requests = iter(
        [head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body for body in bodies]
    )
    statuses: Counter[str] = Counter()
    took: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(
        *(_connection(plan["port"], requests, statuses, took) for _ in range(plan["connections"]))
    )
    seconds = time.perf_counter() - began
    took.sort()
    return Sent(
        seconds, dict(statuses), took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3
    )


if __name__ == "__main__":
    import uvloop

    print(json.dumps(msgspec.to_builtins(uvloop.run(_all(json.loads(sys.stdin.readline()))))))
