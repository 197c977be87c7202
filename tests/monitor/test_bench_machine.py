"""What the benches read of processes is what those processes did."""

from __future__ import annotations

import os
import resource
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


def test_memory_is_no_more_than_its_peak_and_grows_with_what_is_held() -> None:
    before = rss_bytes(os.getpid())
    held = bytearray(b"x") * (64 << 20)
    after = rss_bytes(os.getpid())
    assert after - before >= len(held) // 2
    assert after <= (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 1024) * 1024


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
