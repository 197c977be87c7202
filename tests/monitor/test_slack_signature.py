"""Only Slack gets in, only now: 20,000 requests that are not quite right, and Slack's own library beside us."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from monitor.server.slack_signature import SIGNATURE, TIMESTAMP, signed, signers
from tests import builders as b
from tests.monitor.pressing import OTHER_SECRET, SECRET, STORM, form, headers, payload, slacked
from tests.monitor.serving import served

NOW = b.T0.timestamp()
BODY = form(payload())
GOOD = headers(BODY, b.T0)


def right(given: dict[str, str], body: bytes, now_s: float = NOW) -> bool:
    return signers({"slack": SECRET}, given, body, now_s) == ("slack",)


class At(SlackClock):
    """Slack's library at a time of ours."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s


@given(st.binary(max_size=300), st.integers(-400, 400))
def test_we_decide_as_slacks_own_library(body: bytes, late_s: int) -> None:
    text = body.decode("latin-1").encode()
    stamp = str(int(NOW))
    theirs = SignatureVerifier(SECRET, At(NOW + late_s))
    ours = {TIMESTAMP: stamp, SIGNATURE: signed(SECRET, stamp, text)}
    assert theirs.generate_signature(timestamp=stamp, body=text) == ours[SIGNATURE]
    assert theirs.is_valid(text, stamp, ours[SIGNATURE]) == right(ours, text, NOW + late_s)


def mutated(rng: random.Random) -> tuple[str, dict[str, str], bytes, float]:
    """Return how a good request was changed, and what became of it."""
    kind = rng.choice(("body", "signature", "stamp", "stale", "ahead", "secret", "missing", "odd"))
    given, body, now_s = dict(GOOD), BODY, NOW
    if kind == "body":
        place = rng.randrange(len(body))
        body = body[:place] + bytes([body[place] ^ rng.randrange(1, 256)]) + body[place + 1 :]
    elif kind == "signature":
        text = given[SIGNATURE]
        place = rng.randrange(len(text))
        other = rng.choice([c for c in "0123456789abcdefv=" if c != text[place]])
        given[SIGNATURE] = text[:place] + other + text[place + 1 :]
    elif kind == "stamp":
        given[TIMESTAMP] = str(int(NOW) + rng.choice((-1, 1)) * rng.randrange(1, 300))
    elif kind == "stale":
        now_s = NOW + 300.001 + rng.random() * 1e6
    elif kind == "ahead":
        now_s = NOW - 300.001 - rng.random() * 1e6
    elif kind == "secret":
        given = headers(body, b.T0, "".join(rng.choices("0123456789abcdef", k=32)))
    elif kind == "missing":
        del given[rng.choice((SIGNATURE, TIMESTAMP))]
    else:
        odd = ("", "now", "1e9", "-1", "١٧٠٠٠٠٠٠٠٠", "9" * 13, " 1", "0x10", "NaN", "1.5")
        given[TIMESTAMP] = rng.choice(odd)
    return kind, given, body, now_s


def test_of_20000_requests_that_are_not_quite_right_none_is_accepted() -> None:
    rng = random.Random(8)
    tried: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for _ in range(20_000):
        kind, given, body, now_s = mutated(rng)
        tried[kind] += 1
        accepted[kind] += right(given, body, now_s)
    assert right(GOOD, BODY), "the request they were made of is a good one"
    print(f"tried {dict(tried)}, accepted {sum(accepted.values())}")
    assert sum(tried.values()) == 20_000
    assert sum(accepted.values()) == 0


def test_over_http_they_are_answered_401_and_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(9)
    answers: Counter[int] = Counter()
    with served(tmp_path, given=slacked()) as server:
        with server.store.begin() as tx:
            tx.save_incident(STORM, 0)
        for _ in range(200):
            kind, given, body, now_s = mutated(rng)
            if kind in ("stale", "ahead"):
                given = headers(body, b.after(seconds=NOW - now_s))
            ascii = {name: value for name, value in given.items() if value.isascii()}
            answers[
                server.post("/slack/interactions", content=body, headers=ascii).status_code
            ] += 1
        assert server.store.read.facts(STORM.id) == []
    assert answers == {401: 200}


def test_the_secret_of_another_app_is_told_apart() -> None:
    secrets = {"a": SECRET, "b": OTHER_SECRET, "c": SECRET}
    assert signers(secrets, GOOD, BODY, NOW) == ("a", "c")
