"""Settings from one TOML file and the environment; every complaint names file, line and key.

Order of strength: defaults, then the file, then ``STURMGLAS_...`` variables. A secret ``token``
may also be given as ``token_file = "path"``. Paths in the file count from its folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.settings.environment import CONFIG, overlay
from monitor.settings.lines import Lines
from monitor.settings.root import DEFAULTS, Settings
from monitor.settings.secrets import read_secret_files
from monitor.settings.together import check_together
from monitor.settings.words import complaint_of
from playbooks.complaints import Complaint

MAX_BYTES = 512 * 1024
"""Larger is no settings file; keeps what a wrong path costs small."""


class SettingsError(Exception):
    """The settings cannot be used. ``complaints`` holds every mistake found, in file order."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(str(c) for c in complaints))
        self.complaints = complaints


@dataclass(slots=True)
class Source:
    """Where each key came from: a line of the file, or a variable of the environment."""

    file: str
    lines: Lines = field(default_factory=lambda: Lines(""))
    variables: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def complain(self, path: tuple[str | int, ...], text: str) -> Complaint:
        """Return a complaint about the key ``path``."""
        key = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
        for end in range(len(path), 0, -1):
            if name := self.variables.get(path[:end]):
                return Complaint(f"environment {name}", 0, key, text)
        return Complaint(self.file, self.lines.of(path), key, text)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file and an environment gave: settings, or complaints, and where each key stands."""

    settings: Settings | None
    complaints: list[Complaint]
    source: Source


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Return the settings of the file ``path``, else of ``$STURMGLAS_CONFIG``, else the defaults.

    ``Settings.origin`` says which. Raises `SettingsError` with every complaint at once.
    """
    reading = read(path, env)
    if reading.settings is None:
        raise SettingsError(reading.complaints)
    return reading.settings


def read(path: Path | None, env: Mapping[str, str]) -> Reading:
    """Return what `load` would, with complaints and places instead of an exception."""
    if path is None and env.get(CONFIG):
        path = Path(env[CONFIG])
    source = Source(str(path) if path else "settings")
    complaints: list[Complaint] = []
    raw = _parse(path, source, complaints) if path else {}
    if complaints:
        return Reading(None, complaints, source)
    base = path.parent if path else Path()
    _anchor(raw, base)
    complaints += overlay(raw, env, source.variables)
    complaints += [source.complain(*c) for c in read_secret_files(raw, base)]
    settings = _validate(raw, source, complaints)
    complaints += [source.complain(*c) for c in check_together(raw)]
    if settings is None or complaints:
        return Reading(None, sorted(set(complaints), key=lambda c: (c.file, c.line)), source)
    changed = f"; {len(source.variables)} from the environment" if source.variables else ""
    settings._origin = (f"settings file {path}" if path else DEFAULTS) + changed
    return Reading(settings, [], source)


def _parse(path: Path, source: Source, complaints: list[Complaint]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        text = f"cannot be read ({error.strerror}); expected a TOML file"
        complaints.append(Complaint(source.file, 0, "", text))
        return {}
    if len(data) > MAX_BYTES:
        text = f"larger than {MAX_BYTES} bytes; expected a settings file"
        complaints.append(Complaint(source.file, 0, "", text))
        return {}
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        complaints.append(Complaint(source.file, line, "", "not UTF-8; save the file as UTF-8"))
        return {}
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        complaints.append(_not_toml(source.file, error))
        return {}
    source.lines = Lines(text)
    return raw


def _anchor(raw: dict[str, Any], base: Path) -> None:
    """Let relative paths of the file count from its folder, wherever the program is started."""
    playbooks, sources = raw.get("playbooks"), raw.get("source")
    if isinstance(playbooks, dict) and isinstance(playbooks.get("paths"), list):
        paths = playbooks["paths"]
        playbooks["paths"] = [str(base / p) if isinstance(p, str) else p for p in paths]
    for kept in (sources, raw.get("transformer")):
        for one in kept.values() if isinstance(kept, dict) else ():
            if isinstance(one, dict) and isinstance(one.get("path"), str):
                one["path"] = str(base / one["path"])


def _not_toml(file: str, error: Exception) -> Complaint:
    """Put the line that tomllib names at the end of its message where lines belong."""
    text = "nested too deep" if isinstance(error, RecursionError) else str(error)
    found = re.search(r" \(at line (\d+), column (\d+)\)$", text)
    if found is None:
        return Complaint(file, 0, "", f"not TOML: {text}")
    place = f", at character {found[2]} of the line"
    return Complaint(file, int(found[1]), "", f"not TOML: {text[: found.start()]}{place}")


def _validate(raw: dict[str, Any], source: Source, complaints: list[Complaint]) -> Settings | None:
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        complaints += [source.complain(*complaint_of(one, raw)) for one in errors]
        return None
