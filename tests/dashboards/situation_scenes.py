"""The situation page as it gets its views, from calm to storm. Invented brands, invented posts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.incident import Status
from dashboards.web.curve import Curve, Mark, MarkKind, Point, Range, Span, Spark
from dashboards.web.gaps import Gap, GapKind
from dashboards.web.views import (
    Chrome,
    Detail,
    IncidentRow,
    PostView,
    Share,
    Situation,
    Term,
    Tile,
    Trend,
    Unknown,
    Viewer,
)
from detectors.detection import Level, Reason, ReasonCode
from detectors.silencers import Change, Lever, Silencer

NOW = datetime(2026, 11, 17, 13, 32, 8, tzinfo=UTC)
ONSET = datetime(2026, 11, 17, 13, 0, tzinfo=UTC)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def chrome(here: str = "/", page: str = "situation", lang: str = "de", **more: object) -> Chrome:
    base = Chrome(
        viewer=Viewer(lang=lang, actor="M. Petersen"),
        now=NOW,
        zone="Europe/Berlin",
        here=here,
        page=page,
        data_until=NOW - timedelta(seconds=4),
        open_incidents=1,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


GAPS = (
    Gap(GapKind.SILENT, "Bürgerforum", since=NOW - minutes(52), usual_s=240),
    Gap(GapKind.FAILED, "Stadtblatt", since=NOW - minutes(71), detail="503 Service Unavailable"),
    Gap(GapKind.LATE, "App-Bewertungen", size_s=1320),
    Gap(GapKind.CAPPED, "Nachrichtenfeed", since=NOW - minutes(25)),
    Gap(GapKind.PICTURES, share=0.09),
    Gap(GapKind.PARTIAL, "Kurznachrichten", detail="public_only"),
    Gap(GapKind.YOUNG_TOPIC, "Kundenportal", days=3),
    Gap(GapKind.CLOSED),
)


def spark(values: list[int | None], high: int) -> Spark:
    return Spark(tuple(values), tuple(high for _ in values))


def tiles() -> tuple[Tile, ...]:
    rise: list[int | None] = [1, 2, 1, 0, 2, 1, 1, 2, 3, 2, 4, 9, 14, 22, 31, 38]
    calm: list[int | None] = [1, 0, 1, 2, 1, 1, 0, 1, 2, 1, 0, 1, 1, 2, 1, 1]
    gone: list[int | None] = [
        1,
        0,
        1,
        2,
        1,
        1,
        0,
        1,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ]
    return (
        Tile(
            "nl-doppelt",
            "Doppelabbuchung",
            "Nordlicht Energie",
            Level.STORM,
            Trend.RISING,
            318,
            Range(0, 12),
            spark(rise, 4),
            NOW - minutes(2),
            blind=("Bürgerforum",),
        ),
        Tile(
            "nl-portal",
            "Kundenportal",
            "Nordlicht Energie",
            Level.FRESH_BREEZE,
            Trend.RISING,
            31,
            Range(2, 14),
            spark(rise, 9),
            NOW - minutes(2),
        ),
        Tile(
            "nl-netz",
            "Netzausbau Westküste",
            "Nordlicht Energie",
            None,
            Trend.FLAT,
            2,
            Range(0, 6),
            spark(gone, 3),
            NOW - minutes(52),
            unknown=Unknown.BLIND,
        ),
        Tile(
            "ka-marke",
            "Marke allgemein",
            "Kaffeewerk Altona",
            Level.LIGHT_AIR,
            Trend.FLAT,
            9,
            Range(1, 12),
            spark(calm, 3),
            NOW - minutes(2),
        ),
        Tile(
            "ka-advent",
            "Adventsröstung",
            "Kaffeewerk Altona",
            Level.CALM,
            Trend.FLAT,
            1,
            Range(0, 3),
            spark(calm, 3),
            NOW - minutes(2),
        ),
    )


def curve(storm: bool, span: Span = Span.HOUR) -> Curve:
    points = []
    for i in range(60):
        at = NOW.replace(second=0) - minutes(60 - i)
        wave = 2 + math.sin(i * 1.7) + math.sin(i * 0.6)
        gust = max(0.0, (i - 29) * 1.25 + 3 * math.sin(i)) if storm else 0.0
        negatives = round(wave / 2 + gust)
        level = (
            Level.LIGHT_AIR
            if not storm or i < 30
            else Level.FRESH_BREEZE
            if i < 36
            else Level.STRONG_WIND
            if i < 54
            else Level.STORM
        )
        if not storm:
            level = Level.CALM
        is_open = i == 59
        points.append(
            Point(
                at,
                round(wave + gust * 1.15),
                negatives,
                Range(0, 4),
                None if is_open else level,
                open=is_open,
            )
        )
    marks = (
        Mark(ONSET + minutes(2), MarkKind.ONSET),
        Mark(ONSET + minutes(8), MarkKind.OPENED, Level.STRONG_WIND),
        Mark(ONSET + minutes(11), MarkKind.ACKNOWLEDGED),
        Mark(ONSET + minutes(26), MarkKind.ROSE, Level.STORM),
    )
    return Curve(span, 60, tuple(points), marks if storm else ())


REASONS = (
    Reason(ReasonCode.NEGATIVE_BURST, 4017.0, 30.0),
    Reason(ReasonCode.NEGATIVE_AUTHORS, 318, 250),
    Reason(ReasonCode.NEGATIVE_THREADS, 41, 12),
    Reason(ReasonCode.MULTIPLE, 19.0, 10.0),
    Reason(ReasonCode.NEGATIVE_SHARE, 0.78, 0.5),
    Reason(ReasonCode.TRIPWIRE, 3, 3, text="data_leak"),
    Reason(ReasonCode.AGGRESSION, 0.12, 0.25, met=False),
    Reason(ReasonCode.COPIES, 0.23, 0.6, met=False),
)
POSTS = (
    PostView(
        "Nordlicht Energie hat mir den Abschlag heute zweimal abgebucht. 2 × 187 €. Morgen geht die Miete ab. Hotline: 40 Minuten Musik, dann aufgelegt.",
        "de",
        "Kurznachrichten",
        ONSET + minutes(9),
        url="https://example.org/1",
        handle="zaehlerstand_kiel",
        reach=12_400,
        copies=86,
        answers={"complaint": 91, "offensive": 62, "insult": 71, "fact_claiming": 64},
    ),
    PostView(
        "Bei uns im Haus vier von sechs Parteien doppelt abgebucht. Das ist kein Einzelfall mehr. Und auf der Startseite steht Werbung für Wärmepumpen.",
        "de",
        "Stadtforum",
        ONSET + minutes(15),
        handle="treppenhaus4b",
        reach=2_100,
        copies=31,
        answers={"complaint": 77, "offensive": 83},
        marks={"unsure": "quoted", "suspect": "wärmepumpe*"},
    ),
    PostView(
        "Charged twice by Nordlicht this morning. If I let my bank reverse it, am I in default? Any official word would help.",
        "en",
        "Kurznachrichten",
        ONSET + minutes(20),
        url="javascript:alert(1)",
        handle="harbour_flat",
        reach=840,
        copies=1,
        answers={"question": 88, "offensive": 100},
        marks={"banned": "default"},
    ),
)
TERMS = (
    Term("doppelt abgebucht", 122, 2.0),
    Term("Lastschrift", 82, 2.0),
    Term("Rückbuchung", 56, 2.0),
    Term("#nordlichtdoppelt", 64, 0.0),
    Term("Konto leer", 17, 1.0),
    Term("Charged twice", 12, 0.2),
)


def row(**more: object) -> IncidentRow:
    base = IncidentRow(
        id="a1b2c3d4e5f6",
        ref="D-31",
        title="Doppelabbuchung",
        brand="Nordlicht Energie",
        level=Level.STORM,
        peak=Level.STORM,
        status=Status.ACKNOWLEDGED,
        onset=ONSET + minutes(2),
        opened_at=ONSET + minutes(8),
        updated_at=NOW,
        needs_ack=True,
        owner="M. Petersen",
        overdue=1,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def detail(storm: bool = True) -> Detail:
    if not storm:
        tile = replace(tiles()[4], level=Level.CALM)
        return Detail(tile, 14, curve(False), sources_known=6)
    return Detail(
        tile=tiles()[0],
        mentions=402,
        curve=curve(True),
        onset=ONSET + minutes(2),
        since_mentions=693,
        since_negatives=582,
        authors=318,
        media=Level.LIGHT_AIR,
        reasons=REASONS,
        silent=(Silencer((Change(Lever.AUTHORS, 249, 318),)),),
        posts=POSTS,
        terms=TERMS,
        term_posts=318,
        sources=(
            Share("Kurznachrichten", 0.58, 184),
            Share("Stadtforum", 0.21, 67),
            Share("App-Bewertungen", 0.14, 45),
            Share("Kommentare", 0.07, 22),
        ),
        sources_known=6,
        langs=(Share("de", 0.91, 289), Share("en", 0.07, 22), Share("und", 0.02, 7)),
        unread=14,
        about={"complaint": 241, "offensive": 38, "question": 61, "insult": 22, "praise": 3},
        looked_at=402,
        incident=row(),
        playbook="Abrechnung",
        run_anchor="run-1",
    )


def storm(lang: str = "de", **more: object) -> Situation:
    base = Situation(
        chrome("/?topic=nl-doppelt&range=1h", lang=lang), GAPS, tiles(), detail(), Span.HOUR
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def calm(lang: str = "de") -> Situation:
    found = tuple(
        replace(t, level=Level.CALM, unknown=None, blind=(), negatives=1, trend=Trend.FLAT)
        for t in tiles()[3:]
    )
    gaps = (Gap(GapKind.CLOSED),)
    return Situation(
        chrome("/", lang=lang, open_incidents=0), gaps, found, detail(False), Span.HOUR
    )


def unknown(lang: str = "de") -> Situation:
    tile = tiles()[2]
    shown = replace(detail(False), tile=tile, mentions=3)
    return Situation(
        chrome("/", lang=lang, failures=("pipeline: 41 s behind",)), GAPS, (tile,), shown, Span.HOUR
    )


def empty(lang: str = "de") -> Situation:
    gaps = (Gap(GapKind.NEVER, "forum"), Gap(GapKind.CLOSED))
    page = chrome("/", lang=lang, data_until=None, open_incidents=0)
    return Situation(
        page,
        gaps,
        (),
        None,
        Span.HOUR,
        anything=False,
        topics_configured=True,
        sources_configured=False,
    )


def demo(lang: str = "de") -> Situation:
    page = replace(storm(lang).chrome, demo=True, sink_url="/sink")
    return storm(lang, chrome=page)


def drill(lang: str = "de") -> Situation:
    return storm(lang, chrome=replace(storm(lang).chrome, drill=True))
