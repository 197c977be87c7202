"""An incident's life: what opens it, what it tells, what ends it, and what can never happen."""

from __future__ import annotations

import pytest

from alerts.fact import MACHINE, Fact, FactKind, standing
from alerts.incident import IllegalMove, Incident, Outcome, Status
from alerts.moves import acknowledge, advance, assign, note, resolve
from detectors.detection import Level, Reason, ReasonCode
from tests import builders as b

TRIPPED = Reason(ReasonCode.TRIPWIRE, 2, 2, True, "recall")
UNTRIPPED = Reason(ReasonCode.TRIPWIRE, 1, 2, False, "recall")


def see(
    incident: Incident | None, level: int, minutes: float = 0, **fields: object
) -> tuple[Incident | None, tuple[Fact, ...]]:
    """Advance by one bin that ends ``minutes`` after `T0`."""
    seen = b.assessment(Level(level), at=b.after(minutes=minutes), **fields)
    return advance(
        incident, seen, topic_name="Acme Bahn", counter=1, now=b.after(5, minutes=minutes)
    )


def opened(level: int = 4) -> Incident:
    incident, _ = see(None, level)
    assert incident is not None
    return incident


def kinds(facts: tuple[Fact, ...]) -> list[FactKind]:
    return [fact.kind for fact in facts]


def follow(incident: Incident, levels: list[tuple[float, int]]) -> tuple[Incident, list[Fact]]:
    """See each (minute, level) in turn; return the last state and all facts."""
    told: list[Fact] = []
    for minute, level in levels:
        after, facts = see(incident, level, minute)
        assert after is not None
        incident = after
        told += facts
    return incident, told


# --- opening ----------------------------------------------------------------------------------


def test_below_level_3_nothing_opens() -> None:
    assert see(None, 2) == (None, ())


def test_level_3_opens_a_watch() -> None:
    incident, facts = see(None, 3)
    assert incident is not None
    assert incident.status is Status.WATCH
    assert incident.level is incident.peak is Level.FRESH_BREEZE
    assert kinds(facts) == [FactKind.OPENED]


def test_level_4_that_is_rare_wakes() -> None:
    incident, facts = see(None, 4)
    assert incident is not None
    assert (incident.status, incident.episode, incident.ref) == (Status.NEW, 1, "AB-1")
    assert incident.onset == b.after(minutes=-15)
    assert facts[0].at == b.T0
    assert facts[0].observed_at == b.after(5)
    assert facts[0].actor == MACHINE
    assert facts[0].payload["reasons"][0]["code"] == "negative_burst"


def test_level_4_that_is_not_rare_is_a_watch() -> None:
    incident, _ = see(None, 4, interrupt=False)
    assert incident is not None
    assert incident.status is Status.WATCH


@pytest.mark.parametrize(("reason", "status"), [(TRIPPED, Status.NEW), (UNTRIPPED, Status.WATCH)])
def test_only_a_tripwire_that_was_met_wakes_without_rarity(reason: Reason, status: Status) -> None:
    incident, _ = see(None, 4, interrupt=False, reasons=(reason,))
    assert incident is not None
    assert incident.status is status


def test_a_watch_that_becomes_rare_wakes_even_at_the_same_level() -> None:
    watch, _ = see(None, 4, interrupt=False)
    incident, facts = see(watch, 4, 5)
    assert incident is not None
    assert incident.status is Status.NEW
    assert kinds(facts) == [FactKind.OPENED]
    assert standing(facts) is not None


def test_a_watch_that_rises_to_4_tells_both_the_rise_and_the_opening() -> None:
    _, facts = see(opened(3), 4, 5)
    assert kinds(facts) == [FactKind.LEVEL_ROSE, FactKind.OPENED]


def test_the_same_input_gives_the_same_incident() -> None:
    assert see(None, 5) == see(None, 5)


def test_a_reference_is_made_of_initials() -> None:
    seen = b.assessment()
    refs = {
        name: advance(None, seen, topic_name=name, counter=7, now=b.T0)[0]
        for name in ("Kaffeewerk Altona", "Nordlicht", "Stadt Werke der Zukunft", "!!")
    }
    assert [i.ref for i in refs.values() if i] == ["KA-7", "NO-7", "SWD-7", "X-7"]


# --- rising and falling -----------------------------------------------------------------------


def test_a_rise_raises_the_peak_and_tells_from_where() -> None:
    incident, facts = see(opened(4), 5, 5)
    assert incident is not None
    assert incident.peak is Level.STORM
    assert kinds(facts) == [FactKind.LEVEL_ROSE]
    assert (facts[0].payload["from"], facts[0].payload["level"]) == (4, 5)


def test_a_fall_keeps_the_peak() -> None:
    incident, facts = see(opened(5), 3, 5)
    assert incident is not None
    assert (incident.level, incident.peak) == (Level.FRESH_BREEZE, Level.STORM)
    assert kinds(facts) == [FactKind.LEVEL_FELL]


def test_a_bin_that_changes_nothing_gives_the_same_incident() -> None:
    incident = opened()
    assert see(incident, 4, 5) == (incident, ())


def test_a_reopened_bin_neither_opens_nor_raises_nor_reopens() -> None:
    assert see(None, 6, revision=1) == (None, ())
    incident = opened(4)
    assert see(incident, 6, 5, revision=1) == (incident, ())
    over, _ = resolve(incident, "kim", Outcome.REAL, "", b.after(minutes=10))
    assert see(over, 6, 20, revision=1) == (over, ())


# --- ending -----------------------------------------------------------------------------------


def test_a_watch_closes_itself_after_30_quiet_minutes() -> None:
    watch, facts = follow(opened(3), [(5, 2), (30, 1)])
    assert watch.status is Status.WATCH
    watch, facts = follow(watch, [(35, 2)])
    assert (watch.status, watch.outcome) == (Status.RESOLVED, Outcome.CLOSED_ITSELF)
    assert kinds(tuple(facts))[-1] is FactKind.RESOLVED
    assert watch.resolved_at == b.after(minutes=35)


def test_wind_in_between_starts_the_quiet_anew() -> None:
    watch, _ = follow(opened(3), [(5, 2), (20, 3), (25, 2), (50, 2)])
    assert watch.status is Status.WATCH
    watch, _ = follow(watch, [(55, 2)])
    assert watch.status is Status.RESOLVED


def test_an_end_is_proposed_once_and_never_declared() -> None:
    incident, facts = follow(opened(4), [(5, 1)] + [(m, 1) for m in range(10, 600, 5)])
    assert incident.status is Status.NEW
    assert incident.end_proposed
    assert [f.kind for f in facts].count(FactKind.END_PROPOSED) == 1
    assert next(f for f in facts if f.kind is FactKind.END_PROPOSED).at == b.after(minutes=65)


def test_an_acknowledged_incident_stabilises_when_its_end_is_proposed() -> None:
    incident, _ = acknowledge(opened(4), "kim", b.after(minutes=1))
    incident, _ = follow(incident, [(5, 2), (65, 2)])
    assert incident.status is Status.STABILISING


def test_acknowledging_after_the_proposal_goes_straight_to_stabilising() -> None:
    incident, _ = follow(opened(4), [(5, 2), (65, 2)])
    incident, _ = acknowledge(incident, "kim", b.after(minutes=70))
    assert incident.status is Status.STABILISING


def test_a_storm_that_nobody_resolved_does_not_swallow_the_next() -> None:
    incident, _ = acknowledge(opened(5), "kim", b.after(minutes=1))
    incident, _ = follow(incident, [(5, 1), (65, 1), (600, 3)])
    assert incident.status is Status.STABILISING
    incident, facts = follow(incident, [(605, 4)])
    assert (incident.status, incident.episode) == (Status.NEW, 2)
    assert incident.acked_level is None
    assert kinds(tuple(facts)) == [FactKind.REOPENED]


# --- reopening --------------------------------------------------------------------------------


def ended(level: int = 4, outcome: Outcome = Outcome.REAL) -> Incident:
    """An incident that was at ``level`` when somebody resolved it, ten minutes after `T0`."""
    incident, _ = resolve(opened(level), "kim", outcome, "", b.after(minutes=10))
    return incident


def test_a_new_burst_within_a_day_is_the_next_episode() -> None:
    first = ended()
    incident, facts = see(first, 4, 300)
    assert incident is not None
    assert (incident.id, incident.episode, incident.status) == (first.id, 2, Status.NEW)
    assert incident.key != first.key
    assert incident.outcome is None
    assert incident.resolved_at is None
    assert kinds(facts) == [FactKind.REOPENED]


def test_the_same_burst_going_on_does_not_ring_again() -> None:
    over = ended(outcome=Outcome.FALSE_ALARM)
    assert see(over, 4, 15, onset=b.after(minutes=-15)) == (over, ())


def test_the_same_burst_growing_rings_again() -> None:
    incident, _ = see(ended(), 5, 15, onset=b.after(minutes=-15))
    assert incident is not None
    assert incident.status is Status.NEW


def test_a_bin_from_before_the_end_reopens_nothing() -> None:
    over = ended()
    assert see(over, 6, 10) == (over, ())


def test_after_a_day_it_is_another_incident() -> None:
    over = ended()
    seen = b.assessment(at=b.after(hours=25))
    incident, facts = advance(over, seen, topic_name="Acme Bahn", counter=2, now=b.after(hours=25))
    assert incident is not None
    assert (incident.id != over.id, incident.episode, incident.ref) == (True, 1, "AB-2")
    assert kinds(facts) == [FactKind.OPENED]


def test_level_3_does_not_reopen_what_a_person_ended() -> None:
    over = ended()
    assert see(over, 3, 300) == (over, ())


def test_a_watch_that_closed_itself_resumes_as_a_watch() -> None:
    watch, _ = follow(opened(3), [(5, 2), (35, 2)])
    again, facts = see(watch, 3, 60)
    assert again is not None
    assert (again.status, again.episode) == (Status.WATCH, 2)
    assert kinds(facts) == [FactKind.REOPENED]


# --- another wave -----------------------------------------------------------------------------


def wave(incident: Incident, level: int, minutes: float, **fields: object) -> Incident:
    """Advance by one bin after an hour of lower wind."""
    seen = b.assessment(Level(level), at=b.after(minutes=minutes), **fields)
    after, _ = advance(
        incident, seen, topic_name="Acme Bahn", counter=1, now=b.after(minutes=minutes), wave=True
    )
    assert after is not None
    return after


def test_a_wave_out_of_a_level_3_that_never_went_quiet_is_the_next_episode() -> None:
    night, _ = follow(opened(5), [(5, 3)] + [(m, 3) for m in range(10, 600, 5)])
    acked, _ = acknowledge(night, "kim", b.after(minutes=9))
    for before in (night, acked):
        after = wave(before, 4, 600)
        assert (after.status, after.episode, after.acked_level) == (Status.NEW, 2, None)
        assert see(before, 4, 600)[0].episode == 1  # within the hour it is the same one


def test_a_wave_within_waking_wind_is_the_same_episode() -> None:
    incident, _ = follow(opened(5), [(5, 4)])
    assert wave(incident, 5, 120).episode == 1


def test_a_wave_that_wakes_nobody_is_no_episode() -> None:
    incident, _ = follow(opened(4), [(5, 3)])
    assert wave(incident, 4, 120, interrupt=False).episode == 1


def test_a_burst_that_never_ended_but_lulled_after_its_end_rings_again() -> None:
    over = ended(outcome=Outcome.FALSE_ALARM)
    old = b.after(minutes=-15)
    assert wave(over, 4, 60, onset=old) == over  # its lull began before the end
    again = wave(over, 4, 75, onset=old)
    assert (again.status, again.episode) == (Status.NEW, 2)


# --- people -----------------------------------------------------------------------------------


def test_acknowledging_twice_changes_nothing() -> None:
    once, facts = acknowledge(opened(4), "kim", b.after(minutes=1))
    assert (once.acked_by, once.acked_level) == ("kim", Level.STRONG_WIND)
    assert kinds(facts) == [FactKind.ACKNOWLEDGED]
    assert acknowledge(once, "lou", b.after(minutes=2)) == (once, ())


def test_after_a_rise_an_acknowledgement_counts_again() -> None:
    once, _ = acknowledge(opened(4), "kim", b.after(minutes=1))
    risen, _ = follow(once, [(5, 5)])
    twice, facts = acknowledge(risen, "lou", b.after(minutes=6))
    assert (twice.acked_by, twice.acked_level) == ("lou", Level.STORM)
    assert len(facts) == 1


def test_assigning_the_same_owner_is_no_fact() -> None:
    mine, facts = assign(opened(), "kim", "lou", b.T0)
    assert (mine.owner, facts[0].payload["owner"]) == ("lou", "lou")
    assert assign(mine, "kim", "lou", b.T0) == (mine, ())


def test_a_note_is_possible_even_afterwards() -> None:
    _, facts = note(ended(), "kim", "was a bot wave", b.after(minutes=20))
    assert facts[0].payload == {"text": "was a bot wave"}


def test_resolving_keeps_outcome_and_cause() -> None:
    over, facts = resolve(opened(), "kim", Outcome.NOT_OURS, "namesake", b.after(minutes=9))
    assert (over.outcome, over.resolved_at) == (Outcome.NOT_OURS, b.after(minutes=9))
    assert facts[0].payload["cause"] == "namesake"
    assert not over.is_open


def test_an_illegal_move_says_what_is_possible() -> None:
    with pytest.raises(IllegalMove, match=r"cannot acknowledge .* resolved.*: reopen, resume"):
        acknowledge(ended(), "kim", b.T0)
    with pytest.raises(IllegalMove, match="only a watch closes itself"):
        resolve(opened(), "kim", Outcome.CLOSED_ITSELF, "", b.T0)
