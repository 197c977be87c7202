"""Apprise: one of its some 150 services, for what has no channel of its own here.

Needs the extra ``sturmglas[apprise]``. Apprise opens its connections itself: the guarded transport
does not apply, and where it leads is only kept in bounds by ``schemas``. It answers yes or no and
little more, so a no is tried again, and counts as unknown unless it names the receiver's status.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field, SecretStr, model_validator

from alerts.alert import Action, Delivery
from alerts.channels import permit
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.common import Worded
from alerts.render import apprise as rendering
from detectors.detection import WAKE, Level

if TYPE_CHECKING:
    import apprise

T = TypeVar("T")

MISSING = "the package apprise is not installed; run pip install 'sturmglas[apprise]'"
_STATUS = re.compile(r"error=(\d{3})\b")
"""How its services tell an answer's status in their log; not all do."""

_CALLS_AND_TEXTS = (
    "46elks elks d7sms clicksend bulkvs bulksms burstsms kudosity smsmgr smsmanager smsc smstunnel "
    "smseagle smseagles sns plivo clickatell twilio voipms cm notifyre vonage nexmo msg91 "
    "freemobile atalk sfr kavenegar telnyx mobilemessage mobilemsg msgbird telesign sinch octopush "
    "kaleyra klr infobip seven serwersms httpsms exotel eight00com"
)
_ON_CALL = (
    "pagerduty opsgenie splunk victorops ilert signl4 squadcast pagertree goalert goalerts spike "
    "xmatters betterstack incidentio"
)
RINGING = frozenset([*_CALLS_AND_TEXTS.split(), *_ON_CALL.split()])
"""Schemas of services that call, text, or page by rules of their own."""


class AppriseSettings(Worded):
    """``url`` names service, access and one target, as github.com/caronc/apprise/wiki tells."""

    type: Literal["apprise"]
    url: SecretStr = Field(description="such as twilio://SID:TOKEN@FROM/TO; one target")
    schemas: list[str] = Field(
        min_length=1, description='what url may begin with, such as ["twilio"]'
    )
    timeout_s: float = Field(default=15.0, gt=0, le=60)

    @model_validator(mode="after")
    def _allowed(self) -> AppriseSettings:
        if self.schema_ not in [schema.lower() for schema in self.schemas]:
            raise ValueError(
                "apprise: url (not shown) begins with none of schemas; expected one of "
                + ", ".join(self.schemas)
            )
        return self

    @property
    def schema_(self) -> str:
        """What stands before ``://``, in small letters; "" where nothing does."""
        head, mark, _ = self.url.get_secret_value().partition("://")
        return head.strip().lower() if mark else ""

    @property
    def pierces_from(self) -> Level | None:
        """Calls, texts and on-call services ring by themselves; for others we cannot know."""
        return Level.CALM if self.schema_ in RINGING else None


class Apprise:
    """Class C: one call, one target, no retry inside; a repeat after an unknown outcome says so."""

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self._name = name
        self._settings = settings

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        lang = self._settings.language
        own = self._settings.words(delivery)
        title, text = rendering.title(delivery, lang, own), rendering.text(delivery, lang, own)
        client = await _in_thread(self._client)  # the first one loads 150 services
        permit.demand()
        work = partial(self._notify, client, title, text, _kind(delivery))
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                note = await _in_thread(work)
        except TimeoutError:
            message = f"{self._receiver}: no answer within {self._settings.timeout_s:g} s"
            raise ChannelError(message, ambiguous=True) from None
        return Receipt(note, own.fault)

    def _notify(self, client: apprise.Apprise, title: str, text: str, kind: str) -> str:
        """Send once, return what there is to note; runs in a thread of its own, because Apprise waits for its answers."""
        try:
            result = client.notify(body=text, title=title, notify_type=kind, body_format="text")
        except Exception as error:  # any of 150 services; its text could hold anything
            message = f"{self._receiver}: failed inside ({type(error).__name__})"
            raise ChannelError(message, ambiguous=True) from None
        if result:
            return "accepted; apprise tells no more"
        raise self._refusal(" ".join(str(entry) for one in result for entry in one.logs()))

    def _client(self) -> apprise.Apprise:
        """Return Apprise with the one service that the address names, made to try once.

        Made anew for each send, so that no service waits for the rate it likes; that is ours.
        """
        apprise = _loaded(self._receiver)
        asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, app_id="Sturmglas")
        url = self._settings.url.get_secret_value()
        service = apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            message = f"{self._receiver}: url is not an address that apprise knows; check it"
            raise ChannelError(message, permanent=True)
        service.retry = 0
        service.redirects = False
        service.socket_connect_timeout = min(5.0, self._settings.timeout_s / 2)
        service.socket_read_timeout = self._settings.timeout_s
        if len(service) != 1:
            message = f"{self._receiver}: url names {len(service)} targets; expected one a channel"
            raise ChannelError(message, permanent=True)
        client = apprise.Apprise(asset=asset)
        client.add(service)
        return client

    def _refusal(self, logged: str) -> ChannelError:
        """A no that names the receiver's status was heard; any other may have arrived."""
        status = _STATUS.search(logged)
        if status is not None:
            return ChannelError(f"{self._receiver}: answered {status[1]}")
        return ChannelError(
            f"{self._receiver}: not accepted; apprise tells no more", ambiguous=True
        )

    @property
    def _receiver(self) -> str:
        return f"apprise ({self._name})"


def installed() -> bool:
    """Return whether the package is there; nothing is imported."""
    return importlib.util.find_spec("apprise") is not None


def _loaded(receiver: str) -> ModuleType:
    """Return the package, quiet: its log lines name hosts. Not there: worth another try later."""
    try:
        import apprise
    except ImportError:
        raise ChannelError(f"{receiver}: {MISSING}") from None
    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(_SILENT)
    module: ModuleType = apprise
    return module


_SILENT = logging.NullHandler()


def _kind(delivery: Delivery) -> str:
    """Return Apprise's word for how bad it is; services choose colour or sound by it."""
    if delivery.alert.action is Action.RESOLVE:
        return "success"
    if delivery.alert.action is Action.ACKNOWLEDGE:
        return "info"
    return "failure" if delivery.alert.level >= WAKE else "warning"


async def _in_thread(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, from a thread that no stop of the process waits for."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[], None]) -> None:
        if not outcome.done():
            set_it()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            done = partial(outcome.set_exception, error)
        else:
            done = partial(outcome.set_result, result)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, done)

    threading.Thread(target=run, name="apprise", daemon=True).start()
    return await outcome
