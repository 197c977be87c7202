"""ntfy: a push to phones, through ntfy.sh or a server of your own (docs.ntfy.sh/publish)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from alerts.alert import Delivery
from alerts.channels import http
from alerts.channels.base import ChannelClass, Receipt
from alerts.channels.common import Worded, one_of
from alerts.render import ntfy
from alerts.render.message import OwnWords
from detectors.detection import Level

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx


class NtfySettings(Worded):
    """``topic`` is a secret: on a server without access control whoever knows it reads and writes.

    Access by ``token``, or by ``user`` and ``password``, or neither.
    """

    type: Literal["ntfy"]
    url: str = Field(default="https://ntfy.sh", pattern=r"^https?://[^\s/]+\S*$")
    topic: SecretStr = Field(description="letters, digits, - and _, at most 64; hard to guess")
    token: SecretStr | None = Field(default=None, description="access token, tk_...")
    user: str = ""
    password: SecretStr | None = None
    urgent_from: int = Field(
        default=5, ge=0, le=6, description="from this level on with the highest priority"
    )
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @field_validator("topic")
    @classmethod
    def _is_a_topic(cls, topic: SecretStr) -> SecretStr:
        if not is_topic(topic.get_secret_value()):
            raise ValueError("ntfy: expected a topic of letters, digits, - and _, at most 64")
        return topic

    @model_validator(mode="after")
    def _one_access(self) -> NtfySettings:
        if bool(self.user) != (self.password is not None):
            raise ValueError("ntfy: user and password belong together; set both or none")
        if self.user and self.token is not None:
            raise ValueError("ntfy: set either token, or user and password")
        return self

    @property
    def pierces_from(self) -> Level | None:
        """The highest priority may override Do Not Disturb, where the phone's owner allows it."""
        return Level(self.urgent_from)

    def sent_to(self, addresses: Sequence[str]) -> Self:
        return self._changed(topic=one_of(addresses))


class Ntfy:
    """Class C: the server takes a repeat as a new message. It is marked, and has the same
    ``sequence_id``, by which newer servers let it replace the first one on the phone."""

    def __init__(self, name: str, settings: NtfySettings, client: httpx.AsyncClient) -> None:
        self._name = name
        self._settings = settings
        self._client = client

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        own = self._settings.words(delivery)
        answer = await http.send(
            self._client,
            self._request(delivery, own),
            receiver=f"ntfy ({self._name})",
            timeout_s=self._settings.timeout_s,
            secrets=self._secrets(),
        )
        return Receipt(f"answered {answer.status}{_id(answer.body)}", own.fault)

    def _request(self, delivery: Delivery, own: OwnWords) -> httpx.Request:
        set_ = self._settings
        topic = set_.topic.get_secret_value()
        said = ntfy.publication(delivery, set_.language, topic, Level(set_.urgent_from), own)
        request = self._client.build_request("POST", set_.url, json=said)
        if set_.token is not None:
            request.headers["authorization"] = f"Bearer {set_.token.get_secret_value()}"
        elif set_.password is not None:
            request.headers["authorization"] = _basic(set_.user, set_.password.get_secret_value())
        return request

    def _secrets(self) -> tuple[str, ...]:
        held = (self._settings.topic, self._settings.token, self._settings.password)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)


def is_topic(text: str) -> bool:
    """Return whether ntfy takes ``text`` as a topic (docs.ntfy.sh/publish/#picking-a-topic)."""
    return re.fullmatch(r"[-_A-Za-z0-9]{1,64}", text) is not None


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _id(body: bytes) -> str:
    """Return the message's id as the server answers it; "" where it says none."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    id = said.get("id", "") if isinstance(said, dict) else ""
    return f": message {id[:40]}" if isinstance(id, str) and id.isalnum() else ""
