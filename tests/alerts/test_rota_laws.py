"""What holds of every rota, whatever people do to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rota import Override, gaps, on_call, shifts
from monitor.bench.rota import ZONES
from monitor.bench.rota_made import Case, case
from monitor.bench.rota_oracle import edges

EDGES = {zone: edges(zone, years[0]) for zone, years in ZONES.items()}
SPAN = timedelta(days=4)
HOUR = timedelta(hours=1)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone = draw(st.sampled_from(sorted(ZONES)))
    return case(Random(draw(st.integers(0, 2**32))), 0, zone, EDGES[zone])


minutes = st.integers(-3 * 1440, 3 * 1440).map(lambda n: timedelta(minutes=n))
which = st.sampled_from((0, 1))


@settings(max_examples=60, deadline=None)
@given(cases(), which, minutes)
def test_shifts_cover_the_span_without_overlap_and_differ_from_their_neighbours(
    made: Case, which: int, off: timedelta
) -> None:
    since = EDGES[made.rota.timezone][which] + off
    found = shifts(made.rota, made.overrides, since, since + SPAN, made.absences)
    assert (found[0].since, found[-1].until) == (since, since + SPAN)
    assert all(shift.since < shift.until for shift in found)
    for one, after in pairwise(found):
        assert one.until == after.since
        assert (one.person, one.why) != (after.person, after.why)


@settings(max_examples=60, deadline=None)
@given(cases(), which, minutes, st.integers(0, 4 * 1440 - 1))
def test_who_is_on_call_at_an_instant_is_who_has_the_shift(
    made: Case, which: int, off: timedelta, minute: int
) -> None:
    since = EDGES[made.rota.timezone][which] + off
    at = since + timedelta(minutes=minute)
    found = shifts(made.rota, made.overrides, since, since + SPAN, made.absences)
    [shift] = [s for s in found if s.since <= at < s.until]
    now = on_call(made.rota, made.overrides, at, made.absences)
    assert (now.person, now.why) == (shift.person, shift.why)
    if shift.until < since + SPAN:
        assert now.until == shift.until
    else:
        assert now.until is None or now.until >= shift.until


@settings(max_examples=60, deadline=None)
@given(cases(), which, minutes, st.integers(1, 2000), st.sampled_from(("kim", "sam", "")))
def test_an_override_changes_nothing_outside_its_span(
    made: Case, which: int, off: timedelta, length: int, person: str
) -> None:
    rota, edge = made.rota, EDGES[made.rota.timezone][which]
    since = edge + off
    until = since + timedelta(minutes=length)
    late = max((o.at for o in made.overrides), default=edge) + HOUR
    more = (*made.overrides, Override(rota.id, person, since, until, "kim", "", late))
    for begin, end in ((since - SPAN, since), (until, until + SPAN)):
        before = shifts(rota, made.overrides, begin, end, made.absences)
        assert shifts(rota, more, begin, end, made.absences) == before
    inside = shifts(rota, more, since, until, ())
    assert [s.person for s in inside] == [person]


@settings(max_examples=60, deadline=None)
@given(cases(), which, minutes)
def test_a_gap_is_a_stretch_in_which_nobody_is_on_call(
    made: Case, which: int, off: timedelta
) -> None:
    since = EDGES[made.rota.timezone][which] + off
    for begin, end in gaps(made.rota, made.overrides, since, since + SPAN, made.absences):
        found = shifts(made.rota, made.overrides, begin, end, made.absences)
        assert {s.person for s in found} == {""}
