"""Voices: copies of unsure tone, waves of bots and a rival's storm are left out of size; nothing else."""

from __future__ import annotations

from dataclasses import replace

from detectors.voices import (
    ALONG,
    BESIDE_COPY,
    BESIDE_RIVAL,
    COPIES,
    SOME_ALONG,
    SURE,
    LeftOut,
    voices,
)
from tests.detectors.weather import START, Row, hours, window

AT = int(START.timestamp())
USUAL_REACH = 400.0


def rows(n: int, **given: object) -> list[Row]:
    first = Row(AT, 0, "a", 0, 0, -1)
    return [replace(first, num=k, author=1_000 + k, at=AT + k, **given) for k in range(n)]  # type: ignore[arg-type]


def heard(*parts: list[Row]) -> tuple[int, LeftOut]:
    numbered = [replace(r, num=n) for n, r in enumerate(r for part in parts for r in part)]
    kept, left = voices(window(START + hours(1), numbered), USUAL_REACH, 0.0)
    rows_out = {ago: out for ago, out in left.by_bin.items() if out != (0, 0)}
    assert sum(negatives for negatives, _ in rows_out.values()) == left.negatives
    assert sum(posts for _, posts in rows_out.values()) == len(numbered) - len(kept)
    return len(kept), replace(left, by_bin={})


def test_what_nobody_copied_is_all_voices() -> None:
    assert heard(rows(20, certainty=40)) == (20, LeftOut())


def test_of_copies_of_unsure_tone_one_is_left() -> None:
    kept, left = heard(rows(30, cluster=5, certainty=SURE - 1))
    assert (kept, left) == (1, LeftOut(unsure=29))


def test_some_of_who_write_beside_a_joke_belong_to_it_and_the_usual_never() -> None:
    joke, others = rows(33, cluster=5, certainty=SURE - 1), rows(20)
    copies = 32
    _, left = heard(joke, others)
    assert left.unsure == copies + round(BESIDE_COPY * copies)
    numbered = [replace(r, num=n) for n, r in enumerate([*joke, *others])]
    assert voices(window(START + hours(1), numbered), USUAL_REACH, 21.0)[1].unsure == copies


def test_a_text_of_sure_tone_that_many_copy_is_a_campaign_of_voices() -> None:
    assert heard(rows(30, cluster=5, certainty=SURE)) == (30, LeftOut())


def test_two_equal_posts_are_a_coincidence() -> None:
    assert heard(rows(COPIES - 1, cluster=5, certainty=10)) == (COPIES - 1, LeftOut())


def test_a_wave_of_hardly_followed_accounts_is_left_out_with_what_it_says_in_other_words() -> None:
    wave = rows(30, cluster=7, reach=3)
    alone = rows(5, reach=3)
    kept, left = heard(wave, alone, rows(8))
    assert left == LeftOut(bots=35)
    assert kept == 8


def test_copies_by_the_few_among_many_voices_are_left_out_alone() -> None:
    kept, left = heard(rows(10, cluster=7, reach=3), rows(5, reach=3), rows(40))
    assert left == LeftOut(bots=9)
    assert kept == 46


def test_what_is_usual_does_not_hide_a_wave() -> None:
    numbered = [*rows(10, cluster=7, reach=3), *rows(5, reach=3), *rows(40)]
    numbered = [replace(r, num=n) for n, r in enumerate(numbered)]
    assert voices(window(START + hours(1), numbered), USUAL_REACH, 35.0)[1].bots == 15


def test_copies_whose_reach_nobody_states_go_with_the_bots_that_copy_the_same_text() -> None:
    stated = rows(20, cluster=7, reach=3)
    unknown = rows(10, cluster=7, reach=0)
    people = rows(60)
    assert heard(stated, unknown, people)[1].bots == 29, "all but the first"
    followed = rows(25, cluster=7, reach=900)
    assert heard(stated, followed, unknown, people)[1].bots == 19, "mostly passed on by people"


def test_an_unknown_reach_is_no_small_one() -> None:
    assert heard(rows(30, cluster=7, reach=0))[1] == LeftOut()


def test_shares_are_no_bots() -> None:
    assert heard(rows(30, cluster=7, reach=3, kind="share"))[1] == LeftOut()


def test_most_negatives_name_a_rival_then_what_names_it_is_left_out() -> None:
    kept, left = heard(rows(20, rival="other"), rows(12))
    assert left == LeftOut(along=20 + round(20 * BESIDE_RIVAL), rival="other")
    assert kept == 12 - round(20 * BESIDE_RIVAL)


def test_who_answers_in_the_threads_of_a_rivals_storm_belongs_to_it_first() -> None:
    along, there, elsewhere = rows(20, rival="other", thread=9), rows(10, thread=9), rows(5)
    numbered = [replace(r, num=n) for n, r in enumerate([*elsewhere, *along, *there])]
    kept, _ = voices(window(START + hours(1), numbered), USUAL_REACH, 0.0)
    assert set(kept.thread) == {0}


def test_while_half_or_less_name_a_rival_the_others_are_heard() -> None:
    n = 20
    along = round(n * ALONG)
    kept, left = heard(rows(along, rival="other"), rows(n - along))
    assert (kept, left) == (n - along, LeftOut(along=along, rival="other"))


def test_while_few_name_a_rival_everybody_is_heard() -> None:
    n = 20
    along = round(n * SOME_ALONG)
    assert heard(rows(along, rival="other"), rows(n - along)) == (n, LeftOut())


def test_praise_that_names_a_rival_is_left_out_with_its_storm_and_not_counted_as_negative() -> None:
    kept, left = heard(rows(20, rival="other"), rows(6, rival="other", tone=1), rows(2))
    assert kept == 0
    assert left.negatives == 22
