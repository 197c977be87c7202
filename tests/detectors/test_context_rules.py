"""Context: each named rule with a scene of its own, and with the storm that it must not hide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectors.context import Context
from detectors.detection import Assessment, ReasonCode
from detectors.watch import TopicWatch
from detectors.window import BIN, Bin
from tests.detectors.weather import START, TOPIC, Player, Row, Surge, Weather

DAYS = 16.0
SCENE_H = 15 * 24 + 10.0
AT = round(SCENE_H * 12)


def flood(
    bins: int, each: int, *, first: int = AT, people: int = 1, **given: object
) -> dict[int, list[Row]]:
    """Return ``each`` negative posts in so many bins, every one by somebody else."""
    out = {}
    for n in range(bins):
        start = int((START + (first + n) * BIN).timestamp())
        out[first + n] = [
            replace(
                Row(start + k * 250 // each, 10**6 * people + n * 1000 + k, "a", 0, 0, -1),
                author=10**7 * people + n * 1000 + k,
                thread=10**7 * people + n * 1000 + k,
                **given,  # type: ignore[arg-type]
            )
            for k in range(each)
        ]
    return out


def together(*parts: dict[int, list[Row]]) -> dict[int, list[Row]]:
    bins = {bin for part in parts for bin in part}
    return {bin: [row for part in parts for row in part.get(bin, [])] for bin in bins}


def after(seen: list[Assessment], first: int = AT) -> list[Assessment]:
    return seen[first:]


def codes(seen: list[Assessment]) -> set[ReasonCode]:
    return {r.code for a in seen for r in a.reasons if r.met}


def player() -> Player:
    """A budget so wide that an ordinary evening beside the scene wakes nobody."""
    return Player(watch=TopicWatch(replace(TOPIC, alarm_budget_days=100)))


def play(extra: dict[int, list[Row]], **given: object) -> list[Assessment]:
    weather = Weather(rate=20.0, extra=extra, **given)  # type: ignore[arg-type]
    return after(player().play(weather, DAYS))


OWN = flood(18, 8, people=3)
"""A storm of one's own: some 100 posts an hour, no two alike."""


def test_the_storm_of_these_scenes_wakes_by_itself() -> None:
    assert max(a.level for a in play(OWN)) >= 4


JOKE = flood(24, 10, cluster=5, certainty=55)
SMEAR = flood(24, 10, cluster=7, reach=3)
RIVALS = flood(24, 10, rival="beta")


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        pytest.param(JOKE, ReasonCode.COPIES, id="viral joke"),
        pytest.param(SMEAR, ReasonCode.BOTS, id="bot wave"),
        pytest.param(RIVALS, ReasonCode.NAMED_ALONG, id="rival's storm"),
    ],
)
def test_who_is_no_voice_wakes_nobody_is_shown_and_hides_no_storm(
    scene: dict[int, list[Row]], code: ReasonCode
) -> None:
    alone = play(scene)
    assert max(a.level for a in alone) <= 3
    assert code in codes(alone)
    both = play(together(scene, OWN))
    assert code in codes(both)
    wakes = next(a.at for a in both if a.level >= 4)
    assert wakes <= next(a.at for a in play(OWN) if a.level >= 4) + 3 * BIN


def test_a_cliff_is_judged_again_after_two_bins() -> None:
    """All at once, and a third of it is critical: as after a broadcast."""
    broadcast = Surge(SCENE_H, 1200, 0.5, 0.45)
    seen = play({}, surges=(broadcast,))
    assert [a.level <= 3 for a in seen[:2]] == [True, True]
    assert ReasonCode.CLIFF in codes(seen[:2])
    assert max(a.level for a in seen[2:12]) >= 4


def test_one_bin_at_night_waits_for_the_next() -> None:
    burst = flood(1, 12)
    seen = after(Player().play(Weather(rate=1.0, share=0.1, extra=burst), DAYS))
    assert max(a.level for a in seen) <= 3
    assert ReasonCode.ONE_BIN in codes(seen)
    goes_on = after(Player().play(Weather(rate=1.0, share=0.1, extra=flood(3, 12)), DAYS))
    assert goes_on[0].level <= 3
    assert max(a.level for a in goes_on[1:3]) >= 4


def during(**given: object) -> Player:
    def context(bin: Bin) -> Context:
        known = bin.start >= START + AT * BIN
        return Context(**given) if known else Context()  # type: ignore[arg-type]

    return Player(context=context)


def test_a_namesakes_storm_is_shown_and_wakes_nobody() -> None:
    seen = after(during(strange=0.9).play(Weather(rate=20.0, extra=OWN), DAYS))
    assert max(a.level for a in seen) == 3
    assert ReasonCode.NOT_OURS in codes(seen)
    assert (
        max(a.level for a in after(during(strange=0.3).play(Weather(rate=20.0, extra=OWN), DAYS)))
        >= 4
    )


def test_an_announced_event_is_no_news_and_says_so() -> None:
    event = Weather(rate=20.0, surges=(Surge(SCENE_H, 160, 2, 0.15),))
    loud = after(Player().play(event, DAYS))
    assert ReasonCode.MENTION_BURST in codes(loud)
    known = after(during(uplift=9.0, planned="webinar").play(event, DAYS))
    assert ReasonCode.MENTION_BURST not in codes(known)
    assert max(a.level for a in known) <= max(a.level for a in loud)


def test_an_announced_event_that_goes_wrong_wakes_as_soon_as_an_unannounced_one() -> None:
    wrong = Weather(rate=20.0, surges=(Surge(SCENE_H, 160, 2, 0.7),))
    unknown = after(Player().play(wrong, DAYS))
    known = after(during(uplift=9.0, planned="webinar").play(wrong, DAYS))
    wakes = [next(a for a in seen if a.level >= 4) for seen in (unknown, known)]
    assert wakes[1].at <= wakes[0].at
    above = [r for r in wakes[1].reasons if r.code == ReasonCode.EXPECTED_EVENT]
    assert [r.text for r in above] == ["webinar"]


def test_a_capped_source_says_that_there_were_at_least_so_many() -> None:
    seen = after(during(capped=("feed",)).play(Weather(rate=20.0, extra=OWN), DAYS))
    told = [r for a in seen for r in a.reasons if r.code == ReasonCode.CAPPED]
    assert told
    assert told[0].text == "feed"
    assert max(r.value for r in told) >= 96


def test_who_moved_from_a_silent_source_is_told_while_it_is_loud() -> None:
    seen = after(
        during(down=("chirp",)).play(
            Weather(rate=20.0, surges=(Surge(SCENE_H, 200, 2, 0.1),)), DAYS
        )
    )
    told = [r for a in seen for r in a.reasons if r.code == ReasonCode.MOVED]
    assert {r.text for r in told} == {"chirp"}


def test_a_day_of_twice_the_negatives_wakes_though_no_quarter_of_an_hour_is_rare() -> None:
    slow = Weather(rate=40.0, share=0.2, surges=(Surge(SCENE_H, 12, 20, 1.0),))
    seen = after(Player().play(slow, DAYS + 1))
    slow = next(a for a in seen if ReasonCode.SLOW_NEGATIVES in codes([a]))
    assert slow.level >= 4
    assert slow.at - START - AT * BIN <= 144 * BIN


def test_more_posts_of_the_usual_tone_are_no_slow_storm() -> None:
    busy = Weather(rate=40.0, share=0.2, surges=(Surge(SCENE_H, 80, 20, 0.2),))
    assert ReasonCode.SLOW_NEGATIVES not in codes(after(Player().play(busy, DAYS + 1)))


def test_three_raised_days_of_a_week_ask_for_a_look() -> None:
    surges = tuple(Surge(15 * 24 + 24 * n, 8, 24, 1.0) for n in (0, 2, 4))
    seen = after(Player().play(Weather(rate=40.0, share=0.3, surges=surges), 21))
    assert ReasonCode.SLOW_DAYS in codes(seen)
    assert ReasonCode.SLOW_DAYS not in codes(
        after(Player().play(Weather(rate=40.0, share=0.3), 21))
    )
