"""``[rota.NAME]``: who is on call, as people write it, and the `alerts.rota.Rota` that it means."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from alerts.rota import DutyHours, Rota, Turn, TurnKind
from monitor.settings.sections import Name, Strict, Zone
from playbooks.complaints import nearest, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
A_WEEKLY = 'expected a day and a time, such as "mon 09:00"'
A_DAILY = 'expected a time from 00:00 to 23:59, such as "09:00"'
SOME_HOURS = 'expected days and hours, such as "mon-fri 08:00-18:00" or "sat 10:00-14:00"'
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
MIDNIGHT = "24:00"


def _date(value: object) -> object:
    """Return ``value`` where it is a date without a time, also as text (environment)."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("expected a date without quotes and without a time, such as 2026-11-30")
    return value


def _readable_handover(text: str) -> str:
    _handover(text)
    return text


def _readable_hours(text: str) -> str:
    hours_of(text)
    return text


Handover = Annotated[str, AfterValidator(_readable_handover)]
Hours = Annotated[str, AfterValidator(_readable_hours)]


class RotaSettings(Strict):
    """People who take turns on call. See `alerts.rota`."""

    people: list[Name] = Field(min_length=1, description="who takes turns, in order")
    turn: Literal["daily", "weekly"] = Field(default="weekly", description="what turns count in")
    every: int = Field(default=1, ge=1, le=366, description="so many days or weeks to a turn")
    handover: Handover = Field(
        default="mon 09:00", description='local: "mon 09:00" for weekly turns, "09:00" for daily'
    )
    timezone: Zone | None = Field(
        default=None, description="of hand-overs and hours; unset: the install's"
    )
    since: Annotated[date, BeforeValidator(_date)] = Field(
        description="date of the first hand-over; the first of people begins"
    )
    deputy: Name | None = Field(
        default=None, description="who comes when the one on call is away; unset: nobody"
    )
    hours: list[Hours] = Field(
        default=[], description='when anybody is: ["mon-fri 08:00-18:00"]; empty: always'
    )

    @model_validator(mode="before")
    @classmethod
    def _daily_has_an_hour_of_its_own(cls, raw: object) -> object:
        """A daily turn without ``handover`` changes at nine, like a weekly one."""
        if isinstance(raw, dict) and raw.get("turn") == "daily":
            return {"handover": "09:00", **raw}
        return raw

    @model_validator(mode="after")
    def _fits_together(self) -> RotaSettings:
        weekday, _ = _handover(self.handover)
        if self.turn == "weekly" and weekday is None:
            raise ValueError(f'turn = "weekly" with handover {shown(self.handover)}; {A_WEEKLY}')
        if self.turn == "daily" and weekday is not None:
            raise ValueError(f'turn = "daily" with handover {shown(self.handover)}; {A_DAILY}')
        self.rota("any", "UTC")
        return self

    def rota(self, id: str, default_zone: str) -> Rota:
        """Return the rota as `alerts.rota` knows it, in ``default_zone`` where none is set."""
        weekday, clock = _handover(self.handover)
        return Rota(
            id=id,
            timezone=self.timezone or default_zone,
            people=tuple(self.people),
            turn=Turn(TurnKind(self.turn), clock, weekday, self.every),
            since=self.since,
            deputy=self.deputy,
            hours=tuple(hours_of(text) for text in self.hours),
        )


def _handover(text: str) -> tuple[int | None, time]:
    """Return weekday, None where none is named, and time; raises `ValueError`."""
    day, _, clock = text.strip().lower().rpartition(" ")
    at = _clock(clock)
    if at is None:
        raise ValueError(A_WEEKLY if day else A_DAILY)
    return (_day(day.strip(), A_WEEKLY) if day else None), at


def hours_of(text: str) -> DutyHours:
    """Return "mon-fri 08:00-18:00" as hours of duty; raises `ValueError`.

    Days may run over the weekend (fri-mon), hours over midnight (22:00-06:00); 24:00 is an end.
    """
    days, _, hours = text.strip().lower().rpartition(" ")
    start, _, end = hours.partition("-")
    since, until = _clock(start), time(0) if end == MIDNIGHT else _clock(end)
    if since is None or until is None or not days:
        raise ValueError(SOME_HOURS)
    first, dash, last = (part.strip() for part in days.partition("-"))
    begin = _day(first, SOME_HOURS)
    stop = _day(last, SOME_HOURS) if dash else begin
    weekdays = frozenset((begin + n) % 7 for n in range((stop - begin) % 7 + 1))
    return DutyHours(weekdays, since, until)


def _day(text: str, expected: str) -> int:
    if text not in DAYS:
        raise ValueError(f"{expected}; days are {', '.join(DAYS)}{nearest(text, DAYS)}")
    return DAYS.index(text)


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None
