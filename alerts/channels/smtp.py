"""Mail: one multipart message per alert, over a mail server of your own."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SmtpSettings(BaseModel):
    """``tls`` speaks TLS from the first byte (port 465), ``starttls`` upgrades (port 587)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["smtp"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    tls: bool = False
    user: str = ""
    password: SecretStr | None = None
    from_: str = Field(description="sender address, may carry a name")
    to: list[str] = Field(min_length=1)
    timeout_s: float = Field(default=20.0, gt=0, le=120)
    language: Literal["de", "en"] = "de"

    @model_validator(mode="after")
    def _one_kind_of_tls(self) -> SmtpSettings:
        if self.tls and self.starttls:
            raise ValueError("smtp: tls and starttls exclude each other; set one of them to false")
        if bool(self.user) != (self.password is not None):
            raise ValueError("smtp: user and password belong together; set both or none")
        return self
