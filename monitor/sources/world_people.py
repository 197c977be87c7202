"""The people of the invented world: handles made of things and weather, followers with a heavy tail.

No handle is a person's name, so that nobody real can be meant.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from random import Random
from statistics import NormalDist

from detectors.mention import AccountType, Author

_FIRST = (
    "wolken", "laternen", "kiesel", "nebel", "kaffee", "regen", "brombeer", "funken", "moos", "salz",
    "papier", "kupfer", "hafen", "sternen", "apfel", "tinten", "winter", "kreide", "schatten", "honig",
    "pebble", "lantern", "thunder", "copper", "maple", "midnight", "paper", "drizzle", "velvet", "cinder",
    "turnip", "harbour", "static", "biscuit", "marble", "gravel", "pepper", "linen", "meadow", "button",
)  # fmt: skip
_SECOND = (
    "fuchs", "kanne", "dach", "vogel", "schirm", "taste", "bruecke", "segel", "korb", "stern",
    "igel", "lampe", "wiese", "glocke", "dose", "kessel", "anker", "feder", "karte", "uhr",
    "otter", "kettle", "sparrow", "bench", "spoon", "comet", "drawer", "raccoon", "window", "teapot",
    "badger", "ladder", "pocket", "radio", "walnut", "acorn", "hammock", "pigeon", "compass", "crumpet",
)  # fmt: skip
_NORMAL = NormalDist()
PAPERS = (
    "moewenstedter_bote",
    "kuestenblatt",
    "lokalfunk_nebelhafen",
    "grauwinkel_heute",
    "netzbeobachter",
)


@lru_cache(maxsize=100_000)
def person(seed: int, number: int) -> Author:
    """Return one invented author. Followers: log-normal, median about 120, one in 1,000 > 20,000."""
    rng = Random(f"{seed}/person/{number}")
    handle = rng.choice(_FIRST) + rng.choice(("", "_", ".", "")) + rng.choice(_SECOND)
    handle = handle.translate(str.maketrans({"ü": "ue"})) + str(
        number % 997 if number % 3 else number
    )
    return Author(
        handle=handle,
        followers=int(rng.lognormvariate(4.8, 1.65)),
        verified=True if rng.random() < 0.01 else None,
        account_type=AccountType.PERSON,
    )


@lru_cache(maxsize=1_000)
def paper(seed: int, number: int) -> Author:
    """Return one of the invented newsrooms."""
    rng = Random(f"{seed}/paper/{number % len(PAPERS)}")
    return Author(
        handle=PAPERS[number % len(PAPERS)],
        followers=rng.randint(800, 9_000),
        account_type=AccountType.ORG,
    )
