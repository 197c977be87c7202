"""What everything durable may raise."""

from __future__ import annotations


class Unavailable(Exception):
    """The store or the stream cannot accept now (full disk, lost server); try again later.

    ``retry_after_s`` is what the door tells the sender.
    """

    def __init__(self, message: str, *, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
