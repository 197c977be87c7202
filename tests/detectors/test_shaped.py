"""Types that two threads ask for first at the same time: the interpreter goes on living."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from detectors.mention import Author
from detectors.shaped import decoded, shaped

RACE = """
import sys, threading
from dataclasses import make_dataclass
import msgspec
from detectors.shaped import shaped

make = {"ours": shaped, "msgspec": lambda data, type: msgspec.convert(data, type)}[sys.argv[1]]
sys.setswitchinterval(1e-6)
FIELDS = [f"f{i}" for i in range(6)]
for k in range(200):
    inner = [make_dataclass(f"I{k}_{j}", [(f, int) for f in FIELDS]) for j in range(6)]
    Outer = make_dataclass(f"O{k}", [(f"g{j}", i) for j, i in enumerate(inner)])
    data = {f"g{j}": dict.fromkeys(FIELDS, 1) for j in range(6)}
    together = threading.Barrier(4)

    def go():
        together.wait()
        assert make(data, Outer).g5.f5 == 1

    threads = [threading.Thread(target=go) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
print("alive")
"""


def race(side: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RACE, side], capture_output=True, text=True, check=False
    )


def test_threads_that_ask_for_a_type_first_at_the_same_time_all_get_it() -> None:
    ended = race("ours")
    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr


def test_without_the_one_place_the_interpreter_crashes() -> None:
    """Where this fails msgspec has mended it, and `detectors.shaped` may go."""
    assert any(race("msgspec").returncode != 0 for _ in range(5))


def test_what_does_not_fit_is_named() -> None:
    assert shaped({"handle": "@a", "name": "A", "followers": 3}, Author) == Author("@a", "A", 3)
    assert decoded(b'["a", "b"]', tuple[str, ...]) == ("a", "b")
    with pytest.raises(msgspec.ValidationError, match="followers"):
        shaped({"handle": "@a", "name": "A", "followers": "x"}, Author)
