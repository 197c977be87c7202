"""Labels of somebody else's model, told as labels of one of our heads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from detectors.score.heads import Family

_SAME: Final[Mapping[str, Mapping[str, str]]] = {
    "sentiment": {
        "neg": "negative",
        "negativ": "negative",
        "neu": "neutral",
        "pos": "positive",
        "positiv": "positive",
    },
    "offensive": {
        "off": "offensive",
        "not": "not-offensive",
        "nonoffensive": "not-offensive",
    },
}
"""Other spellings of the same label. No other scheme's words: toxic and hate are other questions than
offensive, and only a person may say that they will do."""


class LabelMismatch(ValueError):
    """A model whose labels are not those of the head; says which it has, which are needed, and where
    to state what is what."""


def matched(
    family: Family,
    found: Sequence[str],
    given: Mapping[str, str],
    *,
    several: bool = False,
    model: str = "the model",
) -> tuple[str, ...]:
    """Return for each of the model's labels ours, "" for one that is left out.

    ``found``: the model's labels in the order of its outputs. ``given``: what settings say of some of
    them; several may stand for one of ours (stars 1 and 2 for negative). ``several``: the model answers
    each label by itself (a sigmoid), so that labels not mapped are left out and of ours only the yes
    has to be there. Raises `LabelMismatch`.
    """

    def refuse(what: str) -> LabelMismatch:
        place = f"[transformer.{family.name}] labels"
        wish = ", ".join(f'"{label}" = "{family.labels[0]}"' for label in found[:1])
        return LabelMismatch(
            f"{model}: {what}. Its labels: {', '.join(found)}. Expected for {family.name}:"
            f" {', '.join(family.labels)}. Say what is what in {place} = {{ {wish}, ... }}"
        )

    if several and len(family.labels) != 2:
        raise refuse("it answers each label by itself, where one of three has to be chosen")
    unknown = sorted(set(given) - set(found))
    if unknown:
        raise refuse(f"the settings name a label that it does not have: {', '.join(unknown)}")
    strange = sorted(set(given.values()) - set(family.labels))
    if strange:
        raise refuse(f"the settings name no label of ours: {', '.join(strange)}")
    ours = [given.get(label) or _same(family, label) for label in found]
    unsaid = [label for label, our in zip(found, ours, strict=True) if not our]
    if unsaid and not several:
        raise refuse(f"not clear what is meant by {', '.join(unsaid)}")
    missing = set(family.labels[1:] if several else family.labels) - set(ours)
    if missing:
        raise refuse(f"nothing stands for {', '.join(sorted(missing))}")
    return tuple(ours)


def _same(family: Family, label: str) -> str:
    """Return our label where the model's is the same word but for case and signs; else ""."""
    known = {_plain(own): own for own in family.labels} | dict(_SAME.get(family.name, {}))
    return known.get(_plain(label), "")


def _plain(label: str) -> str:
    return re.sub(r"[\W_]+", "", label).casefold()
