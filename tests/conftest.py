"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# The machines are shared: a slow example says nothing about the code. Speed belongs in benches.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
