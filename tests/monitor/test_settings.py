"""Settings: what a person writes is what the program gets."""

from __future__ import annotations

from pathlib import Path

from detectors.topic import Query
from monitor.settings import HttpSource, Settings, load, read
from monitor.settings.advice import advise
from monitor.sources.world_demo import DEMO_TOPICS
from playbooks.load import load_library
from tests.builders import T0
from tests.monitor.configuring import GOOD, TOKEN, loaded

CONFIG = Path(__file__).resolve().parents[2] / "config"


# --- what is read ---------------------------------------------------------------------------


def test_a_file_gives_typed_settings(toml: Path) -> None:
    found = loaded(toml, GOOD)
    assert (found.language, found.server.port, found.server.host) == ("en", 9000, "127.0.0.1")
    assert list(found.topics) == ["acme-bahn", "acme-app"]
    source = found.sources["tool"]
    assert isinstance(source, HttpSource)
    assert source.token is not None
    assert source.token.get_secret_value() == TOKEN
    assert found.channels["pager"].type == "pagerduty"
    assert [r.level for r in found.routes] == [4, 5]
    assert found.origin == f"settings file {toml}"


def test_topics_become_what_detectors_know_and_inherit_the_zone(toml: Path) -> None:
    topics = loaded(toml, GOOD).to_topics()
    assert topics["acme-bahn"].query == Query(any=("acme bahn",))
    assert topics["acme-bahn"].timezone == "Europe/Vienna"
    assert topics["acme-app"].timezone == "Europe/Berlin"
    assert topics["acme-app"].id == "acme-app"


def test_without_a_file_there_are_defaults_that_say_so() -> None:
    found = load(None, {})
    assert found == Settings()
    assert found.origin == "no settings file: defaults, and nothing is watched yet"
    assert found.server.host == "127.0.0.1", "nobody else can reach it unless asked for"


def test_the_example_shows_every_setting_and_loads() -> None:
    text = (CONFIG / "example.toml").read_text()
    reading = read(CONFIG / "example.toml", {})
    assert reading.complaints == []
    assert advise(reading, load_library(), T0) == []
    assert isinstance(reading.settings, Settings)
    assert {s.type for s in reading.settings.sources.values()} == {
        "http",
        "feed",
        "mastodon",
        "file",
    }
    assert {c.type for c in reading.settings.channels.values()} == {
        "pagerduty",
        "slack",
        "webhook",
        "smtp",
        "console",
        "teams",
        "ntfy",
    }
    assert "synthetic" in text


def test_the_demo_file_watches_what_the_demo_watches() -> None:
    found = load(CONFIG / "demo.toml", {})
    assert tuple(found.to_topics().values()) == DEMO_TOPICS


def test_paths_in_the_file_count_from_its_folder(toml: Path) -> None:
    text = '[playbooks]\npaths = ["own", "/srv/own"]\n[source.f]\ntype = "file"\npath = "a.jsonl"\n'
    text += '[transformer.sentiment]\npath = "models/tone"\n'
    found = loaded(toml, text)
    assert found.playbooks.paths == [toml.parent / "own", Path("/srv/own")]
    assert found.sources["f"].model_dump()["path"] == toml.parent / "a.jsonl"
    assert found.transformers["sentiment"].path == toml.parent / "models" / "tone"


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(toml: Path) -> None:
    toml.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(toml, {}).server.port == 9000


def test_a_sender_may_have_an_old_and_a_new_token(toml: Path) -> None:
    found = loaded(toml, GOOD.replace(TOKEN, f"{TOKEN} another-long-token"))
    assert "tool" in found.sources


# --- secrets in files -----------------------------------------------------------------------


def test_a_secret_may_stand_in_a_file_beside_the_settings(toml: Path) -> None:
    (toml.parent / "token.txt").write_text(f"{TOKEN}\n")
    text = GOOD.replace(f'token = "{TOKEN}"', 'token_file = "token.txt"')
    source = loaded(toml, text).sources["tool"]
    assert isinstance(source, HttpSource)
    assert source.token is not None
    assert source.token.get_secret_value() == TOKEN


def test_the_servers_token_may_stand_in_a_file_too(toml: Path) -> None:
    (toml.parent / "token.txt").write_text(TOKEN)
    text = GOOD.replace("[server]", '[server]\nhost = "0.0.0.0"\ntoken_file = "token.txt"')
    assert loaded(toml, text).server.host == "0.0.0.0"
