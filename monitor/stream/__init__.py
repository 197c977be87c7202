"""The durable log between sources and pipeline."""

from __future__ import annotations


class WrongServer(Exception):
    """A server answers, but not as the log needs it: its settings, its version or who we are to it.

    Trying again does not help; the sentence says what to set, and never holds a password.
    """
