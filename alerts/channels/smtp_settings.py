"""Settings of mail, apart from what sends it: they are read by processes that send nothing."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator

from alerts.channels.common import Worded


class SmtpSettings(Worded):
    """``tls``: "starttls" upgrades (port 587), "implicit" is TLS from the first byte (port 465),
    "none" only for a server of your own that is near.
    """

    type: Literal["smtp"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str = ""
    password: SecretStr | None = None
    from_: str = Field(
        validation_alias=AliasChoices("from_", "from"),
        description="sender address, may carry a name",
    )
    to: list[str] = Field(min_length=1)
    timeout_s: float = Field(default=20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _addresses_and_access(self) -> SmtpSettings:
        for address in (self.from_, *self.to):
            if "@" not in parseaddr(address)[1] or not address.isascii():
                raise ValueError(f"smtp: {address!r} is no mail address; expected name@example.org")
        if bool(self.user) != (self.password is not None):
            raise ValueError("smtp: user and password belong together; set both or none")
        return self

    def sent_to(self, addresses: Sequence[str]) -> Self:
        return self._changed(to=list(addresses))
