"""What is wrong with us: each kind from its own limit on, and nothing that is merely waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.pipeline.auditing import Ailment, Finding, Limits, findings
from monitor.ports import Dead, Late, Outstanding, Waiting
from tests import builders as b

S = timedelta(seconds=1)
M = timedelta(minutes=1)
NOW = b.after(hours=1)
LIMITS = Limits()


def late(target: str, age: timedelta, sending: bool = False) -> Late:
    return Late(1, target, NOW - age, 0, sending)


def waiting(target: str, age: timedelta, page: bool = False) -> Waiting:
    return Waiting(1, target, NOW - age, 3, page, "answered 500")


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (Outstanding(), []),
        # due for a minute is still in time, a second more is not
        (Outstanding(late=(late("mail", M),)), []),
        (Outstanding(late=(late("mail", M + S),)), ["unsent/mail"]),
        (Outstanding(late=(late("mail", M + S, sending=True),)), ["unsent/mail"]),
        (Outstanding(errands=2, errand_at=NOW - M), []),
        (Outstanding(errands=2, errand_at=NOW - M - S), ["overdue"]),
        # what waits for its next try is an alarm after ten minutes, after two where it is a page
        (Outstanding(waiting=(waiting("mail", 10 * M),)), []),
        (Outstanding(waiting=(waiting("mail", 10 * M + S),)), ["failing/mail"]),
        (Outstanding(waiting=(waiting("pager", 2 * M, page=True),)), []),
        (Outstanding(waiting=(waiting("pager", 2 * M + S, page=True),)), ["failing/pager"]),
        # something else got through meanwhile: not every attempt fails
        (
            Outstanding(waiting=(waiting("mail", 20 * M),), heard={"mail": NOW - M}),
            [],
        ),
        (
            Outstanding(waiting=(waiting("mail", 20 * M),), heard={"mail": NOW - 30 * M}),
            ["failing/mail"],
        ),
        (Outstanding(dead=(Dead(1, "mail", NOW - 59 * M, "answered 403"),)), ["dead/mail"]),
        (Outstanding(dead=(Dead(1, "mail", NOW - 61 * M, "answered 403"),)), []),
    ],
)
def test_each_kind_of_trouble_is_found_from_its_limit_on(
    seen: Outstanding, found: list[str]
) -> None:
    assert [one.key for one in findings(seen, LIMITS, NOW)] == found


def test_of_one_target_it_is_told_how_much_and_since_when() -> None:
    seen = Outstanding(late=(late("mail", 2 * M), late("pager", 3 * M), late("mail", 5 * M)))
    assert findings(seen, LIMITS, NOW) == [
        Finding(Ailment.UNSENT, "mail", NOW - 5 * M, 2),
        Finding(Ailment.UNSENT, "pager", NOW - 3 * M, 1),
    ]


def test_a_finding_is_a_sentence_in_two_languages() -> None:
    found = Finding(Ailment.FAILING, "pager/kim", NOW - 3 * M, 1, "answered 500")
    assert found.words(NOW) == (
        "pager/kim: seit 3 min misslingt jeder Versuch: answered 500",
        "pager/kim: every attempt has failed for 3 min: answered 500",
    )
    assert found.channel == "pager"
    for what in Ailment:
        assert all(Finding(what, "mail", NOW - 90 * S).words(NOW))
