"""Servers that the log on Redis refuses, and how it says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from monitor.bench.redis_servers import RedisServer, installed
from monitor.ports import Unavailable
from monitor.stream import WrongServer
from monitor.stream.redis_signals import RedisSignals
from monitor.stream.redis_streams import RedisLog
from tests import builders as b
from tests.servers.redis import fresh_prefix, shared_server


@pytest.mark.parametrize(
    ("name", "value"),
    [("appendonly", "no"), ("appendfsync", "everysec"), ("maxmemory-policy", "allkeys-lru")],
)
def test_a_server_that_would_lose_what_it_accepted_is_refused(
    own_wrong: RedisServer, name: str, value: str
) -> None:
    with own_wrong.client() as client:
        client.config_set(name, value)
    try:
        with pytest.raises(WrongServer, match=rf"set {name} \w+ \(it is {value}\)"):
            RedisLog.open(own_wrong.url)
    finally:
        with own_wrong.client() as client:
            for right in (("appendonly", "yes"), ("appendfsync", "always")):
                client.config_set(*right)
            client.config_set("maxmemory-policy", "noeviction")


@pytest.fixture(scope="module")
def own_wrong() -> Iterator[RedisServer]:
    if not installed():
        pytest.skip("redis-server is not installed")
    server = RedisServer().start()
    with server.client() as client:
        client.execute_command("ACL SETUSER ada on >geheim ~* &* +@all -config")
        client.execute_command("ACL SETUSER eve on >geheim ~* &* +@all -xadd")
    yield server
    server.stop()


def test_where_settings_may_not_be_read_the_log_opens_and_says_so(own_wrong: RedisServer) -> None:
    log = RedisLog.open(own_wrong.url.replace("//", "//ada:geheim@"))
    [warning] = log.warnings
    assert "does not let us read its settings" in warning
    assert "geheim" not in warning
    assert len(log.append([b.entry(b"0")])) == 1
    log.close()


def test_a_wrong_password_is_told_without_it(own_wrong: RedisServer) -> None:
    with pytest.raises(WrongServer, match="refuses user or password") as refused:
        RedisLog.open(own_wrong.url.replace("//", "//ada:gehaim@"))
    assert "gehaim" not in str(refused.value)


def test_a_user_who_may_not_append_is_told_so(own_wrong: RedisServer) -> None:
    log = RedisLog.open(own_wrong.url.replace("//", "//eve:geheim@"), prefix=fresh_prefix())
    with pytest.raises(Unavailable, match="does not allow its user what the log needs"):
        log.append([b.entry(b"0")])
    log.close()


def test_without_the_client_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    for name in ("redis_link", "redis_checks", "redis_errors"):
        monkeypatch.delitem(sys.modules, f"monitor.stream.{name}", raising=False)
    with pytest.raises(WrongServer, match=r"pip install 'sturmglas\[redis\]'"):
        RedisLog.open("redis://127.0.0.1/")
    with pytest.raises(WrongServer, match=r"pip install 'sturmglas\[redis\]'"):
        RedisSignals("redis://127.0.0.1/")


def test_nobody_there_is_unavailable_and_a_wrong_address_is_wrong() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        RedisLog.open("redis://127.0.0.1:1/")
    with pytest.raises(Unavailable, match="cannot be reached"):
        RedisLog.open("redis+cluster://127.0.0.1:1,127.0.0.1:2/")
    with pytest.raises(WrongServer, match="expected redis://"):
        RedisLog.open("http://:geheim@127.0.0.1/")
    with pytest.raises(WrongServer, match="is no cluster"):
        RedisLog.open(shared_server().url.replace("redis:", "redis+cluster:"))
