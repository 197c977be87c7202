"""The bench of matching: seeded, its peers answer the same, and a difference would be noticed."""

from __future__ import annotations

import pytest

from detectors.topic import Query, Topic
from monitor.bench import match


def test_a_small_run_tells_both_sides_and_their_ratio() -> None:
    said: list[str] = []
    record = match.run(400, 40, 2, 1, said.append).record()
    assert (record["queries"], record["texts"], len(said)) == (400, 40, 2)
    assert 60 < float(str(record["median_characters"])) < 200
    assert float(str(record["topics_per_text"])) > 0.3
    assert float(str(record["ratio_patterns"])) > 2
    assert float(str(record["ratio_terms_first"])) > 2


def test_the_same_seed_invents_the_same_and_another_does_not() -> None:
    one, same, other = (match.run(200, 60, 1, seed) for seed in (1, 1, 2))
    assert (one.topics_per_text, one.terms) == (same.topics_per_text, same.terms)
    assert one.topics_per_text != other.topics_per_text


def test_a_peer_that_answers_otherwise_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match.Naive, "match", lambda self, text: ("nothing",))
    with pytest.raises(RuntimeError, match="differ"):
        match.run(200, 20, 1, 1)


@pytest.mark.parametrize("terms_first", [False, True])
def test_the_peers_know_the_whole_language(terms_first: bool) -> None:
    query = Query(any=("acme bahn", "bahn~", "#acme*"), all=("zug",), none=('"acme modell"',))
    naive = match.Naive([Topic("t", "", query)], terms_first=terms_first)
    assert naive.match("Zug der Acmebahn") == ("t",)
    assert naive.match("Zug im Bahnchaos") == ("t",)
    assert naive.match("Acmebahn") == ()
    assert naive.match("Zug der Acme-Bahn, Acme Modell") == ()
