"""The watchers: who is told that we are well, who is expected to speak, and what is said in the morning."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from monitor.settings.people import RECEIVER
from monitor.settings.sections import Strict

Receiver = Annotated[str, Field(pattern=RECEIVER)]


class HeartbeatSettings(Strict):
    """A dead-man's switch outside: it is pinged while all is well, and rings when no ping comes."""

    url: SecretStr | None = Field(default=None, description="pinged while all is well")
    fail_url: SecretStr | None = Field(
        default=None, description="pinged with the reasons while something is wrong; unset: silence"
    )
    every_s: float = Field(default=60, ge=1, le=3600, description="seconds between two pings")
    method: Literal["GET", "POST"] = "GET"

    @model_validator(mode="after")
    def _addresses(self) -> HeartbeatSettings:
        if self.fail_url is not None and self.url is None:
            raise ValueError("fail_url without url; expected url, the address of the check")
        for name, url in (("url", self.url), ("fail_url", self.fail_url)):
            if url and not url.get_secret_value().startswith(("https://", "http://")):
                raise ValueError(
                    f"{name} (not shown); expected an address that starts with https:// or http://"
                )
        return self


class WatchSettings(Strict):
    """Somebody who is expected to speak: ``[watch.NAME]``, by ``POST /api/v1/heartbeats/NAME``."""

    token: SecretStr = Field(description="bearer token of this sender")
    every_min: float = Field(
        ge=0.02, le=60 * 24 * 31, description="minutes after which it is missing"
    )
    tell: list[Receiver] = Field(default=[], description="receivers; empty: those of [audit]")


class AuditSettings(Strict):
    """What looks after the sending: how late is too late, and who hears of it."""

    tell: list[Receiver] = Field(
        default=[], description="receivers; empty: channels of the routes that wake"
    )
    every_s: float = Field(default=15, ge=0.2, le=60, description="seconds between two looks")
    unsent_s: float = Field(default=60, ge=1, le=3600, description="unsent for so long is an alarm")
    failing_s: float = Field(
        default=600, ge=1, le=86_400, description="a channel that fails for so long is an alarm"
    )
    failing_page_s: float = Field(
        default=120, ge=1, le=86_400, description="the same while somebody should be woken by it"
    )
    tell_after_s: float = Field(
        default=120, ge=0, le=86_400, description="an alarm that stands for so long is told"
    )


class MorningSettings(Strict):
    """One calm line a day that says: it runs, and this is what it saw."""

    at: time = Field(default=time(8, 0), description="local time of the install")
    to: list[Receiver] = Field(default=[], description="receivers; empty: no line")
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default=[], description="days with a line; empty: every day"
    )
