"""``STURMGLAS_SERVER__PORT=9000`` and its like, laid over what the file says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.settings.root import Settings
from monitor.settings.shape import fields_of
from playbooks.complaints import Complaint, nearest, one_of

PREFIX = "STURMGLAS_"
CONFIG = "STURMGLAS_CONFIG"
"""Names the settings file where no ``--config`` is given."""


def overlay(
    raw: dict[str, Any], env: Mapping[str, str], places: dict[tuple[str | int, ...], str]
) -> list[Complaint]:
    """Put every variable into ``raw`` and note in ``places`` which key it set.

    ``__`` goes one level down; case does not count, and ``_`` also finds a ``-`` of a name in the
    file. A value starting with ``[`` or ``{`` is read as JSON. Variables of one word that are no
    setting (``STURMGLAS_DATA``) are none of our business, unless they look like a typing error.
    """
    complaints: list[Complaint] = []
    known = set(fields_of(Settings))
    for name in sorted(env):
        if not name.upper().startswith(PREFIX) or name.upper() == CONFIG:
            continue
        parts = name[len(PREFIX) :].lower().split("__")
        if parts[0] not in known:
            hint = nearest(parts[0], known)
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
