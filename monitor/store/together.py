"""Writes of several threads in one transaction, so that they wait for the disk once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from monitor.store.transactions import Transactions

Job = Callable[[Connection], Any]  # each caller knows what its own job returns


@dataclass(slots=True)
class _Waiting:
    job: Job
    done: bool = False
    result: Any = None
    error: Exception | None = None


class Together:
    """Runs a job in a transaction, with the jobs of others that wait for their turn meanwhile.

    A job is durable when its call returns. Where one of them fails, all are undone and each runs in
    a transaction of its own: nobody pays for another's mistake. For a store with one writer
    at a time; two jobs of one transaction see each other's writes, in the order of asking.
    """

    def __init__(self, write: Transactions) -> None:
        self._write = write
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Waiting] = []

    def __call__(self, job: Job) -> Any:
        mine = _Waiting(job)
        with self._guard:
            self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                with self._guard:
                    all_, self._waiting = self._waiting, []
                self._run(all_)
        if mine.error is not None:
            raise mine.error
        return mine.result

    def _run(self, all_: list[_Waiting]) -> None:
        try:
            with self._write() as c:
                for one in all_:
                    one.result = one.job(c)
        except Exception as error:
            if len(all_) == 1:
                all_[0].error = error
            else:
                for one in all_:
                    self._run([one])
        for one in all_:
            one.done = True
