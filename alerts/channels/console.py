"""Console: the alert as plain text lines, for a terminal or a log."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ConsoleSettings(BaseModel):
    """Nothing to set but the language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["console"]
    language: Literal["de", "en"] = "de"
