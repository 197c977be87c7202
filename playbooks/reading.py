"""From a YAML document to a Playbook: every field read, every rule of the house checked."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from yaml.nodes import MappingNode, Node

from detectors.detection import Level
from playbooks.complaints import one_of, shown
from playbooks.document import Document
from playbooks.playbook import Playbook, Role, Step, Text, Trigger

MAX_STEPS = 12
"""More steps are not worked through under stress; the first hour fits in fewer."""
MAX_DUE = timedelta(days=30)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DUE = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?", re.ASCII)
_PLAYBOOK_KEYS = ("id", "title", "summary", "trigger", "steps", "notes")
_STEP_KEYS = ("id", "title", "text", "role", "due", "questions", "action", "min_level")
_TRIGGER_KEYS = ("min_level", "topics", "brands", "terms", "tripwires")
_LEVELS = tuple(str(int(level)) for level in Level)


@dataclass(frozen=True, slots=True)
class Names:
    """The names a playbook may use. ``tripwires`` None: any name is taken."""

    actions: Collection[str]
    tripwires: Collection[str] | None = None


def parse_due(text: str) -> timedelta | None:
    """Return the time that "45m", "2h", "1h30m" or "1d" say; None when it is no such text."""
    found = _DUE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def read_playbook(doc: Document, names: Names) -> Playbook | None:
    """Return the playbook (``version`` still empty), None where a required part is missing.

    Everything wrong is in ``doc.complaints`` afterwards, and a playbook with complaints must not
    be used.
    """
    parts = doc.mapping(doc.root, "", _PLAYBOOK_KEYS)
    if parts is None or not _required(doc, doc.root, parts, "", _PLAYBOOK_KEYS[:5]):
        return None
    id = _name(doc, parts["id"], "id")
    title = _translated(doc, parts["title"], "title")
    summary = _translated(doc, parts["summary"], "summary")
    trigger = _trigger(doc, parts["trigger"], names)
    steps = _steps(doc, parts["steps"], names)
    notes = _notes(doc, parts["notes"]) if "notes" in parts else {}
    if id is None or title is None or summary is None or trigger is None:
        return None
    return Playbook(id, title, summary, trigger, tuple(steps), "", doc.file, notes)


def _required(
    doc: Document, node: Node, parts: dict[str, Node], key: str, needed: Collection[str]
) -> bool:
    missing = [name for name in needed if name not in parts]
    for name in missing:
        doc.complain(node, key, f"{name} is missing")
    return not missing


def _name(doc: Document, node: Node, key: str) -> str | None:
    value = doc.text(node, key)
    if value is None or _NAME.fullmatch(value):
        return value
    doc.complain(
        node, key, f'found {shown(value)}; expected small letters, digits, "-" and "_", at most 64'
    )
    return None


def _translated(doc: Document, node: Node, key: str) -> Text | None:
    """Return a text in both languages; one plain text stands for both, if the owner wants that."""
    if not isinstance(node, MappingNode):
        same = doc.text(node, key)
        return Text(same, same) if same is not None else None
    parts = doc.mapping(node, key, ("de", "en"))
    if parts is None:
        return None
    for lang, name in (("de", "German"), ("en", "English")):
        if lang not in parts:
            doc.complain(node, key, f"the {name} translation ({lang}) is missing")
    texts = {lang: doc.text(part, f"{key}.{lang}") for lang, part in parts.items()}
    de, en = texts.get("de"), texts.get("en")
    return Text(de, en) if de is not None and en is not None else None


def _level(doc: Document, node: Node, key: str) -> Level | None:
    value = doc.text(node, key)
    if value is None:
        return None
    if value in _LEVELS:
        return Level(int(value))
    doc.complain(node, key, f"unknown level {shown(value)}; expected a number from 0 to 6")
    return None


def _words(doc: Document, node: Node, key: str) -> tuple[str, ...]:
    found = (doc.text(item, key) for item in doc.items(node, key))
    return tuple(word for word in found if word is not None)


def _trigger(doc: Document, node: Node, names: Names) -> Trigger | None:
    parts = doc.mapping(node, "trigger", _TRIGGER_KEYS)
    if parts is None:
        return None
    if not parts:
        doc.complain(node, "trigger", f"empty; expected at least {one_of(_TRIGGER_KEYS)}")
        return None
    lists = {k: _words(doc, n, f"trigger.{k}") for k, n in parts.items() if k != "min_level"}
    for key, words in lists.items():
        if not words:
            doc.complain(parts[key], f"trigger.{key}", "empty; leave the line out instead")
    for term in lists.get("terms", ()):
        if len(term.strip("* ")) < 2:
            text = f"the term {shown(term)} is too short; expected at least two letters"
            doc.complain(parts["terms"], "trigger.terms", text)
    if names.tripwires is not None and "tripwires" in parts:
        for item in doc.items(parts["tripwires"], "trigger.tripwires"):
            doc.word(item, "trigger.tripwires", "tripwire", names.tripwires)
    level = _level(doc, parts["min_level"], "trigger.min_level") if "min_level" in parts else None
    return Trigger(min_level=Trigger().min_level if level is None else level, **lists)


def _steps(doc: Document, node: Node, names: Names) -> list[Step]:
    nodes = doc.items(node, "steps")
    if isinstance(node.value, list) and not nodes:
        doc.complain(node, "steps", "no step; expected at least one")
    if len(nodes) > MAX_STEPS:
        text = f"{len(nodes)} steps; expected at most {MAX_STEPS}, more are not done under stress"
        doc.complain(nodes[MAX_STEPS], "steps", text)
    steps: list[Step] = []
    for place, one in enumerate(nodes, start=1):
        step = _step(doc, one, f"steps.{place}", names)
        if step is None:
            continue
        if any(s.id == step.id for s in steps):
            doc.complain(one, f"steps.{place}.id", f'"{step.id}" is the id of an earlier step')
        if steps and step.due < steps[-1].due:
            text = f"due before the step above it ({steps[-1].id}); expected steps in order of time"
            doc.complain(one, f"steps.{place}.due", text)
        steps.append(step)
    return steps


def _step(doc: Document, node: Node, key: str, names: Names) -> Step | None:
    parts = doc.mapping(node, key, _STEP_KEYS)
    if parts is None or not _required(doc, node, parts, key, _STEP_KEYS[:5]):
        return None
    id = _name(doc, parts["id"], f"{key}.id")
    title = _translated(doc, parts["title"], f"{key}.title")
    text = _translated(doc, parts["text"], f"{key}.text")
    role = doc.word(parts["role"], f"{key}.role", "role", tuple(Role))
    due = _due(doc, parts["due"], f"{key}.due")
    asked = doc.items(parts["questions"], f"{key}.questions") if "questions" in parts else []
    questions = [_translated(doc, q, f"{key}.questions") for q in asked]
    action = level = None
    if "action" in parts:
        action = doc.word(parts["action"], f"{key}.action", "action", names.actions)
    if "min_level" in parts:
        level = _level(doc, parts["min_level"], f"{key}.min_level")
    if id is None or title is None or text is None or role is None or due is None:
        return None
    return Step(
        id=id,
        title=title,
        text=text,
        role=Role(role),
        due=due,
        questions=tuple(q for q in questions if q is not None),
        action=action or "",
        min_level=Level.CALM if level is None else level,
    )


def _due(doc: Document, node: Node, key: str) -> timedelta | None:
    value = doc.text(node, key)
    if value is None:
        return None
    due = parse_due(value)
    if due is None or due > MAX_DUE:
        text = f'found {shown(value)}; expected a time from the start, such as "45m" or "1h30m"'
        doc.complain(node, key, text)
        return None
    return due


def _notes(doc: Document, node: Node) -> dict[str, str]:
    """Return free notes: any keys, each a text."""
    if not isinstance(node, MappingNode):
        doc.complain(node, "notes", "expected a mapping of texts")
        return {}
    keys = [n.value for n, _ in node.value if isinstance(n.value, str)]
    parts = doc.mapping(node, "notes", keys) or {}
    texts = {name: doc.text(part, f"notes.{name}") for name, part in parts.items()}
    return {name: text for name, text in texts.items() if text is not None}
