"""The parts as one service: what cannot start is told, and tried again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from alerts.alert import DeliveryState
from alerts.channels.base import Channel
from monitor.app import runtime, wiring
from monitor.app.runtime import Runtime
from monitor.app.wiring import build, parts
from monitor.pipeline import Pipeline
from monitor.ports import NoSignals
from monitor.server.sink import Sink
from monitor.settings import Settings
from tests import builders as b
from tests.flow.installed import soon


def test_a_deliverer_that_cannot_start_is_told_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, failures = wiring.build_channel, [OSError("no CA file"), OSError("no CA file")]

    def failing(*args: object, **kwargs: object) -> Channel:
        if failures:
            raise failures.pop()
        return make(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "build_channel", failing)
    monkeypatch.setattr(runtime, "RESTART_S", 0.5)
    with Sink() as sink:
        settings = Settings.model_validate(
            {
                "server": {"allow_loopback_receivers": True},
                "store": {"url": f"sqlite:///{tmp_path / 'store.db'}"},
                "channel": {
                    "hook": {
                        "type": "webhook",
                        "url": sink.webhook_url,
                        "signing_secret": sink.webhook_secret,
                    }
                },
            }
        )
        built = build(settings)
        storm = b.incident()
        with built.store.begin() as tx:
            tx.save_incident(storm, 0)
            tx.enqueue(b.alert(storm), ["hook"], b.T0)
        service = Runtime(built, Pipeline(built.store, parts(settings), NoSignals()), [])
        service.start()
        try:
            told = ["deliverer: OSError; alerts wait in the outbox"]
            assert soon(lambda: built.trouble.list() == told)
            assert soon(
                lambda: built.store.read.deliveries(storm.id)[0].state is DeliveryState.SENT
            )
            assert built.trouble.list() == []
        finally:
            began = time.monotonic()
            service.stop()
            took = time.monotonic() - began
            built.close()
    assert took < 20
    assert len(sink.received) == 1
