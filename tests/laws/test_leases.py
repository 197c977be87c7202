"""What every shared store keeps of leases: one owner, rising numbers, fair shares, fenced writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psycopg
import pytest

from monitor.ports import Alone, Fenced
from monitor.store.postgres_store import PostgresStore
from tests import builders as b
from tests.servers import postgres
from tests.threads import together

LEASE_S = 0.5
LONG_S = 60.0
NAMES = [f"shard/{n}" for n in range(6)]
WORK = {"shard": NAMES}


@pytest.fixture
def database() -> Iterator[str]:
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    """A store whose leases outlast a test."""
    opened = PostgresStore.open(database, lease_s=LONG_S)
    yield opened
    opened.close()


@pytest.fixture
def brief(database: str) -> Iterator[PostgresStore]:
    """A store whose leases end while one waits."""
    opened = PostgresStore.open(database, lease_s=LEASE_S)
    yield opened
    opened.close()


def balanced(store: PostgresStore, *owners: str, rounds: int = 4) -> dict[str, set[str]]:
    """Let owners ask in turn until it has settled; return who holds what."""
    held: dict[str, set[str]] = {}
    for _ in range(rounds):
        held = {owner: set(store.leases.balance(owner, WORK)) for owner in owners}
    return held


def owners(store: PostgresStore) -> dict[str, str]:
    return {h.name: h.owner for h in store.leases.holdings()}


# --- shares ---------------------------------------------------------------------------------


def test_who_is_alone_holds_everything(store: PostgresStore) -> None:
    assert store.leases.balance("a", WORK) == dict.fromkeys(NAMES, 1)
    assert owners(store) == dict.fromkeys(NAMES, "a")


def test_asking_again_keeps_what_one_holds_with_its_numbers(store: PostgresStore) -> None:
    assert store.leases.balance("a", WORK) == store.leases.balance("a", WORK)


def test_shares_are_fair_when_workers_come_and_go(store: PostgresStore) -> None:
    assert {len(h) for h in balanced(store, "a").values()} == {6}
    assert {len(h) for h in balanced(store, "a", "b").values()} == {3}
    held = balanced(store, "a", "b", "c", "d")
    assert sorted(len(h) for h in held.values()) == [1, 1, 2, 2]
    assert set.union(*held.values()) == set(NAMES)
    for gone in "ab":
        store.leases.leave(gone)
    assert {len(h) for h in balanced(store, "c", "d").values()} == {3}


def test_no_worker_goes_without_while_another_has_two_to_spare(store: PostgresStore) -> None:
    work = {"shard": NAMES[:4]}
    for _ in range(4):
        held = {o: len(store.leases.balance(o, work)) for o in "abc"}
    assert sorted(held.values()) == [1, 1, 2]


def test_more_workers_than_work_leave_it_where_it_is(store: PostgresStore) -> None:
    work = {"judge": ["judge"]}
    first = store.leases.balance("b", work)
    for _ in range(3):
        assert store.leases.balance("a", work) == {}
        assert store.leases.balance("b", work) == first


def test_each_kind_is_shared_by_itself(store: PostgresStore) -> None:
    work = {"shard": NAMES, "source": ["forum", "mail"]}
    for _ in range(3):
        held = {o: store.leases.balance(o, work) for o in "ab"}
    for mine in held.values():
        assert len([name for name in mine if name in NAMES]) == 3
        assert len([name for name in mine if name not in NAMES]) == 1


def test_what_is_in_nobodys_work_is_not_taken(store: PostgresStore) -> None:
    store.leases.balance("a", WORK)
    store.leases.leave("a")
    assert store.leases.balance("b", {"shard": NAMES[:2]}) == dict.fromkeys(NAMES[:2], 2)
    assert store.leases.balance("b", {}) == dict.fromkeys([], 0)


def test_a_lease_cannot_be_called_like_a_worker(store: PostgresStore) -> None:
    with pytest.raises(ValueError, match="worker/"):
        store.leases.balance("a", {"x": ["worker/a"]})


# --- one owner, rising numbers --------------------------------------------------------------


def test_leaving_gives_back_at_once_and_the_next_number_is_higher(store: PostgresStore) -> None:
    store.leases.balance("a", WORK)
    store.leases.leave("a")
    assert set(owners(store).values()) == {""}
    assert store.leases.balance("b", WORK) == dict.fromkeys(NAMES, 2)


def test_an_expired_lease_is_taken_and_a_live_one_is_not(brief: PostgresStore) -> None:
    brief.leases.balance("a", WORK)
    assert brief.leases.balance("b", WORK) == {}, "a holds all until it gives back or ends"
    time.sleep(2 * LEASE_S)
    assert set(owners(brief).values()) == {""}
    assert brief.leases.balance("b", WORK) == dict.fromkeys(NAMES, 2)
    assert brief.leases.balance("a", WORK) == {}


def test_of_many_who_balance_at_once_each_lease_has_one_owner(database: str) -> None:
    stores = [PostgresStore.open(database, lease_s=LONG_S) for _ in range(4)]
    claims: list[tuple[str, int, str]] = []

    def work(who: str, store: PostgresStore) -> None:
        for _ in range(12):
            held = store.leases.balance(who, WORK)
            claims.extend((name, fence, who) for name, fence in held.items())
        store.leases.leave(who)

    together(*(partial(work, f"w{n}", store) for n, store in enumerate(stores)))
    # A number is given once: no two owners ever held one lease with the same.
    holders: dict[tuple[str, int], set[str]] = {}
    for name, fence, who in claims:
        holders.setdefault((name, fence), set()).add(who)
    assert {len(who) for who in holders.values()} == {1}
    assert {name for name, _ in holders} == set(NAMES)
    for store in stores:
        store.close()


# --- fenced transactions --------------------------------------------------------------------


def media(store: PostgresStore) -> int:
    with store.begin() as tx:
        return tx.media(b.TOPIC)


def test_a_transaction_with_current_numbers_writes(store: PostgresStore) -> None:
    held = store.leases.balance("a", WORK)
    with store.begin(held) as tx:
        tx.set_media(b.TOPIC, 3, "kim", b.T0)
    assert media(store) == 3


def test_an_older_number_writes_nothing_and_is_named(store: PostgresStore) -> None:
    old = store.leases.balance("a", WORK)
    store.leases.leave("a")
    store.leases.balance("b", {"shard": NAMES[:1]})
    with pytest.raises(Fenced, match="shard/0"), store.begin({NAMES[0]: old[NAMES[0]]}) as tx:
        tx.set_media(b.TOPIC, 3, "kim", b.T0)
    assert media(store) == 0


@pytest.mark.parametrize("fences", [{"shard/0": 1}, {"never": 1}, {"shard/1": 2, "shard/0": 1}])
def test_what_was_given_back_or_never_taken_is_fenced(
    store: PostgresStore, fences: dict[str, int]
) -> None:
    store.leases.balance("a", WORK)
    store.leases.leave("a")
    with pytest.raises(Fenced), store.begin(fences):
        raise AssertionError("the transaction must not begin")


def test_an_expired_lease_that_nobody_took_still_writes(brief: PostgresStore) -> None:
    held = brief.leases.balance("a", WORK)
    time.sleep(2 * LEASE_S)
    with brief.begin(held) as tx:
        tx.set_media(b.TOPIC, 3, "kim", b.T0)
    assert set(owners(brief).values()) == {"a"}, "and is renewed by it"
    assert media(brief) == 3


def test_a_transaction_longer_than_its_lease_is_not_overtaken_before_it_ends(
    brief: PostgresStore, database: str
) -> None:
    other = PostgresStore.open(database, lease_s=LEASE_S)
    held = brief.leases.balance("a", {"shard": ["one"]})
    with brief.begin(held) as tx:
        tx.set_media(b.TOPIC, 3, "kim", b.T0)
        time.sleep(2 * LEASE_S)
        assert other.leases.balance("b", {"shard": ["one"]}) == {}
    time.sleep(2 * LEASE_S)
    assert other.leases.balance("b", {"shard": ["one"]}) == {"one": held["one"] + 1}
    with pytest.raises(Fenced), brief.begin(held):
        raise AssertionError("the transaction must not begin")
    other.close()


@pytest.mark.parametrize("frozen_in", ["SELECT 1", "COPY watch FROM STDIN"])
def test_a_worker_frozen_inside_a_transaction_is_overtaken(
    brief: PostgresStore, database: str, frozen_in: str
) -> None:
    held = brief.leases.balance("a", {"shard": ["one"]})
    with closing(psycopg.connect(database)) as frozen:
        frozen.execute("SELECT * FROM lease WHERE name = 'one' FOR UPDATE")
        frozen.pgconn.exec_(frozen_in.encode())  # and not a word more
        time.sleep(2 * LEASE_S)
        assert brief.leases.balance("b", {"shard": ["one"]}) == {}
        end = time.monotonic() + LONG_S
        while not (taken := brief.leases.balance("b", {"shard": ["one"]})):
            assert time.monotonic() < end, "the frozen worker keeps its lease for ever"
            time.sleep(LEASE_S / 4)
        assert taken == {"one": held["one"] + 1}


def test_whoever_renews_meanwhile_does_not_wait_for_ones_own_transaction(
    store: PostgresStore, database: str
) -> None:
    other = PostgresStore.open(database, lease_s=LONG_S)
    held = store.leases.balance("a", WORK)
    with store.begin(held):
        assert other.leases.balance("a", WORK) == held
        assert other.leases.balance("b", WORK) == {}
    other.close()


def test_two_transactions_on_one_owners_leases_take_turns(
    store: PostgresStore, database: str
) -> None:
    other = PostgresStore.open(database, lease_s=LONG_S)
    held = store.leases.balance("a", WORK)
    order: list[str] = []

    def second() -> None:
        with other.begin(dict(reversed(held.items()))):
            order.append("second")

    with store.begin(held):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    other.close()


def test_where_one_process_does_everything_it_holds_everything() -> None:
    alone = Alone()
    assert alone.balance("a", WORK) == dict.fromkeys(NAMES, 1)
    alone.leave("a")
    assert alone.holdings() == []
