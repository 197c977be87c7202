"""Playbooks from YAML: read, checked, versioned. Complaints name file and line.

The form is described in docs/playbooks.md. Nothing here raises anything but `PlaybookError`,
whatever a file holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from playbooks.actions import ACTIONS
from playbooks.complaints import Complaint
from playbooks.document import MAX_BYTES, parse
from playbooks.playbook import Playbook
from playbooks.reading import Names, read_playbook

SUFFIXES = (".yaml", ".yml")


class PlaybookError(Exception):
    """Playbooks cannot be used. ``complaints`` holds every mistake found, in file order."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        super().__init__("\n".join(str(c) for c in complaints))
        self.complaints = list(complaints)


def load_library(
    paths: Sequence[Path] = (),
    actions: Collection[str] = tuple(ACTIONS),
    tripwires: Collection[str] | None = None,
) -> dict[str, Playbook]:
    """Return the shipped playbooks and those of ``paths`` (files or folders), by id.

    An own id replaces the shipped one. ``tripwires`` are the categories that exist (None: any
    name is taken). Raises `PlaybookError` with every complaint of every file.
    """
    library, complaints = read_library(paths, actions, tripwires)
    if complaints:
        raise PlaybookError(complaints)
    return library


def read_library(
    paths: Sequence[Path] = (),
    actions: Collection[str] = tuple(ACTIONS),
    tripwires: Collection[str] | None = None,
) -> tuple[dict[str, Playbook], list[Complaint]]:
    """Return what `load_library` would, and the complaints beside it instead of an exception."""
    names = Names(actions, tripwires)
    shipped = _in_order(resources.files("playbooks").joinpath("library").iterdir())
    library, complaints = _layer([(f"playbooks/library/{f.name}", f) for f in shipped], names)
    own: list[tuple[str, Traversable]] = []
    for path in paths:
        try:
            files = _in_order(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            complaints.append(_unreadable(str(path), error))
        else:
            own += [(str(path / f.name) if path.is_dir() else str(path), f) for f in files]
    more, wrong = _layer(own, names)
    return library | more, complaints + wrong


def load_text(
    text: str,
    file: str = "playbook",
    actions: Collection[str] = tuple(ACTIONS),
    tripwires: Collection[str] | None = None,
) -> Playbook:
    """Return the playbook that ``text`` holds; ``file`` is what complaints call it."""
    playbook, complaints = _read(text.encode(errors="replace"), file, Names(actions, tripwires))
    if playbook is None:
        raise PlaybookError(complaints)
    return playbook


def version_of(playbook: Playbook) -> str:
    """Return 12 hex digits that change with what the playbook says, not with how it is written."""
    content = asdict(playbook) | {"version": "", "source": ""}
    text = json.dumps(content, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _in_order(files: Iterable[Traversable]) -> list[Traversable]:
    return sorted((f for f in files if f.name.endswith(SUFFIXES)), key=lambda f: f.name)


def _unreadable(file: str, error: OSError) -> Complaint:
    return Complaint(file, 0, "", f"cannot be read ({error.strerror}); expected a playbook in YAML")


def _layer(
    files: Sequence[tuple[str, Traversable]], names: Names
) -> tuple[dict[str, Playbook], list[Complaint]]:
    """Read files among which each id may stand once."""
    library: dict[str, Playbook] = {}
    complaints: list[Complaint] = []
    for name, file in files:
        try:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            complaints.append(_unreadable(name, error))
            continue
        playbook, wrong = _read(data, name, names)
        complaints += wrong
        if playbook is None:
            continue
        first = library.setdefault(playbook.id, playbook)
        if first is not playbook:
            text = f'"{playbook.id}" is the id of {first.source} already; expected one of its own'
            complaints.append(Complaint(name, 1, "id", text))
    return library, complaints


def _read(data: bytes, file: str, names: Names) -> tuple[Playbook | None, list[Complaint]]:
    """Return the playbook, or None with at least one complaint."""
    document = parse(data, file)
    if isinstance(document, Complaint):
        return None, [document]
    playbook = read_playbook(document, names)
    if document.complaints or playbook is None:
        return None, document.complaints
    return replace(playbook, version=version_of(playbook)), []
