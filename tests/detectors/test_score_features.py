"""What is read from a text: folding, masks, tokens, n-grams, negation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.score.features import (
    CHAR_ROWS,
    CHARS_READ,
    CHUNK_CHARS,
    ROWS,
    Features,
    chunks,
    extract,
    plain,
    token_hash,
)


def read(text: str) -> Features:
    return extract([plain(text)])


def folded(text: str) -> str:
    return "".join(map(chr, read(text).codes.tolist()[1:]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GROSS  und\tBreit", "gross und breit"),
        ("@Maria_1 sagt: https://x.example/a?b=c", "@ sagt: http"),
        ("mail@example.com", "mail@example.com"),  # an address is not a handle
        ("sooooooo gut", "sooo gut"),
        ("nein!!!!!!! wirklich????", "nein!! wirklich??"),
        ("2026 kostet 12.50", "000 kostet 00.00"),  # the shape of a number, cut like letters
        ("„Zitat“ – so’n Mist", '"zitat" - so\'n mist'),
        ("A &amp; B \\u2019s", "a & b 's"),
        ("ein\u200bwort\ufeff", "einwort"),
        ("\ud800\x00x", " x"),
        ("ẞ É", "ß é"),
    ],
)
def test_writing_is_folded(text: str, expected: str) -> None:
    assert folded(text).strip() == expected.strip()


def tokens(text: str) -> list[int]:
    return read(text).tokens.tolist()[1:]


def test_words_emoji_and_loud_marks_are_tokens_and_lone_commas_are_not() -> None:
    assert tokens("gut, aber teuer.") == [token_hash(w) for w in ("gut", "aber", "teuer")]
    assert tokens("toll!!") == [token_hash("toll"), token_hash("!!")]
    assert tokens("echt?") == [token_hash("echt"), token_hash("?")]
    assert tokens("naja ..") == [token_hash("naja"), token_hash("..")]
    assert tokens("😡👍") == [token_hash("😡"), token_hash("👍")]
    assert tokens("I don't") == [token_hash("i"), token_hash("don't")]


def test_a_token_hashes_the_same_wherever_it_stands() -> None:
    alone = token_hash("störung")
    assert tokens("Die große Störung in Berlin")[2] == alone
    batch = extract(["x " * 500, "Störung", "und Störung"])
    assert int((batch.tokens == np.uint64(alone)).sum()) == 2


def negated(text: str) -> list[bool]:
    return (read(text).words[2] > 0).tolist()[1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("das ist nicht gut so hier eben", [0, 0, 0, 1, 1, 1, 0]),
        ("i don't like it at all", [0, 0, 1, 1, 1, 0]),
        ("kein Zug", [0, 1]),
        ("nie nie wieder", [0, 1, 1]),
        ("alles nicht", [0, 0]),
        ("alles gut", [0, 0]),
    ],
)
def test_up_to_three_words_after_a_negator_have_a_negated_form(
    text: str, expected: list[int]
) -> None:
    assert negated(text) == [bool(x) for x in expected]


def test_negation_ends_with_its_text() -> None:
    features = extract(["gar nicht", "gut"])
    assert not (features.words[2][features.token_heads[1] :] > 0).any()


def test_ngrams_stay_inside_a_word_and_its_edges() -> None:
    """'ab cd' has the 3-grams ' ab', 'ab ', ' cd', 'cd ' and the 4-grams ' ab ', ' cd '."""
    grams = extract(["ab cd"]).grams
    assert [(row > 0).sum() for row in grams] == [4, 2, 0]


def test_rows_of_characters_and_words_do_not_mix() -> None:
    features = read("Ein ganz gewöhnlicher Satz, nicht wahr?")
    assert features.grams.max() < CHAR_ROWS
    assert features.words[features.words > 0].min() >= CHAR_ROWS
    assert features.words.max() < ROWS


def test_reading_stops_after_so_many_characters() -> None:
    assert len(plain("x " * 20_000)) == CHARS_READ


def test_chunks_keep_all_texts_in_order_and_bounded() -> None:
    texts = [f"{i} " * 200 for i in range(300)]
    made = list(chunks(texts))
    assert [text for chunk in made for text in chunk] == [plain(text) for text in texts]
    assert len(made) > 1
    assert all(sum(map(len, chunk)) <= CHUNK_CHARS + CHARS_READ for chunk in made)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_features_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    texts = [plain(text) for text in texts]
    batch = extract(texts)
    ends = [*batch.heads[1:].tolist(), len(batch.codes)]
    token_ends = [*batch.token_heads[1:].tolist(), len(batch.tokens)]
    for i, text in enumerate(texts):
        alone = extract([text])
        assert np.array_equal(alone.grams, batch.grams[:, batch.heads[i] : ends[i]])
        assert np.array_equal(alone.words, batch.words[:, batch.token_heads[i] : token_ends[i]])
        assert alone.norm[0] == batch.norm[i]
