"""Calendars: zones, whole days, daylight saving, repeats, and what was called off."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.desk.calendars import FromCalendar
from monitor.sources.ical import CalendarError, Read, read_calendar

BERLIN = ZoneInfo("Europe/Berlin")
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def read(*events: str) -> Read:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
    data = "\r\n".join(line.strip() for line in [*lines, "END:VCALENDAR", ""])
    return read_calendar(data.encode(), BERLIN, SINCE, UNTIL)


def spans(found: Read) -> list[str]:
    assert found.unusable == ()
    return [f"{e.starts:%m-%d %H:%M}/{e.ends:%m-%d %H:%M}" for e in found.events]


def test_an_event_comes_with_what_it_says_of_itself() -> None:
    found = read(
        """UID:one@example.org
        SUMMARY:Webinar\\, mit Fragen
        DTSTART:20261125T170000Z
        DTEND:20261125T190000Z
        CATEGORIES:Webinar,Online
        X-STURMGLAS-UPLIFT:8.5"""
    )
    assert found.events == (
        FromCalendar(
            key="one@example.org",
            title="Webinar, mit Fragen",
            starts=datetime(2026, 11, 25, 17, tzinfo=UTC),
            ends=datetime(2026, 11, 25, 19, tzinfo=UTC),
            type="Webinar",
            uplift=8.5,
        ),
    )


@pytest.mark.parametrize(
    ("when", "span"),
    [
        # A zone by name; Berlin is two hours ahead in early October.
        ("DTSTART;TZID=Europe/Berlin:20261005T180000\nDURATION:PT90M", "10-05 16:00/10-05 17:30"),
        # No zone: the one that was asked for.
        ("DTSTART:20261105T180000\nDTEND:20261105T190000", "11-05 17:00/11-05 18:00"),
        # A whole day lasts from midnight to midnight there, also the one of 25 hours.
        ("DTSTART;VALUE=DATE:20261025", "10-24 22:00/10-25 23:00"),
        ("DTSTART;VALUE=DATE:20261110\nDTEND;VALUE=DATE:20261112", "11-09 23:00/11-11 23:00"),
        # An instant, such as a post, has no length.
        ("DTSTART:20261125T170000Z", "11-25 17:00/11-25 17:00"),
    ],
)
def test_times_are_read_as_the_calendar_means_them(when: str, span: str) -> None:
    assert spans(read(f"UID:1\nSUMMARY:x\n{when}")) == [span]


def test_repeats_keep_their_hour_over_the_change_to_winter_time() -> None:
    found = read(
        """UID:w
        SUMMARY:Jour fixe
        DTSTART;TZID=Europe/Berlin:20261020T180000
        DTEND;TZID=Europe/Berlin:20261020T190000
        RRULE:FREQ=WEEKLY;UNTIL=20261103T170000Z"""
    )
    assert spans(found) == [
        "10-20 16:00/10-20 17:00",
        "10-27 17:00/10-27 18:00",
        "11-03 17:00/11-03 18:00",
    ]
    assert len({e.key for e in found.events}) == 3


def test_a_repeat_that_was_moved_or_called_off_is_taken_as_such() -> None:
    found = read(
        """UID:w
        SUMMARY:Weekly
        DTSTART:20261102T100000Z
        DTEND:20261102T110000Z
        RRULE:FREQ=WEEKLY;COUNT=4
        EXDATE:20261109T100000Z""",
        """UID:w
        SUMMARY:Weekly, later
        RECURRENCE-ID:20261116T100000Z
        DTSTART:20261117T150000Z
        DTEND:20261117T160000Z""",
        """UID:w
        SUMMARY:Weekly
        STATUS:CANCELLED
        RECURRENCE-ID:20261123T100000Z
        DTSTART:20261123T100000Z
        DTEND:20261123T110000Z""",
    )
    told = [(e.key, f"{e.starts:%d.%H}", e.cancelled) for e in found.events]
    assert told == [
        ("w 20261102T1000Z", "02.10", False),
        ("w 20261109T1000Z", "09.10", True),
        ("w 20261116T1000Z", "17.15", False),
        ("w 20261123T1000Z", "23.10", True),
    ]


def test_what_lies_outside_the_span_is_left_out_however_long_it_repeats() -> None:
    found = read(
        "UID:y\nSUMMARY:Yearly\nDTSTART;VALUE=DATE:20111111\nRRULE:FREQ=YEARLY",
        "UID:old\nSUMMARY:Old\nDTSTART:20200101T100000Z\nDTEND:20200101T110000Z",
        "UID:far\nSUMMARY:Far\nDTSTART:20270101T100000Z\nDTEND:20270101T110000Z",
    )
    assert spans(found) == ["11-10 23:00/11-11 23:00"]


def test_one_that_cannot_be_read_spoils_no_other() -> None:
    found = read(
        "UID:a\nSUMMARY:No start",
        "UID:b\nSUMMARY:Backwards\nDTSTART:20261125T190000Z\nDTEND:20261125T170000Z",
        "UID:c\nSUMMARY:Odd\nDTSTART:20261125T190000Z\nX-STURMGLAS-UPLIFT:much",
        "UID:d\nSUMMARY:Good\nDTSTART:20261125T190000Z\nDURATION:PT1H",
        "UID:e\nSUMMARY:Endless\nDTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY",
    )
    assert [e.title for e in found.events] == ["Good"]
    assert len(found.unusable) == 4
    assert "no DTSTART" in found.unusable[0]
    assert "ends before it starts" in found.unusable[1]
    assert "expected a number" in found.unusable[2]


@pytest.mark.parametrize(
    "data", [b"", b"title;date\nx;2026-11-25\n", b"\x00\xff", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n"]
)
def test_what_is_no_calendar_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(CalendarError, match="iCalendar"):
        read_calendar(data, BERLIN, SINCE, UNTIL)


def test_too_many_events_are_refused() -> None:
    with pytest.raises(CalendarError, match="more than 1000 events"):
        read("UID:m\nSUMMARY:x\nDTSTART:20261101T000000Z\nRRULE:FREQ=MINUTELY;COUNT=2000")
