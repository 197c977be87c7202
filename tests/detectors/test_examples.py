"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from detectors import online

ONLINE = (module.name for module in pkgutil.iter_modules(online.__path__, "detectors.online."))
MODULES = ("detectors.matcher", "detectors.tripwires", *ONLINE)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
