"""The headers that every answer carries, and a plain view of the ones that came in."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No inline code, no foreign host; `dashboards.web.render` may state a stricter one."""

_FIXED = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)

Raw = list[tuple[bytes, bytes]]


def security(csp: str = CSP) -> Raw:
    """Return the security headers, encoded."""
    return encode([("content-security-policy", csp), *_FIXED])


def encode(headers: Iterable[tuple[str, str]]) -> Raw:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def incoming(scope: Scope) -> dict[str, str]:
    """Return the request's headers by lower-case name; of a repeated one the first counts."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found
