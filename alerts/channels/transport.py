"""Guarded transports: HTTP that cannot be talked into reaching the inside of our own network.

A host is resolved once, every address is judged, and the connection goes to exactly the address
that was judged, so that a name which changes its mind between check and connect (DNS rebinding)
gains nothing. Redirects are requests like any other and are judged again. Environment proxies do
not apply where a transport is given to httpx.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from functools import lru_cache

import httpx

from alerts.channels import permit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(httpx.TransportError):
    """A host that leads to an address we do not talk to. No retry makes sense."""


class Withdrawn(httpx.TransportError):
    """The request may not go out any more (`alerts.channels.permit`); its body was not sent."""


class AddressPolicy:
    """Which addresses may be reached. ``allow_hosts`` names hosts whose inside address is meant.

    Refused unless allowed: private, shared, link-local (cloud metadata), loopback, multicast,
    reserved and unspecified addresses, also where an IPv6 form hides an IPv4 address.
    ``inside_only`` turns it round for the demo: this machine, and nothing else.
    """

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        *,
        allow_loopback: bool = False,
        inside_only: bool = False,
    ) -> None:
        self._hosts = frozenset(host.casefold() for host in allow_hosts)
        self._loopback = allow_loopback
        self._inside_only = inside_only

    def permits(self, host: str, address: str) -> bool:
        """Tell whether a connection to ``address``, found for ``host``, is allowed."""
        if self._inside_only:
            return _plain(ipaddress.ip_address(address.partition("%")[0])).is_loopback
        if host.casefold() in self._hosts:
            return True
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if ip.is_loopback:
            return self._loopback
        refused = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local
        return ip.is_global and not refused

    def judged(self, host: str, addresses: Iterable[str]) -> list[str]:
        """Return the addresses in order, each once; `ForbiddenAddress` where any is refused."""
        found = list(dict.fromkeys(addresses))
        if not all(self.permits(host, address) for address in found):
            if self._inside_only:
                raise ForbiddenAddress(
                    f'host "{host}" is not on this machine, and the demo stays here'
                )
            raise ForbiddenAddress(
                f'host "{host}" leads to an address inside our own network, and those are refused; '
                "where it is meant, name it in server.inside_hosts (this very machine: "
                "server.allow_loopback_receivers)"
            )
        return found


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Return the one context for all pools: reading the authorities takes a fifth of a second."""
    return httpx.create_ssl_context(trust_env=False)


def _plain(ip: Address) -> Address:
    """Return the IPv4 address that an IPv6 form carries, else the address itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip.sixtofour is not None:
            return ip.sixtofour
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _targets(request: httpx.Request) -> tuple[str, int]:
    port = request.url.port or (443 if request.url.scheme == "https" else 80)
    return request.url.host, port


def _pinned(request: httpx.Request, address: str, **more: object) -> httpx.Request:
    """Return the request aimed at ``address``; Host header and TLS name stay the host's. ``more``: extensions."""
    host = request.url.host
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host, **more},
    )


async def _last_look(event: str, info: object) -> None:
    """Stop a request that may not go out any more; httpcore tells before it writes the body."""
    if event.endswith("send_request_body.started") and not permit.given():
        raise Withdrawn(permit.WITHDRAWN)


def _addresses(found: Iterable[tuple[object, ...]]) -> list[str]:
    return [str(sockaddr[0]) for *_, sockaddr in found if isinstance(sockaddr, tuple)]


def _unresolved(host: str, request: httpx.Request) -> httpx.ConnectError:
    return httpx.ConnectError(f'host "{host}" has no address', request=request)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Asynchronous transport behind an `AddressPolicy` and a permit; one pool per host name.

    A pool per name keeps a TLS connection proved for one host from being used for another that
    happens to share its address.
    """

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._tls = _tls()
        self._pools: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = _targets(request)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise _unresolved(host, request) from error
        addresses = self._policy.judged(host, _addresses(found))
        pool = self._pools.get(host)
        if pool is None:
            pool = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
            self._pools[host] = pool
        for address in addresses[:-1]:
            try:
                return await pool.handle_async_request(_pinned(request, address, trace=_last_look))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent; the name has another address
        return await pool.handle_async_request(_pinned(request, addresses[-1], trace=_last_look))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


class GuardedSyncTransport(httpx.BaseTransport):
    """`GuardedTransport` for synchronous clients (feeds)."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._tls = _tls()
        self._pools: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = _targets(request)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _unresolved(host, request) from error
        addresses = self._policy.judged(host, _addresses(found))
        pool = self._pools.get(host)
        if pool is None:
            pool = httpx.HTTPTransport(verify=self._tls, trust_env=False)
            self._pools[host] = pool
        for address in addresses[:-1]:
            try:
                return pool.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return pool.handle_request(_pinned(request, addresses[-1]))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def guarded_async(
    *, allow_hosts: Iterable[str] = (), allow_loopback: bool = False, inside_only: bool = False
) -> GuardedTransport:
    """Return a transport for `httpx.AsyncClient`."""
    policy = AddressPolicy(allow_hosts, allow_loopback=allow_loopback, inside_only=inside_only)
    return GuardedTransport(policy)


def guarded_sync(
    *, allow_hosts: Iterable[str] = (), allow_loopback: bool = False
) -> GuardedSyncTransport:
    """Return a transport for `httpx.Client`."""
    return GuardedSyncTransport(AddressPolicy(allow_hosts, allow_loopback=allow_loopback))
