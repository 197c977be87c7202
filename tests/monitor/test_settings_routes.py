"""Routes in the settings file: a tree, and complaints with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.routing import Route
from monitor.settings import Settings
from tests.monitor.test_cli_route import CONFIG
from tests.monitor.test_settings_people import reading, told


def settings(tmp_path: Path, text: str = CONFIG) -> Settings:
    found = reading(tmp_path, text)
    assert found.settings is not None, found.complaints
    return found.settings


def test_the_tree_is_read_as_written_and_a_bare_name_is_a_channels(tmp_path: Path) -> None:
    [root] = settings(tmp_path).to_routes()
    assert (root.name, root.min_level, root.inform) == ("everything", 4, ("channel.room",))
    press, small = root.children
    assert (press.inform, press.wake) == (("channel.room", "rota.crew"), None)
    assert (small.inform, small.wake, small.watch) == ((), "", ("channel.post",))


def test_a_route_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    text = CONFIG.replace('name = "everything"\n', "").replace('name = "press"\n', "")
    [root] = settings(tmp_path, text).to_routes()
    assert (root.name, root.children[0].name) == ("route 1", "route 1.1")


def test_the_older_name_channels_is_still_read(tmp_path: Path) -> None:
    [root] = settings(
        tmp_path, CONFIG.replace('inform = ["room"]', 'channels = ["room"]')
    ).to_routes()
    assert isinstance(root, Route)
    assert root.inform == ("channel.room",)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('inform = ["room"]', 'inform = ["rom"]',
         'route.1.inform.1: unknown channel "rom"; expected one of post, room; did you mean "room"?'),
        ('"rota.crew"]\n[[route.child]]', '"rota.crow"]\n[[route.child]]',
         'route.1.child.1.inform.2: unknown rota "crow"; expected one of crew; did you mean "crew"?'),
        ('watch = ["post"]', 'watch = ["nobody.x"]',
         'route.1.child.2.watch.1: found "nobody.x"; expected channel.NAME, person.NAME or rota.NAME'),
        ('"language=en"', '"langage=en"',
         'route.1.child.2.match: found "langage=en"; unknown field "langage"; expected one of topic, brand, level, language, '
         'source, tag, hour, reason, term; did you mean "language"?'),
        ('inform = ["room", "rota.crew"]', "",
         "route.1.child.1: tells nobody; expected inform, watch, wake, or a child"),
        ('repeat_min = 60', 'repeat_min = 0',
         "route.1.repeat_min: found 0; expected at least 1.0"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in CONFIG
    assert told(tmp_path, CONFIG.replace(before, after)) == [complaint]
