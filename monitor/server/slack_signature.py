"""Slack's signature: was a request made by Slack, for our app, and just now?

docs.slack.dev/authentication/verifying-requests-from-slack; `slack_sdk.signature.SignatureVerifier`
decides the same (a test compares them).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

WINDOW_S = 300
"""How far the request's time may be from ours."""
TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


def signed(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of ``body`` at ``timestamp`` (seconds since 1970, in digits)."""
    return "v0=" + hmac.new(secret.encode(), _base(timestamp, body), hashlib.sha256).hexdigest()


def signers(
    secrets: Mapping[str, str], headers: Mapping[str, str], body: bytes, now_s: float
) -> tuple[str, ...]:
    """Return the names of those secrets that signed; none where it is not signed, not by us or not now.

    Every secret is compared in constant time, so that neither content nor place of a match can be timed.
    """
    stamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return ()
    if abs(now_s - int(stamp)) > WINDOW_S:
        return ()
    found = [
        (name, hmac.compare_digest(signed(secret, stamp, body).encode(), _bytes(given)))
        for name, secret in secrets.items()
    ]
    return tuple(name for name, right in found if right)


def _base(timestamp: str, body: bytes) -> bytes:
    return f"v0:{timestamp}:".encode() + body


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
