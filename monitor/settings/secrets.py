"""Secrets from files: ``token_file = "path"`` in place of ``token = "..."``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monitor.settings.shape import fields_of, is_secret, model_at
from playbooks.complaints import shown

LIMIT = 8192
"""Longest accepted secret, in bytes; a key file of a few lines fits."""

UNREADABLE = "a secret that could not be read"
"""Stands in for it, so that one mistake is not told as two."""

Found = tuple[tuple[str | int, ...], str]


def read_secret_files(raw: dict[str, Any], base: Path) -> list[Found]:
    """Replace each ``X_file`` by the secret ``X`` read from it; return what went wrong.

    Paths are relative to ``base``, the folder of the settings file. White space around the
    secret is dropped. Only fields that are secret have such a twin.
    """
    found: list[Found] = []
    for path in _places(raw):
        model, section = model_at(path, raw), _at(path, raw)
        if model is None or not isinstance(section, dict):
            continue
        for key, info in fields_of(model).items():
            twin = f"{key}_file"
            if twin in section and twin not in model.model_fields and is_secret(info):
                found += _read_one((*path, twin), key, section, base)
    return found


def _places(raw: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return where sections with secrets stand."""
    places: list[tuple[str, ...]] = [("server",), ("store",), ("stream",), ("heartbeat",)]
    for group in ("source", "channel", "watch"):
        sections = raw.get(group)
        if isinstance(sections, dict):
            places += [(group, name) for name in sections]
    return places


def _at(path: tuple[str, ...], raw: Any) -> object:
    for key in path:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def _read_one(
    path: tuple[str | int, ...], key: str, section: dict[str, Any], base: Path
) -> list[Found]:
    named = section.pop(str(path[-1]))
    if key in section:
        return [(path, f"both {key} and {key}_file are given; expected one of them")]
    if not isinstance(named, str) or not named:
        section[key] = UNREADABLE
        return [(path, f"found {shown(named)}; expected the path of a file")]
    try:
        with (base / named).open("rb") as file:
            secret = file.read(LIMIT + 1).decode().strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        section[key] = UNREADABLE
        why = error.strerror if isinstance(error, OSError) else "not a text"
        return [(path, f"{shown(named)} cannot be read ({why}); expected a file with the secret")]
    section[key] = secret or UNREADABLE
    if not secret or len(secret) > LIMIT:
        size = "is empty" if not secret else f"is larger than {LIMIT} bytes"
        return [(path, f"{shown(named)} {size}; expected a file with the secret")]
    return []
