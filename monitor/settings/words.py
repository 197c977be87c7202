"""What pydantic found, in words for people: what was found, what was expected, what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.settings.shape import fields_of, is_secret, model_at, types_of
from playbooks.complaints import nearest, one_of, shown

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a number",
    "string_type": "a text",
    "list_type": 'a list, such as ["a", "b"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "a path",
    "too_short": "at least one entry",
    "string_too_short": "a text that is not empty",
}


def complaint_of(error: ErrorDetails, raw: Mapping[str, Any]) -> tuple[tuple[str | int, ...], str]:
    """Return key path and text of one validation error; no secret is ever quoted."""
    path = _path(error["loc"], raw)
    key = str(path[-1]) if path else ""
    around = model_at(path[:-1], raw)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return path, f"unknown key; {_known_keys(around, key)}"
    if kind == "missing":
        return path, f"missing; expected {_about(around, key)}"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_type(path, error, raw)
    if error["loc"] and error["loc"][-1] == "[key]":
        if kind == "literal_error":
            return path, _expected(error, None, "")
        return path, 'expected a name of small letters, digits, "-" and "_", such as "acme-bahn"'
    if kind == "value_error" and isinstance(error["input"], Mapping):
        return path, str(context.get("error"))
    return path, f"found {_found(error['input'], around, key)}; {_expected(error, around, key)}"


def _path(loc: tuple[str | int, ...], raw: object) -> tuple[str | int, ...]:
    """Drop what pydantic adds to a place: the tag of a choice, and its mark of a key."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(raw, Mapping) and part not in raw and raw.get("type") == part:
            continue
        if part == "[key]":
            continue
        path.append(part)
        if isinstance(raw, Mapping):
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int):
            raw = raw[part]
    return tuple(path)


def _known_keys(model: type[BaseModel] | None, key: str) -> str:
    if model is None:
        return "expected none"
    fields = fields_of(model)
    known = set(fields) | {f"{k}_file" for k, info in fields.items() if is_secret(info)}
    return f"expected {one_of(known)}{nearest(key, known)}"


def _about(model: type[BaseModel] | None, key: str) -> str:
    info = fields_of(model).get(key) if model else None
    if info is None:
        return f"a value for {key}"
    return f"{key}, {info.description}" if info.description else f"a value for {key}"


def _wrong_type(
    path: tuple[str | int, ...], error: ErrorDetails, raw: Mapping[str, Any]
) -> tuple[tuple[str | int, ...], str]:
    known = types_of(path)
    if error["type"] == "union_tag_not_found":
        return path, f"type is missing; expected {one_of(known)}"
    found = str(error.get("ctx", {}).get("tag", ""))
    return (*path, "type"), f"found {shown(found)}; expected {one_of(known)}{nearest(found, known)}"


def _found(value: object, model: type[BaseModel] | None, key: str) -> str:
    info = fields_of(model).get(key) if model else None
    if info is not None and is_secret(info):
        return "a secret (not shown)"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else shown(value)


def _expected(error: ErrorDetails, model: type[BaseModel] | None, key: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    if kind == "literal_error":
        words = [w.strip("'") for w in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"expected {one_of(words)}{nearest(str(error['input']), words)}"
    if kind == "value_error":
        return str(context.get("error"))
    if kind == "string_pattern_mismatch" and "https?" in str(context.get("pattern")):
        return "expected an address that starts with https:// or http://"
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for name, bound in bounds.items():
        if name in context:
            return f"expected {bound} {context[name]}"
    return error["msg"][:1].lower() + error["msg"][1:]
