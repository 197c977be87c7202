"""Advice on settings that load: what is missing, and who would not be woken."""

from __future__ import annotations

from pathlib import Path

from monitor.settings import read
from monitor.settings.advice import advise
from playbooks.load import load_library
from tests.builders import T0
from tests.monitor.configuring import GOOD


def advice(path: Path, text: str) -> list[str]:
    path.write_text(text)
    reading = read(path, {})
    assert reading.complaints == []
    found = advise(reading, load_library(), T0)
    return [str(c).replace(str(path.parent) + "/", "") for c in found]


def test_good_settings_get_only_the_advice_they_need(toml: Path) -> None:
    assert advice(toml, GOOD) == [
        "sturmglas.toml:4: server.public_url: not set: alerts carry no link to their page, and "
        "nobody can answer from a message",
        "sturmglas.toml: heartbeat.url: not set: if this machine stops, nobody is told; give the "
        "address of a dead-man's switch",
    ]


def test_a_pager_that_would_ring_to_say_that_all_is_calm_is_said(toml: Path) -> None:
    text = GOOD + '[morning]\nto = ["channel.pager"]\n'
    assert any(
        "morning.to.1: channel.pager hears no morning line: pager rings at any message" in line
        for line in advice(toml, text)
    )


def test_it_is_said_when_nobody_would_be_woken(toml: Path) -> None:
    late = GOOD.replace('[[route]]\nchannels = ["pager"]\n\n', "")
    assert (
        "sturmglas.toml:24: route: nobody would be woken: no route with min_level 4 or below"
        in advice(toml, late)
    )
    narrow = GOOD.replace(
        '[[route]]\nchannels = ["pager"]', '[[route]]\ntopics = ["acme-app"]\nchannels = ["pager"]'
    )
    assert (
        "sturmglas.toml:7: topic.acme-bahn: nobody would be woken: no route takes it at level 4"
        in advice(toml, narrow)
    )


def test_a_console_wakes_nobody(toml: Path) -> None:
    text = GOOD.replace('type = "pagerduty"', 'type = "console"')
    text = text.replace('routing_key = "0123456789abcdef0123456789abcdef"\n', "")
    assert any("its only channel is the console" in line for line in advice(toml, text))


def test_nothing_watched_nothing_coming_in_and_unused_channels_are_said(toml: Path) -> None:
    found = advice(toml, '[channel.screen]\ntype = "console"\n')
    assert [line.split(": ", 2)[1] for line in found] == [
        "topic",
        "source",
        "route",
        "channel.screen",
    ]


def test_people_of_a_chain_whom_pagerduty_cannot_tell_apart_are_named(toml: Path) -> None:
    text = GOOD.replace('channels = ["pager"]', 'wake = "night"', 1)
    text += (
        '[person.kim]\nname = "Kim"\nmethods = [{ channel = "pager" }]\n'
        '[person.lee]\nname = "Lee"\nmethods = [{ channel = "pager" }]\n'
        '[person.noa]\nname = "Noa"\nmethods = [{ channel = "other" }]\n'
        '[rota.first]\npeople = ["kim", "noa"]\nsince = "2026-01-05"\n'
        '[chain.night]\n[[chain.night.step]]\ntell = ["rota.first"]\n'
        '[[chain.night.step]]\ntell = ["person.lee", "person.kim"]\n'
        '[channel.other]\ntype = "pagerduty"\nrouting_key = "ffffffffffffffffffffffffffffffff"\n'
    )
    [line] = [one for one in advice(toml, text) if "routing key" in one]
    assert "chain.night: kim, lee have one routing key" in line
    apart = text.replace(
        'name = "Lee"\nmethods = [{ channel = "pager" }]',
        'name = "Lee"\nmethods = [{ channel = "third" }]',
    )
    apart += (
        '[channel.third]\ntype = "pagerduty"\nrouting_key = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"\n'
    )
    assert not [one for one in advice(toml, apart) if "routing key" in one]
