"""Texts of the pages in German and English: a table, a lookup, and a language that exists for tests.

A table beats gettext here: two languages, both written by us at the same time, and mypy, tests
and reviewers see every text beside its twin. `PSEUDO` renders every text in brackets and 40 %
longer; what stands outside brackets on such a page was never given to a translator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup

from dashboards.web.format import Formats
from dashboards.web.locale import (
    answer_links,
    answers,
    calibration,
    duty,
    health,
    incident,
    planned,
    queries,
    reading,
    reasons,
    settings,
    shell,
    silences,
    situation,
)

LANGUAGES = ("de", "en")
PSEUDO = "qps"

MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **shell.TEXTS,
        **reasons.TEXTS,
        **situation.TEXTS,
        **incident.TEXTS,
        **settings.TEXTS,
        **planned.TEXTS,
        **duty.TEXTS,
        **health.TEXTS,
        **queries.TEXTS,
        **reading.TEXTS,
        **calibration.TEXTS,
        **answers.TEXTS,
        **silences.TEXTS,
        **answer_links.TEXTS,
    }
)
"""Key -> (German, English). ``|`` parts singular from plural; ``{n}`` chooses. May hold <b>."""


class MissingText(KeyError):
    """A key that no table has."""


@dataclass(frozen=True, slots=True)
class Translator:
    """Looks up texts for one language; numbers among the arguments are written its way."""

    lang: str
    formats: Formats

    def __call__(self, key: str, /, **args: object) -> Markup:
        """Return the text of ``key`` with ``args`` filled in and escaped; `MissingText` if unknown."""
        try:
            german, english = MESSAGES[key]
        except KeyError:
            raise MissingText(f"no text {key!r} in dashboards/web/locale") from None
        text = german if self.lang == "de" else english
        if "|" in text:
            one, many = text.split("|")
            text = one if args.get("n") == 1 else many
        written = {
            name: self.formats.number(value)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else value
            for name, value in args.items()
        }
        return self.mark(Markup(text).format(**written))  # noqa: S704 -- the tables are ours

    def has(self, key: str) -> bool:
        return key in MESSAGES

    def mark(self, text: Markup) -> Markup:
        """Return ``text`` as it is, or in the brackets of the test language."""
        if self.lang != PSEUDO:
            return text
        return Markup("⟦{}{}⟧").format(text, "·" * (len(text) * 2 // 5))


def pick_language(accept: str, default: str) -> str:
    """Return the best of `LANGUAGES` for an ``Accept-Language`` header, else ``default``.

    Quality values are obeyed; a malformed part counts as not said.
    """
    best, best_quality = default if default in LANGUAGES else "en", 0.0
    for part in accept.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best
