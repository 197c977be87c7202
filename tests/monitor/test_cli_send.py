"""`sturmglas send-test`: through real receivers on this machine, and what it says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.alert import AttemptOutcome
from monitor.cli import app
from monitor.server.sink import Fault, FaultPlan, Sink
from monitor.store.database import SqliteStore


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=20.0)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


@pytest.fixture
def config(sink: Sink, tmp_path: Path) -> Path:
    file = tmp_path / "sturmglas.toml"
    file.write_text(
        f"""
[server]
allow_loopback_receivers = true
[channel.mail]
type = "smtp"
host = "127.0.0.1"
port = {sink.smtp_port}
tls = "none"
from = "sturmglas@example.org"
to = ["bereitschaft@example.org"]
[channel.pager]
type = "pagerduty"
routing_key = "{"k" * 32}"
url = "{sink.pagerduty_url}"
timeout_s = 1
[channel.push]
type = "ntfy"
url = "{sink.ntfy_url}"
topic = "s3cr3t"
language = "en"
[person.kim]
name = "Kim"
methods = [{{ channel = "mail", address = "kim@example.org" }}, {{ channel = "push", address = "kims" }}]
[channel.slack]
type = "slack"
webhook_url = "{sink.slack_url}"
""",
        encoding="utf-8",
    )
    return file


def sent(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["send-test", *arguments, "--config", str(config)])


def test_what_is_accepted_shows_the_answer_and_ends_with_0(sink: Sink, config: Path) -> None:
    done = sent(config, "pager")
    assert done.exit_code == 0
    assert "pager (pagerduty, class A): accepted after" in done.stdout
    assert "answered 202" in done.stdout
    assert "Event processed" in done.stdout
    assert "nichts ist geschehen" in str(sink.received[0].parsed)


def test_a_mail_server_is_quoted(sink: Sink, config: Path) -> None:
    assert "250" in sent(config, "mail").stdout
    assert sink.received[0].parsed["recipients"] == ["bereitschaft@example.org"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.REFUSE, "answered 400: bad request, on purpose"),
        (Fault.RESET_AFTER, "it may have arrived all the same"),
    ],
)
def test_what_is_not_accepted_says_why_and_ends_with_1(
    sink: Sink, config: Path, fault: Fault, said: str
) -> None:
    sink.faults.script([fault])
    done = sent(config, "pager")
    assert done.exit_code == 1
    assert "not accepted after" in done.stdout
    assert said in done.stdout
    assert "k" * 32 not in done.stdout


def test_the_level_decides_how_loud(sink: Sink, config: Path) -> None:
    sent(config, "push", "--level", "5")
    sent(config, "push", "--level", "3")
    assert [got.parsed["priority"] for got in sink.received] == [5, 3]


def test_it_goes_where_it_is_told_to(sink: Sink, config: Path) -> None:
    sent(config, "mail", "--to", "kim@example.org", "--to", "robin@example.org")
    sent(config, "push", "--to", "elsewhere")
    mail, push = sink.received
    assert mail.parsed["recipients"] == ["kim@example.org", "robin@example.org"]
    assert push.parsed["topic"] == "elsewhere"


def test_a_person_is_told_at_the_address_of_the_settings(sink: Sink, config: Path) -> None:
    assert "mail/kim (smtp, class C): accepted" in sent(config, "mail", "--to", "kim").stdout
    sent(config, "push", "--to", "kim")
    mail, push = sink.received
    assert mail.parsed["recipients"] == ["kim@example.org"]
    assert push.parsed["topic"] == "kims"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pigeon",), "unknown channel 'pigeon'; known: mail, pager, push, slack"),
        (("pager", "--to", "kim"), "--to: this channel's address cannot be chosen"),
        (("mail", "--to", "lee"), "--to: smtp: 'lee' is no mail address"),
        (("push", "--to", "a", "--to", "b"), "--to: 2 addresses; this channel takes one"),
        (("slack", "--to", "C2"), "another needs a token"),
    ],
)
def test_wrong_use_is_told(sink: Sink, config: Path, arguments: tuple[str, ...], said: str) -> None:
    done = sent(config, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert sink.received == []


def test_json_is_one_object(config: Path) -> None:
    told = json.loads(sent(config, "push", "--json").stdout)
    assert told["type"] == "test"
    assert (told["channel"], told["channel_type"], told["class"]) == ("push", "ntfy", "C")
    assert (told["outcome"], told["answer"]) == ("accepted", "answered 200: message sInKmEsSaGe1")
    assert told["latency_ms"] > 0


def test_a_call_to_a_person_is_kept_where_there_is_a_store(
    sink: Sink, config: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    config.write_text(f'[store]\nurl = "{url}"\n' + config.read_text("utf-8"), encoding="utf-8")
    assert "did it ring?" not in sent(config, "push", "--to", "kim").stdout
    assert not (tmp_path / "kept.db").exists()  # a test makes no store
    with closing(SqliteStore.open(url)) as store:
        assert "did it ring? kim says so on /duty" in sent(config, "push", "--to", "kim").stdout
        sent(config, "push")  # nobody's own
        sink.faults.script([Fault.REFUSE])
        assert "did it ring?" not in sent(config, "mail", "--to", "kim").stdout
        mail, push = store.read.trials()
    assert (push.channel, push.person, push.outcome, push.by) == ("push", "kim", "accepted", "cli")
    assert mail.outcome is AttemptOutcome.REFUSED
