"""Tokens: what stands in a link that answers a message without a login.

Signed with a secret of the install (itsdangerous, HMAC-SHA256), never stored. A token names what it may
do, and for what: whoever has it can do that, once, and nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from alerts.alert import Delivery
from alerts.answering import May, Signer
from alerts.people import parted

GOOD_FOR = timedelta(hours=72)
"""How long a link can be used, from the alert on."""
LIMIT = 1024
"""Characters of a token; longer ones are not looked at."""
SECRET = "answer"  # noqa: S105 - the name of a secret, see `Store.secret`
PATH = "/answer/"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token lets its holder do, until ``until`` (whole seconds). ``target``: whom it was sent to."""

    incident: str
    episode: int
    target: str
    may: May
    until: datetime

    @property
    def actor(self) -> str:
        """Who acts: the person of the target, else its channel."""
        channel, person = parted(self.target)
        return person or channel


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, secret: bytes) -> None:
        self._signer = URLSafeSerializer(
            secret,
            salt="sturmglas.answer",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def signed(self, grant: Grant) -> str:
        """Return the token of ``grant``; the same grant gives the same token."""
        until = int(grant.until.timestamp())
        parts = [grant.incident, grant.episode, grant.target, grant.may.value, until]
        said = self._signer.dumps(parts)
        return said.decode() if isinstance(said, bytes) else said

    def read(self, token: str) -> Grant | None:
        """Return what a token grants, None for one that is not ours to the last character.

        Whether it is still good is the caller's business.
        """
        if len(token) > LIMIT or not token.isascii():
            return None
        try:
            incident, episode, target, may, until = self._signer.loads(token)
            grant = Grant(incident, episode, target, May(may), datetime.fromtimestamp(until, UTC))
        except (BadData, ValueError, TypeError, OverflowError, OSError):
            return None
        # Base64 has several spellings of one signature; only ours counts.
        return grant if self.signed(grant) == token else None


def key_of(token: str) -> str:
    """Return under which key a token's effect is kept (`monitor.ports.AnswerWrites`)."""
    return f"link/{hashlib.blake2b(token.encode(), digest_size=16).hexdigest()}"


def signer(tokens: Tokens, public_url: str) -> Signer:
    """Return what makes a delivery's links, under the address people know us by."""
    base = public_url.rstrip("/") + PATH

    def links(delivery: Delivery) -> tuple[tuple[str, str], ...]:
        # From the delivery's own time, so that every attempt has the same links.
        until = (delivery.created_at + GOOD_FOR).replace(microsecond=0)
        return tuple(
            (may.value, base + tokens.signed(Grant(*_about(delivery), may, until))) for may in May
        )

    return links


def _about(delivery: Delivery) -> tuple[str, int, str]:
    """Return incident, episode and target; the episode is the last part of the key."""
    return delivery.alert.incident, int(delivery.key.rpartition("-")[2]), delivery.channel
