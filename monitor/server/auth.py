"""Who may do what: senders of mentions, people who look, and which hosts and origins we answer to.

Every secret is compared in constant time, by digests of equal length, and every candidate is
compared, so that neither the content nor the place of a match can be timed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from pydantic import SecretStr

from monitor.settings import HttpSource, Settings

WINDOW = timedelta(minutes=5)
"""How far a signature's timestamp may be from now (standard-webhooks.com, "verifying")."""
WINDOW_S = WINDOW.total_seconds()
_PREFIX = "whsec_"
_MIN_SECRET = 16
"""Fewest bytes of a signing secret; the specification asks for 24 to 64."""


class Misconfigured(ValueError):
    """The server must not start like this; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One configured sender: the digest of its token, its signing secrets, the source it owns."""

    source: str
    tokens: tuple[bytes, ...]
    secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The three headers of Standard Webhooks, checked for form and age, not yet for truth."""

    id: str
    timestamp: str
    candidates: tuple[bytes, ...]


class Refused(Exception):
    """The sender is not who it has to be; the message never tells what would have been right."""


class Speakers:
    """Knows which sources a token or a signature may speak for."""

    def __init__(self, speakers: Iterable[Speaker]) -> None:
        self._speakers = tuple(speakers)

    @classmethod
    def of(cls, settings: Settings) -> Speakers:
        """Read the ``http`` sources; raises `Misconfigured` for a secret that cannot be one."""
        return cls(
            _speaker(name, source)
            for name, source in settings.sources.items()
            if isinstance(source, HttpSource)
        )

    def __bool__(self) -> bool:
        return bool(self._speakers)

    def by_token(self, token: str) -> frozenset[str]:
        """Return the sources of a bearer token; empty when nobody has it."""
        given = _digest(token)
        return frozenset(
            [
                s.source
                for s in self._speakers
                if _any([hmac.compare_digest(given, t) for t in s.tokens])
            ]
        )

    def by_signature(self, signature: Signature, body: bytes) -> frozenset[str]:
        """Return the sources whose secret signed ``body``; empty when none did."""
        signed = f"{signature.id}.{signature.timestamp}.".encode() + body
        found = []
        for speaker in self._speakers:
            matches = []
            for secret in speaker.secrets:
                right = hmac.digest(secret, signed, "sha256")
                matches += [hmac.compare_digest(right, given) for given in signature.candidates]
            if _any(matches):
                found.append(speaker.source)
        return frozenset(found)


def signature_of(headers: Mapping[str, str], now: datetime) -> Signature | None:
    """Read the signature headers; None when there are none. Raises `Refused` for bad form or age.

    ``webhook-signature`` may hold several signatures separated by spaces, as senders do while
    they change their secret; only version ``v1`` (HMAC-SHA256) counts.
    """
    given = headers.get("webhook-signature", "")
    if not given:
        return None
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or len(id) > 256:
        raise Refused("webhook-id: expected 1 to 256 characters")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Refused("webhook-timestamp: expected whole seconds since 1970")
    age_s = now.timestamp() - int(stamp)
    if abs(age_s) > WINDOW_S:
        side = "old" if age_s > 0 else "far ahead"
        raise Refused(f"webhook-timestamp: too {side}; the window is 5 minutes, check your clock")
    candidates = []
    for part in given.split()[:8]:
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                candidates.append(base64.b64decode(text, validate=True))
            except (ValueError, binascii.Error):
                continue
    if not candidates:
        raise Refused("webhook-signature: expected v1,<base64>")
    return Signature(id, stamp, tuple(candidates))


class Watched:
    """Knows who may say that they are alive: each expected sender by a token of its own."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = {
            name: tuple(_digest(token) for token in given.split()) for name, given in tokens.items()
        }

    @classmethod
    def of(cls, settings: Settings) -> Watched:
        return cls({name: w.token.get_secret_value() for name, w in settings.watches.items()})

    def may(self, name: str, authorization: str) -> bool:
        """True where ``authorization`` is ``Bearer`` with the token of ``name``."""
        scheme, _, token = authorization.partition(" ")
        given = _digest(token.strip() if scheme.lower() == "bearer" else "")
        return _any([hmac.compare_digest(given, right) for right in self._tokens.get(name, ())])


class Visitors:
    """Decides who may use pages and API: everybody on loopback, else who knows the token.

    The token is given as ``Authorization: Bearer`` or, by browsers, as the password of HTTP Basic
    with one's own name as the user, which then stands on the timeline.
    """

    def __init__(self, token: SecretStr | None) -> None:
        self._token = _digest(token.get_secret_value()) if token is not None else None

    @classmethod
    def of(cls, settings: Settings) -> Visitors:
        """Read ``server.token``; raises `Misconfigured` where a bind beyond loopback has none."""
        token = settings.server.token
        if token is not None and len(token.get_secret_value()) < 16:
            raise Misconfigured("server.token: expected at least 16 characters")
        if token is None and not is_loopback(settings.server.host):
            raise Misconfigured(
                f'server.host = "{settings.server.host}" is reachable by others: set server.token '
                "(or STURMGLAS_SERVER__TOKEN), or bind to 127.0.0.1"
            )
        return cls(token)

    @property
    def open(self) -> bool:
        return self._token is None

    def name(self, authorization: str) -> str | None:
        """Return who it is ("" for a bare token), None for a stranger."""
        if self._token is None:
            return ""
        scheme, _, rest = authorization.partition(" ")
        user, given = "", rest.strip()
        if scheme.lower() == "basic":
            user, given = _basic(given)
        elif scheme.lower() != "bearer":
            given = ""
        return user[:80] if hmac.compare_digest(_digest(given), self._token) else None


class Hosts:
    """Decides which ``Host`` and ``Origin`` headers we answer to (DNS rebinding, forged forms).

    Loopback names always; the host of ``server.public_url``; beyond loopback also the bound host,
    any address literal (rebinding needs a name) and, where no public URL is set, any name: there
    the token is what keeps strangers out.
    """

    def __init__(self, bound: str, public_url: str) -> None:
        public = urlsplit(public_url).hostname or ""
        self._names = {"localhost", "127.0.0.1", "::1"} | ({public} if public else set())
        self._beyond = not is_loopback(bound)
        if self._beyond:
            self._names.add(bound.strip("[]").lower())
        self._any = self._beyond and not public
        # Nearly every request names us by one and the same name; strangers push each other out.
        self.answers = lru_cache(maxsize=64)(self._answers)

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        return cls(settings.server.host, settings.server.public_url)

    def _answers(self, host: str) -> bool:
        """Return whether a ``Host`` header may name us (``answers`` remembers)."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return bool(name) and (
            self._any or name in self._names or (self._beyond and _is_address(name))
        )

    def same_site(self, headers: Mapping[str, str]) -> bool:
        """True when a browser may send an unsafe request with these headers, or it is no browser.

        ``Sec-Fetch-Site`` decides where it is sent (all current browsers); else ``Origin`` must
        be this host.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        try:
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        except ValueError:
            return False


def is_loopback(host: str) -> bool:
    """True when only this machine can reach a server bound to ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _speaker(name: str, source: HttpSource) -> Speaker:
    tokens = source.token.get_secret_value().split() if source.token else []
    secrets = source.signing_secret.get_secret_value().split() if source.signing_secret else []
    if any(len(token) < 16 for token in tokens):
        raise Misconfigured(f"source.{name}.token: expected at least 16 characters")
    return Speaker(
        name, tuple(_digest(t) for t in tokens), tuple(_secret(name, text) for text in secrets)
    )


def _secret(name: str, text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX) + "==")
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) < _MIN_SECRET:
        raise Misconfigured(
            f"source.{name}.signing_secret: expected whsec_ and at least {_MIN_SECRET} bytes in base64"
        )
    return secret


def _basic(text: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return user.strip(), password


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _any(matches: list[bool]) -> bool:
    """Or over a list that is already complete: nothing is skipped by an early match."""
    return any(matches)
