"""Who is on call agrees with an oracle that walks minute by minute; 10,000 rotas: `bench rota`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.rota import Shift
from monitor.bench import rota as bench
from monitor.bench.rota_oracle import clock, edges


def only(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave one zone and one year: a year of minutes is about a second's work."""
    monkeypatch.setattr(bench, "ZONES", {zone: bench.ZONES[zone][1:]})


@pytest.mark.parametrize("zone", bench.ZONES)
def test_fifty_made_rotas_agree_with_the_oracle_and_every_gap_is_reported(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(zone, monkeypatch)
    found = bench.run(50, 2, lambda _: None)
    assert (found["rotas"], found["edges"], found["differences"]) == (50, 100, 0), found
    assert found["gaps_found"] == found["gaps_reported"] != 0


def test_a_difference_is_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: object) -> list[Shift]:
        return []

    only("Asia/Kolkata", monkeypatch)
    monkeypatch.setattr(bench, "shifts", wrong)
    found = bench.run(3, 1, lambda _: None)
    assert found["differences"] == 6
    assert "expected [Shift(" in str(found["first"])


def test_the_oracle_finds_both_changes_of_the_clock() -> None:
    assert edges("Australia/Lord_Howe", 2026) == [
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ]
    assert edges("Asia/Kolkata", 2026) == edges("Europe/Berlin", 2026)


def test_the_oracle_goes_by_the_latest_time_shown() -> None:
    night = clock("Europe/Berlin", *(datetime(2026, 10, 25, h, tzinfo=UTC) for h in (0, 2)))
    assert [g.latest.strftime("%H:%M") for g in night[59:61]] == ["02:59", "02:59"]
    assert night[-1].latest.strftime("%H:%M") == "02:59"
