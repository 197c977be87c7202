"""The oracle of `bench escalation`: who must be called when, written from docs/waking.md and docs/alerting.md.

It shares no code with the service: no step is taken, no night computed by arithmetic. It is told what befell an
incident and which calls were made, walks through both, and says what is missing, late, early or too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.bench.escalation_made import CHANNELS, PEOPLE, Do, Made

WITHIN_S = 1.0
"""How late a step may be while the runner runs."""
POLL_S = 1.0
"""After how long at most a runner looks at the clock again: a clock that was set is noticed then."""
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, BIN, MINUTE = timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Happening:
    """What befell an incident. ``order`` is one count over happenings and calls; ``true_s`` elapsed seconds,
    ``wall`` what the clock showed, ``bin_end`` the event time of a saying."""

    order: int
    true_s: float
    wall: datetime
    do: Do
    level: int = 0
    bin_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One step as the timeline tells it, with the targets that the outbox was really given."""

    order: int
    true_s: float
    wall: datetime
    step: int
    round: int
    targets: frozenset[str]
    skipped: tuple[int, ...]
    exhausted: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Elapsed seconds [since, until) in which the clock went evenly. ``up``: the runner ran; ``ahead_s``: what the
    clock showed beyond ``base`` and elapsed seconds."""

    since: float
    until: float
    base: datetime
    ahead_s: float
    up: bool

    def elapsed(self, wall: datetime) -> float:
        """Return after how many elapsed seconds the clock of this stretch shows ``wall``."""
        return (wall - self.base).total_seconds() - self.ahead_s


@dataclass(slots=True)
class Found:
    """What a judge found: counts, the first differences in words, lateness in seconds."""

    count: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    woken_late_s: list[float] = field(default_factory=list)
    """Lateness of what fell due in a stop or by a jump: of the first look after it."""

    def wrong(self, what: str, told: object) -> None:
        self.count[what] += 1
        if len(self.words) < 10:
            self.words.append(f"{what}: {told}")


@dataclass(slots=True)
class Wind:
    """One incident as the documents tell it: when it calls again."""

    level: int = 0
    open: bool = False
    peak: int = 0
    acknowledged: int | None = None
    ended: datetime | None = None
    proposed: bool = False
    quiet: datetime | None = None
    burst: datetime | None = None
    said: list[tuple[datetime, int]] = field(default_factory=list)

    def says(self, level: int, at: datetime) -> bool:
        """Hear a level at the end of a bin; True where somebody must be called."""
        wave = self._lower_for_an_hour(level, at)
        self.said.append((at, level))
        if level < 3:
            self.burst = None
        elif self.burst is None:
            self.burst = at - BIN
        calls = level >= 4 and self._calls(level, at, wave)
        if self.open:
            self.level = level
            self._quieten(level, at)
        return calls

    def _calls(self, level: int, at: datetime, wave: bool) -> bool:
        if self.open:
            if self.proposed or (wave and self.level < 4):
                return self._begin(level)
            told = self.peak if self.acknowledged is None else max(self.acknowledged, self.peak)
            if level <= self.level or not (wave or level > told):
                return False
            self.peak = max(level, self.peak)
            return True
        if self.ended is None:
            return self._begin(level)
        fresh = self.burst is not None and self.burst > self.ended
        lulled = wave and at - self.ended > HOUR
        again = self.level < 4 or level > self.level or fresh or lulled
        return at > self.ended and again and self._begin(level)

    def _begin(self, level: int) -> bool:
        self.open, self.level, self.peak = True, level, level
        self.acknowledged, self.ended, self.quiet, self.proposed = None, None, None, False
        return True

    def _quieten(self, level: int, at: datetime) -> None:
        if level >= 3:
            self.quiet = None
        elif self.quiet is None:
            self.quiet = at
        elif at - self.quiet >= HOUR:
            self.proposed = True

    def _lower_for_an_hour(self, level: int, at: datetime) -> bool:
        """Look at each of the twelve bins before the one that ended at ``at``."""
        ends = [at - BIN * n for n in range(1, 13)]
        return all(self._was(end) < level for end in ends)

    def _was(self, end: datetime) -> int:
        """Return the level of the bin that ended at ``end``: what was said last by then."""
        known = [level for at, level in self.said if at <= end]
        return known[-1] if known else 0

    def acknowledges(self) -> None:
        """Somebody has it at the level of now; what rises above that is told again, once a level."""
        if self.open and (self.acknowledged is None or self.acknowledged < self.level):
            self.acknowledged = self.peak = self.level

    def resolves(self, at: datetime) -> None:
        if self.open:
            self.open, self.ended = False, at


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges incidents of one install."""

    chains: Mapping[str, Made]
    rotas: Mapping[str, tuple[str, ...]]
    stretches: Sequence[Stretch]
    found: Found

    def judge(
        self, name: str, chain: str, happened: Sequence[Happening], calls: Sequence[Call]
    ) -> None:
        """Compare one incident's calls with what befell it."""
        wind, left = Wind(), list(calls)
        made = self.chains[chain]
        self.found.count["incidents"] += 1
        for place, now in enumerate(happened):
            if now.do is Do.ACKNOWLEDGE:
                wind.acknowledges()
            elif now.do is Do.RESOLVE:
                wind.resolves(now.wall)
            elif now.bin_end is not None and wind.says(now.level, now.bin_end):
                has_it = wind.acknowledged is not None and wind.acknowledged >= now.level
                above = wind.acknowledged is not None and not has_it
                until = self._until(wind, happened[place:])
                walk = _Walk(self, name, made, now, until, alone=has_it)
                left = walk.compare(left)
                self.found.count["rises_above_acknowledged"] += above
                self.found.count["rises_unpaged"] += above and not walk.paged
        for call in left:
            self._too_much(name, happened, call)

    def _until(self, wind: Wind, after: Sequence[Happening]) -> Happening | None:
        """Return what ends the chain that the first of ``after`` starts: an answer, the end, or the next start."""
        ahead = _copy(wind)
        for then in after[1:]:
            if then.do is Do.SAY:
                if then.bin_end is not None and ahead.says(then.level, then.bin_end):
                    return then
            elif ahead.open:
                fresh = ahead.acknowledged is None or ahead.acknowledged < ahead.level
                if then.do is Do.RESOLVE or fresh:
                    return then
        return None

    def _too_much(self, name: str, happened: Sequence[Happening], call: Call) -> None:
        before = [h for h in happened if h.order < call.order]
        answered = bool(before) and before[-1].do is not Do.SAY
        self.found.wrong("after_an_answer" if answered else "too_much", f"{name}: {call}")

    def first_look(self, due: datetime, after_s: float) -> tuple[float, bool]:
        """Return the elapsed second at which a running runner first sees ``due`` passed, and whether a stop or a
        jump stood in between; infinity where it never does."""
        for stretch in self.stretches:
            if stretch.until <= after_s or not stretch.up:
                continue
            at = max(stretch.since, after_s, stretch.elapsed(due))
            if at < stretch.until:
                return at, at - stretch.since <= POLL_S
        return float("inf"), False

    def reach(self, receiver: str, at: datetime) -> tuple[str, ...]:
        sort, _, name = receiver.partition(".")
        if sort == "channel":
            return (name,) if name in CHANNELS else ()
        if sort == "rota":
            name = self.rotas[name][at.hour]
        return tuple(f"{channel}/{name}" for channel in PEOPLE.get(name, ()))


@dataclass(slots=True)
class _Walk:
    """One chain from its start to what ends it."""

    judge: Judge
    name: str
    made: Made
    start: Happening
    until: Happening | None
    alone: bool
    paged: bool = False

    def compare(self, calls: list[Call]) -> list[Call]:
        """Take this chain's calls out of ``calls``; return those that remain."""
        end = self.until.order if self.until else float("inf")
        mine = [c for c in calls if self.start.order < c.order < end]
        rest = [c for c in calls if not self.start.order < c.order < end]
        morning = _morning(self.start.wall) if self.start.level < 5 else None
        due, at_s, here = morning or self.start.wall, self.start.true_s, (0, 0)
        first = morning is None
        self.judge.found.count["chains"] += 1
        while True:
            expected_s, woken = (at_s, False) if first else self.judge.first_look(due, at_s)
            if not mine:
                self._none(expected_s, here)
                return rest
            call = mine.pop(0)
            self.paged = True
            self._time(call, due, expected_s, woken, first)
            here, wait = self._content(call, here)
            if wait is None or self.alone:
                return rest + mine
            due, at_s, first = call.wall + wait, call.true_s, False

    def _none(self, expected_s: float, here: tuple[int, int]) -> None:
        """Nothing more was called: right where the chain was ended before, or within what a step may take."""
        end_s = self.until.true_s if self.until else self.judge.stretches[-1].until
        if expected_s + WITHIN_S + POLL_S < end_s:
            self.judge.found.wrong("missed", f"{self.name}: {here} after {self.start}")
        else:
            self.paged = True  # there was no time to

    def _time(self, call: Call, due: datetime, expected_s: float, woken: bool, first: bool) -> None:
        found, late_s = self.judge.found, call.true_s - expected_s
        found.count["steps"] += 1
        if not first and call.wall < due:
            found.wrong("early", f"{self.name}: {call}, due {due}")
        if woken:
            found.woken_late_s.append(late_s)
        else:
            found.late_s.append(late_s)
        if late_s > WITHIN_S + (POLL_S if woken else 0.0):
            found.wrong("late", f"{self.name}: {late_s:.3f} s, {call}")

    def _content(
        self, call: Call, here: tuple[int, int]
    ) -> tuple[tuple[int, int], timedelta | None]:
        """Compare whom a call told with whom it had to; return what comes next and when, None: nothing."""
        step, round, targets, skipped = self._walked(here, call.wall)
        found = self.judge.found
        if targets:
            told = (step + 1, round + 1, frozenset(targets), tuple(skipped), False)
        else:
            told = (0, 0, frozenset(), tuple(skipped), True)
        if (call.step, call.round, call.targets, call.skipped, call.exhausted) != told:
            found.wrong("other_content", f"{self.name}: {call}, expected {told}")
        found.count["skipped"] += len(skipped)
        found.count["exhausted"] += not targets
        if not targets:
            return here, None
        return (step + 1, round), timedelta(seconds=self.made.steps[step][1])

    def _walked(self, here: tuple[int, int], at: datetime) -> tuple[int, int, list[str], list[int]]:
        """Go on from ``here`` past steps that reach nobody, once around at most."""
        count, skipped = len(self.made.steps), list[int]()
        step, round = here
        for _ in range(count):
            if step == count:
                step, round = 0, round + 1
            if round >= self.made.rounds:
                break
            targets = [t for r in self.made.steps[step][0] for t in self.judge.reach(r, at)]
            if targets:
                return step, round, targets, skipped
            skipped.append(step + 1)
            step += 1
        return step, round, [], skipped


def _morning(wall: datetime) -> datetime | None:
    """Return the minute at which a night ends, walked to minute by minute; None by day."""
    at = wall
    while _night(at):
        at = at.replace(second=0, microsecond=0) + MINUTE
    return None if at == wall else at


def _night(at: datetime) -> bool:
    local = at.astimezone(BERLIN)
    clock = (local.hour, local.minute)
    return clock >= (22, 0) or clock < (6, 30)


def _copy(wind: Wind) -> Wind:
    made = Wind()
    for name in Wind.__slots__:
        setattr(made, name, getattr(wind, name))
    made.said = list(wind.said)
    return made
