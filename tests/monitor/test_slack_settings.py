"""Settings of Slack's buttons: what they need, and what `check` and `doctor` say of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alerts.channels import slack_settings
from monitor.app.slack_sockets import apps_of
from monitor.settings import Settings
from monitor.settings.advice import _pressed
from tests.monitor.pressing import slacked


def advice(settings: Settings) -> list[str]:
    channel = settings.channels["slack"]
    assert isinstance(channel, slack_settings.SlackSettings)
    return [text for _, text in _pressed("slack", channel, settings.server.public_url)]


def test_buttons_need_a_token_that_a_press_can_be_answered_with() -> None:
    with pytest.raises(ValidationError, match="need token"):
        slacked(token=None, channel="", webhook_url="https://hooks.slack.com/services/x")


@pytest.mark.parametrize("changes", [{"signing_secret": "short"}, {"signing_secret": ""}])
def test_a_secret_that_cannot_be_one_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        slacked(**changes)


def test_presses_by_request_need_an_address_that_slack_reaches() -> None:
    assert "Slack must reach by https" in advice(slacked())[0]
    assert advice(slacked(app_token="xapp-1")) == []
    assert advice(slacked(signing_secret=None)) == []


def test_presses_by_socket_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.settings.advice.can_connect", lambda: False)
    assert "sturmglas[slack]" in advice(slacked(app_token="xapp-1"))[0]


def test_channels_of_one_app_share_a_connection() -> None:
    given = slacked(app_token="xapp-1").model_dump(by_alias=True)
    given["channel"]["slack"] |= {
        "token": "xoxb-1",
        "app_token": "xapp-1",
        "signing_secret": "s" * 16,
    }
    given["channel"]["other"] = given["channel"]["slack"] | {"channel": "C2"}
    found = apps_of(Settings.model_validate(given))
    assert found == {("xapp-1", "https://slack.com/api"): ("slack", "other")}
