"""The invented storms of `bench grouping`, as levels by minute, and the moments at which somebody must be called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody must be called from ``minute`` on because ``topic`` has reached ``level``; ``why`` for people."""

    minute: int
    topic: str
    level: int
    why: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What blows in one brand. ``says``: topic -> (minute, level), which holds until the next; ``storms``: which
    topics are one storm; ``same_posts``: the topics share their posts."""

    name: str
    brand: str
    says: dict[str, tuple[tuple[int, int], ...]]
    storms: tuple[tuple[str, ...], ...]
    wanted: tuple[Wanted, ...]
    same_posts: bool = False


SCENES = (
    Scene(
        "rises twice, falls, and comes back after an hour",
        "Acme Bahn",
        {"bahn": ((0, 4), (15, 5), (30, 6), (60, 5), (75, 4), (90, 2), (160, 5), (190, 1))},
        (("bahn",),),
        (
            Wanted(0, "bahn", 4, "first"),
            Wanted(15, "bahn", 5, "rise"),
            Wanted(30, "bahn", 6, "rise"),
            Wanted(160, "bahn", 5, "second wave"),
        ),
    ),
    Scene(
        "one storm over three topics of a brand",
        "Acme Bus",
        {
            "bus": ((0, 4), (40, 5), (100, 1)),
            "fares": ((10, 4), (90, 1)),
            "app": ((20, 4), (90, 1)),
        },
        (("bus", "fares", "app"),),
        (Wanted(0, "bus", 4, "first"), Wanted(40, "bus", 5, "rise")),
        same_posts=True,
    ),
    Scene(
        "two storms of a brand at once that have nothing in common",
        "Acme Post",
        {"parcels": ((0, 4), (100, 1)), "strike": ((10, 5), (100, 1))},
        (("parcels",), ("strike",)),
        (Wanted(0, "parcels", 4, "first"), Wanted(10, "strike", 5, "first")),
    ),
    Scene(
        "an hour around level 4",
        "Acme Strom",
        {"strom": (*((m, 4 if m % 10 == 0 else 3) for m in range(0, 60, 5)), (60, 1))},
        (("strom",),),
        (Wanted(0, "strom", 4, "first"),),
    ),
)
MINUTES = 215
"""How long it all takes."""


def level(scene: Scene, topic: str, minute: int) -> int:
    """Return the level of a topic in a minute, 0 before it was said."""
    said = [value for at, value in scene.says[topic] if at <= minute]
    return said[-1] if said else 0


@dataclass(frozen=True, slots=True)
class Page:
    """One message to whoever is called. ``holds``: topic and level of what blows in it; ``group``: what its
    sender takes for one thing."""

    minute: float
    group: str
    holds: frozenset[tuple[str, int]]

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(topic for topic, _ in self.holds)


def judged(scene: Scene, pages: list[Page]) -> dict[str, object]:
    """Return pages, delay of the first, what is missing and too much, and storms joined or split."""
    mine = [p for p in pages if p.topics & set(scene.says)]
    delays, used = list[float](), set[int]()
    missed = 0
    for wanted in scene.wanted:
        place = _page_for(scene, wanted, mine)
        if place is None:
            missed += 1
        else:
            used.add(place)
            delays.append(60 * (mine[place].minute - wanted.minute))
    joined = {p.group for p in mine if len(_storms(scene, p)) > 1}
    split = sum(len({p.group for p in mine if p.topics & set(s)}) > 1 for s in scene.storms)
    return {
        "scene": scene.name,
        "wanted": len(scene.wanted),
        "pages": len(mine),
        "first_page_s": round(delays[0], 1) if delays else None,
        "longest_delay_s": round(max(delays), 1) if delays else None,
        "missed": missed,
        "too_much": len(mine) - len(used),
        "wrongly_joined": len(joined),
        "wrongly_split": split,
    }


def _page_for(scene: Scene, wanted: Wanted, pages: list[Page]) -> int | None:
    """Return the place of the first page that tells of ``wanted`` before its topic's next moment."""
    later = [w.minute for w in scene.wanted if w.topic == wanted.topic and w.minute > wanted.minute]
    until = min(later, default=MINUTES)
    for place, page in enumerate(pages):
        tells = (wanted.topic, wanted.level) in page.holds
        if tells and wanted.minute <= page.minute < until:
            return place
    return None


def _storms(scene: Scene, page: Page) -> list[tuple[str, ...]]:
    return [storm for storm in scene.storms if page.topics & set(storm)]
