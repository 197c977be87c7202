"""The guard: no request of ours reaches the inside of somebody's network by a trick."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest

from alerts.channels.transport import (
    AddressPolicy,
    ForbiddenAddress,
    guarded_async,
    guarded_sync,
)
from monitor.server.sink import Sink

INSIDE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",  # shared by carriers
    "169.254.169.254",  # cloud metadata
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a9fe:a9fe",  # NAT64 of the metadata address
    "2002:7f00:1::",  # 6to4 of loopback
]
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_refused(address: str) -> None:
    assert not AddressPolicy().permits("example.org", address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_addresses_are_fine(address: str) -> None:
    assert AddressPolicy().permits("example.org", address)


def test_a_host_allowed_by_name_may_be_inside() -> None:
    policy = AddressPolicy(["Alerts.Example.Org"])
    assert policy.permits("alerts.example.org", "10.0.0.1")
    assert not policy.permits("other.example.org", "10.0.0.1")


@pytest.mark.parametrize(
    ("address", "permitted"),
    [("127.0.0.1", True), ("::1", True), ("93.184.215.14", False), ("10.0.0.1", False)],
)
def test_the_demo_reaches_this_machine_and_nothing_else(address: str, permitted: bool) -> None:
    policy = AddressPolicy(["example.org"], allow_loopback=True, inside_only=True)
    assert policy.permits("example.org", address) is permitted


def test_loopback_alone_can_be_allowed() -> None:
    policy = AddressPolicy(allow_loopback=True)
    assert policy.permits("localhost", "127.0.0.1")
    assert policy.permits("localhost", "::ffff:127.0.0.1")
    assert not policy.permits("localhost", "10.0.0.1")


def test_one_inside_address_among_several_is_enough_to_refuse() -> None:
    with pytest.raises(ForbiddenAddress, match=r'host "example.org" leads to an address inside'):
        AddressPolicy().judged("example.org", ["93.184.215.14", "10.0.0.1"])


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def variants(url: str) -> list[str]:
    """The same door under other names for this machine."""
    names = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
    return [url.replace("127.0.0.1", name) for name in names]


def test_no_spelling_of_loopback_gets_through(sink: Sink) -> None:
    async def scene() -> None:
        async with httpx.AsyncClient(transport=guarded_async()) as client:
            for url in variants(sink.url):
                with pytest.raises((ForbiddenAddress, httpx.InvalidURL)):
                    await client.get(url)

    asyncio.run(scene())
    with httpx.Client(transport=guarded_sync()) as client:
        for url in variants(sink.url):
            with pytest.raises((ForbiddenAddress, httpx.InvalidURL)):
                client.get(url)


def test_what_is_allowed_answers_with_its_name_in_the_host_header(sink: Sink) -> None:
    async def scene() -> None:
        url = sink.url.replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(transport=guarded_async(allow_hosts=["localhost"])) as client:
            for _ in range(3):
                answer = await client.get(f"{url}version")
                assert answer.status_code == 200
                assert answer.request.headers["host"].startswith("localhost:")

    asyncio.run(scene())
    with httpx.Client(transport=guarded_sync(allow_loopback=True)) as client:
        assert client.get(f"{sink.url}version").json() == {"version": 0}


def test_the_connection_goes_to_the_address_that_was_judged(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes its mind: public when judged, loopback when asked again."""
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    connected: list[str] = []

    class Pool(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            connected.append(request.url.host)
            assert request.extensions["sni_hostname"] == "rebind.example.org"
            return httpx.Response(204)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    transport = guarded_sync()
    with httpx.Client(transport=transport) as client:
        transport._pools["rebind.example.org"] = Pool()
        client.get("https://rebind.example.org/")
        assert connected == ["93.184.215.14"]
        assert asked == ["rebind.example.org"]
        with pytest.raises(ForbiddenAddress):
            client.get("https://rebind.example.org/")
    assert connected == ["93.184.215.14"]


def test_a_name_without_address_may_be_tried_again() -> None:
    with (
        httpx.Client(transport=guarded_sync()) as client,
        pytest.raises(httpx.ConnectError, match="has no address"),
    ):
        client.get("http://no-such-name.invalid/")
