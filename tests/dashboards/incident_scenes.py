"""Incident pages as they get their views: watched, in full swing, ended. Invented people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.alert import DeliveryState, NotifyReason
from alerts.fact import MACHINE, FactKind
from alerts.incident import Outcome, Status
from dashboards.web.curve import Range
from dashboards.web.incident_views import (
    DeliveryView,
    FactView,
    IncidentList,
    IncidentPage,
    RunView,
    StepView,
)
from dashboards.web.views import AuthorView, CardView, CriticalView, Share, Trend
from detectors.detection import Level
from detectors.silencers import Change, Lever, Silencer
from playbooks.playbook import Role, Text
from playbooks.run import StepState
from tests.dashboards.situation_scenes import (
    NOW,
    ONSET,
    POSTS,
    REASONS,
    TERMS,
    chrome,
    minutes,
    row,
)


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


CARD = CardView(
    at=ONSET + minutes(26),
    level=Level.STORM,
    onset=ONSET + timedelta(minutes=3, seconds=41),
    hour=142,
    expected=Range(0, 12),
    days=4018.0,
    negatives=137,
    authors_known=98,
    new_share=0.61,
    term_posts=142,
    terms=TERMS,
    authors=(
        AuthorView("8c1f5a2b00000001", "zaehlerstand_kiel", 12_400, 3, new=False),
        AuthorView("03fa9a2b00000002", "", 8_100, 1, new=True),
    ),
    sources=(Share("Kurznachrichten", 0.7, 96), Share("Stadtforum", 0.3, 41)),
    langs=(Share("de", 0.9, 123), Share("en", 0.1, 14)),
    silent=(
        Silencer((Change(Lever.AUTHORS, 7, 98),)),
        Silencer((Change(Lever.MULTIPLE, 2.9, 19.0), Change(Lever.TRIPWIRE, 2, 3, "data_leak"))),
    ),
    critical=CriticalView(0.64, 0.52, 0.75, 203),
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
        card=CARD,
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
