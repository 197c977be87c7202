"""Writes that share a commit: each is durable when its call returns, and pays for no other's mistake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine

from monitor.store.together import Together


class House:
    """A database whose first transaction waits until it is told to go on."""

    def __init__(self, path: Path) -> None:
        self.engine: Engine = create_engine(f"sqlite:///{path}")
        self.commits = 0
        self.inside, self.go_on = threading.Event(), threading.Event()
        with self.engine.begin() as c:
            c.exec_driver_sql("CREATE TABLE t (n INTEGER UNIQUE)")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self.engine.begin() as c:
            yield c
        self.commits += 1

    def first(self, c: Connection) -> None:
        self.inside.set()
        assert self.go_on.wait(30)

    def rows(self) -> list[int]:
        with self.engine.connect() as c:
            return [row[0] for row in c.exec_driver_sql("SELECT n FROM t ORDER BY n")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "t.db")
    yield made
    made.engine.dispose()


def put(n: int, c: Connection) -> int:
    c.exec_driver_sql("INSERT INTO t VALUES (?)", (n,))
    return n


def while_one_writes(house: House, numbers: list[int]) -> dict[int, object]:
    """Ask for one insert a number, from a thread each, while a first transaction is open."""
    together, found = Together(house.write), dict[int, object]()

    def ask(place: int, n: int) -> None:
        try:
            found[place] = together(lambda c: put(n, c))
        except Exception as error:  # what the caller would have to live with
            found[place] = type(error).__name__

    threads = [threading.Thread(target=lambda: together(house.first))]
    threads[0].start()
    assert house.inside.wait(30)
    for place, n in enumerate(numbers):
        threads.append(threading.Thread(target=ask, args=(place, n)))
        threads[-1].start()
    while len(together._waiting) < len(numbers):
        pass
    house.go_on.set()
    for thread in threads:
        thread.join(30)
    return found


def test_what_waits_for_its_turn_is_committed_together(house: House) -> None:
    assert while_one_writes(house, [1, 2, 3]) == {0: 1, 1: 2, 2: 3}
    assert house.rows() == [1, 2, 3]
    assert house.commits == 2


def test_one_that_fails_costs_the_others_nothing_and_hears_of_it(house: House) -> None:
    found = while_one_writes(house, [1, 2, 2])
    assert sorted(map(str, found.values())) == ["1", "2", "IntegrityError"]
    assert house.rows() == [1, 2]
