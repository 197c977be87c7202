"""Who is on call as its page gets it: a gap, a deputy, somebody away, ways tested and not."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from alerts.alert import AttemptOutcome
from alerts.duty import DutyChange, DutyKind
from alerts.rota import Why
from alerts.trial_call import Tested, TrialCall
from dashboards.web.duty_views import (
    DayView,
    DutyPage,
    NightView,
    Reached,
    Rested,
    RotaView,
    Turn,
    Warned,
    WayView,
    Worry,
)
from dashboards.web.setting_views import TopicSettings
from tests.dashboards import settings_scenes
from tests.dashboards.situation_scenes import NOW, chrome

HOUR = timedelta(hours=1)
MIDNIGHT = NOW.replace(hour=23, minute=0, second=0, microsecond=0) - timedelta(days=2)
KIM, LEE = "Kim Behrens", "Lee Hansen"
PEOPLE = (("kim", KIM), ("lee", LEE))
NIGHT = NightView(time(22, 0), time(6, 30), 5)
TAKEN = DutyChange(
    DutyKind.OVERRIDE, "community", "lee", NOW, NOW + 9 * HOUR, NOW, KIM, "Zahnarzt <i>", id=7
)
AWAY = replace(TAKEN, kind=DutyKind.ABSENCE, rota="", note="", id=8)


def _day(n: int) -> DayView:
    start, end = MIDNIGHT + n * 24 * HOUR, MIDNIGHT + (n + 1) * 24 * HOUR
    turns: tuple[Turn, ...] = (Turn(KIM, start, end, Why.TURN),)
    if n == 1:
        turns = (
            Turn(LEE, start, start + 9 * HOUR, Why.OVERRIDE),
            Turn("", start + 9 * HOUR, start + 12 * HOUR, Why.NOBODY),
            Turn(LEE, start + 12 * HOUR, end, Why.DEPUTY),
        )
    return DayView(start, end, () if n == 6 else turns, today=n == 1, past=n == 0)


def rota(**more: object) -> RotaView:
    gap = Turn("", NOW + 5 * HOUR, NOW + 8 * HOUR, Why.NOBODY)
    view = RotaView(
        id="community",
        now=Turn(LEE, NOW, NOW + 5 * HOUR, Why.OVERRIDE),
        ways=(Reached("push", True), Reached("mail", False)),
        next=gap,
        weeks=(tuple(map(_day, range(7))), tuple(map(_day, range(7, 14)))),
        gaps=(gap,),
        changes=(TAKEN,),
        zone="America/New_York",
    )
    return replace(view, **more)  # type: ignore[arg-type]  # fields by name


def _ways() -> tuple[WayView, ...]:
    called = TrialCall("push", "kim", NOW - HOUR, AttemptOutcome.ACCEPTED, "answered 200", LEE)
    way = WayView("kim", KIM, "push", "ntfy", True, Tested.NEVER)
    rang = replace(called, rang=True, said_by=KIM, said_at=NOW)
    return (
        way,
        replace(way, state=Tested.UNSAID, call=called),
        replace(way, state=Tested.RANG, call=rang),
        replace(way, state=Tested.OLD, call=rang, pierces=False),
        replace(way, state=Tested.SILENT, call=replace(rang, rang=False)),
        replace(way, state=Tested.REFUSED, call=called),
    )


def duty(lang: str = "de") -> DutyPage:
    off = Turn("", NOW, NOW + 9 * HOUR, Why.NOBODY, duty=False)
    later = Turn(KIM, NOW + 9 * HOUR, None, Why.TURN)
    return DutyPage(
        chrome=chrome("/duty", "duty", lang),
        rotas=(
            rota(),
            rota(id="desk", now=Turn("", NOW, NOW + HOUR, Why.NOBODY), next=later, changes=()),
            rota(id="press", now=off, next=None, weeks=(), gaps=(), changes=(), zone=""),
            rota(id="alone", now=later, ways=(), next=None, weeks=(), gaps=(), changes=()),
        ),
        people=PEOPLE,
        away=(AWAY,),
        warnings=(
            Warned(Worry.GAP, rota="community", since=NOW + 5 * HOUR, until=NOW + 8 * HOUR),
            Warned(Worry.GAPS, rota="community", count=2),
            Warned(Worry.NO_METHOD, LEE),
            Warned(Worry.SLEEPS, LEE),
            Warned(Worry.UNTESTED, KIM, channel="push", state=Tested.OLD),
        ),
        rested=(Rested(KIM, NOW - 9 * HOUR, NOW + 2 * HOUR),),
        ways=_ways(),
        night=NIGHT,
        me="kim",
        can_test=True,
    )


def refused(lang: str = "de") -> DutyPage:
    given = {"rota": "community", "person": "lee", "until": "2026-11-17T09:00", "note": "Zahnarzt"}
    base = duty(lang)
    return replace(base, form="over", wrong="until", given=given, warnings=(), rested=())


def empty(lang: str = "de") -> DutyPage:
    return DutyPage(chrome("/duty", "duty", lang), (), ())


def night(lang: str = "de") -> TopicSettings:
    """A settings page on which nobody has answered who may be woken when."""
    return replace(settings_scenes.plain(lang), night_asked=NIGHT)
