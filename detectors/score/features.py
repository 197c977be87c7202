"""Texts into feature rows: folded characters, tokens and hashed n-grams, a whole batch at a time.

Everything is array arithmetic over one buffer that holds all texts of a batch, one after the
other, each led by a separator. No step looks across a separator and all sums are of integers,
so a text has the same rows alone and in any batch, on any machine.

Features of one text: character 3- to 5-grams inside a whitespace word (edges included, as
`char_wb` of scikit-learn), words, word pairs (begin and end of the text count as a word) and a
second, negated form of each of up to three words after a German or English negator. Rows 0 to
`CHAR_ROWS` - 1 belong to character n-grams, the rest to words; row 0 is "no feature".
A feature that occurs twice counts once (`_distinct`), so that shouting a word ten times does not
outweigh the rest of the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

CHARS_READ: Final = 2_000
"""Only so many characters of a text are read: a tone is set early, and work stays bounded."""
CHUNK_CHARS: Final = 24_576
"""Texts are worked through in chunks of about this many characters, to stay in the L2 cache."""
ORDERS: Final = (3, 4, 5)
CHAR_BITS: Final = 18
WORD_BITS: Final = 18
CHAR_ROWS: Final = 1 << CHAR_BITS
ROWS: Final = CHAR_ROWS + (1 << WORD_BITS)

SPACE, WORD, PUNCT, EMOJI, DROP = range(5)
_CLASS_SHIFT: Final = np.uint32(24)
_CODE: Final = np.uint32((1 << 24) - 1)
_CODES: Final = 0x110000

_URL = re.compile(r"(?:https?://|www\.)\S*")
# "@" first and what stands before it afterwards: so the engine leaps from one "@" to the next.
_USER = re.compile(r"@(?<!\w@)\w+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")

_NEGATORS: Final = """
    nicht nich ned net nie niemals nichts nix kein keine keinen keinem keiner keines kaum ohne weder
    not no never none nothing nobody neither nor without cannot cant can't dont don't doesnt doesn't
    didnt didn't isnt isn't wasnt wasn't arent aren't werent weren't wont won't wouldnt wouldn't
    shouldnt shouldn't couldnt couldn't havent haven't hasnt hasn't hadnt hadn't aint ain't
"""
NEGATED_TOKENS: Final = 3


def _fold_table() -> NDArray[np.uint32]:
    """Return for each code point below `_CODES` its folded form and, above bit 24, its class.

    By range above the Latin, Greek and Cyrillic blocks, not by `unicodedata`: that one grows with
    every Python, and a score must not change with the interpreter.
    """
    kind = np.full(_CODES, WORD, dtype=np.uint32)
    code = np.arange(_CODES, dtype=np.uint32)
    code[0x20000:] = 0x20000
    for point in (*range(0x590), *range(0x1E00, 0x1F00)):
        char = chr(point)
        code[point] = ord(char.lower()[0])
        if char.isspace() or point < 0x20 or 0x7F <= point < 0xA0:
            kind[point] = SPACE
        elif not (char.isalnum() or char == "_" or 0x300 <= point < 0x370):
            kind[point] = PUNCT
    code[ord("0") : ord("9") + 1] = ord("0")
    for first, last, what in (
        (0xAD, 0xAD, DROP), (0x34F, 0x34F, DROP), (0x61C, 0x61C, DROP), (0x180B, 0x180F, DROP),
        (0x2000, 0x200A, SPACE), (0x200B, 0x200F, DROP), (0x2010, 0x2027, PUNCT),
        (0x2028, 0x2029, SPACE), (0x202A, 0x202E, DROP), (0x202F, 0x202F, SPACE),
        (0x2030, 0x205E, PUNCT), (0x205F, 0x205F, SPACE), (0x2060, 0x206F, DROP),
        (0x20A0, 0x2BFF, PUNCT), (0x2600, 0x27BF, EMOJI), (0x3000, 0x3000, SPACE),
        (0x3001, 0x303F, PUNCT), (0xD800, 0xDFFF, DROP), (0xFE00, 0xFE0F, DROP),
        (0xFEFF, 0xFEFF, DROP), (0x1F000, 0x1F3FA, EMOJI), (0x1F3FB, 0x1F3FF, DROP),
        (0x1F400, 0x1FAFF, EMOJI),
    ):  # fmt: skip
        kind[first : last + 1] = what
    code[kind == SPACE] = ord(" ")
    for one, other in (("’", "'"), ("‘", "'"), ("`", "'"), ("“", '"'), ("”", '"'), ("„", '"')):
        code[ord(one)] = ord(other)
    for dash in "‐‑–—":
        code[ord(dash)] = ord("-")
    return code | (kind << _CLASS_SHIFT)


_FOLD: Final = _fold_table()


def _letter_table() -> NDArray[np.bool_]:
    """Return for each folded code whether it is a letter: no digit, no mark upon another, no line."""
    found: NDArray[np.bool_] = (_FOLD[:0x20001] >> _CLASS_SHIFT) == WORD
    found[[ord("0"), ord("_")]] = False
    found[0x300:0x370] = False
    return found


LETTER: Final = _letter_table()

# Odd multipliers: 64 bits from PCG and SplitMix64, 32 bits from xxHash.
_M64: Final = np.uint64(6364136223846793005)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_NEGATED: Final = np.uint64(0xD6E8FEB86659FD93)
_M32: Final = np.uint32(2654435761)
_K32: Final = np.array([[2246822519], [3266489917], [668265263]], dtype=np.uint32)

_WORD_SHIFT: Final = np.uint64(64 - WORD_BITS)
_WORDS_FROM: Final = np.uint64(CHAR_ROWS)
_CHAR_SHIFT: Final = np.uint32(32 - CHAR_BITS)
_ONE: Final = np.uint64(1)
_ONE_32: Final = np.uint32(1)
_SPACE: Final = ord(" ")
_HALF: Final = np.uint64(32)
_APOSTROPHE: Final = np.uint32(ord("'"))
_NEGATOR_SHIFT: Final = np.uint64(44)
_AFTER: Final = np.arange(1, NEGATED_TOKENS + 1)[:, None]
_UNTOLD: Final = np.array([chr(i) not in "!?" for i in range(128)] + [True])
"""Punctuation that is no token on its own: all but these count only where repeated or mixed."""

_CHAR_SLOTS: Final = 1024
_WORD_SLOTS: Final = 256
"""Places per text to find copies in; powers of two, some eight times the usual count."""

_LONGEST: Final = CHUNK_CHARS + CHARS_READ + 8
_POSITIONS: Final = np.arange(_LONGEST, dtype=np.int32)


def _powers(base: int) -> NDArray[np.uint64]:
    factors = np.full(_LONGEST, base, dtype=np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


_POWER: Final = _powers(int(_M64))
_INVERSE: Final = _powers(pow(int(_M64), -1, 1 << 64))


@dataclass(frozen=True, slots=True)
class Features:
    """What was read from the texts of one chunk; arrays over characters, tokens and texts.

    ``codes`` and ``kinds`` (characters,); ``heads`` (texts,): where each text begins in them.
    ``grams`` (orders, characters): row of the n-gram that begins at each character, 0 for none.
    ``tokens`` (tokens,): hash of each token; ``token_heads`` (texts,): where each text begins in
    it (its first token is the separator); ``token_starts``: where each begins in ``codes``.
    ``words`` (3, tokens): rows of the word, the pair begun by it and its negated form.
    ``norm`` (texts,): sums of weights are divided by it.
    """

    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    heads: NDArray[np.intp]
    grams: NDArray[np.intp]
    tokens: NDArray[np.uint64]
    token_heads: NDArray[np.intp]
    token_starts: NDArray[np.intp]
    words: NDArray[np.intp]
    norm: NDArray[np.float64]


LINK: Final = "http"
"""What stands for a link."""


def plain(text: str) -> str:
    """Return ``text`` cut to `CHARS_READ`, entities decoded, links and handles masked."""
    text = text[:CHARS_READ]
    if "&" in text:
        text = html.unescape(text)
    if "\\u" in text:
        text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    if "http" in text or "www." in text:
        text = _URL.sub(LINK, text)
    if "@" in text:
        text = _USER.sub("@", text)
    return text


def chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts, made plain, in order, in lists of about `CHUNK_CHARS` characters."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        text = plain(text)
        chunk.append(text)
        size += len(text) + 1
        if size > CHUNK_CHARS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def extract(texts: Sequence[str]) -> Features:
    """Return the features of ``texts``, one chunk made by `chunks`; never raises for any text."""
    codes, kinds, heads = _fold(texts)
    tokens, token_heads, token_starts = _tokens(codes, kinds, heads)
    # Signs that nobody sees, then a space: the separator is then two spaces long, and would be
    # another token for the text before it.
    tokens[token_heads] = _SEPARATOR
    words = _word_rows(tokens, token_heads)
    grams = _gram_rows(codes, kinds)
    present = _distinct(grams, heads, _CHAR_SLOTS) + _distinct(words, token_heads, _WORD_SLOTS)
    norm = np.sqrt(present)
    return Features(codes, kinds, heads, grams, tokens, token_heads, token_starts, words, norm)


def _distinct(rows: NDArray[np.intp], heads: NDArray[np.intp], slots: int) -> NDArray[np.intp]:
    """Set later copies of a feature within a text to 0, in place; return how many are left.

    Each text has ``slots`` places, by the last bits of the first kind of row; a place knows the
    first position that fell on it. A position whose row is the one found there is a copy, and so
    are its rows of the other kinds where they equal those of that first position too. Copies
    that hide behind another row on their place stay: few below some hundred characters, more in
    long texts. Which ones depends on the text alone.
    """
    count = rows.shape[1]
    place = rows[0] & (slots - 1)
    if len(heads) > 1:
        place += np.arange(0, len(heads) * slots, slots).repeat(_spans(heads, count))
    position = _POSITIONS[:count]
    first = np.empty(len(heads) * slots, dtype=np.int32)
    # Of equal places the last one written stays, so write backwards to keep the first position.
    first[place[::-1]] = position[::-1]
    owner = first.take(place)
    equal = rows == rows.take(owner, axis=1)
    equal &= equal[0] & (owner != position)
    rows *= ~equal
    if len(heads) == 1:
        return np.array([np.count_nonzero(rows)])
    left: NDArray[np.intp] = np.add.reduceat(
        np.add.reduce((rows != 0).view(np.int8), axis=0, dtype=np.int8), heads, dtype=np.intp
    )
    return left


def _spans(heads: NDArray[np.intp], end: int) -> NDArray[np.intp]:
    """Return how long each text is, from where each begins and where the last one ends."""
    spans = np.empty(len(heads), dtype=np.intp)
    np.subtract(heads[1:], heads[:-1], out=spans[:-1])
    spans[-1] = end - heads[-1]
    return spans


def _fold(
    texts: Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.intp]]:
    """Return folded code points, their classes and where each text begins (at its separator)."""
    joined = " " + " ".join(texts)
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    heads = np.zeros(len(texts), dtype=np.intp)
    if len(texts) > 1:
        lengths = np.fromiter(map(len, texts), dtype=np.intp, count=len(texts))
        np.cumsum(lengths[:-1] + 1, out=heads[1:])
    both = _FOLD.take(raw)
    kinds = (both >> _CLASS_SHIFT).astype(np.uint8)
    keep = kinds != DROP
    same = both[1:] == both[:-1]
    thrice = same[1:] & same[:-1]
    keep[1:] &= (kinds[1:] | kinds[:-1]) != SPACE
    if np.count_nonzero(thrice):
        keep[2:] &= ~(thrice & (kinds[2:] == PUNCT))
        keep[3:] &= ~(thrice[1:] & thrice[:-1])
    _put(keep, heads)
    kept = keep.nonzero()[0]
    codes = both.take(kept)
    codes &= _CODE
    return codes, kinds.take(kept), _found(kept, heads)


def _put(marks: NDArray[np.bool_], heads: NDArray[np.intp]) -> None:
    """Mark where texts begin. The first always begins at 0, and of a single text that is all."""
    if len(heads) > 1:
        marks[heads] = True
    else:
        marks[0] = True


def _found(kept: NDArray[np.intp], heads: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where the places ``heads`` stand among those that were kept."""
    return kept.searchsorted(heads) if len(heads) > 1 else heads


def _tokens(
    codes: NDArray[np.uint32], kinds: NDArray[np.uint8], heads: NDArray[np.intp]
) -> tuple[NDArray[np.uint64], NDArray[np.intp], NDArray[np.intp]]:
    """Return hash and begin of each token, and where each text begins among the tokens."""
    size = len(codes)
    inner = (codes[1:-1] == _APOSTROPHE).nonzero()[0]
    if len(inner):
        inner = inner[(kinds.take(inner) == WORD) & (kinds.take(inner + 2) == WORD)]
        kinds = kinds.copy()
        kinds[inner + 1] = WORD
    begins = kinds == EMOJI
    begins[1:] |= kinds[1:] != kinds[:-1]
    _put(begins, heads)
    starts = begins.nonzero()[0]
    # A polynomial in the odd base M, modulo 2^64; dividing by M^start makes it independent of
    # where the token stands.
    hashes = np.add.reduceat((codes + _ONE) * _POWER[:size], starts)
    hashes *= _INVERSE.take(starts)
    hashes ^= hashes >> _HALF
    hashes *= _MIX
    hashes ^= hashes >> _HALF
    kind = kinds.take(starts)
    single = _spans(starts, size) == 1
    single &= kind == PUNCT
    single &= _UNTOLD.take(codes.take(starts), mode="clip")
    keep = (kind != SPACE) > single
    _put(keep, _found(starts, heads))
    kept = keep.nonzero()[0]
    token_starts = starts.take(kept)
    return hashes.take(kept), _found(token_starts, heads), token_starts


def _gram_rows(codes: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return for each order the row of the n-gram that begins at each character, or 0."""
    size = len(codes)
    padded = np.empty(size + ORDERS[-1], dtype=np.uint32)
    padded[:size], padded[size:] = codes, _SPACE
    solid = np.zeros(size + ORDERS[-1], dtype=np.uint32)
    solid[:size] = kinds != SPACE
    rolled = np.empty((len(ORDERS), size), dtype=np.uint32)
    inside = np.empty_like(rolled)
    last, whole = codes * _M32, _ONE_32
    last += padded[1 : size + 1]
    for i, n in enumerate(ORDERS):
        last = np.multiply(last, _M32, out=rolled[i])
        last += padded[n - 1 : n - 1 + size]
        whole = np.multiply(whole, solid[n - 2 : n - 2 + size], out=inside[i])
    rolled *= _K32
    rolled >>= _CHAR_SHIFT
    rolled *= inside
    return rolled.astype(np.intp)


def token_hash(word: str) -> int:
    """Return the hash that `extract` gives the token ``word`` (one word, lower case)."""
    return int(extract([word]).tokens[1])


def _word_rows(tokens: NDArray[np.uint64], heads: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return rows of the words, the pairs begun by each and the negated forms (0: not negated)."""
    count = len(tokens)
    rows = np.zeros((3, count), dtype=np.intp)
    rows[0] = _row(tokens)
    follow = np.empty_like(tokens)
    follow[:-1] = tokens[1:]
    follow[-1] = tokens[0]  # a separator, as at the end of every other text
    rows[1] = _row((tokens * _SECOND ^ follow * _MIX) * _SECOND)
    found = _NEGATOR_BITS.take(tokens >> _NEGATOR_SHIFT).nonzero()[0]
    if len(found):
        ends = np.append(heads, count)
        stop = ends.take(heads.searchsorted(found, side="right"))
        at = (found + _AFTER).ravel()
        at = at[(found + _AFTER < stop).ravel()]
        rows[2, at] = _row(tokens.take(at) * _NEGATED)
    return rows


def _row(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (hashes >> _WORD_SHIFT) + _WORDS_FROM


def _negator_bits() -> NDArray[np.bool_]:
    bits = np.zeros(1 << (64 - int(_NEGATOR_SHIFT)), dtype=bool)
    for word in _NEGATORS.split():
        codes, kinds, heads = _fold([word])
        bits[int(_tokens(codes, kinds, heads)[0][1]) >> int(_NEGATOR_SHIFT)] = True
    return bits


_NEGATOR_BITS: Final = _negator_bits()
_SEPARATOR: Final = _tokens(*_fold([""]))[0][0]
