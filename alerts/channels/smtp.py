"""Mail: one multipart message per alert, over a mail server of your own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

import aiosmtplib

from alerts.alert import Delivery
from alerts.channels import http, permit
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.smtp_settings import SmtpSettings
from alerts.render import mail as mails


class Smtp:
    """Class C: every attempt of one delivery has the same Message-ID; a possible repeat says so."""

    def __init__(self, name: str, settings: SmtpSettings, *, now: Callable[[], datetime]) -> None:
        self._name = name
        self._settings = settings
        self._now = now

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        own = self._settings.words(delivery)
        mail = mails.mail(
            delivery,
            self._settings.language,
            own,
            sender=self._settings.from_,
            to=self._settings.to,
            date=self._now(),
        )
        talk = _Talk()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return Receipt(await self._talk(mail.as_bytes(), talk), own.fault)
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(error.code, error.message) from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            worst = min(error.recipients, key=lambda r: r.code)  # one that may pass is worth a try
            raise self._refused(worst.code, worst.message) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            what = "no answer to the mail" if talk.written else "not reached"
            message = f"mail ({self._name}): {what} ({type(error).__name__})"
            raise ChannelError(message, ambiguous=talk.written) from None

    async def _talk(self, mail: bytes, talk: _Talk) -> str:
        """Speak SMTP step by step, so that we know whether the mail itself had been handed over."""
        set_ = self._settings
        server = aiosmtplib.SMTP(
            hostname=set_.host,
            port=set_.port,
            timeout=set_.timeout_s,
            use_tls=set_.tls == "implicit",
            start_tls=set_.tls == "starttls",
            username=set_.user or None,
            password=set_.password.get_secret_value() if set_.password else None,
        )
        try:
            await server.connect()
            await server.mail(parseaddr(set_.from_)[1])
            refused = await self._recipients(server)
            permit.demand()
            talk.written = True
            answer = await server.data(mail)
        finally:
            server.close()
        note = f"{answer.code} {answer.message}"
        return http.excerpt(f"{note}{refused}".encode(), self._secrets())

    async def _recipients(self, server: aiosmtplib.SMTP) -> str:
        """Name every recipient; raises only where all are refused, returns what to note."""
        refused = []
        for address in self._settings.to:
            try:
                await server.rcpt(parseaddr(address)[1])
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if len(refused) == len(self._settings.to):
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        return (
            f" ({len(refused)} of {len(self._settings.to)} recipients refused)" if refused else ""
        )

    def _refused(self, code: int, said: str) -> ChannelError:
        """4yz of SMTP passes, 5yz does not (RFC 5321, section 4.2.1)."""
        text = http.excerpt(said.encode("utf-8", "replace"), self._secrets())
        message = f"mail ({self._name}): answered {code}: {text}"
        return ChannelError(message, permanent=code >= 500)

    def _secrets(self) -> tuple[str, ...]:
        password = self._settings.password
        return (password.get_secret_value(),) if password else ()


@dataclass(slots=True)
class _Talk:
    """How far a conversation came."""

    written: bool = False
