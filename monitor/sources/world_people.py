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
PAPERS = (
    "moewenstedter_bote",
    "kuestenblatt",
    "lokalfunk_nebelhafen",
    "grauwinkel_heute",
    "netzbeobachter",
)
_NORMAL = NormalDist(mu=4.8, sigma=1.65)


@lru_cache(maxsize=100_000)
def person(seed: int, number: int) -> Author:
    """Return one invented author, the same for the same seed and number.

    Followers are log-normal: median about 120, one in a thousand above 19,000.
    """
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=12).digest()
    first, joint, second, last = digest[:4]
    ending = number if last < 100 else number % 997 if last < 200 else number % 89
    # One uniform number through the inverse distribution: a count of followers.
    uniform = (int.from_bytes(digest[4:8], "big") + 0.5) / 2**32
    return Author(
        handle=f"{_FIRST[first % 40]}{('', '_', '.', '')[joint % 4]}{_SECOND[second % 40]}{ending}",
        followers=int(math.exp(_NORMAL.inv_cdf(uniform))),
        verified=True if digest[8] < 3 else None,
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
