"""Dates, numbers and ratings as exports write them, and the order of day and month."""

from __future__ import annotations

import pytest

from monitor.sources.importer_dates import DateEvidence, DateForm, Order, guess_order, parse
from monitor.sources.importer_rows import count, rating


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("22.11.2026 14:05", "2026-11-22T14:05:00"),
        ("So., 22.11.2026 14:05 Uhr", "2026-11-22T14:05:00"),
        ("22.11.26", "2026-11-22T00:00:00"),
        ("Sonntag, 22. März 2026 um 7:05 Uhr MEZ", "2026-03-22T07:05:00+01:00"),
        ("22-Nov-2026 12:05AM", "2026-11-22T00:05:00"),
        ("Nov 22, 2026 12:05:11 PM", "2026-11-22T12:05:11"),
        ("Sun Nov 22 14:05:00 +0000 2026", "2026-11-22T14:05:00+00:00"),
        ("Sun, 22 Nov 2026 14:05:00 GMT", "2026-11-22T14:05:00+00:00"),
        ("2026-11-22T14:05:00.123Z", "2026-11-22T14:05:00+00:00"),
        ("2026-11-22 14:05 UTC+2", "2026-11-22T14:05:00+02:00"),
        ("2026/11/22 14:05", "2026-11-22T14:05:00"),
        ("31.02.2026", None),  # no such day
        ("22.11.2026 25:05", None),  # no such hour
        ("13:05 PM", None),
        ("bald", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(value: str, iso: str | None) -> None:
    parsed = parse(value, Order.DMY)
    assert (parsed.at.isoformat() if parsed else None) == iso


@pytest.mark.parametrize(
    ("values", "order", "sure"),
    [
        (["03/04/2026", "13/04/2026"], Order.DMY, True),
        (["03/04/2026", "04/13/2026"], Order.MDY, True),
        (["03/04/2026", "05/04/2026"], Order.DMY, False),
        (["03/04/2026 2:00 PM"], Order.MDY, False),
        (["13/04/2026", "04/13/2026", "14/04/2026"], Order.DMY, False),  # both in one column
        # Only with the month first is the column in order of time.
        (["11/01/2026", "11/05/2026", "12/02/2026", "12/09/2026"], Order.MDY, False),
        (["03.04.2026"], Order.DMY, True),
    ],
)
def test_the_order_of_day_and_month_is_read_off_the_whole_column(
    values: list[str], order: Order, sure: bool
) -> None:
    seen = DateEvidence()
    for value in values:
        seen.see(value)
    found, why, certain = guess_order(seen)
    assert (found, certain) == (order, sure)
    assert why


def test_forms_of_numbers_are_told_apart() -> None:
    for values, form in (
        (["46348.58", "46347"], DateForm.EXCEL),
        (["1795355100", "1795355160"], DateForm.EPOCH_S),
        (["1795355100000"], DateForm.EPOCH_MS),
        (["17", "23"], None),
    ):
        seen = DateEvidence()
        for value in values:
            seen.see(value)
        assert seen.form is form


@pytest.mark.parametrize(
    ("value", "number"),
    [("1.234", 1234), ("1,234,567", 1_234_567), ("12K", 12_000), ("1,2 Mio.", 1_200_000), ("3 Tsd.", 3000),
     ("1.234,5", 1234), ("12.5", 12), ("1 234", 1234), ("-", None), ("viele", None), ("", None)],
)  # fmt: skip
def test_counts_however_they_are_grouped(value: str, number: int | None) -> None:
    assert count(value) == number


def test_ratings_with_comma_point_and_stars() -> None:
    assert [rating(v) for v in ("4,5", "4.5", "4/5", "★★★☆☆", "3 Sterne", "")] == [
        4.5,
        4.5,
        4.0,
        3.0,
        3.0,
        None,
    ]
