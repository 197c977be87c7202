"""Sink: real receivers on this machine, for the demo, tests and benches. Nothing leaves the house.

It speaks HTTP and SMTP like the real ones, keeps what it took, misbehaves when told to, and shows
on a page exactly what Slack, PagerDuty, a webhook and a mailbox would have received.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.clock import SystemClock
from monitor.server.sink.app import AbortableProtocol, build_app
from monitor.server.sink.faults import STORMY, Fault, FaultPlan
from monitor.server.sink.kept import Json, Kept, Received
from monitor.server.sink.slack import Workspace

__all__ = ["STORMY", "Fault", "FaultPlan", "Received", "Sink"]

START_S = 15.0
STOP_S = 10.0
DEMO_SECRET = "whsec_ZGVtb2RlbW9kZW1vZGVtb2RlbW9kZW1v"  # noqa: S105  # opens nothing but this sink
_MAIL = {
    Fault.ERROR: "451 4.3.0 try again later",
    Fault.BUSY: "450 4.2.1 too many at a time",
    Fault.REFUSE: "554 5.6.0 not taken",
    Fault.MISSING: "550 5.1.1 nobody here by that name",
}


class Sink:
    """Local Slack, PagerDuty, webhook and mail server, each on loopback, in a thread of its own.

    ``webhook_secret`` is what the webhook verifies with. `start` returns when all of them answer.
    """

    def __init__(
        self,
        faults: FaultPlan | None = None,
        *,
        webhook_secret: str = DEMO_SECRET,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.faults = faults or FaultPlan()
        self.webhook_secret = webhook_secret
        self.slack = Workspace()
        self._kept = Kept(now or SystemClock().now)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self._http: socket.socket | None = None
        self._smtp: socket.socket | None = None

    def start(self) -> None:
        """Listen on free ports of the loopback interface; raises what hindered it."""
        self._http, self._smtp = _loopback(), _loopback()
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S) or self._failure is not None:
            raise RuntimeError(f"the sink did not start: {self._failure or 'no answer'}")

    def stop(self) -> None:
        """Stop listening; what was received stays readable. Stopping twice is fine."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_S)
            self._thread = None

    def __enter__(self) -> Sink:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The page that shows what arrived."""
        return f"http://127.0.0.1:{_port(self._http)}/"

    @property
    def slack_url(self) -> str:
        """An incoming webhook."""
        return f"{self.url}slack/services/T0/B0/sink"

    @property
    def slack_api_url(self) -> str:
        """A Web API, for settings with a bot token (any that begins with ``xoxb-``)."""
        return f"{self.url}slack/api"

    @property
    def pagerduty_url(self) -> str:
        return f"{self.url}pagerduty/v2/enqueue"

    @property
    def webhook_url(self) -> str:
        return f"{self.url}webhook"

    @property
    def teams_url(self) -> str:
        """The webhook of a workflow."""
        return f"{self.url}teams/workflows/sink/triggers/manual/paths/invoke?sig=sink"

    @property
    def ntfy_url(self) -> str:
        """A server of ntfy."""
        return f"{self.url}ntfy"

    @property
    def apprise_url(self) -> str:
        """What apprise's ``json://`` posts to."""
        return f"{self.url.replace('http://', 'json://')}apprise"

    @property
    def smtp_port(self) -> int:
        return _port(self._smtp)

    @property
    def received(self) -> list[Received]:
        """Everything taken so far, oldest first, repeats included."""
        return self._kept.all()

    def clear(self) -> None:
        """Forget what was received."""
        self._kept.clear()
        self.slack.clear()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # told to whoever waits in `start`
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        assert self._http is not None
        assert self._smtp is not None
        config = uvicorn.Config(
            build_app(self._kept, self.faults, self.webhook_secret, self.slack),
            http=AbortableProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _ReadyServer(config, self._ready)
        box = _Mailbox(self._kept, self.faults)
        mail = await asyncio.get_running_loop().create_server(
            lambda: SMTP(box, hostname="sink", enable_SMTPUTF8=True), sock=self._smtp
        )
        try:
            await self._server.serve(sockets=[self._http])
        finally:
            mail.close()


class _ReadyServer(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


class _Mailbox:
    """Takes mails for anybody (aiosmtpd calls these by name)."""

    def __init__(self, kept: Kept, faults: FaultPlan) -> None:
        self._kept = kept
        self._faults = faults

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._faults.next()
        if fault in _MAIL:
            return _MAIL[fault]
        if fault is not Fault.RESET_BEFORE:
            self._keep(envelope)
        if fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER):
            cast(asyncio.Transport, server.transport).abort()
            return "421 4.0.0 gone"
        if fault is Fault.HANG_AFTER:
            await asyncio.sleep(self._faults.hang_s)
        return "250 2.0.0 taken"

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        mail = message_from_bytes(raw, policy=policy.default)
        parsed: Json = {
            "subject": str(mail["subject"] or ""),
            "from": str(mail["from"] or ""),
            "to": str(mail["to"] or ""),
            "message_id": str(mail["message-id"] or ""),
            "recipients": list(envelope.rcpt_tos),
            "text": _part(mail, "plain"),
            "html": _part(mail, "html"),
        }
        headers = {name.lower(): str(value) for name, value in mail.items()}
        self._kept.add("mail", headers, raw, parsed, str(mail["message-id"] or ""))


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _loopback() -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.bind(("127.0.0.1", 0))
    return found


def _port(sock: socket.socket | None) -> int:
    if sock is None:
        raise RuntimeError("the sink is not started; call start() first")
    port: int = sock.getsockname()[1]
    return port
