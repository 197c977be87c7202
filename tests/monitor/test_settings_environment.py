"""Settings from the environment: over the file, at every depth, named where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings import Settings, load, read
from tests.monitor.configuring import GOOD, complaints, loaded


def test_the_environment_names_the_file(toml: Path) -> None:
    toml.write_text(GOOD)
    assert load(None, {"STURMGLAS_CONFIG": str(toml)}).server.port == 9000


def test_variables_win_over_the_file_and_reach_every_depth(toml: Path) -> None:
    env = {
        "STURMGLAS_SERVER__PORT": "7000",
        "STURMGLAS_TOPIC__ACME_BAHN__NAME": "The railway",
        "STURMGLAS_TOPIC__ACME_BAHN__ANY": '["acme", "@acme"]',
        "STURMGLAS_ROUTE__0__MIN_LEVEL": "6",
        "sturmglas_language": "de",
        "STURMGLAS_DATA": "/elsewhere",  # a word of somebody else's
        "OTHER": "x",
    }
    found = loaded(toml, GOOD, env)
    assert found.server.port == 7000
    assert found.topics["acme-bahn"].name == "The railway"
    assert found.topics["acme-bahn"].any == ["acme", "@acme"]
    assert found.routes[0].min_level == 6
    assert found.language == "de"
    assert found.origin.endswith("; 5 from the environment")


def test_whole_sections_can_come_from_the_environment() -> None:
    env = {
        "STURMGLAS_TOPIC__ACME__NAME": "Acme",
        "STURMGLAS_TOPIC__ACME__ANY": '["acme"]',
        "STURMGLAS_CHANNEL": '{"screen": {"type": "console"}}',
        "STURMGLAS_ROUTE": '[{"inform": ["screen"]}]',
    }
    found = load(None, env)
    assert found.topics["acme"].any == ["acme"]
    assert found.routes[0].inform == ["screen"]


def test_variables_that_kubernetes_sets_for_a_service_are_left_alone() -> None:
    names = ("PORT", "SERVICE_HOST", "SERVICE_PORT", "PORT_8787_TCP", "PORT_8787_TCP_ADDR")
    assert load(None, {f"STURMGLAS_{n}": "tcp://10.0.0.1:8787" for n in names}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("STURMGLAS_SERVER__PORT", "many",
         'environment STURMGLAS_SERVER__PORT: server.port: found "many"; expected a whole number'),
        ("STURMGLAS_SERVER__PROT", "1",
         "environment STURMGLAS_SERVER__PROT: server.prot: unknown key; expected one of "
         "allow_loopback_receivers, host, inside_hosts, max_backlog_bytes, max_body_bytes, port, "
         'public_url, token, token_file; did you mean "port"?'),
        ("STURMGLAS_LANGUGE", "de",
         "environment STURMGLAS_LANGUGE: languge: unknown setting; expected one of alerting, audit, cascade, chain, channel, heartbeat, language, morning, "
         'mute, night, person, playbooks, rota, route, server, source, store, stream, timezone, topic, transformer, tripwires, watch, words, work; did you mean "language"?'),
        ("STURMGLAS_SERVER_PORT", "1",
         "environment STURMGLAS_SERVER_PORT: server_port: unknown setting; expected one of alerting, audit, cascade, chain, channel, heartbeat, "
         "language, morning, mute, night, person, playbooks, rota, route, server, source, store, stream, timezone, topic, transformer, tripwires, watch, words, work; "
         "did you mean STURMGLAS_SERVER__PORT?"),
        ("STURMGLAS_TOPIC__ACME_BAHN__ANY", "acme",
         "environment STURMGLAS_TOPIC__ACME_BAHN__ANY: topic.acme-bahn.any: "
         'found "acme"; expected a list, such as ["a", "b"]'),
        ("STURMGLAS_LANGUAGE__DE", "x",
         "environment STURMGLAS_LANGUAGE__DE: language.de: sets a key inside something that has none"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(toml: Path, name: str, value: str, complaint: str) -> None:
    assert complaints(toml, GOOD, {name: value}) == [complaint]


@given(st.dictionaries(st.text("ABC_ROUTE0123", max_size=12), st.text(max_size=12), max_size=4))
def test_any_environment_gives_settings_or_complaints(env: dict[str, str]) -> None:
    reading = read(None, {f"STURMGLAS_{k}": v for k, v in env.items()})
    assert (reading.settings is None) == bool(reading.complaints)
