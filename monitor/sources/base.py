"""What a source is, what it hands things to, and the one loop in which every source lives.

A source turns somebody else's format into mentions. It knows neither log nor store: it is given
an `Intake` by the composition root. The order is always the same: put, then save the cursor, so
that a crash between the two repeats mentions (their ids make that harmless) and never loses one.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from detectors.mention import TEXT_LIMIT, Mention
from detectors.shaped import shaped
from monitor.ports import EntryKind, Unavailable

BATCH = 500
"""Mentions handed over at once; the door's own limit is 1,000 (DESIGN, section 4)."""
BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 120.0


class Intake(Protocol):
    """What a source hands things to; thread-safe. Built in app.py over log and store."""

    def put(
        self, source: str, mentions: Sequence[Mention], kind: EntryKind = EntryKind.CREATED
    ) -> None:
        """Store mentions durably, all or none; they are durable on return.

        Raises `monitor.ports.Unavailable` when they cannot be stored now.
        """
        ...

    def delete(self, source: str, source_ids: Sequence[str]) -> None:
        """Tell that the platform deleted these; durable on return, raises `Unavailable`."""
        ...

    def cursor(self, source: str) -> Mapping[str, Any]:
        """Return what `save_cursor` stored last, or an empty mapping. JSON-ready values only."""
        ...

    def save_cursor(self, source: str, cursor: Mapping[str, Any]) -> None: ...

    def capped(self, source: str, since: datetime, until: datetime) -> None:
        """Note that of this span only a part was handed out; told before what came is put."""
        ...

    def ok(self, source: str) -> None:
        """Note that the source was reached, even if it had nothing new."""
        ...

    def failed(self, source: str, error: str) -> None:
        """Note what went wrong, in plain words and without secrets."""
        ...


class Source(Protocol):
    """Something that mentions come from. Laws: tests/laws/test_sources.py.

    ``run`` blocks until ``stop`` is set and returns within two seconds of it. It never raises:
    what goes wrong is told to ``intake.failed``, and after a pause it tries again. While the
    intake is unavailable nothing is skipped. One bad item costs nothing but itself.
    """

    @property
    def name(self) -> str: ...

    def run(self, intake: Intake, stop: threading.Event) -> None: ...


class SourceError(Exception):
    """A source could not be read. ``retry_after_s``: what the other side asked for, else None."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


def full_jitter(
    attempt: int,
    rng: random.Random,
    *,
    base_s: float = BACKOFF_BASE_S,
    cap_s: float = BACKOFF_CAP_S,
) -> float:
    """Return seconds to wait before try number ``attempt`` (0 is the first repeat).

    Uniform in [0, min(cap, base * 2**attempt)]: spreads those who failed together. Source:
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    return rng.uniform(0.0, min(cap_s, base_s * 2.0 ** min(attempt, 30)))


def insist(
    action: Callable[[], None],
    stop: threading.Event,
    rng: random.Random,
    *,
    on_wait: Callable[[Unavailable], None] = lambda error: None,
    cap_s: float = 30.0,
) -> bool:
    """Do ``action`` until it no longer raises `Unavailable`; False when stopped before that.

    This is how nothing is lost while the disk is full: the source waits with its item in hand,
    and by not reading on it lets the sender wait as well. ``on_wait`` hears of each refusal.
    """
    attempt = 0
    while True:
        try:
            action()
        except Unavailable as error:
            on_wait(error)
            if stop.wait(full_jitter(attempt, rng, base_s=0.25, cap_s=cap_s)):
                return False
            attempt += 1
        else:
            return True


def keep_running(
    name: str,
    turn: Callable[[], float],
    intake: Intake,
    stop: threading.Event,
    rng: random.Random,
    *,
    base_s: float = BACKOFF_BASE_S,
    cap_s: float = BACKOFF_CAP_S,
) -> None:
    """Call ``turn`` until ``stop``: the outermost loop of every source that polls.

    ``turn`` does one round and returns the seconds to wait before the next. Whatever it raises
    is told to the intake, and the pause grows with full jitter, never below a stated
    ``retry_after_s`` (itself bounded to an hour, so that a typing error there mutes nobody).
    """
    attempt = 0
    while not stop.is_set():
        try:
            pause = turn()
            attempt = 0
        except Exception as error:  # outermost loop of a worker: told, and tried again
            tell_failed(intake, name, error)
            asked = getattr(error, "retry_after_s", None)
            pause = full_jitter(attempt, rng, base_s=base_s, cap_s=cap_s)
            if asked is not None:
                pause = max(pause, min(float(asked), 3600.0))
            attempt += 1
        stop.wait(pause)


def tell_failed(intake: Intake, name: str, error: BaseException) -> None:
    """Note a failure; where even that cannot be written, the next round will tell again."""
    try:
        intake.failed(name, describe(error))
    except Unavailable:
        return


def describe(error: BaseException) -> str:
    """Return an error in one line of at most 300 characters, its type named unless it is ours."""
    text = " ".join(str(error).split())[:300]
    if isinstance(error, SourceError | Unavailable) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def mention_from(fields: Mapping[str, object]) -> Mention:
    """Return a checked mention from loose fields; empty ones are left out.

    Text beyond the limit is cut with an ellipsis, and characters that UTF-8 cannot carry are
    replaced, because a foreign source's odd character must not cost the post. Raises
    `msgspec.ValidationError` with the field's path for everything else that does not fit.
    """
    kept = {key: _carried(value) for key, value in fields.items() if value not in (None, "", ())}
    text = str(kept.get("text", ""))
    kept["text"] = text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
    title = kept.get("title")
    if isinstance(title, str) and len(title) > 1024:
        kept["title"] = title[:1023] + "…"
    return shaped(kept, Mention)


def _carried(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    if isinstance(value, Mapping):
        return {key: _carried(inner) for key, inner in value.items()}
    return value


def parse_instant(value: object) -> datetime | None:
    """Return a cursor's ISO instant, or None when it is absent or not one (a damaged cursor)."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
