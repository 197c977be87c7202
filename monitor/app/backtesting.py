"""Backtesting: the configured store, opened for a look at its past beside whoever works on it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from monitor.app.wiring import with_password
from monitor.ports import Reader
from monitor.settings import Settings
from monitor.store.looking import looking


def past_of(settings: Settings) -> AbstractContextManager[Reader]:
    """Give what reads of the store that the settings name. Raises as `looking` does."""
    return looking(with_password(settings.store.url, settings.store.password))
