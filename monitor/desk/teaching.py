"""Teaching: corrections into versions of weights, and which of them a person lets speak.

A version is fitted in the background, judged on texts drawn at random, and speaks only once somebody says so;
that is a row of its own, and taking it back is a further one. They raise `NotFound`, `Conflict` or `Invalid`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from detectors.score.base import Tone
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.lines import one_line
from monitor.ports import Correction, Reader, Speaking, Store, Taught, Transaction

if TYPE_CHECKING:  # numpy, scipy and the weights are loaded where they are needed, and nowhere else
    from detectors.score.linear import Weights
    from detectors.score.taught import Lesson, Verdict

LEAST = 50
"""Words from which on versions are fitted; fewer move next to nothing."""
NEEDED = 200
"""Words from which on a version may speak: `detectors.score.taught.NEEDED`, which costs scipy to import."""
REFIT, ONLINE = "refit", "online"
NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """Where teaching stands. ``lessons``: words that teach; ``speaks``: the version that is heard, None
    while the shipped weights are; ``void``: it was made for other shipped weights, so they are heard."""

    lessons: int
    versions: tuple[Taught, ...]
    speaks: Taught | None
    void: bool
    history: tuple[Speaking, ...]
    base: str

    @property
    def newest(self) -> int:
        """Return the id of the newest row of the history, 0 without one."""
        return self.history[0].id if self.history else 0


@cache
def shipped() -> str:
    """Return the version of the shipped weights, which this process may never load."""
    from detectors.score.linear import shipped_version

    return shipped_version()


def standing(read: Reader, base: str) -> Standing:
    """Return where teaching stands, for shipped weights of the version ``base``."""
    versions, history = read.taught(), read.speaking()
    now = history[0].taught if history else None
    chosen = None
    if now is not None:
        chosen = next((v for v in versions if v.id == now), None)
        if chosen is None:
            found = read.taught_content(now)
            chosen = found[0] if found else None
    void = now is not None and (chosen is None or chosen.base != base)
    return Standing(
        lessons=len(teaching(read.corrections())),
        versions=tuple(versions),
        speaks=None if void else chosen,
        void=void,
        history=tuple(history),
        base=base,
    )


def may_speak(version: Taught, base: str) -> bool:
    """True where a version reads drawn texts better than the shipped weights, surely enough."""
    return version.base == base and version.lessons >= NEEDED and version.low > 0.0


def teaching(said: Sequence[Correction]) -> list[Correction]:
    """Return the words that teach: of a language that we read, and with their text."""
    from detectors.score.language import READ

    return [one for one in said if one.text.strip() and one.lang in READ]


def lessons_of(said: Sequence[Correction]) -> list[Lesson]:
    """Return lessons in the order in which they were said."""
    from detectors.score.taught import Lesson

    names = {Tone.NEGATIVE: "negative", Tone.NEUTRAL: "neutral", Tone.POSITIVE: "positive"}
    return [Lesson(one.text, one.lang, names[one.label], one.drawn) for one in teaching(said)]


# --- the job ------------------------------------------------------------------------------------


def learn(store: Store, weights: Weights, now: datetime) -> list[Taught]:
    """Fit what was said since the last time and keep it as versions; return those that are new.

    Under `LEAST` words, or where all are of one tone, nothing is fitted. Some seconds for 1,000 words.
    """
    from detectors.score.online import learned
    from detectors.score.taught import name_of, taught, verdict

    said = teaching(store.read.corrections())
    lessons = lessons_of(said)
    if len(lessons) < LEAST or len({one.label for one in lessons}) < 2:
        return []
    name = f"{weights.version}+{name_of(lessons)}"
    known = {(v.name, v.learner) for v in store.read.taught()}
    if {(name, REFIT), (name, ONLINE)} <= known:
        return []
    changes = _changes(weights, said, lessons)
    turn, record = learned(weights, lessons)
    fits = [
        (ONLINE, turn, record),
        (REFIT, taught(weights, lessons), verdict(weights, lessons)),
    ]
    made: list[Taught] = []
    with store.begin() as tx:
        for learner, added, told in fits:
            version = _version(weights.version, name, learner, told, changes, now)
            kept = tx.add_taught(version, added.dump())
            made += [kept] if kept else []
    return made


def _changes(
    weights: Weights, said: Sequence[Correction], lessons: Sequence[Lesson]
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """Return when drawn posts changed: how they are read, and in their words."""
    from detectors.score.online import drift

    at = [one.at for one in said if one.drawn]
    found = drift(weights, lessons)
    return tuple(at[i] for i in found.residuals), tuple(at[i] for i in found.unknown)


def _version(
    base: str,
    name: str,
    learner: str,
    told: Verdict,
    changes: tuple[tuple[datetime, ...], tuple[datetime, ...]],
    now: datetime,
) -> Taught:
    return Taught(
        base=base,
        name=name,
        learner=learner,
        lessons=told.lessons,
        drawn=told.drawn,
        f1_base=told.base,
        f1_taught=told.taught,
        low=told.low,
        at=now,
        residuals=changes[0],
        unknown=changes[1],
    )


# --- speaking -----------------------------------------------------------------------------------


def let_speak(
    store: Store, base: str, id: int, newest: int, actor: str, note: str, now: datetime
) -> Speaking:
    """Let a version speak from now on. ``newest``: the newest row of the history when it was shown.

    `Invalid` for one that does not surely read better, or stands on other shipped weights; `Conflict` where
    somebody was faster.
    """
    with store.begin() as tx:
        found = tx.taught_content(id)
        if found is None:
            raise NotFound(f"taught weights {id}")
        version = found[0]
        if not may_speak(version, base):
            raise Invalid(
                f"version {id} may not speak: it needs {NEEDED} words and a gain on drawn texts whose lower"
                f" end is above 0, on the weights {base}; it has {version.lessons}, {version.low:+.3f}, {version.base}"
            )
        return _speak(tx, Speaking(id, actor, now, one_line(note, "note", NOTE_LIMIT)), newest)


def back(store: Store, newest: int, actor: str, note: str, now: datetime) -> Speaking:
    """Let the shipped weights speak again; `Conflict` where they do, or somebody was faster."""
    with store.begin() as tx:
        history = tx.speaking(1)
        if not history or history[0].taught is None:
            raise Conflict("the shipped weights speak already")
        return _speak(tx, Speaking(None, actor, now, one_line(note, "note", NOTE_LIMIT)), newest)


def _speak(tx: Transaction, speaking: Speaking, newest: int) -> Speaking:
    kept = tx.add_speaking(speaking, newest)
    if kept is None:
        last = tx.speaking(1)[0]
        raise Conflict("who speaks was changed by somebody else since", last.actor, last.at)
    return kept
