"""What is PostgreSQL's own: workers side by side, days as partitions, a server that goes away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from detectors.window import BIN, Counts
from monitor.bench.servers import PostgresServer
from monitor.ports import CountKey, Store, Unavailable
from monitor.store.database import SqliteStore, open_store
from monitor.store.postgres import WrongDatabase
from monitor.store.postgres_store import PostgresStore
from monitor.store.sqlite import WrongFile
from tests import builders as b
from tests.laws.filing import file_batch, file_in
from tests.servers import postgres

MINUTE = int(b.T0.timestamp()) // 60
DAY = timedelta(days=1)


@pytest.fixture
def database() -> Iterator[str]:
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def stores(database: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Two workers on one database."""
    one, two = PostgresStore.open(database), PostgresStore.open(database)
    yield one, two
    one.close()
    two.close()


@pytest.fixture
def store(stores: tuple[PostgresStore, PostgresStore]) -> PostgresStore:
    return stores[0]


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    return postgres.server().execute(sql, url.rpartition("/")[2])


def together(*work: Callable[[], object]) -> None:
    """Run functions at the same time; what one of them raises is raised here."""
    errors: list[BaseException] = []

    def guarded(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def counted(store: Store) -> Counts:
    return store.read.counts(b.TOPIC, b.T0 - 400 * DAY, b.T0 + 400 * DAY)


# --- workers side by side -------------------------------------------------------------------


def test_of_the_same_ids_filed_by_two_each_is_counted_once(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    flags: list[list[bool]] = []

    def work(store: PostgresStore, step: int) -> Callable[[], None]:
        def run() -> None:
            for start in range(0, 200, 20):
                batch = [b.filed(n) for n in range(start, start + 40)][::step]
                flags.append(file_batch(store, batch))

        return run

    together(work(stores[0], 1), work(stores[1], -1))
    assert sum(map(sum, flags)) == 220
    assert counted(stores[0]).mentions == 220
    totals = stores[0].read.totals()
    assert (totals["seen"], totals["mention"], totals["mention_topic"]) == (220, 220, 220)


def test_who_meets_an_id_that_another_has_in_hand_waits_for_its_end(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    begun = threading.Event()
    flags: list[bool] = []

    def second() -> None:
        begun.wait()
        flags.extend(file_batch(two, [b.filed(1), b.filed(2)]))

    thread = threading.Thread(target=second)

    def give_up() -> None:
        with one.begin() as tx:
            file_in(tx, [b.filed(2), b.filed(1)])
            begun.set()
            thread.join(0.2)
            assert thread.is_alive(), "it cannot know yet whether these are new"
            raise KeyError("given up")

    thread.start()
    with pytest.raises(KeyError):
        give_up()
    thread.join()
    assert flags == [True, True]
    assert counted(one).mentions == 2


def test_counts_that_cross_do_not_deadlock(stores: tuple[PostgresStore, PostgresStore]) -> None:
    keys = [CountKey(topic, b.SOURCE, MINUTE + n) for n in range(20) for topic in ("x", "y")]
    one = Counts(mentions=1)

    def work(store: PostgresStore, order: list[CountKey]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(30):
                with store.begin() as tx:
                    tx.add_counts(dict.fromkeys(order, one))

        return run

    together(work(stores[0], keys), work(stores[1], keys[::-1]))
    assert stores[0].read.counts("x", b.T0, b.T0 + DAY).mentions == 30 * 2 * 20


def test_facts_and_deliveries_of_two_workers_are_numbered_without_gaps(
    stores: tuple[PostgresStore, PostgresStore], database: str
) -> None:
    storm = b.incident()

    def work(store: PostgresStore, start: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(start, start + 15):
                with store.begin() as tx:
                    tx.add_facts(storm.id, [b.fact(n=n)])
                    alert = b.alert(storm, at=b.after(n))
                    assert tx.enqueue(alert, ["pd"], b.T0) == 1

        return run

    together(work(stores[0], 0), work(stores[1], 100))
    assert len(stores[0].read.facts(storm.id)) == 30
    assert rows(database, "SELECT min(seq), max(seq), count(*) FROM delivery") == [(1, 30, 30)]
    assert rows(database, "SELECT min(seq), max(seq) FROM fact") == [(1, 30)]


def test_of_two_workers_who_save_one_version_one_is_first(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    storm = b.incident()
    won: list[int] = []

    def work(n: int) -> Callable[[], None]:
        def run() -> None:
            with stores[n].begin() as tx:
                if tx.save_incident(storm, 0):
                    won.append(n)

        return run

    together(work(0), work(1))
    assert len(won) == 1
    assert stores[0].read.totals()["incident"] == 1


def test_a_count_is_seen_by_the_judge_or_its_filer_sees_the_bin_closed(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    filer, judge = stores
    topics = [f"topic-{n}" for n in range(40)]
    filed_open: dict[str, int] = dict.fromkeys(topics, 0)
    judged: dict[str, int] = {}
    stop = threading.Event()

    def file() -> None:
        while not stop.is_set():
            for topic in topics:
                with filer.begin() as tx:
                    closed = tx.closed_until([topic])[topic]
                    tx.add_counts({CountKey(topic, "s", MINUTE): Counts(mentions=1)})
                if closed is None:
                    filed_open[topic] += 1

    def close() -> None:
        for topic in topics:
            with judge.begin() as tx:
                tx.begin_closing([topic])
                judged[topic] = tx.bins(topic, b.T0, b.T0 + BIN).get(b.T0, Counts()).mentions
                tx.save_watch(b.watch(topic, until=b.T0 + BIN))
        stop.set()

    together(file, close)
    assert judged == filed_open


def test_who_closes_is_let_in_between_those_who_file(
    stores: tuple[PostgresStore, PostgresStore], database: str
) -> None:
    """Filers that always overlap would let a row lock starve."""
    third = PostgresStore.open(database)
    closed = threading.Event()
    turns = [threading.Event(), threading.Event()]

    def file(store: PostgresStore, mine: threading.Event, other: threading.Event) -> None:
        for _ in range(400):
            if closed.is_set():
                break
            with store.begin() as tx:
                tx.closed_until([b.TOPIC])
                mine.set()
                other.wait(0.05)
                other.clear()

    def close() -> None:
        turns[0].wait()
        with third.begin() as tx:
            tx.begin_closing([b.TOPIC])
        closed.set()

    together(
        lambda: file(stores[0], turns[0], turns[1]),
        lambda: file(stores[1], turns[1], turns[0]),
        close,
    )
    assert closed.is_set()
    third.close()


def test_a_source_is_changed_by_one_at_a_time(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    def work(store: PostgresStore) -> Callable[[], None]:
        def run() -> None:
            for _ in range(20):
                with store.begin() as tx:
                    state = tx.sources([b.SOURCE]).get(b.SOURCE)
                    done = 0 if state is None else state.cursor["n"]
                    tx.save_source(b.source_state(cursor={"n": done + 1}))

        return run

    together(work(stores[0]), work(stores[1]))
    assert stores[0].read.sources()[b.SOURCE].cursor == {"n": 40}


def test_a_bin_reopened_while_others_are_taken_stays_waiting(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    with one.begin() as tx:
        tx.reopen(b.TOPIC, [b.T0])
    with one.begin() as taking:
        assert len(taking.take_reopened([b.TOPIC])) == 1
        together(lambda: reopen(two))
    with one.begin() as tx:
        assert [r.start for r in tx.take_reopened([b.TOPIC])] == [b.T0 + BIN]


def reopen(store: PostgresStore) -> None:
    with store.begin() as tx:
        tx.reopen(b.TOPIC, [b.T0 + BIN])


# --- what a source may bring ----------------------------------------------------------------


def test_a_null_character_is_left_out_and_the_rest_is_kept(store: PostgresStore) -> None:
    row = b.filed(1, text="Zug\x00 weg", title="\x00", handle="k\x00im", url="https://x.de/\x00")
    assert file_batch(store, [row, b.filed(2)]) == [True, True]
    assert file_batch(store, [row]) == [False]
    post = store.read.post_list(b.TOPIC, b.T0, b.T0 + BIN, tone=None, limit=9, before=None)[-1]
    assert (post.text, post.title, post.url, post.handle) == (
        "Zug weg",
        "",
        "https://x.de/",
        "kim",
    )
    with store.begin() as tx:
        tx.rewrite(b.filed(1, text="\x00neu"))
        tx.add_facts("storm", [b.fact(actor="k\x00im")])
    assert store.read.facts("storm")[0].actor == "kim"


# --- days -----------------------------------------------------------------------------------


def days(url: str) -> list[str]:
    found = rows(
        url,
        "SELECT relname::text FROM pg_class WHERE relname ~ '^mention_d[0-9]+$' ORDER BY 1",
    )
    return [str(name) for (name,) in found]


def test_a_number_leads_to_the_day_and_stays_exact_in_javascript(
    store: PostgresStore, database: str
) -> None:
    file_batch(store, [b.filed(1), b.filed(2, observed_at=b.T0 + DAY)])
    day = int(b.T0.timestamp()) // 86400
    nums = [int(str(n)) for (n,) in rows(database, "SELECT num FROM mention ORDER BY num")]
    assert [num >> 36 for num in nums] == [day, day + 1]
    assert max(nums) < 2**53
    assert {f"mention_d{day}", f"mention_d{day + 1}"} <= set(days(database))


def test_today_and_a_week_are_made_ahead(store: PostgresStore, database: str) -> None:
    [(today,)] = rows(database, "SELECT (extract(epoch FROM now())::bigint / 86400)::int")
    wanted = {f"mention_d{int(str(today)) + n}" for n in range(8)}
    assert wanted <= set(days(database))


def test_two_workers_who_need_a_new_day_both_get_it(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    for n in range(8):
        at = b.T0 - (400 + n) * DAY
        together(
            lambda n=n, at=at: file_batch(stores[0], [b.filed(f"a{n}", observed_at=at)]),
            lambda n=n, at=at: file_batch(stores[1], [b.filed(f"b{n}", observed_at=at)]),
        )
    assert stores[0].read.totals()["mention"] == 16


def test_a_day_dropped_by_another_worker_is_made_again_at_the_next_attempt(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    old = b.T0 - 30 * DAY
    file_batch(one, [b.filed(1, observed_at=old)])
    assert two.housekeep(b.T0, 7) == 1
    with pytest.raises(Unavailable, match="dropped meanwhile"):
        file_batch(one, [b.filed(2, observed_at=old)])
    assert file_batch(one, [b.filed(2, observed_at=old)]) == [True]


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore | PostgresStore]:
    url = (
        f"sqlite:///{tmp_path}/store.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("database"))
    )
    opened = open_store(url)
    yield opened
    opened.close()


def fill_days(store: Store) -> None:
    """File ten mentions a day of their own authors: ten, five and no days before T0."""
    for ago in (10, 5, 0):
        at = b.T0 - ago * DAY
        batch = [
            b.filed(f"{ago}.{n}", at=at, observed_at=at, handle=f"h{ago}.{n}") for n in range(10)
        ]
        file_batch(store, batch)


def test_what_is_old_goes_with_everything_that_hangs_on_it(
    either: SqliteStore | PostgresStore,
) -> None:
    fill_days(either)
    with either.begin() as tx:
        nums = tx.window(b.TOPIC, b.T0 - 10 * DAY, b.T0 - 9 * DAY).num
        tx.keep_evidence("storm", nums[:1])
    assert either.housekeep(b.T0, 7) == 10
    assert either.housekeep(b.T0, 7) == 0
    totals = either.read.totals()
    for table in ("mention", "seen", "mention_topic", "author", "author_first"):
        assert (table, totals[table]) == (table, 20)
    assert counted(either).mentions == 30, "what was counted stays counted"
    assert [post.handle for post in either.read.evidence("storm")] == [""], "evidence stays"
    assert either.read.posts(nums) == []
    assert len(either.read.window(b.TOPIC, b.T0 - 5 * DAY, b.T0 + DAY)) == 20


def test_after_that_the_same_post_is_new_again_and_its_author_too(
    either: SqliteStore | PostgresStore,
) -> None:
    fill_days(either)
    either.housekeep(b.T0, 7)
    again = b.filed("10.3", at=b.T0 - 10 * DAY, observed_at=b.T0, handle="h10.3")
    assert file_batch(either, [again, b.filed("5.3")]) == [True, False]
    assert either.read.totals()["author"] == 21
    assert either.read.totals()["author_first"] == 21


def test_keeping_everything_drops_nothing(either: SqliteStore | PostgresStore) -> None:
    fill_days(either)
    assert either.housekeep(b.T0 + 1000 * DAY, 0) == 0
    assert either.read.totals()["mention"] == 30


def test_a_day_is_kept_until_it_is_wholly_behind(either: SqliteStore | PostgresStore) -> None:
    fill_days(either)
    assert either.housekeep(b.T0, 10) == 0
    assert either.housekeep(b.T0 + DAY, 10) == 10


def test_more_than_a_slice_goes_as_well(
    either: SqliteStore | PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.housekeeping.SLICE", 3)
    fill_days(either)
    assert either.housekeep(b.T0 + 5 * DAY, 7) == 20
    totals = either.read.totals()
    for table in ("mention", "seen", "mention_topic", "author", "author_first"):
        assert (table, totals[table]) == (table, 10)


def test_workers_file_while_days_are_dropped(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    fill_days(stores[0])
    stop = threading.Event()

    def drop() -> None:
        stores[0].housekeep(b.T0, 1)
        stop.set()

    def file() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            assert file_batch(stores[1], [b.filed(n)]) == [True]

    together(drop, file)
    totals = stores[0].read.totals()
    assert totals["mention"] == totals["seen"] == totals["mention_topic"]


# --- a server that goes away ----------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    postgres.server()  # skips where there is none
    with PostgresServer(settings={"max_connections": "12", "shared_buffers": "'16MB'"}) as server:
        yield server


def test_what_was_committed_survives_a_killed_server_and_the_store_recovers(
    own_server: PostgresServer,
) -> None:
    store = PostgresStore.open(own_server.url(own_server.make_database()))
    assert file_batch(store, [b.filed(1)]) == [True]

    def kill_inside() -> None:
        with store.begin() as tx:
            file_in(tx, [b.filed(2)])
            own_server.kill()

    with pytest.raises(Unavailable, match=r"connection was lost|shut down|crashed") as lost:
        kill_inside()
    assert lost.value.retry_after_s > 0
    with pytest.raises(Unavailable):
        file_batch(store, [b.filed(2)])
    own_server.start()
    assert file_batch(store, [b.filed(2), b.filed(1)]) == [True, False]
    own_server.restart()
    with pytest.raises(Unavailable):
        store.read.totals()
    assert store.read.totals()["mention"] == 2
    store.close()


def test_no_connection_left_on_the_server_is_unavailable(own_server: PostgresServer) -> None:
    url = own_server.url(own_server.make_database())
    store = PostgresStore.open(url)
    held = [psycopg.connect(url) for _ in range(11)]  # and the one that the store keeps
    with (
        store.begin(),
        pytest.raises(Unavailable, match=r"no connection left \(raise max_connections"),
    ):
        store.read.totals()
    for connection in held:
        connection.close()
    assert file_batch(store, [b.filed(1)]) == [True]
    store.close()


def test_no_connection_left_in_the_pool_is_unavailable(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.postgres.CONNECT_S", 0.1)
    store = PostgresStore(database, connections=1)
    with store.begin(), pytest.raises(Unavailable, match="all connections are in use"):
        store.read.totals()
    store.close()


def test_a_full_disk_is_unavailable_until_there_is_room(own_server: PostgresServer) -> None:
    # A temp file limit raises what a full disk does (53400 and 53100 are one class); the real
    # thing would need a file system of its own.
    url = own_server.url(own_server.make_database())
    store = PostgresStore.open(url)
    file_batch(store, [b.filed(n) for n in range(200)])
    own_server.execute("ALTER ROLE sturmglas SET temp_file_limit = '64kB'")
    own_server.execute("ALTER ROLE sturmglas SET work_mem = '64kB'")
    small = PostgresStore.open(url)

    def sort() -> None:
        with small.begin() as tx:
            sql = "SELECT n, repeat('x', 100) FROM generate_series(1, 100000) n ORDER BY 2, 1 DESC"
            tx._c.exec_driver_sql(sql)

    with pytest.raises(Unavailable, match="limit of its configuration"):
        sort()
    assert file_batch(small, [b.filed(999)]) == [True]
    small.close()
    store.close()


def test_a_server_set_to_read_only_is_unavailable_for_writing_and_can_be_read(
    database: str,
) -> None:
    name = database.rpartition("/")[2]
    store = PostgresStore.open(database)
    file_batch(store, [b.filed(1)])
    store.close()
    rows(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store = PostgresStore.open(database)
    with pytest.raises(Unavailable, match="read-only"):
        file_batch(store, [b.filed(2)])
    assert store.read.totals()["mention"] == 1
    store.close()


def test_a_lock_that_is_held_for_too_long_is_unavailable(
    stores: tuple[PostgresStore, PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = stores

    def wait() -> None:
        with two.begin() as tx:
            tx._c.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            tx.begin_closing([b.TOPIC])

    with one.begin() as tx:
        tx.closed_until([b.TOPIC])
        with pytest.raises(Unavailable, match="another worker has held") as held:
            together(wait)
    assert held.value.retry_after_s == 1.0


def test_every_commit_waits_for_the_disk_whatever_the_server_was_told(database: str) -> None:
    name = database.rpartition("/")[2]
    rows(database, f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = PostgresStore.open(database)
    with store.begin() as tx:
        assert tx._c.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


# --- what is refused ------------------------------------------------------------------------


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    url = postgres.empty_database()
    rows(url, "CREATE TABLE theirs (x int)")
    with pytest.raises(WrongDatabase, match="another program; name an empty database"):
        PostgresStore.open(url)
    assert rows(url, "SELECT count(*) FROM pg_class WHERE relname = 'mention'") == [(0,)]
    postgres.drop_database(url)


def test_a_newer_schema_is_left_alone(database: str) -> None:
    rows(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongDatabase, match=r"newer Sturmglas .schema 9999"):
        PostgresStore.open(database)


def test_a_database_that_is_not_there_is_named() -> None:
    url = postgres.server().url("nowhere")
    with pytest.raises(WrongFile, match="nowhere: there is no such database; create it first"):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://kim:hunter2@127.0.0.1:1/x", "connection was lost"),
        ("postgresql+asyncpg://kim:hunter2@127.0.0.1/x", r"expected postgresql://"),
        ("postgresql://kim:hunter2@127.0.0.1", "names no database"),
        ("mysql://kim:hunter2@127.0.0.1/x", r"mysql; expected sqlite:///"),
        ("hunter2", "no URL; expected sqlite:///"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(
    url: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((WrongFile, Unavailable), match=says) as e:
        open_store(url)
    assert "hunter2" not in f"{e.value!r} {e.value.__cause__!r} {caplog.text}"


def test_errors_show_no_text(store: PostgresStore) -> None:
    with pytest.raises(Exception, match="out of range") as raised, store.begin() as tx:
        tx.set_media(b.TOPIC, 2**80, "a secret actor", b.T0)
    assert "secret actor" not in str(raised.value)


def test_a_transaction_inside_another_is_an_error_and_not_a_standstill(
    store: PostgresStore,
) -> None:
    with store.begin(), pytest.raises(RuntimeError, match="already open in this thread"):
        store.begin().__enter__()
    assert file_batch(store, [b.filed(1)]) == [True]


def test_what_is_closed_is_unavailable(store: PostgresStore) -> None:
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.read.totals()
    with pytest.raises(Unavailable, match="closed"):
        file_batch(store, [b.filed(1)])
