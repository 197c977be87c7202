"""Labels of foreign models: told by name where the name says it, else by a person, else refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from detectors.score.heads import FAMILIES
from detectors.score.labels import LabelMismatch, matched

STARS = ("1 star", "2 stars", "3 stars")


@pytest.mark.parametrize(
    ("head", "found", "given", "several", "ours"),
    [
        # the same words, in any order and case
        ("sentiment", ["Positive", "NEUTRAL", "negative"], {}, False, "positive neutral negative"),
        # usual short forms
        ("sentiment", ["neg", "neu", "pos"], {}, False, "negative neutral positive"),
        ("offensive", ["NOT", "OFF"], {}, False, "not-offensive offensive"),
        ("offensive", ["non-offensive", "offensive"], {}, False, "not-offensive offensive"),
        # numbered outputs, and several for one of ours
        (
            "sentiment",
            STARS,
            {"1 star": "negative", "2 stars": "neutral", "3 stars": "positive"},
            False,
            "negative neutral positive",
        ),
        (
            "sentiment",
            ["bad", "awful", "neutral", "good"],
            {"bad": "negative", "awful": "negative", "good": "positive"},
            False,
            "negative negative neutral positive",
        ),
        # each label answered by itself: what is not said is left out
        ("offensive", ["toxic", "threat"], {"toxic": "offensive"}, True, "offensive -"),
    ],
)
def test_labels_are_matched(
    head: str, found: Sequence[str], given: Mapping[str, str], several: bool, ours: str
) -> None:
    told = matched(FAMILIES[head], found, given, several=several)
    assert [own or "-" for own in told] == ours.split()


@pytest.mark.parametrize(
    ("head", "found", "given", "several", "why"),
    [
        ("sentiment", ["LABEL_0", "LABEL_1"], {}, False, "not clear what is meant by LABEL_0"),
        ("sentiment", ["negative", "positive"], {}, False, "nothing stands for neutral"),
        ("sentiment", ["neg", "neu", "pos"], {"LABEL_9": "negative"}, False, "LABEL_9"),
        ("sentiment", ["neg", "neu", "pos"], {"neg": "bad"}, False, "no label of ours: bad"),
        ("sentiment", ["neg", "neu", "pos"], {}, True, "one of three has to be chosen"),
        # another question: a person may say that it will do, we do not
        ("offensive", ["toxic", "non-toxic"], {}, False, "not clear what is meant by toxic"),
        ("offensive", ["toxic", "threat"], {}, True, "nothing stands for offensive"),
    ],
)
def test_what_cannot_be_matched_is_refused_with_both_sides_and_the_setting(
    head: str, found: Sequence[str], given: Mapping[str, str], several: bool, why: str
) -> None:
    with pytest.raises(LabelMismatch) as raised:
        matched(FAMILIES[head], found, given, several=several, model="model acme/x")
    told = str(raised.value)
    assert why in told
    assert told.startswith("model acme/x: ")
    assert f"Its labels: {', '.join(found)}." in told
    assert f"Expected for {head}: {', '.join(FAMILIES[head].labels)}." in told
    assert f"[transformer.{head}] labels" in told
