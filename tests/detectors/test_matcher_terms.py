"""The language of terms: wildcards, compounds, quotes, limits; what is refused; laws of all of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.fold import within_word
from detectors.matcher import Matcher
from detectors.term import BadTerm, Fault, bare, comparable, read, sources_of
from detectors.topic import Query, Topic
from tests.detectors.compound_sentences import BRAND, FUNCTION_WORDS, HEAD, MODIFIER


def hit(text: str, *terms: str, lang: str = "", source: str = "") -> bool:
    return Matcher([Topic("t", "t", Query(any=terms))]).match(text, lang, (), source) == ("t",)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        # at the start
        ("*bahn", "Die Regionalbahn", True),
        ("*bahn", "Bahn", True),
        ("*bahn", "Bahnhof", False),
        ("*bahn*", "Autobahnkreuz", True),
        ("*bahn*", "Bann", False),
        # inside
        ("acme*bahn", "Acmeregiobahn", True),
        ("acme*bahn", "acmebahn", True),
        ("acme*bahn", "acme regio bahn", False),  # never across words
        ("acme*bahn", "acmeregiobahnhof", False),
        ("acme*bahn*", "acmeregiobahnhof", True),
        ("*acme*bahn", "deracmeregiobahn", True),
        ("acme*bahn", "pacmeregiobahn", False),
        ("acme* bahn", "acmes Bahn", True),
        ("acme* bahn", "Acmes-Bahn", True),
        ("verspät* zug", "verspäteter Zug", True),
        ("acme*bahn", "acme" + "x" * 64 + "bahn", True),
        ("acme*bahn", "acme" + "x" * 65 + "bahn", False),
        # signs
        ("#acme*chaos", "#AcmeBahnChaos", True),
        ("#acme*chaos", "acmebahnchaos", False),
        ("#*chaos", "#bahnchaos", True),
        ("@acme*de", "frag @acmehilfe_de", True),
        ("@acme-bahn", "@acme-bahn", True),
        ("@acme-bahn", "@acme bahn", False),
        ("#acme", "#acme-bahn", True),
        # one sign of these scripts is a word
        ("*日*", "今日は", True),
        # quotes: as written
        ('"acme bahn"', "Acme Bahn", True),
        ('"acme bahn"', "Acme-Bahn", False),
        ('"acme bahn"', "Acmebahn", False),
        ('"acme-bahn"', "Acme-Bahn-App", True),
        ('"acme-bahn"', "Acme Bahn", False),
        ('"e*m"', "e*m", True),
        ('"e*m"', "eigentum", False),
        ('"source: dpa"', "source: dpa", True),
        # what is long, short, or odd is not joined
        ("db app", "dbapp", False),
        ("acme 24", "acme24", False),
        ("das ist meine acme bahn", "das ist meine Acme-Bahn", True),
        ("das ist meine acme bahn", "dasistmeineacmebahn", False),
        ("acme bahn app", "Acmebahn-App", True),
        ("acme bahn app", "acmebahnapp", True),
        ("acme~", "Acmeapp", True),
        ("acme~", "acmeab", False),
        ("#acme~", "#acmechaos", True),
        ("~bahn~", "Regionalbahnchaos", True),
        ("~bahn~", "Regionalbahnen", True),
        ("acme bahn~", "Acme-Bahnchaos", True),
        ("~acme bahn", "Superacme Bahnen", True),
        # hidden signs
        ("acme bahn", "ac\u00adme bahn", True),
        ("acme bahn", "acme\u2010bahn", True),
    ],
)
def test_terms_find_what_the_page_on_queries_says(term: str, text: str, found: bool) -> None:
    assert hit(text, term) == found


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ("*", Fault.ALONE),
        ("**", Fault.ALONE),
        ("acme *", Fault.ALONE),
        ("* bahn", Fault.ALONE),
        ("acme * bahn", Fault.ALONE),
        ("ac*", Fault.SHORT),
        ("*er", Fault.SHORT),
        ("#a*b", Fault.SHORT),
        ("acme b*", Fault.SHORT),
        ("ab~", Fault.SHORT),
        ("a*cm*ebahn", Fault.STARS),
        ("acme**bahn", Fault.STARS),
        ("acme* bahn* app", Fault.STARS),
        ("acme~bahn", Fault.COMPOUND),
        ("~bahn*", Fault.COMPOUND),
        ("~#bahn", Fault.COMPOUND),
        ("", Fault.EMPTY),
        (" - ", Fault.EMPTY),
        ("#", Fault.EMPTY),
        ("~", Fault.EMPTY),
        ("lang:de", Fault.EMPTY),
        ('""', None),  # two signs and nothing between: looked for as they stand
        ("lang: acme", Fault.LANG),
        ("lang:deutsch acme", Fault.LANG),
        ("lang:de, acme", Fault.LANG),
        ("source: acme", Fault.SOURCE),
        ("source:Bahn/Forum acme", Fault.SOURCE),
    ],
)
def test_terms_that_find_nothing_or_everything_are_refused(term: str, fault: Fault | None) -> None:
    if fault is None:
        read(term)
        return
    with pytest.raises(BadTerm, match="expected") as refused:
        read(term)
    assert (refused.value.fault, refused.value.term) == (fault, term)


def wrong(term: str, rows: tuple[tuple[str, bool], ...]) -> tuple[int, int]:
    """Return how many sentences are missed, and how many found that should not be."""
    found = [(hit(text, term), about) for text, about in rows]
    return sum(about and not f for f, about in found), sum(f and not about for f, about in found)


@pytest.mark.parametrize(
    ("term", "rows", "missed", "false"),
    [
        ("acme bahn", BRAND, 0, 0),
        ("acme bahn*", BRAND, 0, 2),
        ("bahn", MODIFIER, 6, 0),
        ("bahn*", MODIFIER, 0, 3),
        ("bahn~", MODIFIER, 0, 0),
        ("bahn", HEAD, 5, 0),
        ("*bahn", HEAD, 3, 1),
        ("~bahn", HEAD, 0, 0),
    ],
)
def test_what_each_rule_of_compounds_finds_in_invented_sentences(
    term: str, rows: tuple[tuple[str, bool], ...], missed: int, false: int
) -> None:
    """The table of docs/queries.md."""
    assert wrong(term, rows) == (missed, false)


@pytest.mark.parametrize(("term", "text"), FUNCTION_WORDS)
def test_a_phrase_with_a_short_word_is_never_written_as_one(term: str, text: str) -> None:
    assert not hit(text, term)
    assert hit(f"so {term} so", term)


# --- limits -----------------------------------------------------------------------------------


def test_a_term_may_be_limited_to_languages_and_sources() -> None:
    matcher = Matcher([Topic("t", "t", Query(any=("lang:de,en bahn*", "source:forum acme")))])
    assert matcher.match("Bahnchaos", "de-AT") == ("t",)
    assert matcher.match("Bahnchaos", "fr") == ()
    assert matcher.match("acme", "fr", (), "forum") == ("t",)
    assert matcher.match("acme", "fr", (), "news") == ()
    both = Matcher([Topic("t", "t", Query(any=("lang:de source:forum acme",)))])
    assert both.match("acme", "de", (), "forum") == ("t",)
    assert both.match("acme", "de", (), "news") == ()
    assert both.match("acme", "fr", (), "forum") == ()


def test_where_a_limit_cannot_be_looked_at_the_text_is_kept() -> None:
    matcher = Matcher(
        [
            Topic("any", "", Query(any=("lang:de source:forum acme",))),
            Topic("none", "", Query(any=("acme",), none=("lang:de acme", "source:forum acme"))),
        ]
    )
    assert matcher.match("acme", "und") == ("any", "none")
    assert matcher.match("acme", "de", (), "news") == ()
    assert matcher.match("acme", "fr", (), "forum") == ()
    assert matcher.match("acme", "fr", (), "news") == ("none",)


def test_a_topic_may_be_limited_to_sources() -> None:
    matcher = Matcher([Topic("t", "t", Query(any=("acme",)), sources=("forum", "mastodon"))])
    assert matcher.match("acme", "", (), "forum") == ("t",)
    assert matcher.match("acme", "", (), "news") == ()
    assert matcher.match("acme") == ("t",)


def test_the_same_words_with_another_limit_are_another_term() -> None:
    query = Query(any=("acme",), none=("lang:en acme",))
    matcher = Matcher([Topic("t", "t", query)])
    assert matcher.match("acme", "de") == ("t",)
    assert matcher.match("acme", "en") == ()


def test_limits_can_be_read_off_a_term() -> None:
    assert sources_of("lang:de source:forum,news acme") == {"forum", "news"}
    assert sources_of("source:") == frozenset()
    assert bare('lang:de "acme bahn"') == "acme bahn"
    assert bare("~bahn") == "bahn"


# --- laws -------------------------------------------------------------------------------------

WORDS = st.sampled_from(["acme", "bahn", "regio", "app", "ab", "über", "c++", "日本", "s"])
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
SIGNS = st.sampled_from([" ", "-", "", "\n", "#", "@", ".", "s", "en", "\u00ad", "\u2011"])
TEXTS = st.lists(st.one_of(WORDS, SIGNS), max_size=14).map("".join)
TERMS = st.builds(
    lambda before, phrase, after: f"{before}{phrase}{after}",
    st.sampled_from(["", "", "*", "~", "#", "@", '"']),
    PHRASES,
    st.sampled_from(["", "", "*", "~", '"']),
)


def slowly(text: str, term: str) -> bool:
    """Find a term with one pattern at a time and nothing else: what the automaton must agree with."""
    flat, folded = comparable(text).replace("-", " "), comparable(text)
    for form in read(term).forms:
        if form.check:
            if re.search(form.check, folded):
                return True
            continue
        for at in re.finditer(f"(?={re.escape(form.key)})", flat):
            end = at.start() + len(form.key)
            first, last = form.key[0], form.key[-1]
            begins = not (
                at.start()
                and (within_word(first) or first in "#@")
                and within_word(flat[at.start() - 1])
            )
            ends = not (end < len(flat) and within_word(last) and within_word(flat[end]))
            if (begins or form.left) and (ends or form.right):
                return True
    return False


def readable(term: str) -> bool:
    try:
        read(term)
    except BadTerm:
        return False
    return True


@given(st.lists(TERMS, min_size=1, max_size=6), TEXTS)
def test_many_terms_at_once_find_what_each_finds_alone(terms: list[str], text: str) -> None:
    terms = [t for t in terms if readable(t)]
    matcher = Matcher([Topic(f"{n}", "", Query(any=(t,))) for n, t in enumerate(terms)])
    expected = {str(n) for n, t in enumerate(terms) if slowly(text, t)}
    assert set(matcher.match(text)) == expected


@given(PHRASES, TEXTS)
def test_a_wildcard_or_a_quote_only_ever_adds_or_takes(phrase: str, text: str) -> None:
    """What is found in quotes is found plainly, and what plainly, with a wildcard."""
    if phrase[0] in "#@" or not readable(f"*{phrase}*"):
        return
    exact, plain = hit(text, f'"{phrase}"'), hit(text, phrase)
    assert plain or not exact
    assert hit(text, f"*{phrase}*") or not plain


@given(PHRASES, st.sampled_from([" ", "-", "\u2011", "\n"]))
def test_a_phrase_finds_itself_however_its_words_are_parted(phrase: str, gap: str) -> None:
    assert hit(f"so {phrase.replace(' ', gap)}, so", phrase)


@given(st.text(max_size=30))
def test_every_text_is_a_term_or_is_refused_with_a_reason(term: str) -> None:
    if readable(term):
        hit("acme bahn", term)


@given(
    TEXTS,
    st.lists(PHRASES, max_size=2),
    st.lists(PHRASES, max_size=2),
    st.lists(PHRASES, max_size=2),
)
def test_any_all_and_none_mean_what_they_say(
    text: str, any_: list[str], all_: list[str], none: list[str]
) -> None:
    query = Query(tuple(any_), tuple(all_), tuple(none))
    expected = (
        bool(any_ or all_)
        and (not any_ or any(slowly(text, t) for t in any_))
        and all(slowly(text, t) for t in all_)
        and not any(slowly(text, t) for t in none)
    )
    # Beside others, so that candidates are chosen among terms that several rules ask for.
    others = [Topic(f"o{n}", "", Query(all=tuple(all_[:1]))) for n in range(3)]
    found = Matcher([*others, Topic("t", "", query)]).match(text)
    assert ("t" in found) == expected
