"""Trouble: what is broken right now, for `/readyz` and the pages."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Trouble:
    """What is broken right now, by part, in plain words; empty when all is well."""

    parts: dict[str, str] = field(default_factory=dict)

    def tell(self, part: str, what: str) -> None:
        """Note what is wrong with ``part``; an empty text clears it."""
        if what:
            self.parts[part] = what
        else:
            self.parts.pop(part, None)

    def list(self) -> list[str]:
        """Return everything that is wrong, sorted by part."""
        return [f"{part}: {what}" for part, what in sorted(self.parts.items())]
