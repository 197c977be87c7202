"""What the benches read of processes is what those processes did."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from monitor.bench.machine import alive, children, cpu_s, family_cpu_s, free_port, rss_bytes

TICK_S = 0.01
"""The kernel counts CPU in such steps; user and system are rounded down each by itself."""


def busy(seconds: float) -> str:
    """Return a program that uses so much CPU."""
    return f"import time\nwhile time.process_time() < {seconds}: pass"


def test_cpu_is_what_the_process_itself_says_it_used() -> None:
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    before = time.process_time()
    read = cpu_s(os.getpid())
    assert before - 3 * TICK_S <= read <= time.process_time() + 3 * TICK_S


def test_cpu_of_a_family_holds_children_that_ended() -> None:
    own = cpu_s(os.getpid())
    before = family_cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", busy(0.3)], check=True)
    after = family_cpu_s(os.getpid())
    assert before >= own
    assert after - before >= 0.3 - 3 * TICK_S


HOLDING = """
import resource, sys
held = bytearray(b"x") * int(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
input()
"""


def memory_with(held: int) -> tuple[int, int]:
    """Return resident and peak memory of a process that holds so many bytes."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    peak = 1024 * int(child.stdout.readline())
    found = rss_bytes(child.pid)
    child.communicate(b"\n")
    return found, peak


def test_memory_is_no_more_than_its_peak_and_grows_with_what_is_held() -> None:
    little, _ = memory_with(1)
    much, peak = memory_with(64 << 20)
    assert 60 << 20 <= much - little <= 70 << 20
    assert much <= peak + (1 << 20)


def test_a_process_that_ended_is_not_alive_before_and_after_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert alive(child.pid)
    assert child.pid in children(os.getpid())
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(child.pid)
    child.communicate()
    assert not alive(child.pid)
    assert child.pid not in children(os.getpid())


def test_who_is_gone_is_no_zero() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    for ask in (cpu_s, family_cpu_s, rss_bytes):
        with pytest.raises(OSError, match=str(child.pid)):
            ask(child.pid)


def test_a_free_port_can_be_listened_on() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", free_port()))
        door.listen()
