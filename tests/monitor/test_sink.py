"""The sink: real receivers on this machine that check, misbehave on purpose and show what came."""

from __future__ import annotations

import json
import smtplib
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from alerts.alert import NotifyReason
from alerts.render import mail, pagerduty, slack
from monitor.clock import SystemClock
from monitor.server.sink import STORMY, Fault, FaultPlan, Sink
from monitor.server.sink.page import slack_html
from tests import builders as b
from tests.alerts.samples import alert, delivery


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


def event(reason: NotifyReason = NotifyReason.FIRST, **changes: object) -> dict[str, object]:
    told = pagerduty.event(delivery(alert(reason)), "de")
    return {"routing_key": "k" * 32, **told, **changes}


def letter() -> EmailMessage:
    return mail.mail(
        delivery(),
        "de",
        sender="Sturmglas <sturmglas@example.org>",
        to=["bereitschaft@example.org"],
        date=b.T0,
    )


def post(sink: Sink, mails: bool = True) -> None:
    """Let one of each kind arrive."""
    httpx.post(sink.slack_url, json=slack.body(delivery(), "de"))
    httpx.post(sink.pagerduty_url, json=event())
    if mails:
        with smtplib.SMTP("127.0.0.1", sink.smtp_port) as server:
            server.send_message(letter())


# --- what it takes ----------------------------------------------------------------------------


def test_it_keeps_everything_in_order_and_as_it_came(sink: Sink) -> None:
    before = SystemClock().now()
    post(sink)
    assert [got.channel for got in sink.received] == ["slack", "pagerduty", "mail"]
    assert [got.n for got in sink.received] == [1, 2, 3]
    assert json.loads(sink.received[1].raw) == sink.received[1].parsed == event()
    assert "Nordlicht Energie" in str(sink.received[2].parsed["html"])
    assert all(before <= got.at <= SystemClock().now() for got in sink.received)


def test_pagerduty_answers_with_the_key_and_counts_repeats_by_action(sink: Sink) -> None:
    answers = [
        httpx.post(sink.pagerduty_url, json=event(reason))
        for reason in (NotifyReason.FIRST, NotifyReason.ESCALATED, NotifyReason.RESOLVED)
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].json()["dedup_key"] == delivery().key
    assert [got.repeat for got in sink.received] == [0, 1, 0]


def test_pagerduty_knows_the_keys_of_each_routing_key_apart(sink: Sink) -> None:
    for key in ("a" * 32, "b" * 32, "a" * 32):
        httpx.post(sink.pagerduty_url, json={**event(), "routing_key": key})
    assert [got.repeat for got in sink.received] == [0, 0, 1]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"routing_key": "short"}, "routing_key"),
        ({"event_action": "shout"}, "event_action"),
        ({"dedup_key": "k" * 256}, "dedup_key"),
        ({"payload": None}, "payload"),
        ({"payload": {"summary": "s" * 1025, "source": "x", "severity": "error"}}, "1024"),
        ({"payload": {"summary": "s", "source": "x", "severity": "bad"}}, "severity"),
        ({"more": "x" * 512_000}, "bytes"),
    ],
)
def test_pagerduty_refuses_what_the_real_one_refuses(
    sink: Sink, changes: dict[str, object], complaint: str
) -> None:
    answer = httpx.post(sink.pagerduty_url, json=event(**changes))
    assert answer.status_code == 400
    assert complaint in " ".join(answer.json()["errors"])
    assert sink.received == []


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"{}",
        json.dumps({"text": "x" * 40_001}).encode(),
        json.dumps({"text": "x", "blocks": [{"type": "section"}] * 51}).encode(),
        json.dumps({"text": "x", "attachments": [{"blocks": [{"type": "riddle"}]}]}).encode(),
    ],
)
def test_slack_refuses_what_the_real_one_refuses(sink: Sink, body: bytes) -> None:
    assert httpx.post(sink.slack_url, content=body).status_code == 400
    assert sink.received == []


def test_the_webhook_refuses_what_is_not_signed(sink: Sink) -> None:
    assert httpx.post(sink.webhook_url, json={"type": "x"}).status_code == 401
    assert sink.received == []


# --- faults -----------------------------------------------------------------------------------


def test_the_faults_of_a_seed_are_always_the_same_and_as_frequent_as_asked() -> None:
    plans = [FaultPlan(STORMY, seed=3) for _ in range(2)]
    drawn = [[plan.next() for _ in range(4000)] for plan in plans]
    assert drawn[0] == drawn[1]
    share = {fault: n / 4000 for fault, n in Counter(drawn[0]).items()}
    assert share[Fault.NONE] == pytest.approx(0.55, abs=0.03)
    for fault, chance in STORMY.items():
        assert share[fault] == pytest.approx(chance, abs=0.02)
    assert plans[0].drawn == Counter(drawn[0])


def test_a_script_comes_before_chance() -> None:
    plan = FaultPlan({Fault.ERROR: 1.0})
    plan.script([Fault.BUSY, Fault.NONE])
    assert [plan.next() for _ in range(3)] == [Fault.BUSY, Fault.NONE, Fault.ERROR]


def test_chances_beyond_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sum to 1\.2"):
        FaultPlan({Fault.ERROR: 0.6, Fault.BUSY: 0.6})


def test_a_reset_after_accepting_is_kept_and_one_before_is_not(sink: Sink) -> None:
    for fault, kept in ((Fault.RESET_BEFORE, 0), (Fault.RESET_AFTER, 1)):
        sink.faults.script([fault])
        with pytest.raises(httpx.TransportError):
            httpx.post(sink.pagerduty_url, json=event())
        assert len(sink.received) == kept


def test_it_stops_at_once_while_a_request_hangs() -> None:
    sink = Sink(FaultPlan({Fault.HANG_AFTER: 1.0}, hang_s=60))
    sink.start()
    began = SystemClock().now()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(sink.pagerduty_url, json=event(), timeout=0.2)
    sink.stop()
    sink.stop()
    assert (SystemClock().now() - began).total_seconds() < 10
    assert len(sink.received) == 1


def test_a_sink_that_is_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"call start\(\) first"):
        _ = Sink().url


# --- the page ---------------------------------------------------------------------------------


def page(sink: Sink, lang: str = "de") -> httpx.Response:
    return httpx.get(sink.url, params={"lang": lang})


@pytest.mark.parametrize(
    ("lang", "banner", "empty"),
    [
        ("de", "Nichts davon hat diesen Rechner verlassen.", "Noch nichts eingegangen."),
        ("en", "Nothing of this left this machine.", "Nothing has arrived yet."),
    ],
)
def test_an_empty_page_says_so_and_that_nothing_left(
    sink: Sink, lang: str, banner: str, empty: str
) -> None:
    html = page(sink, lang).text
    assert banner in html
    assert html.count(empty) == 4
    assert f'<html lang="{lang}"' in html


def test_the_page_shows_each_receivers_view(sink: Sink) -> None:
    post(sink)
    html = page(sink).text
    assert "<b>5 Sturm</b>" in html  # Slack's bold
    assert 'class="att l5"' in html
    assert "Heute zweimal abgebucht" in html
    assert (
        "5 Sturm: Nordlicht Energie. 142 negative Beiträge in der letzten Stunde, erwartet 0–4"
    ) in html  # the lock screen
    assert '<iframe class="" src="/mail/3" sandbox="allow-popups"' in html
    assert "[5 Sturm] Nordlicht Energie" in html
    assert "k" * 32 not in html  # the routing key


def test_the_newest_comes_first(sink: Sink) -> None:
    for name in ("Eins", "Zwei"):
        body = slack.body(delivery(alert(topic_name=name)), "de")
        httpx.post(sink.slack_url, json=body)
    html = page(sink).text
    assert html.index("Zwei") < html.index("Eins")


def test_nothing_that_arrives_becomes_markup_of_the_page(sink: Sink) -> None:
    text = "*<script>alert(1)</script>* &lt;img src=x&gt; _a_"
    httpx.post(sink.slack_url, json={"text": text, "attachments": [{"color": "'><script>"}]})
    answer = page(sink)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert str(slack_html("*a* & _b_\n<c>")) == "<b>a</b> &amp; <i>b</i><br>&lt;c&gt;"


def test_odd_shapes_are_refused_or_shown_but_never_break_the_page(sink: Sink) -> None:
    context = {"type": "context", "elements": 7}
    odd = {
        400: [
            {"attachments": "y"},
            {"attachments": ["y"]},
            {"attachments": [{"blocks": [context]}]},
        ],
        200: [{"attachments": [{}]}, {"attachments": [{"blocks": [{"type": "rich_text"}]}]}],
    }
    for status, bodies in odd.items():
        for body in bodies:
            assert httpx.post(sink.slack_url, json={"text": "x", **body}).status_code == status
    assert page(sink).status_code == 200


def test_scripts_and_styles_are_files_of_its_own_only(sink: Sink) -> None:
    post(sink)
    answer = page(sink)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in answer.text
    assert answer.text.count("<script") == 1
    for name in ("sink.css", "sink.js"):
        assert httpx.get(f"{sink.url}{name}").status_code == 200


def test_the_mail_is_shown_in_a_cage(sink: Sink) -> None:
    post(sink)
    answer = httpx.get(f"{sink.url}mail/3")
    assert "Nordlicht Energie" in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]  # default: none
    assert httpx.get(f"{sink.url}mail/1").status_code == 404


def test_the_version_tells_that_something_came(sink: Sink) -> None:
    assert httpx.get(f"{sink.url}version").json() == {"version": 0}
    post(sink, mails=False)
    assert httpx.get(f"{sink.url}version").json() == {"version": 2}
