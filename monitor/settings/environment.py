"""``STURMGLAS_SERVER__PORT=9000`` and its like, laid over what the file says."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from monitor.settings.root import Settings
from monitor.settings.shape import fields_of, model_at
from playbooks.complaints import Complaint, nearest, one_of

PREFIX = "STURMGLAS_"
CONFIG = "STURMGLAS_CONFIG"
"""Names the settings file where no ``--config`` is given."""


_SURE = 0.8
"""How much a variable must look like a setting before we call it a typing error."""


def overlay(
    raw: dict[str, Any], env: Mapping[str, str], places: dict[tuple[str | int, ...], str]
) -> list[Complaint]:
    """Put every variable into ``raw`` and note in ``places`` which key it set.

    ``__`` goes one level down; case does not count, and ``_`` also finds a ``-`` of a name in the
    file. A value starting with ``[`` or ``{`` is read as JSON. Variables without ``__`` that are no
    setting are none of our business (Kubernetes sets ``STURMGLAS_PORT=tcp://...`` for a service of
    that name), unless they look very much like a typing error.
    """
    complaints: list[Complaint] = []
    known = set(fields_of(Settings))
    for name in sorted(env):
        if not name.upper().startswith(PREFIX) or name.upper() == CONFIG:
            continue
        parts = name[len(PREFIX) :].lower().split("__")
        if parts[0] not in known:
            hint = _meant(parts[0], known) or nearest(parts[0], known, likeness=_SURE)
            if len(parts) > 1 or hint:
                text = f"unknown setting; expected {one_of(known)}{hint}"
                complaints.append(Complaint(f"environment {name}", 0, ".".join(parts), text))
            continue
        path = _put(raw, parts, _value(env[name]))
        if path:
            places[path] = name
        else:
            text = "sets a key inside something that has none"
            complaints.append(Complaint(f"environment {name}", 0, ".".join(parts), text))
    return complaints


def _meant(word: str, known: Collection[str]) -> str:
    """Return a hint where one underscore stands in place of two: ``SERVER_HOST``."""
    for name in known:
        inner = model_at((name,), {}) if word.startswith(f"{name}_") else None
        if inner is not None and word[len(name) + 1 :] in fields_of(inner):
            return f"; did you mean {PREFIX}{name.upper()}__{word[len(name) + 1 :].upper()}?"
    return ""


def _value(text: str) -> object:
    if text.lstrip()[:1] in ("[", "{"):
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            return text  # the type of the field then says what it expected
        return value
    return text


def _put(raw: dict[str, Any], parts: list[str], value: object) -> tuple[str | int, ...] | None:
    """Set ``value`` and return where; None when the way leads through something without keys."""
    here: Any = raw
    path: list[str | int] = []
    for depth, part in enumerate(parts):
        if isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            key: str | int = int(part)
        elif isinstance(here, dict):
            key = next((k for k in here if k.lower().replace("-", "_") == part), part)
        else:
            return None
        path.append(key)
        if depth == len(parts) - 1:
            here[key] = value
        elif isinstance(here, dict):
            here = here.setdefault(key, {})
        else:
            here = here[key]
    return tuple(path)
