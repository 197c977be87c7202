"""A full disk: refused at the door with a reason, alive and looked at all the while, and well again."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import httpx

from tests.flow.installed import Install, installed, soon

LIMIT = 3 * 1024 * 1024
ROOM = resource.RLIM_INFINITY
LENGTHY = "Die Acme Bahn fährt heute. " * 40
FULL = "pipeline: Unavailable: sturmglas.db: the disk is full"
PAGES = ("/", "/incidents", "/parts/status", "/api/v1/topics", "/metrics")


def no_larger_file() -> None:
    """Give this process a disk on which no file may grow beyond `LIMIT`."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, ROOM))


class Sender:
    """Sends batch after batch and remembers what was accepted."""

    def __init__(self, install: Install) -> None:
        self._install = install
        self._n = 0
        self.accepted: set[str] = set()

    def send(self) -> httpx.Response:
        self._n += 1
        ids = [f"b{self._n}-{i}" for i in range(50)]
        answer = self._install.send(*ids, text=LENGTHY)
        if answer.status_code == 202:
            assert answer.json()["accepted"] == len(ids)
            self.accepted.update(ids)
        return answer

    def send_until_refused(self) -> httpx.Response:
        for _ in range(400):
            answer = self.send()
            if answer.status_code != 202:
                return answer
        raise AssertionError("the disk never got full")


def failures(install: Install, length: int | None = None) -> list[str]:
    """Return what `/readyz` says needs a person, each cut to ``length`` characters."""
    return [said[:length] for said in install.get("/readyz").json()["failures"]]


def assert_refused_and_alive(install: Install, answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == 503
    assert "nothing was stored, try again later" in problem["detail"]
    ready = install.get("/readyz")
    assert ready.status_code == 503
    assert "retry-after" in ready.headers
    [reason] = ready.json()["reasons"]
    assert reason.startswith("log: sturmglas.db: the disk")
    assert install.get("/healthz").status_code == 200
    assert {path: install.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)


def assert_all_there_once(install: Install, accepted: set[str]) -> None:
    assert soon(lambda: install.waiting() == 0)
    stored = install.stored()
    assert accepted <= set(stored)
    rows, counted = install.counted()
    assert len(stored) == len(set(stored)) == rows == counted


def test_a_full_disk_is_refused_with_a_reason_and_heals_by_itself(tmp_path: Path) -> None:
    with installed(tmp_path, before_start=no_larger_file) as install:
        sender = Sender(install)
        assert_refused_and_alive(install, sender.send_until_refused())
        assert sender.accepted  # there was room for some
        # What the pipeline files may make room for one more; anything else is refused the same way.
        assert {sender.send().status_code for _ in range(5)} <= {202, 503}
        assert install.process is not None
        resource.prlimit(install.process.pid, resource.RLIMIT_FSIZE, (ROOM, ROOM))
        assert soon(lambda: sender.send().status_code == 202)
        assert install.get("/readyz").json()["ready"]
        assert soon(lambda: failures(install) == [])
        assert_all_there_once(install, sender.accepted)
        assert install.stop()[0] == 0


def test_a_kill_on_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with installed(tmp_path, before_start=no_larger_file) as install:
        sender = Sender(install)
        sender.send_until_refused()
        install.close()
        install.before_start = None
        install.start()
        assert_all_there_once(install, sender.accepted)


def test_a_file_at_its_upper_bound_is_refused_until_the_bound_is_raised(tmp_path: Path) -> None:
    with installed(tmp_path, max_bytes=LIMIT) as install:
        sender = Sender(install)
        assert_refused_and_alive(install, sender.send_until_refused())
        # The pipeline learns it at its own next write, which may come after the door has refused; where
        # the last free pages were enough for all that was accepted, it has nothing left to write.
        assert soon(lambda: failures(install, len(FULL)) == [FULL] or install.waiting() == 0)
        assert install.stop()[0] == 0
        install.close()
        install.max_bytes = 10 * LIMIT
        install.start()
        assert_all_there_once(install, sender.accepted)
        assert sender.send().status_code == 202
        assert soon(lambda: failures(install) == [])
