"""The headers that every answer carries, and a plain view of the ones that came in."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope

_FIXED = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # "no-referrer" would turn the Origin of our own forms into "null" (Fetch, "append a request
    # Origin header"), and `auth.Hosts.same_site` could not tell them from foreign ones.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)

NOT_KEPT = (
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
)
"""Headers of a page whose address is a secret: nobody keeps it, and no other site hears of it."""

Raw = list[tuple[bytes, bytes]]


def security(csp: str) -> Raw:
    """Return the security headers, encoded; ``csp`` is what the pages are written for."""
    return encode([("content-security-policy", csp), *_FIXED])


def encode(headers: Iterable[tuple[str, str]]) -> Raw:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def incoming(scope: Scope) -> dict[str, str]:
    """Return the request's headers by lower-case name; of a repeated one the first counts."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
    }
