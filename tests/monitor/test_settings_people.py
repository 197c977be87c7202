"""People and chains in the settings: names that are referred to, addresses, and who would be woken."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.people import Method, Person
from monitor.app.wiring import book_of, targets_of
from monitor.settings.advice import advise
from monitor.settings.load import Reading, read
from playbooks.load import load_library
from tests.builders import T0, after

GOOD = """
[topic.acme]
name = "Acme"
any = ["acme"]
[source.forum]
type = "http"
token = "a-token-for-tests-0001"
[channel.mail]
type = "smtp"
host = "mail.example.org"
from = "sturmglas@example.org"
to = ["all@example.org"]
[channel.pager]
type = "pagerduty"
routing_key = "0123456789abcdef0123456789abcdef"
[person.kim]
name = "Kim"
methods = [{ channel = "pager" }, { channel = "mail", address = "kim@example.org" }]
[chain.night]
[[chain.night.step]]
tell = ["person.kim"]
[[route]]
wake = "night"
"""


def reading(tmp_path: Path, text: str = GOOD) -> Reading:
    path = tmp_path / "sturmglas.toml"
    path.write_text(text)
    return read(path, {})


def told(tmp_path: Path, text: str = GOOD) -> list[str]:
    return [str(c).split(": ", 1)[1] for c in reading(tmp_path, text).complaints]


def test_people_and_chains_come_out_as_they_were_written(tmp_path: Path) -> None:
    found = reading(tmp_path)
    assert found.complaints == []
    assert found.settings is not None
    book = book_of(found.settings)
    assert book.people["kim"] == Person(
        "kim", "Kim", (Method("pager", pierces=True), Method("mail", "kim@example.org"))
    )
    chain = book.chains["night"]
    assert (chain.rounds, chain.steps[0].wait.total_seconds()) == (3, 300)
    targets = targets_of(found.settings)
    assert sorted(targets) == ["mail", "mail/kim", "pager", "pager/kim"]
    assert getattr(targets["mail/kim"], "to") == ["kim@example.org"]  # noqa: B009
    assert targets["pager/kim"] == targets["pager"]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('wake = "night"', 'wake = "nigth"',
         'route.1.wake: unknown chain "nigth"; expected one of night; did you mean "night"?'),
        ('"person.kim"', '"person.kin"',
         'chain.night.step.1.tell.1: unknown person "kin"; expected one of kim; did you mean "kim"?'),
        ('"person.kim"', '"kim"',
         'chain.night.step.1.tell.1: found "kim"; expected channel.NAME, person.NAME or rota.NAME'),
        ('"person.kim"', '"rota.night"',
         'chain.night.step.1.tell.1: unknown rota "night"; expected a [rota.NAME] section, and there is none'),
        ('channel = "mail", address', 'channel = "male", address',
         'person.kim.methods.2.channel: unknown channel "male"; expected one of mail, pager; did you mean "mail"?'),
        ('{ channel = "pager" }', '{ channel = "pager", address = "x" }',
         "person.kim.methods.1.address: a pagerduty channel takes no address of a person; "
         "expected ntfy, smtp, or slack with a token"),
        ('"kim@example.org"', '"kim"',
         'person.kim.methods.2.address: "kim" is no mail address; expected name@example.org'),
        ('wake = "night"', "min_level = 4",
         "route.1: tells nobody; expected inform, watch, wake, or a child"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in GOOD
    assert told(tmp_path, GOOD.replace(before, after)) == [complaint]


@pytest.mark.parametrize(
    ("before", "after", "advice"),
    [
        ("methods = [", "# methods = [", "Kim cannot be told: no methods"),
        ("rounds", "rounds", "nobody has said who may be woken at night"),
        ('{ channel = "pager" }, ', "", "Kim sleeps through it: Do Not Disturb holds back smtp"),
        ("[[chain.night.step]]", "rounds = 2\n[[chain.night.step]]", ""),
    ],
)
def test_who_cannot_be_told_is_a_warning(
    tmp_path: Path, before: str, after: str, advice: str
) -> None:
    found = advise(reading(tmp_path, GOOD.replace(before, after)), load_library([]), T0)
    texts = [str(one) for one in found]
    assert (
        any(advice in text for text in texts)
        if advice
        else not any("nobody would be woken" in t for t in texts)
    )


ROTA = """
[person.lee]
name = "Lee"
[rota.community]
people = ["kim", "lee"]
since = 2026-11-23
hours = ["mon-fri 08:00-18:00"]
"""


def test_a_rota_is_who_is_called_and_in_whose_turn(tmp_path: Path) -> None:
    text = GOOD.replace('"person.kim"', '"rota.community"') + ROTA
    found = reading(tmp_path, text)
    assert found.complaints == []
    assert found.settings is not None
    reach = book_of(found.settings).reach(after(days=1))  # Monday noon
    assert reach("rota.community") == ("pager/kim", "mail/kim")
    assert book_of(found.settings).reach(after(hours=8))("rota.community") == ()
    warned = [str(one) for one in advise(found, load_library([]), T0 - timedelta(days=10))]
    assert any("nobody is on call for 66 hours of the next 28 days" in w for w in warned)
    assert any("rota.community.people: lee cannot be told: no methods" in w for w in warned)
    wrong = told(tmp_path, text.replace('["kim", "lee"]', '["kim", "leo"]'))
    assert wrong == [
        'rota.community.people.2: unknown person "leo"; expected one of kim, lee; did you mean "lee"?'
    ]
