"""What the settings look like from outside: which keys a place knows, and which are secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from monitor.settings.root import Settings


def model_at(path: Sequence[str | int], raw: object) -> type[BaseModel] | None:
    """Return the section type that stands at ``path``; a choice is told by its ``type`` in ``raw``."""
    here: object = Settings
    for key in path:
        here = _inside(_plain(here, raw), key)
        raw = _step(raw, key)
    found = _plain(here, raw)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by each name that the file may use for them."""
    return {key: info for name, info in model.model_fields.items() for key in _names(name, info)}


def names_of(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return, by field, the names that the file may use for it; the first one is preferred."""
    return {name: _names(name, info) for name, info in model.model_fields.items()}


def _names(name: str, info: FieldInfo) -> tuple[str, ...]:
    if isinstance(info.validation_alias, AliasChoices):
        return tuple(c for c in info.validation_alias.choices if isinstance(c, str))
    return (info.alias or name,)


def is_secret(info: FieldInfo) -> bool:
    """True when the field's value must never be shown."""
    return SecretStr in (info.annotation, *get_args(info.annotation))


def types_of(path: Sequence[str | int]) -> dict[str, type[BaseModel]]:
    """Return the choices of ``type`` at ``path`` (("source", "x") or ("channel", "x"))."""
    here: object = Settings
    for key in path:
        here = _inside(here, key)
    return _choices(_unwrapped(here))


def _step(raw: object, key: str | int) -> object:
    if isinstance(raw, Mapping):
        return raw.get(key)
    if isinstance(raw, list) and isinstance(key, int) and key < len(raw):
        return raw[key]
    return None


def _inside(here: object, key: str | int) -> object:
    """Return the type of what stands under ``key`` inside a value of type ``here``."""
    if isinstance(here, type) and issubclass(here, BaseModel):
        info = fields_of(here).get(str(key))
        return info.annotation if info else None
    here = _unwrapped(here)
    args = get_args(here)
    if get_origin(here) is dict:
        return args[1]
    return args[0] if get_origin(here) is list else None


def _plain(here: object, raw: object) -> object:
    """Return the one type that ``raw`` chooses, where ``here`` is a choice by ``type``."""
    here = _unwrapped(here)
    if get_origin(here) in (Union, UnionType):
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        return _choices(here).get(str(kind))
    return here


def _choices(here: object) -> dict[str, type[BaseModel]]:
    models = [a for a in get_args(here) if isinstance(a, type) and issubclass(a, BaseModel)]
    return {_tag(m): m for m in models}


def _tag(model: type[BaseModel]) -> str:
    annotation: Any = model.model_fields["type"].annotation
    assert get_origin(annotation) is Literal
    return str(get_args(annotation)[0])


def _unwrapped(here: object) -> object:
    return get_args(here)[0] if get_origin(here) is Annotated else here
