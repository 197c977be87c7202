"""A topic's settings page over a real store: what is watched, and a trial that is one at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dashboards.web.setting_views import TrialState
from detectors.window import Window
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.ports import Unavailable
from monitor.server import page_settings
from monitor.server.page_settings import Trials
from monitor.store.reader import SqlReader
from tests.builders import T0, TOPIC
from tests.dashboards.situation_scenes import chrome
from tests.flow.scenes import calm, in_order, storm
from tests.monitor.serving import Served, served

PAGE = f"/topics/{TOPIC}/settings"
DE, EN = {"accept-language": "de"}, {"accept-language": "en"}
BEGUN = T0 - timedelta(days=4)
STORM = T0 - timedelta(days=1)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose store holds four days with one storm; nothing here writes to it."""
    with served(tmp_path_factory.mktemp("settings")) as running:
        posts = in_order(calm(BEGUN, T0, per_hour=4), storm(STORM, 100, 0.5, 30))
        list(replay(posts, parts(running.service.settings), running.store))
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def text(html: str) -> str:
    """Return what stands on a page, tags out and spaces folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace(" .", ".")


def test_the_page_is_one_step_from_the_topic_and_says_what_is_watched(lived: Served) -> None:
    assert f'href="{PAGE}"' in lived.get("/", headers=DE).text
    found = text(lived.get(PAGE, headers=DE).text)
    assert "Einstellungen: Acme Bahn" in found
    assert "mindestens eines von acme bahn" in found
    assert "ein Fehlalarm in 30 Tagen. Stufe 4 verlangt mindestens 8 verschiedene" in found
    assert "Alle Schwellen stehen wie üblich." in found
    assert 'id="trial-r"' not in found


def test_thresholds_of_ones_own_stand_beside_the_usual_ones(lived: Served) -> None:
    topic = replace(
        lived.service.topics[TOPIC], thresholds={"level5_authors": 40.0, "level4_threads": 2.0}
    )
    view = page_settings.settings_view(chrome(PAGE), topic, None)
    # Two threads are the usual already.
    assert [(o.name, o.value, o.usual) for o in view.own] == [("level5_authors", 40.0, 25.0)]


def test_a_trial_tells_when_somebody_would_have_been_called_and_what_it_was(
    lived: Served,
) -> None:
    answer = lived.get(f"{PAGE}/trial?budget=14&authors=8", headers={**EN, "hx-request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="sec" id="trial"')
    found = text(answer.text)
    assert "You would have been called once." in found
    assert "tried with one false alarm in 14 days and at least 8 people" in found
    assert re.search(r"Sat 21 Nov 1[34]:\d\d level 4, strong wind, up to 6", found)
    assert "Then AB-1 : a real storm" in found
    assert "Of 30 days 26 are missing" in found
    assert "No incident that somebody called real would be lost." in found


def test_without_script_the_whole_page_comes_back_with_the_answer(lived: Served) -> None:
    answer = lived.get(f"{PAGE}?budget=90&authors=1000", headers=DE)
    assert answer.status_code == 200
    assert "<!doctype html>" in answer.text
    assert re.search(r'value="90.0" checked', answer.text)
    assert "Sie wären" in text(answer.text)


def test_a_real_storm_that_would_be_lost_is_said_to_be(lived: Served) -> None:
    deaf = {"level5_authors": 1e6, "level6_authors": 1e6}
    topic = replace(lived.service.topics[TOPIC], thresholds=deaf)
    trial = Trials(lived.store.read).of(topic, 30.0, 100_000.0)
    assert trial.state is TrialState.DONE
    assert trial.pages == ()
    assert [one.ref for one in trial.lost] == ["AB-1"]
    assert (trial.then, trial.real) == (1, 1)


@pytest.mark.parametrize(
    "query", ["budget=0", "budget=many", "budget=nan", "budget=400", "authors=0", "authors=1e9"]
)
def test_numbers_that_cannot_be_tried_are_refused_in_words(lived: Served, query: str) -> None:
    answer = lived.get(f"{PAGE}/trial?{query}", headers=DE)
    assert answer.status_code == 422
    assert "Das lässt sich nicht ausprobieren" in answer.text


def test_a_topic_that_nothing_is_stored_of_has_nothing_to_try(fresh: Served) -> None:
    answer = fresh.get(f"{PAGE}/trial", headers=DE)
    assert answer.status_code == 200
    assert "noch nichts gespeichert" in answer.text


def test_an_unknown_topic_has_no_page(fresh: Served) -> None:
    assert fresh.get("/topics/another/settings", headers=DE).status_code == 404


# --- bounded ----------------------------------------------------------------------------------


class Waiting:
    """A reader that stops in the middle of its first rows until it may go on."""

    def __init__(self, read: SqlReader) -> None:
        self._read = read
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._read, name)

    def window(self, *asked: object) -> Window:
        self.begun.set()
        assert self.go_on.wait(60)
        return self._read.window(*asked)  # type: ignore[arg-type]  # handed through


def test_only_one_trial_runs_at_a_time_and_the_next_is_told(lived: Served) -> None:
    topic = lived.service.topics[TOPIC]
    slow = Waiting(lived.store.read)
    trials = Trials(slow)  # type: ignore[arg-type]  # all the rest is the reader's
    first: list[TrialState] = []
    running = threading.Thread(target=lambda: first.append(trials.of(topic, 30.0, 8.0).state))
    running.start()
    assert slow.begun.wait(60)
    assert trials.of(topic, 60.0, 8.0).state is TrialState.BUSY
    slow.go_on.set()
    running.join(60)
    assert first == [TrialState.DONE]
    assert trials.of(topic, 30.0, 8.0).state is TrialState.DONE


def test_more_posts_than_a_page_reads_are_left_to_the_command_line(
    lived: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_settings, "ROWS", 100)
    answer = lived.get(f"{PAGE}/trial?budget=60", headers=DE)
    assert answer.status_code == 200
    command = f"sturmglas backtest --topic {TOPIC} --days 30 --budget 60 --set level4_authors=8"
    assert command in answer.text


class Gone:
    """A store that cannot be read now."""

    def latest(self, topic: str) -> None:
        raise Unavailable("the store is gone")


def test_a_store_that_is_away_is_told_and_the_next_trial_may_run(lived: Served) -> None:
    topic = lived.service.topics[TOPIC]
    trials = Trials(Gone())  # type: ignore[arg-type]  # the first thing that is asked of it
    assert trials.of(topic, 30.0, 8.0).state is TrialState.UNAVAILABLE
    assert trials.of(topic, 30.0, 8.0).state is TrialState.UNAVAILABLE, "not busy for ever"
