"""Measures of a window, and the posts that stand for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detectors.measures import MODEL_ERROR, measure, negative_share, representatives, wilson
from detectors.terms import burst_terms
from detectors.window import Window
from tests.detectors.weather import START, Row, hours, window

END = START + hours(1)
FIRST = int(START.timestamp())


def row(num: int, minute: float = 0, **fields: object) -> Row:
    values: dict[str, object] = {"source": "a", "author": num, "thread": num, "tone": -1}
    return Row(FIRST + round(minute * 60), num, **(values | fields))  # type: ignore[arg-type]


def test_an_empty_window_measures_nothing_and_says_anything_is_possible() -> None:
    seen = measure(Window(START, END))
    assert (seen.negatives, seen.authors, seen.growth, seen.reach) == (0, 0, 1.0, 0)
    assert (seen.share.low, seen.share.high) == (0.0, 1.0)
    assert representatives(Window(START, END)) == []


def test_only_negative_posts_are_counted_as_voices() -> None:
    seen = measure(
        window(END, [row(1), row(2, tone=0), row(3, tone=1), row(4, tone=2), row(5, author=1)])
    )
    assert (seen.mentions, seen.negatives, seen.positives, seen.unread) == (5, 2, 1, 1)
    assert seen.authors == 1
    assert seen.threads == 2


def test_a_post_without_thread_is_its_own_and_copies_without_author_are_one() -> None:
    rows = [row(n, thread=0, author=0, cluster=7) for n in range(4)]
    rows += [row(9, thread=5), row(10, thread=5), row(11, thread=0, author=0)]
    seen = measure(window(END, rows))
    assert seen.threads == 4 + 1 + 1
    assert seen.authors == 1 + 2 + 1
    assert seen.originals == 1 + 3
    assert seen.copies_share == pytest.approx(3 / 7)


def test_growth_compares_the_newest_quarter_with_the_one_before() -> None:
    rows = [row(n, 31) for n in range(3)] + [row(10 + n, 46) for n in range(11)]
    seen = measure(window(END, rows))
    assert (seen.prior, seen.recent, seen.growth) == (3, 11, 3.0)


def test_the_widest_negative_post_is_found_not_the_widest_of_all() -> None:
    seen = measure(window(END, [row(1, reach=50), row(2, reach=9000, tone=1), row(3, reach=70)]))
    assert seen.reach == 70


def test_the_interval_holds_model_error_and_treats_unread_as_anything() -> None:
    plain, blind = negative_share(30, 0, 100), negative_share(30, 40, 100)
    assert plain.low == pytest.approx(wilson(30, 100)[0] - MODEL_ERROR)
    assert plain.high == pytest.approx(wilson(30, 100)[1] + MODEL_ERROR)
    assert blind.low == plain.low
    assert blind.high > 0.7
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 50)
    assert low == pytest.approx(0.0494, abs=2e-3)
    assert high == pytest.approx(0.1917, abs=2e-3)


@pytest.mark.parametrize(("angry", "turned"), [(20, False), (30, True)])
def test_the_newest_quarter_speaks_for_itself_once_it_has_turned(angry: int, turned: bool) -> None:
    """540 calm posts, then 60 of which a third or half are negative."""
    rows = [row(n, n / 12.5, tone=1) for n in range(540)]
    rows += [row(1000 + n, 46 + n / 6, tone=-1 if n < angry else 1) for n in range(60)]
    share = measure(window(END, rows)).share
    assert (share.high > 0.4) == turned
    assert (share.value >= 0.4) == turned


def test_praise_and_shares_trip_no_wire() -> None:
    rows = [
        row(1, tripwire="injury"),
        row(2, tripwire="injury", tone=1),
        row(3, tripwire="injury", kind="share"),
        row(4, tripwire="raid", tone=0),
    ]
    assert measure(window(END, rows)).tripwires == (("injury", 1), ("raid", 1))


def test_outlets_are_authors_of_critical_articles() -> None:
    rows = [
        row(1, kind="article", author=11),
        row(2, kind="article", author=11),
        row(3, kind="article", author=12),
        row(4, kind="article", author=13, tone=0),
        row(5, kind="article", author=0, source="feed"),
    ]
    assert measure(window(END, rows)).outlets == ("a:b", "a:c", "feed")


def test_each_cluster_is_told_once_by_its_widest_post() -> None:
    rows = [row(n, n, cluster=7, reach=n) for n in range(5)]
    rows += [
        row(9, 9, reach=3),
        row(10, 10, cluster=8, reach=10**6),
        row(11, 11, tone=1, reach=10**9),
    ]
    assert representatives(window(END, rows)) == [(6, 0), (4, 4), (5, 0)]


def test_a_word_of_danger_is_quoted_first_whatever_its_tone() -> None:
    rows = [
        row(1, reach=10**6),
        row(2, tone=0, tripwire="threat"),
        row(3, tone=1, tripwire="threat"),
        row(4, tone=0),
    ]
    assert representatives(window(END, rows)) == [(1, 0), (0, 0)]


def test_private_messages_are_never_quoted() -> None:
    rows = [row(1, kind="dm", reach=10**6), row(2, kind="mail", reach=10**6), row(3)]
    assert [i for i, _ in representatives(window(END, rows))] == [2]


def test_the_limit_is_kept_and_ties_go_to_the_earlier() -> None:
    rows = [row(n, n) for n in range(9)]
    assert representatives(window(END, rows), 2) == [(0, 0), (1, 0)]


def test_fifty_thousand_rows_are_measured() -> None:
    rows = [row(n, n / 1000, tone=n % 3 - 1) for n in range(50_000)]
    seen = measure(window(START + timedelta(hours=1), rows))
    assert seen.mentions == 50_000
    assert seen.authors == seen.negatives == 16_667


# --- terms --------------------------------------------------------------------------------------

USUAL = [
    "Der Zug war heute wieder pünktlich",
    "Acme Bahn hat neue Wagen",
    "Danke an die Acme Bahn",
] * 60


def test_a_burst_is_told_by_what_is_new_in_it() -> None:
    now = (
        USUAL[:30]
        + ["Datenleck bei der Acme Bahn, unfassbar #acmeleak @acme https://x.example/1"] * 40
    )
    terms = burst_terms(now, USUAL)
    assert [t.term for t in terms][:2] == ["#acmeleak", "datenleck"]
    assert terms[0].count == 40
    assert terms[0].expected == 0
    assert terms[0].factor == 40.0
    assert not {"acme", "acme bahn", "bahn", "der", "bei"} & {t.term for t in terms}


def test_pairs_say_more_than_their_halves() -> None:
    now = ["Die kaputte Klimaanlage im Wagen, kaputte Klimaanlage!"] * 20
    terms = [t.term for t in burst_terms(now, USUAL)]
    assert any("klimaanlage" in t for t in terms)
    assert not {"kaputte", "kaputte klimaanlage"} <= set(terms)


def test_expected_counts_are_scaled_to_the_number_of_texts() -> None:
    before = ["Verspätung im Netz"] * 20 + ["alles fein heute"] * 80
    now = ["Verspätung im Netz"] * 40 + ["alles fein heute"] * 10
    term = next(t for t in burst_terms(now, before) if "verspaetung" in t.term)
    assert term.expected == pytest.approx(10.0)
    assert term.factor == pytest.approx(4.0)


def test_one_person_s_word_is_no_burst_term() -> None:
    assert burst_terms([*USUAL[:20], "Xylophon", "Xylophon"], USUAL) == []


def test_one_word_that_is_all_that_anybody_says_is_no_error() -> None:
    assert [t.term for t in burst_terms(["#boykott"] * 7, [])] == ["#boykott"]
    assert burst_terms(["#boykott"] * 7, ["#boykott"] * 3) == []


def test_nothing_said_before_gives_the_most_frequent() -> None:
    assert burst_terms(["Hackerangriff auf Zenit"] * 5, [])[0].count == 5
    assert burst_terms([], USUAL) == []


def test_terms_are_deterministic_and_limited() -> None:
    now = [f"wort{n} gilt" for n in range(20) for _ in range(5)]
    first = burst_terms(now, USUAL, 4)
    assert len(first) == 4
    assert first == burst_terms(list(reversed(now)), USUAL, 4)
