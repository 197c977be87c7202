"""A calendar of shifts reads back as it was meant, and an entry stays the same one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar, Event

from alerts.render.ical import SPAN, calendar
from alerts.rota import Absence, Override, Rota, Turn, TurnKind

NOW = datetime(2026, 12, 2, 12, 0, 0, 250_000, tzinfo=UTC)
MONDAY = date(2026, 11, 30)


def utc(day: int, hour: int = 8, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def rota(id: str = "community", people: tuple[str, ...] = ("kim", "robin")) -> Rota:
    turn = Turn(TurnKind.WEEKLY, time(9), 0)
    return Rota(id, "Europe/Berlin", people, turn, MONDAY, "lee")


def entries(data: bytes) -> list[Event]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def spans(data: bytes) -> list[tuple[datetime, datetime]]:
    return [(e["dtstart"].dt, e["dtend"].dt) for e in entries(data)]


def swap(person: str, since: datetime, until: datetime) -> Override:
    return Override("community", person, since, until, "kim", "", utc(1))


def test_a_rota_reads_back_whole_in_utc_with_lines_as_rfc_5545_wants_them() -> None:
    data = calendar([rota()], [], NOW, "en")
    found = Calendar.from_ical(data)
    assert (found["version"], found["x-wr-calname"]) == ("2.0", "On call: community")
    first, *_, last = entries(data)
    assert (first["dtstart"].dt, first["dtend"].dt) == (utc(30, month=11), utc(7))
    assert first["dtstamp"].dt == NOW.replace(microsecond=0)
    assert first["summary"] == "On call: kim (community)"
    assert first["description"] == "their turn"
    assert b"\r\nDTSTART:20261130T080000Z\r\n" in data
    assert last["dtstart"].dt < NOW + SPAN < last["dtend"].dt, "the last one is not cut"
    assert len(entries(data)) == 14
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.endswith(b"END:VCALENDAR\r\n")


def test_it_speaks_german() -> None:
    away = [Absence("robin", utc(8), utc(9))]
    data = calendar([rota()], [swap("lee", utc(3), utc(4))], NOW, "de", absences=away)
    assert Calendar.from_ical(data)["name"] == "Bereitschaft: community"
    told = [(str(e["summary"]), str(e["description"])) for e in entries(data)]
    assert told[:2] == [
        ("Bereitschaft: kim (community)", "an der Reihe"),
        ("Bereitschaft: lee (community)", "getauscht"),
    ]
    assert ("Bereitschaft: lee (community)", "Vertretung") in told


def test_a_person_sees_their_shifts_of_all_rotas_only() -> None:
    both = [rota(), rota("press", ("robin", "lee"))]
    data = calendar(both, [], NOW, "en", person="robin")
    told = {str(e["summary"]) for e in entries(data)}
    assert told == {"On call: robin (community)", "On call: robin (press)"}
    assert Calendar.from_ical(data)["x-wr-calname"] == "On call: robin"


def test_an_entry_is_the_same_one_whenever_it_is_fetched() -> None:
    uids = [
        [str(e["uid"]) for e in entries(calendar([rota()], [], now, "en"))]
        for now in (NOW, NOW + timedelta(days=4, minutes=3))
    ]
    assert uids[0] == uids[1], "four days on, kim's first week has not ended"
    assert len(set(uids[0])) == len(uids[0])
    other = {str(e["uid"]) for e in entries(calendar([rota("press")], [], NOW, "en"))}
    assert not other & set(uids[0])


def test_an_override_moves_what_it_touches_and_no_other_entry() -> None:
    plain = {str(e["uid"]) for e in entries(calendar([rota()], [], NOW, "en"))}
    swapped = {
        str(e["uid"])
        for e in entries(calendar([rota()], [swap("lee", utc(9), utc(10))], NOW, "en"))
    }
    assert plain < swapped, "lee's, and robin's second half"
    assert len(swapped - plain) == 2


def test_nobody_is_no_entry_and_what_has_ended_is_gone() -> None:
    data = calendar([rota()], [swap("", utc(1), utc(4))], NOW, "en")
    assert spans(data)[0] == (utc(4), utc(7))


def test_a_shift_without_an_end_is_shown_until_the_end_of_the_span() -> None:
    [only] = entries(calendar([rota(people=("kim",))], [], NOW, "en"))
    assert only["dtstart"].dt == utc(30, month=11)
    assert only["dtend"].dt == (NOW + SPAN).replace(microsecond=0)


def test_a_rota_that_has_not_begun_is_shown_from_its_first_hand_over() -> None:
    early = utc(1, month=11)
    assert spans(calendar([rota()], [], early, "en"))[0] == (utc(30, month=11), utc(7))
    assert spans(calendar([rota()], [], utc(1, month=1), "en")) == []


def test_signs_of_the_format_in_names_are_escaped() -> None:
    name = "kim, robin; lee\nBEGIN:VEVENT"
    data = calendar([rota(people=(name,))], [], NOW, "en")
    [only] = entries(data)
    assert only["summary"] == f"On call: {name} (community)"


def test_a_time_that_is_not_in_utc_is_refused() -> None:
    with pytest.raises(ValueError, match=r"now is .* expected an aware datetime in UTC"):
        calendar([rota()], [], NOW.replace(tzinfo=None), "en")
