"""The curve as a picture: a reader sees within a second that it shoots up against what is normal."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.curve import LIMIT, Curve
from alerts.render import curve_png
from alerts.render.curve_png import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, picture
from alerts.render.curve_words import ALT_LIMIT, described, title
from alerts.render.slack import COLOURS
from detectors.detection import Level
from detectors.window import BIN
from tests import builders as b
from tests.alerts.samples import alert

Image = pytest.importorskip("PIL.Image", reason="the extra [png] is not installed")
UNTIL = b.T0 + timedelta(minutes=20)
STORM = (
    *((0, 0.1),) * 20,
    (1, 0.1),
    *((0, 0.1),) * 19,
    *((n, 0.1) for n in (2, 3, 5, 8, 13, 18, 24, 31)),
)
NORMAL = (0x82, 0x96, 0xA3)


def stormy(bins: tuple[tuple[int, float] | None, ...] = STORM, **fields: object) -> Alert:
    return alert(**{"curve": Curve(UNTIL, bins), **fields})


def pixels(of: Alert, lang: str = "en") -> Image.Image:
    drawn = picture(of, "de" if lang == "de" else "en")
    assert drawn is not None
    assert len(drawn) < 50_000
    image = Image.open(io.BytesIO(drawn))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    return image.convert("RGB")


def near(pixel: tuple[int, int, int], colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 12 for a, b in zip(pixel, colour, strict=True))


def height(image: Image.Image, n: int, colour: tuple[int, int, int]) -> int:
    """Return how many pixels of the ``n``-th of 48 bars have a colour."""
    x = int(LEFT + (RIGHT - LEFT) * (n + 0.5) / LIMIT)
    return sum(near(image.getpixel((x, y)), colour) for y in range(TOP, BOTTOM))


def colour(level: Level) -> tuple[int, int, int]:
    found = COLOURS[level]
    return int(found[1:3], 16), int(found[3:5], 16), int(found[5:7], 16)


@pytest.mark.parametrize("level", [Level.STRONG_WIND, Level.STORM, Level.HURRICANE])
def test_the_bars_rise_in_the_levels_colour_to_the_peak_at_the_right(level: Level) -> None:
    image = pixels(stormy(level=int(level)))
    heights = [height(image, n, colour(level)) for n in range(40, 48)]
    assert heights == sorted(heights)
    assert heights[0] > 0
    assert heights[-1] > 0.7 * (BOTTOM - TOP), "the peak fills the field"
    assert sum(height(image, n, colour(level)) for n in range(40)) == 0


def test_what_is_normal_has_another_colour_and_a_line_above_it() -> None:
    image = pixels(stormy(((9, 9.0),) * 40 + ((30, 9.0),) * 8))
    assert height(image, 10, NORMAL) > 20
    assert height(image, 10, colour(Level.STORM)) == 0
    line = BOTTOM - (BOTTOM - TOP) * 15 / 30  # 9 + 2 * 3 of an axis to 30
    x = LEFT + 300
    assert any(near(image.getpixel((x, int(line) + d)), (0x14, 0x20, 0x2B)) for d in (-1, 0, 1))


def test_the_ground_is_its_own_so_both_themes_show_the_same() -> None:
    image = Image.open(io.BytesIO(picture(stormy(), "de") or b""))
    assert "transparency" not in image.info
    assert near(image.convert("RGB").getpixel((5, 5)), (255, 255, 255))


def test_what_is_unknown_is_not_shown_as_calm() -> None:
    image = pixels(stormy((*((0, 0.1),) * 10, *(None,) * 10, *((2, 0.1),) * 10)))
    grey, white = image.getpixel((LEFT + 20, TOP + 5)), (255, 255, 255)
    assert not near(grey, white)
    first = LEFT + (RIGHT - LEFT) * 20 // LIMIT
    assert near(image.getpixel((first, TOP + 5)), white)
    assert image.getpixel((first + 15 * 12, TOP + 5)) == grey


def test_the_words_are_in_the_channels_language_and_fit() -> None:
    english, german = pixels(stormy()), pixels(stormy(), "de")
    long = stormy(negatives=123_456, expected=98_765.0, topic_name="Ä" * 200)
    assert english.tobytes() != german.tobytes()
    edge = [pixels(long, "de").getpixel((WIDTH - 4, y)) for y in range(4, TOP - 20)]
    assert all(near(pixel, (255, 255, 255)) for pixel in edge)


def test_a_name_that_the_font_cannot_write_is_left_out() -> None:
    assert curve_png.writable("Größe Łódź Ἀ".replace("Ἀ", "Άλφα Ёлка"))
    assert not curve_png.writable("日本")
    assert (
        pixels(stormy(topic_name="日本")).tobytes() == pixels(stormy(topic_name="中国")).tobytes()
    )


def test_a_test_says_that_its_numbers_are_made_up() -> None:
    of = stormy(test=True)
    assert "made-up numbers" in described(of, Curve(UNTIL, STORM), "en")
    assert pixels(of).tobytes() != pixels(stormy()).tobytes()


def test_the_description_says_the_numbers() -> None:
    curve = Curve(UNTIL, STORM)
    said = described(stormy(), curve, "en")
    for part in ("Nordlicht Energie", "142 negative posts", "09:20–13:20", "31 (at 13:15)", "0–1"):
        assert part in said
    assert "höchstens gezählt 31 (um 13:15)" in described(stormy(), curve, "de")
    assert title(stormy(), curve, "de") == "Nordlicht Energie, 09:20–13:20"


def test_without_a_curve_or_without_pillow_there_is_no_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert picture(alert(), "en") is None
    assert picture(stormy((None, None)), "en") is None
    monkeypatch.setattr(curve_png, "installed", lambda: False)
    assert picture(stormy(), "en") is None


BINS = st.lists(
    st.none() | st.tuples(st.integers(0, 10**6), st.floats(0, 10**6)), min_size=1, max_size=LIMIT
)


@given(BINS, st.sampled_from(Level))
def test_any_curve_can_be_drawn_and_said(
    bins: list[tuple[int, float] | None], level: Level
) -> None:
    of = stormy(tuple(bins), level=int(level))
    drawn = picture(of, "de")
    if not any(bins):
        assert drawn is None
        return
    assert drawn is not None
    assert len(drawn) < 50_000
    assert of.curve is not None
    assert 0 < len(described(of, of.curve, "de")) <= ALT_LIMIT


@given(st.floats(0, 10**9))
def test_the_axis_holds_what_is_counted_and_its_half_is_whole(count: float) -> None:
    top = curve_png.ceiling(count)
    assert top >= count
    assert top % 2 == 0 or top == 1
    assert top <= max(2, 2 * count + 1)


def test_a_curve_knows_when_each_bin_began() -> None:
    curve = Curve(UNTIL, ((1, 0.5), None, (2, 0.5)))
    assert curve.since == UNTIL - 3 * BIN
    assert list(curve.known) == [(UNTIL - 3 * BIN, 1, 0.5), (UNTIL - BIN, 2, 0.5)]
