"""Our own labelled texts: what kind of post a text is, in German and English. See README.md beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

LANGUAGES: Final = ("de", "en")
PARTS: Final = ("hard", "plain", "more")
OTHER: Final = "other"
TEST_SHARE: Final = 51
"""Of 256: a fifth of the situations is the test part, which nothing is taught or tuned with."""


class Labelled(NamedTuple):
    """One text. ``situation``: texts of one situation stand on the same side of the split."""

    lang: str
    situation: str
    kinds: frozenset[str]
    text: str
    part: str = ""

    @property
    def is_test(self) -> bool:
        """True in the test part, by a hash of the situation."""
        return hashlib.blake2b(self.situation.encode(), digest_size=1).digest()[0] < TEST_SHARE


def labelled() -> Iterator[Labelled]:
    """Yield all texts, German ones first; raises ValueError for a line that is not as README.md says."""
    for lang, part in product(LANGUAGES, PARTS):
        path = Path(__file__).parent / f"{lang}.{part}.tsv"
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines[1:], start=2):
            if not line:
                continue
            fields = line.split("\t")
            if len(fields) != 3:
                raise ValueError(f"{path.name}:{number}: {len(fields)} fields; expected 3")
            situation, kinds, text = fields
            yield Labelled(lang, situation, frozenset(kinds.split(",")) - {OTHER}, text, part)
