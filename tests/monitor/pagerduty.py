"""PagerDuty as its documentation tells it: alerts by key, one incident each, and V3 webhooks that are signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Stands(StrEnum):
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass
class Account:
    """What an account holds. A trigger opens an incident and rings; on one that is open it is added to it and
    rings nobody. Acknowledge and resolve of what is not open are dropped
    (developer.pagerduty.com/docs/send-alert-event)."""

    incidents: list[tuple[str, Stands]] = field(default_factory=list)
    rang: list[str] = field(default_factory=list)

    def take(self, event: Mapping[str, Any]) -> None:
        key, action = str(event["dedup_key"]), event["event_action"]
        open_one = next(
            (i for i, (k, s) in enumerate(self.incidents) if k == key and s != Stands.RESOLVED),
            None,
        )
        if action == "trigger":
            if open_one is None:
                self.incidents.append((key, Stands.TRIGGERED))
                self.rang.append(str(event["payload"]["summary"]))
        elif open_one is not None:
            to = Stands.ACKNOWLEDGED if action == "acknowledge" else Stands.RESOLVED
            self.incidents[open_one] = (key, to)

    def take_all(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            self.take(event)

    def press(self, key: str, to: Stands) -> None:
        """Do what a person does there with the incident of a key."""
        assert (key, Stands.RESOLVED) not in self.incidents
        self.incidents = [(k, to if k == key else s) for k, s in self.incidents]

    @property
    def states(self) -> list[Stands]:
        return [state for _, state in self.incidents]

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.incidents]


USER = {"id": "PLH1HKV", "type": "user_reference", "summary": "Kim Nordin"}
OURSELVES = {"id": "PINT", "type": "inbound_integration_reference", "summary": "Sturmglas"}


def webhook(
    kind: str,
    key: str | None,
    at: datetime,
    *,
    id: str = "01BTHOYG1N5Y9TH5",
    agent: Mapping[str, str] | None = USER,
    **data: Any,
) -> bytes:
    """Return the body of a V3 webhook about an incident."""
    event = {
        "id": id,
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "agent": agent,
        "client": {"name": "PagerDuty"},
        "data": {"id": "PGR0VU2", "type": "incident", "incident_key": key, "number": 2, **data},
    }
    return json.dumps({"event": event}).encode()


def signed(body: bytes, *secrets: str) -> dict[str, str]:
    """Return the header of its signatures, written out here so that it stands on its own."""
    macs = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    return {"x-pagerduty-signature": ",".join(f"v1={mac}" for mac in macs)}
