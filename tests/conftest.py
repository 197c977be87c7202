"""What holds for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# The machines are shared: a slow example says nothing about the code. Speed belongs in benches.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

NEEDED = ("chromium", "axe-core", "redis-server", "postgresql")
"""Servers and tools beside Python, as skip reasons name them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first: at the end one worker would sit over it alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Take what was imported and collected out of every later look for cycles: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a missing server into a failure where ``REQUIRE_SERVERS=1`` (as CI sets it)."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_SERVERS") == "1":
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "").lower()
        if any(name in reason for name in NEEDED):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: not allowed to skip here: {reason}"
    return report
