"""What this machine tells of a process by its id, and a port that is free. Linux: from /proc."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds it has used, user and system, all threads (10 ms steps).

    OSError where there is no such process.
    """
    return _ticks(_stat(pid)[11:13]) / _TICK


def family_cpu_s(pid: int) -> float:
    """Return the CPU seconds of it and of its children, ended ones included."""
    ticks = _ticks(_stat(pid)[11:15])
    for child in children(pid):
        with suppress(OSError):  # ended meanwhile
            ticks += _ticks(_stat(child)[11:13])
    return ticks / _TICK


def rss_bytes(pid: int) -> int:
    """Return its resident memory; OSError where there is no such process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def alive(pid: int) -> bool:
    """Tell whether it runs; one that ended and was not waited for does not."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def stopped(pid: int) -> bool:
    """Tell whether it was stopped by a signal; OSError where there is no such process."""
    return _stat(pid)[0] == "T"


def children(pid: int) -> list[int]:
    """Return the ids of its children, ended ones that it did not wait for included."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            if int(_stat(int(folder.name))[1]) == pid:
                found.append(int(folder.name))
    return found


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) stat from the state on: [1] parent, [11:15] CPU ticks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(fields: list[str]) -> int:
    return sum(int(field) for field in fields)
