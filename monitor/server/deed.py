"""Deed: one press of a button on an incident's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Deed:
    """One press of a button: its name, what stands there already if somebody was first, the doing,
    and which field is missing where the doing says `Invalid`."""

    name: str
    already: Callable[[], str]
    do: Callable[[str], None]
    field: str = "text"


Act = Callable[[Request, str, Deed], Response]
"""Carries a deed through and answers with the incident that the name means."""
