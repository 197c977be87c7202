"""People and their ways, as targets and as people read them."""

from __future__ import annotations

from alerts.people import Method, Person, named

KIM = Person("kim", "Kim Behrens", (Method("pager"), Method("slack")))


def test_targets_are_read_as_people_with_their_ways_and_channels() -> None:
    targets = ("mail", *KIM.targets, "mail/lee", "slack/kim", "mail")
    assert named(targets, {"kim": KIM}) == ("mail", "Kim Behrens (pager, slack)", "lee (mail)")
    assert named((), {"kim": KIM}) == ()
