"""Bad input: 10,000 texts as nobody should send them. No exception, finite scores, the same alone and in a batch.

The texts are drawn by a seed from what arrives at such services: nothing, 20,000 characters, right-to-left, emoji
alone, control characters, half of a surrogate pair, mixed scripts, links, handles, stacked marks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from detectors.copies import cluster_key
from detectors.fold import fold
from detectors.score.base import Scores, Tone
from detectors.score.features import CHARS_READ
from detectors.score.heads import MORE, NO_CLAIM
from detectors.score.linear import LinearScorer

SCORER = LinearScorer.load()
TEXTS = 10_000
BATCH = 256
LONG_EVERY = 100
LONG = 20_000
STATED = ("", "", "", "de", "en", "de-AT", "ar", "und", "zz-nonsense", "\ud800", "-" * 50, "DE\0")

WORDS = [
    "nicht",
    "gut",
    "furchtbar",
    "danke",
    "super",
    "Straße",
    "Müller",
    "the",
    "worst",
    "service",
    "love",
    "not",
    "never",
    "don't",
    "isn't",
    "&amp;",
    "&#x110000;",
    "&#0;",
    "&nosuch;",
    "\\u00e4",
    "\\ud83d\\ude00",
    "\\uZZZZ",
    "12345",
    "²³",
    "½",
    "Ⅷ",
    "①",
    "﷽",
    "ﬁ",
    "ẞ",
    "İ",
    "ǆ",
    "ſ",
    "ŉ",
]
RTL = ["مرحبا", "بالعالم", "שלום", "עולם", "سيء", "جدا", "נורא"]
SCRIPTS = [
    "Это",
    "плохо",
    "нам",
    "नमस्ते",
    "दुनिया",
    "你好世界",
    "こんにちは",
    "안녕하세요",
    "สวัสดี",
    "ვაშა",
    "γειά",
    "ሰላም",
    "வணக்கம்",
    "𝕱𝖚𝖈𝖐",
    "𐍈𐌰",
    "ᚠᚢ",
]
EMOJI = (
    "😡", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🇩", "#️⃣", "❤️", "☹", "🫠", "🧑🏿‍🚀", "‍", "🏿", "©️",
)  # fmt: skip
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2069\ufeff\u00ad\u034f\u061c\u180e\u2060"
CONTROL = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])) + "\u2028\u2029\u0085"
MARKS = "".join(map(chr, range(0x300, 0x370)))
MARKS_OF_SCRIPTS = "\u0489\u20dd\u0e47\u064b\u093e"
BIDI = "\u202e\u2067"


def some(rng: random.Random, items: Sequence[str], most: int = 12, by: str = " ") -> str:
    return by.join(rng.choice(items) for _ in range(rng.randint(1, most)))


def any_points(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(1, 60)))


def broken_pairs(rng: random.Random) -> str:
    """Return words with halves of surrogate pairs in any order among them."""
    halves = [chr(rng.randrange(0xD800, 0xE000)) for _ in range(rng.randint(1, 20))]
    return some(rng, [*halves, *WORDS], 20, rng.choice(("", " ")))


def stacked(rng: random.Random) -> str:
    return "".join(c + some(rng, MARKS + MARKS_OF_SCRIPTS, 40, "") for c in some(rng, WORDS, 4))


def sprinkled(rng: random.Random) -> str:
    """Return words with signs that nobody sees between their letters."""
    return "".join(c + rng.choice(("", rng.choice(UNSEEN))) for c in some(rng, WORDS))


def link(rng: random.Random) -> str:
    return some(
        rng,
        ("https://a.example/x?y=1&z=%ff", "http://", "www.", "https://пример.example/ü", "http"),
        8,
    )


def long_word(rng: random.Random) -> str:
    return some(rng, ("a", "ä", "A", "ß", "Я", "0", "_"), 1, "") * rng.randint(200, LONG)


KINDS: dict[str, Callable[[random.Random], str]] = {
    "nothing": lambda rng: rng.choice(("", " ", "\n", "\t \r\n", "\u3000", "\xa0", "\x0b\x0c")),
    "right to left": lambda rng: some(rng, RTL),
    "emoji": lambda rng: some(rng, EMOJI, 30, rng.choice(("", " "))),
    "control": lambda rng: some(rng, [*CONTROL, *WORDS], 40, ""),
    "NUL": lambda rng: "\0" * rng.randint(1, 50),
    "broken pairs": broken_pairs,
    "unseen signs": sprinkled,
    "unseen alone": lambda rng: some(rng, UNSEEN, 40, ""),
    "stacked marks": stacked,
    "marks alone": lambda rng: some(rng, MARKS, 60, ""),
    "a long word": long_word,
    "links": link,
    "handles": lambda rng: some(rng, ("@a", "@" + "x" * 300, "@", "@@", "@ä_ö"), 20),
    "tags": lambda rng: some(rng, ("#a", "#", "##", "#Straße", "#12", "#\u200b"), 20),
    "mixed scripts": lambda rng: some(rng, [*WORDS, *RTL, *SCRIPTS], 20, rng.choice(("", " "))),
    "marks of direction": lambda rng: rng.choice(BIDI) + some(rng, [*WORDS, *RTL]) + "\u202c",
    "punctuation": lambda rng: some(rng, tuple("!?.,;:-–—'\"’“”„`´&\\%()[]{}<>|/~^+=*"), 80, ""),
    "digits": lambda rng: some(rng, tuple("0123456789٣४"), 40, rng.choice(("", " "))),
    "shouting": lambda rng: some(rng, ("NEIN!!!!!!", "AAAAAAA", "hahahaha" * 20, "????"), 30),
    "any code points": any_points,
    "words": lambda rng: some(rng, WORDS, 40),
    "escapes": lambda rng: some(rng, ("&", "&#", "&#xD800;", "\\u", "\\ud800", "&lt;" * 9), 30, ""),
    "private use": lambda rng: some(rng, ("\ue000", "\U000f0000", "\ufffe", "\U0010ffff"), 30, ""),
}

SILENT = {
    "nothing", "NUL", "emoji", "unseen alone", "marks alone", "punctuation", "digits", "links", "handles",
}  # fmt: skip


def bad_texts(seed: int) -> list[tuple[str, str, str]]:
    """Return (kind, text, stated language) of `TEXTS` texts, all kinds in turn; every hundredth is
    stretched to 20,000 characters."""
    rng = random.Random(seed)
    names = list(KINDS)
    found = []
    for i in range(TEXTS):
        name = names[i % len(names)]
        text = KINDS[name](rng)
        if i % LONG_EVERY == 0:
            text = f"{text} " * (LONG // (len(text) + 1) + 1)
            text = text[:LONG]
        found.append((name, text, rng.choice(STATED)))
    return found


BAD = bad_texts(seed=1)


@pytest.fixture(scope="module")
def scored() -> Scores:
    parts = [
        SCORER.score([t for _, t, _ in part], [lang for _, _, lang in part])
        for part in (BAD[i : i + BATCH] for i in range(0, TEXTS, BATCH))
    ]
    return Scores(
        [lang for s in parts for lang in s.langs],
        np.concatenate([s.tone for s in parts]),
        np.concatenate([s.p for s in parts]),
        np.concatenate([s.offensive for s in parts]),
        np.concatenate([s.more for s in parts]),
    )


def test_all_kinds_and_lengths_are_among_the_texts() -> None:
    assert len(BAD) == TEXTS
    assert {name for name, _, _ in BAD} == set(KINDS)
    lengths = {len(text) for _, text, _ in BAD}
    assert (min(lengths), max(lengths)) == (0, LONG)
    assert any(0xD800 <= ord(c) < 0xE000 for _, text, _ in BAD for c in text[:40])
    assert bad_texts(seed=1) == BAD


def test_every_score_is_finite_and_within_its_range(scored: Scores) -> None:
    assert len(scored) == TEXTS
    for column in (scored.p, scored.offensive, scored.more):
        assert np.isfinite(column).all()
    assert ((scored.p >= 0) & (scored.p <= 1)).all()
    assert ((scored.offensive >= 0) & (scored.offensive <= 1)).all()
    claims = scored.more != NO_CLAIM
    assert ((scored.more >= 0) & (scored.more <= 1))[claims].all()
    assert scored.more.shape == (TEXTS, len(MORE))
    read = scored.tone != Tone.UNREAD
    assert np.allclose(scored.p.sum(axis=1), read, atol=1e-5)
    assert np.isin(scored.tone, [int(tone) for tone in Tone]).all()
    assert read.any()


def test_a_language_is_a_plain_tag_whatever_was_stated(scored: Scores) -> None:
    assert all(2 <= len(tag) <= 3 and tag.isascii() and tag.isalpha() for tag in scored.langs)


def test_what_holds_no_letter_is_unread(scored: Scores) -> None:
    # Only so much is read that the last link may be cut to letters.
    whole = [i for i, (_, text, _) in enumerate(BAD) if len(text) <= CHARS_READ]
    silent = [i for i in whole if BAD[i][0] in SILENT]
    read = {BAD[i][0] for i in silent if scored.tone[i] != Tone.UNREAD}
    assert read == set()
    assert (scored.more[silent] == NO_CLAIM).all()
    assert (scored.offensive[silent] == 0).all()


def test_a_text_scores_alone_as_among_others(scored: Scores) -> None:
    for i in range(0, TEXTS, 7):
        _, text, lang = BAD[i]
        one = SCORER.score([text], [lang])
        assert one.langs[0] == scored.langs[i]
        for alone, among in (
            (one.tone, scored.tone), (one.p, scored.p),
            (one.offensive, scored.offensive), (one.more, scored.more),
        ):  # fmt: skip
            assert alone[0].tobytes() == among[i].tobytes(), BAD[i]


def test_reasons_are_words_and_finite(scored: Scores) -> None:
    for i in range(0, TEXTS, 11):
        _, text, lang = BAD[i]
        found = SCORER.reasons(text, lang, 3)
        assert len(found) <= 3
        assert all(words and np.isfinite(weight) for words, weight in found)
        if scored.tone[i] == Tone.UNREAD:
            assert found == []


def test_keys_of_copies_fit_into_a_store() -> None:
    keys = [cluster_key(text) for _, text, _ in BAD]
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)
    assert {keys[i] for i, (name, _, _) in enumerate(BAD) if name in ("nothing", "emoji")} == {0}
    assert len(set(keys)) > 1


def test_folded_texts_have_no_case_and_single_spaces() -> None:
    for _, text, _ in BAD:
        folded = fold(text)
        assert not any("A" <= char <= "Z" for char in folded)
        assert not any(space in folded for space in ("  ", "\n", "\t"))


@pytest.mark.parametrize("sign", ["\ufeff", "\u200f", "\u202e", "\u00ad", "\ud83d"])
def test_what_nobody_sees_at_the_beginning_of_a_text_changes_no_other(sign: str) -> None:
    before, text = "Das ist nicht gut", f"{sign} Danke, alles gut"
    together = SCORER.score([before, text], ["de", "de"])
    for i, one in enumerate((before, text)):
        assert SCORER.score([one], ["de"]).p[0].tobytes() == together.p[i].tobytes()
    assert together.p[1].tobytes() == SCORER.score(["Danke, alles gut"], ["de"]).p[0].tobytes()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Strei\u00adken", "Streiken"),  # a soft hyphen
        ("fu\u034frchtbar", "furchtbar"),  # the joiner of graphemes
        ("sch\u180elecht", "schlecht"),  # the vowel separator of Mongolian
        ("\u061cschlecht", "schlecht"),  # the Arabic letter mark
    ],
)
def test_signs_that_nobody_sees_do_not_hide_a_word(text: str, plain: str) -> None:
    hidden, open_ = SCORER.score([text, plain], ["de", "de"]).p
    assert hidden.tobytes() == open_.tobytes()
