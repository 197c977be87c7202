"""Scenes: whole views as pages get them, from calm to storm. Invented brands, invented posts.

`CODE` replaces everything that users and platforms write by letters of no language, so that a
test can tell our own words from theirs.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.alert import DeliveryState, NotifyReason
from alerts.fact import MACHINE, FactKind
from alerts.incident import Outcome, Status
from dashboards.web.curve import Curve, Mark, MarkKind, Point, Range, Span, Spark
from dashboards.web.views import (
    Chrome,
    DeliveryView,
    Detail,
    FactView,
    Gap,
    GapKind,
    IncidentList,
    IncidentPage,
    IncidentRow,
    PostView,
    RunView,
    Share,
    Situation,
    StepView,
    Term,
    Tile,
    Trend,
    Unknown,
    Viewer,
)
from detectors.detection import Level, Reason, ReasonCode
from playbooks.playbook import Role, Text
from playbooks.run import StepState

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
    ),
    PostView(
        "Bei uns im Haus vier von sechs Parteien doppelt abgebucht. Das ist kein Einzelfall mehr. Und auf der Startseite steht Werbung für Wärmepumpen.",
        "de",
        "Stadtforum",
        ONSET + minutes(15),
        handle="treppenhaus4b",
        reach=2_100,
        copies=31,
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


def step(
    number: int, id: str, de: str, en: str, role: Role, due: float | None, **more: object
) -> StepView:
    base = StepView(
        run="a1b2c3d4e5f6-1-abrechnung",
        id=id,
        number=number,
        title=Text(de, en),
        text=Text(
            "Ohne diese Antworten kann niemand eine Stellungnahme freigeben. Anrufen, nicht schreiben.",
            "Without these answers nobody can release a statement. Call, do not write.",
        ),
        role=role,
        state=StepState.OPEN,
        due_at=None if due is None else NOW + minutes(due),
        overdue=due is not None and due < 0,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def steps() -> tuple[StepView, ...]:
    questions = (
        Text(
            "Wie viele Konten sind betroffen, seit welchem Lauf?",
            "How many accounts, since which run?",
        ),
        Text(
            "Ist der Lauf gestoppt, kommt der nächste?",
            "Is the run stopped, is the next one coming?",
        ),
        Text(
            "Wann ist das Geld zurück: von selbst oder auf Antrag?",
            "When is the money back: by itself or on request?",
        ),
    )
    done = {"state": StepState.DONE, "due_at": None}
    return (
        step(
            3,
            "facts",
            "Sachstand aus der Abrechnung holen",
            "Get the facts from billing",
            Role.EXPERT,
            -4,
            owner="S. Okafor",
            questions=questions,
        ),
        step(
            4,
            "first",
            "Erste Antwort posten: „Wir wissen davon“",
            "Post a first answer: “We know”",
            Role.COMMUNITY,
            6,
            owner="J. Brandt",
        ),
        step(
            5,
            "statement",
            "Stellungnahme freigeben, vier Augen",
            "Release the statement, four eyes",
            Role.LEGAL,
            21,
            owner="T. Yıldız",
        ),
        step(
            6, "hotline", "Hotline-Ansage ändern", "Change the hotline announcement", Role.CARE, 28
        ),
        step(
            8,
            "board",
            "Vorstand unterrichten",
            "Inform the board",
            Role.EXECUTIVE,
            None,
            waits=Level.HURRICANE,
        ),
        step(
            1,
            "read",
            "Lage lesen, Stufe bestätigen",
            "Read the situation, confirm the level",
            Role.LEAD,
            None,
            by="M. Petersen",
            at=ONSET + minutes(11),
            **done,
        ),
        step(
            2,
            "pause",
            "Werbung und geplante Beiträge anhalten",
            "Pause advertising and planned posts",
            Role.COMMS,
            None,
            by="L. Hansen",
            at=ONSET + minutes(17),
            note="6 zurückgehalten, 1 war schon draußen",
            **done,
        ),
        step(
            7,
            "link",
            "Hilfe zur Rückbuchung verlinken",
            "Link help on reversing a debit",
            Role.LEGAL,
            None,
            state=StepState.SKIPPED,
            by="T. Yıldız",
            at=ONSET + minutes(20),
            note="steht schon auf der Hilfeseite",
        ),
    )


def facts() -> tuple[FactView, ...]:
    def fact(at: float, kind: FactKind, actor: str = MACHINE, **payload: object) -> FactView:
        return FactView(ONSET + minutes(at), kind, actor, payload)

    return (
        fact(26, FactKind.LEVEL_ROSE, level=5, **{"from": 4}),
        fact(26, FactKind.ALERT_FAILED, channel="mail", error="Mailserver antwortet nicht"),
        fact(24, FactKind.NOTE, "J. Brandt", text="Abrechnung zurückgerufen, Lauf ist gestoppt"),
        fact(17, FactKind.STEP_DONE, "L. Hansen", step="pause", note="6 zurückgehalten"),
        fact(11, FactKind.ACKNOWLEDGED, "M. Petersen", level=4),
        fact(8.2, FactKind.PLAYBOOK_STARTED, playbook="abrechnung", title="Abrechnung"),
        fact(8, FactKind.OPENED, level=4),
    )


def deliveries() -> tuple[DeliveryView, ...]:
    at = ONSET + minutes(26)
    return (
        DeliveryView(
            3,
            "vorstand-mail",
            NotifyReason.ESCALATED,
            Level.STORM,
            DeliveryState.PENDING,
            at,
            NOW + minutes(1),
            attempts=2,
            error="Mailserver antwortet nicht (10 s gewartet)",
        ),
        DeliveryView(
            2,
            "pager",
            NotifyReason.ESCALATED,
            Level.STORM,
            DeliveryState.SENT,
            at,
            at,
            attempts=1,
            sent_at=at + timedelta(seconds=4),
        ),
        DeliveryView(
            1,
            "slack-krise",
            NotifyReason.FIRST,
            Level.STRONG_WIND,
            DeliveryState.SENT,
            at - minutes(18),
            at - minutes(18),
            attempts=3,
            sent_at=at - minutes(17),
            may_repeat=True,
        ),
        DeliveryView(
            0,
            "alter-webhook",
            NotifyReason.FIRST,
            Level.STRONG_WIND,
            DeliveryState.DEAD,
            at - minutes(18),
            at - minutes(18),
            attempts=8,
            error="410 Gone: der Empfänger kennt diese Adresse nicht mehr",
        ),
    )


def incident(lang: str = "de", **more: object) -> IncidentPage:
    run = RunView(
        "a1b2c3d4e5f6-1-abrechnung",
        "abrechnung",
        Text("Abrechnung oder Dienst fehlerhaft", "Billing or service failure"),
        "7",
        ONSET + minutes(8),
        steps(),
        why=("term:abgebucht", "level:3"),
    )
    base = IncidentPage(
        chrome=chrome("/incidents/D-31", "incidents", lang=lang),
        row=row(),
        topics=("Doppelabbuchung",),
        trend=Trend.RISING,
        negatives=318,
        mentions=402,
        expected=Range(0, 12),
        reasons=REASONS,
        media=Level.LIGHT_AIR,
        acked_by="M. Petersen",
        acked_at=ONSET + minutes(11),
        acked_level=Level.STRONG_WIND,
        rose_at=ONSET + minutes(26),
        blind=("Bürgerforum",),
        next=steps()[0],
        step_count=8,
        runs=(run,),
        posts=POSTS,
        terms=TERMS,
        evidence=POSTS[:2],
        facts=facts(),
        fact_count=23,
        deliveries=deliveries(),
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def incidents(lang: str = "de") -> IncidentList:
    old = row(
        id="b",
        ref="K-12",
        title="Glas im Kaffee",
        brand="Kaffeewerk Altona",
        status=Status.RESOLVED,
        level=Level.CALM,
        peak=Level.STRONG_WIND,
        needs_ack=False,
        overdue=0,
        outcome=Outcome.REAL,
        onset=ONSET - timedelta(days=12),
        resolved_at=ONSET - timedelta(days=11, hours=20),
    )
    return IncidentList(chrome("/incidents", "incidents", lang=lang), (row(),), (old,))


def watch(lang: str = "de") -> IncidentPage:
    """Level 3: watched, nobody woken, no playbook."""
    level = Level.FRESH_BREEZE
    quiet = row(level=level, peak=level, status=Status.WATCH, needs_ack=False, overdue=0, owner="")
    return incident(
        lang,
        row=quiet,
        next=None,
        runs=(),
        acked_at=None,
        acked_by="",
        acked_level=None,
        deliveries=(),
        evidence=(),
        facts=(),
        fact_count=0,
    )


def ended(lang: str = "de") -> IncidentPage:
    over = row(
        level=Level.LIGHT_AIR,
        status=Status.RESOLVED,
        needs_ack=False,
        overdue=0,
        outcome=Outcome.REAL,
        resolved_at=NOW - minutes(3),
    )
    return incident(lang, row=over, next=None, posts=(), cause="Lauf doppelt gestartet")


FOREIGN = frozenset(
    {
        *(x for t in tiles() for x in (t.name, t.brand)),
        *(g.name for g in GAPS),
        *(p.text for p in POSTS),
        *(t.term for t in TERMS),
        *(p.handle for p in POSTS),
        *(p.source for p in POSTS),
        *(s.name for s in detail().sources),
        *(d.channel for d in deliveries()),
        *(d.error for d in deliveries()),
        *(x.owner for x in steps()),
        *(x.note for x in steps()),
        *(str(v) for f in facts() for v in f.payload.values()),
        *(x for s in steps() for t in (s.title, s.text, *s.questions) for x in (t.de, t.en)),
        *(
            "Billing or service failure",
            "Glas im Kaffee",
            "D-31",
            "K-12",
            "M. Petersen",
            "Abrechnung",
        ),
        *("pipeline: 41 s behind", "503 Service Unavailable", "forum"),
    }
) - {""}
"""What users, platforms and playbooks wrote in these scenes."""
UNITS = r"\b(CET|min|Nov|Tue|Mon)\b"
"""What Babel and units bring into the test language, which is formatted as English."""
SAME_IN_BOTH = frozenset(
    {
        "conn.on", "hint.sources", "in", "verdict.level", "verdict.calm",
        "curve.1h", "curve.6h", "curve.24h", "terms.factor", "unit.times", "steps.done_by",
        "hint.young_negatives", "hint.young_mentions", "role.community",
    }
)  # fmt: skip
