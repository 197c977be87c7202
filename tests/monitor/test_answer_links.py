"""Links in messages: looking changes nothing, pressing acts once, and nothing but ours is taken."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.alert import Alert, Delivery, NotifyReason
from alerts.answering import May, answerable
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.render.mail import mail
from alerts.trial import trial_delivery
from detectors.detection import Level
from monitor.desk import answers
from monitor.desk import incidents as desk
from monitor.desk.answers import State
from monitor.desk.tokens import GOOD_FOR, SECRET, Grant, Tokens, key_of, signer
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.serving import Served, served, settings

TOKEN = "a-token-of-the-house-01"
BASE = "https://storm.example.org"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server that asks everybody for a token."""
    given: Settings = settings(token=TOKEN)
    with served(tmp_path, given=given) as one:
        yield one


def tokens(server: Served) -> Tokens:
    return Tokens(server.store.secret(SECRET))


def storm(
    server: Served,
    targets: tuple[str, ...] = ("mail/kim",),
    level: Level = Level.STORM,
    counter: int = 1,
) -> Incident:
    made = b.incident(level=level, counter=counter)
    with server.store.begin() as tx:
        assert tx.save_incident(made, 0)
        tx.enqueue(replace(b.alert(made), id=f"a{counter}"), targets, b.T0)
    found = server.store.read.incident(made.id)
    assert found is not None
    return found


def token(
    server: Served,
    of: Incident,
    may: May = May.ACKNOWLEDGE,
    target: str = "mail/kim",
    until: datetime | None = None,
) -> str:
    grant = Grant(of.id, of.episode, target, may, until or b.T0 + GOOD_FOR)
    return tokens(server).signed(grant)


def stands(server: Served, of: Incident) -> Incident:
    found = server.store.read.incident(of.id)
    assert found is not None
    return found


def effects(server: Served, of: Incident) -> int:
    kinds = [f.kind for f in server.store.read.facts(of.id)]
    return kinds.count(FactKind.ACKNOWLEDGED) + kinds.count(FactKind.RESOLVED)


def traces(server: Served) -> dict[str, int]:
    return server.store.read.totals()


# --- looking ------------------------------------------------------------------------------------


def test_without_a_login_the_page_says_what_it_is_about_and_has_one_button(server: Served) -> None:
    of = storm(server)
    answer = server.get(f"/answer/{token(server, of)}?lang=en")
    assert answer.status_code == 200
    assert of.ref in answer.text
    assert "Acme Bahn" in answer.text
    assert answer.text.count("<button") == 1
    assert "I have it" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_its_style_sheets_come_without_a_login_too_and_nothing_else_does(server: Served) -> None:
    page = server.get(f"/answer/{token(server, storm(server))}").text
    sheets = re.findall(r'href="(/static/[^"]+)"', page)
    assert len(sheets) == 4
    assert {server.get(sheet).status_code for sheet in sheets} == {200}
    for path in ("/", "/incidents", "/api/v1/incidents", "/answer", "/answer/../api/v1/incidents"):
        assert server.get(path).status_code in (401, 404), path
    assert server.get("/api/v1/incidents").status_code == 401


def mails_of(server: Served, of: Incident) -> list[bytes]:
    links = signer(tokens(server), BASE)
    return [
        mail(
            replace(d, answers=links(d)) if answerable(d) else d,
            "de",
            sender="s@example.org",
            to=["kim@example.org"],
            date=b.T0,
        ).as_bytes()
        for d in server.store.read.deliveries(of.id)
    ]


def hrefs(raw: bytes) -> set[str]:
    """Return every address of ours that a scanner finds in either part of a mail."""
    parsed = message_from_bytes(raw, policy=policy.default)
    parts = [p.get_content() for p in parsed.walk() if p.get_content_maintype() == "text"]
    return set(re.findall(rf"{BASE}(/answer/[\w.-]+)", " ".join(parts)))


def test_a_scanner_that_opens_every_link_of_every_mail_of_a_storm_changes_nothing(
    server: Served,
) -> None:
    people = tuple(f"mail/p{n}" for n in range(20))
    storms = [storm(server, people, counter=n) for n in (1, 2)]
    before = traces(server)
    opened = 0
    for of in storms:
        for raw in mails_of(server, of):
            links = hrefs(raw)
            assert len(links) == 2, "one to take it, one to call it off"
            for link in links:
                for verb in ("GET", "HEAD", "GET"):
                    answer = server.ask(
                        lambda client, verb=verb, link=link: client.request(
                            verb, link, headers={"purpose": "prefetch", "sec-fetch-site": "none"}
                        )
                    )
                    assert answer.status_code == 200
                    opened += 1
    print(f"\nscanner: {opened} requests on {2 * 20 * 2} links, effects: ", end="")
    print(sum(effects(server, of) for of in storms))
    assert traces(server) == before
    assert [stands(server, of).version for of in storms] == [of.version for of in storms]


# --- pressing -----------------------------------------------------------------------------------


def test_a_press_acts_once_however_often_it_is_repeated(server: Served) -> None:
    of = storm(server)
    link = f"/answer/{token(server, of)}"
    statuses = [server.post(link).status_code for _ in range(1000)]
    assert statuses[0] == 200
    assert set(statuses[1:]) == {409}
    print(f"\nreplayed 1,000 times: {effects(server, of)} effect")
    assert effects(server, of) == 1
    after = stands(server, of)
    assert (after.acked_by, after.acked_level) == ("kim", Level.STORM)


def test_a_press_from_another_sites_page_is_taken_for_the_token_is_the_authority(
    server: Served,
) -> None:
    of = storm(server)
    headers = {"origin": "https://ntfy.example.org", "sec-fetch-site": "cross-site"}
    assert server.post(f"/answer/{token(server, of)}", headers=headers).status_code == 200
    assert server.post("/incidents/x/acknowledge", headers=headers).status_code == 403


def test_without_a_person_the_channel_stands_on_the_timeline(server: Served) -> None:
    of = storm(server, ("crew",))
    server.post(f"/answer/{token(server, of, target='crew')}")
    assert stands(server, of).acked_by == "crew"


def test_all_clear_ends_the_incident_as_a_false_alarm(server: Served) -> None:
    of = storm(server)
    link = f"/answer/{token(server, of, May.ALL_CLEAR)}"
    assert "Entwarnung" in server.get(link).text
    assert server.post(link).status_code == 200
    after = stands(server, of)
    assert (after.status, after.outcome) == (Status.RESOLVED, Outcome.FALSE_ALARM)
    assert server.store.read.facts(of.id)[0].payload["cause"]
    assert server.post(link).status_code == 409
    assert effects(server, of) == 1


def test_what_stands_in_the_way_is_said_and_the_link_stays_good(server: Served) -> None:
    of = storm(server)
    link = f"/answer/{token(server, of)}"
    desk.acknowledge(server.store, of.id, "Lee", b.after(minutes=31))
    seen = server.get(f"{link}?lang=en")
    assert "Somebody has it already" in seen.text
    assert "Lee" in seen.text
    assert "<button" not in seen.text
    assert server.post(link).status_code == 409
    with server.store.begin() as tx:  # it rises: the link is good again
        held = stands(server, of)
        risen = replace(held, level=Level.HURRICANE, peak=Level.HURRICANE)
        assert tx.save_incident(risen, held.version)
    assert "<button" in server.get(link).text
    assert server.post(link).status_code == 200
    assert stands(server, of).acked_by == "kim"


def test_a_link_of_an_earlier_episode_and_of_an_ended_incident_does_nothing(server: Served) -> None:
    of = storm(server)
    link = f"/answer/{token(server, of)}"
    desk.resolve(server.store, of.id, "Lee", Outcome.REAL, "", b.after(minutes=40))
    assert "It is over" in server.get(f"{link}?lang=en").text
    assert server.post(link).status_code == 409
    with server.store.begin() as tx:
        ended = stands(server, of)
        again = replace(ended, status=Status.NEW, episode=2, outcome=None, resolved_at=None)
        assert tx.save_incident(again, ended.version)
    assert "It is over" in server.get(f"{link}?lang=en").text
    assert server.post(link).status_code == 409
    assert stands(server, of).acked_by == ""


def test_a_link_is_good_for_72_hours(server: Served) -> None:
    of = storm(server)
    link = f"/answer/{token(server, of)}"
    server.clock.set(b.T0 + GOOD_FOR - timedelta(seconds=1))
    assert "<button" in server.get(link).text
    server.clock.set(b.T0 + GOOD_FOR)
    assert server.get(link).status_code == 410
    assert server.post(link).status_code == 410
    assert effects(server, of) == 0


def test_twenty_thousand_mutated_or_expired_tokens_are_refused(server: Served) -> None:
    of = storm(server)
    made, other = tokens(server), Tokens(b"another secret of another house!")
    grant = Grant(of.id, of.episode, "mail/kim", May.ACKNOWLEDGE, b.T0 + GOOD_FOR)
    good, foreign = made.signed(grant), other.signed(grant)
    rng = random.Random(4)
    counts = dict.fromkeys(("changed", "cut", "longer", "foreign", "spliced", "expired"), 0)
    accepted = 0
    for n in range(20_000):
        sort = list(counts)[n % len(counts)]
        counts[sort] += 1
        bad = mutated(sort, good, foreign, rng)
        if sort == "expired":
            ago = timedelta(seconds=rng.randrange(1, 10**7))
            old = replace(grant, until=b.T0 - ago, target=f"mail/p{n}")
            bad = made.signed(old)
            assert made.read(bad) == old
            seen = answers.look(server.store.read, old, bad, b.T0)
            accepted += seen is not None and seen.state is not State.EXPIRED
        if n % 100 < 2:  # the whole way
            accepted += server.post(f"/answer/{bad}").status_code == 200
        elif sort != "expired":
            accepted += made.read(bad) is not None
    print(f"\nmutated tokens: {counts}, accepted: {accepted}")
    assert accepted == 0
    assert effects(server, of) == 0
    assert server.post(f"/answer/{good}").status_code == 200


def mutated(sort: str, good: str, foreign: str, rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits + "-_."
    at = rng.randrange(len(good))
    if sort == "changed":  # base64 has several spellings for a last letter: that counts too
        at = len(good) - 1 if rng.random() < 0.2 else at
        return good[:at] + rng.choice(letters.replace(good[at], "")) + good[at + 1 :]
    if sort == "cut":
        return good[:at]
    if sort == "longer":
        return good + "".join(rng.choices(letters, k=rng.randrange(1, 9)))
    if sort == "spliced":
        return good.rpartition(".")[0] + "." + foreign.rpartition(".")[2]
    cut = rng.randrange(len(foreign) + 1)
    return foreign[:cut] + foreign[cut:].swapcase() if rng.random() < 0.5 else foreign


@pytest.mark.parametrize("bad", ["x", "a.b", "%00", "ä", "W10.abc", "x" * 5000])
def test_what_is_no_token_is_not_found(server: Served, bad: str) -> None:
    assert server.get(f"/answer/{bad}").status_code == 404
    assert server.post(f"/answer/{bad}").status_code == 404


# --- what carries links -------------------------------------------------------------------------


def delivery(alert: Alert) -> Delivery:
    return trial_delivery(alert, "mail/kim")


@pytest.mark.parametrize("reason", NotifyReason)
def test_only_an_alarm_about_an_incident_can_be_answered(reason: NotifyReason) -> None:
    ends = reason in (NotifyReason.ACKNOWLEDGED, NotifyReason.RESOLVED)
    alert = replace(b.alert(reason=reason), test=reason is NotifyReason.TEST)
    assert answerable(delivery(alert)) is not (ends or reason is NotifyReason.TEST)


def test_every_attempt_of_a_delivery_has_the_same_links_each_of_its_own_key(
    server: Served,
) -> None:
    links = signer(tokens(server), BASE + "/")
    one = delivery(b.alert())
    assert links(one) == links(replace(one, attempts=3, may_repeat=True))
    made = [dict(links(replace(one, channel=t))) for t in ("mail/kim", "mail/lee")]
    keys = {key_of(url.rpartition("/")[2]) for each in made for url in each.values()}
    assert len(keys) == 4
    assert made[0]["acknowledge"].startswith(f"{BASE}/answer/")
