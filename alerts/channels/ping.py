"""Ping: tells a dead-man's switch outside that we are well, or why not.

healthchecks.io (GET or POST, ``/fail`` with a body: healthchecks.io/docs/http_api), Dead Man's Snitch (GET)
and Cronitor (GET) all take it. The address is a secret: it appears in no error.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

TIMEOUT_S = 5.0
REASON_LIMIT = 10_000
"""Bytes of reasons; healthchecks.io keeps 100 kB."""


class PingError(Exception):
    """The switch was not reached, or did not accept; says what, and never where."""


class Ping:
    """One dead-man's switch. ``client`` carries the guarded transport."""

    def __init__(self, client: httpx.Client, method: str, url: str, fail_url: str = "") -> None:
        self._client = client
        self._method = method
        self._url = url
        self._fail_url = fail_url

    def well(self) -> None:
        """Say that all is well. Raises `PingError`."""
        self._send(self._url, "")

    def unwell(self, reasons: Sequence[str]) -> bool:
        """Say what is wrong, one reason a line; False where no address was given for that. Raises
        `PingError`."""
        if self._fail_url:
            self._send(self._fail_url, "\n".join(reasons))
        return bool(self._fail_url)

    def _send(self, url: str, text: str) -> None:
        body = text.encode()[:REASON_LIMIT] if self._method == "POST" else None
        try:
            response = self._client.request(
                self._method, url, content=body, timeout=TIMEOUT_S, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise PingError(f"not reached ({type(error).__name__})") from None
        except (httpx.InvalidURL, ValueError):
            raise PingError("the address cannot be used; check heartbeat.url") from None
        if not response.is_success:
            raise PingError(f"answered {response.status_code}")
