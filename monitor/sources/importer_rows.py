"""One row of a foreign export as a mention: numbers, languages, kinds, ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import msgspec

from detectors.mention import Kind, Mention
from monitor.sources.base import mention_from
from monitor.sources.html_text import to_text
from monitor.sources.importer_dates import (
    DateForm,
    Order,
    Parsed,
    parse,
    parse_clock,
    parse_number,
)
from monitor.sources.replay import Complaint, complaint

DATE_ONLY = "date-only"
"""Tag on a mention whose export gave a day and no time."""
MANGLED = re.compile(r"^\d[.,]\d+E\+\d+$", re.IGNORECASE)
"""What a spreadsheet leaves of a long id."""
_COUNT = re.compile(r"^(\d[\d.,\s'’]*)\s*(k|m|tsd\.?|mio\.?)?$", re.IGNORECASE)
_SCALE = {"k": 1_000, "tsd": 1_000, "m": 1_000_000, "mio": 1_000_000}
_LANGS = {
    "german": "de", "deutsch": "de", "ger": "de", "deu": "de", "english": "en", "englisch": "en", "eng": "en",
    "french": "fr", "franzoesisch": "fr", "spanish": "es", "spanisch": "es", "italian": "it", "italienisch": "it",
    "dutch": "nl", "niederlaendisch": "nl", "polish": "pl", "polnisch": "pl", "turkish": "tr", "tuerkisch": "tr",
}  # fmt: skip
_COUNTRIES = {
    "germany": "DE", "deutschland": "DE", "austria": "AT", "oesterreich": "AT", "switzerland": "CH", "schweiz": "CH",
    "united kingdom": "GB", "grossbritannien": "GB", "united states": "US", "usa": "US", "vereinigte staaten": "US",
    "france": "FR", "frankreich": "FR", "netherlands": "NL", "niederlande": "NL", "italy": "IT", "italien": "IT",
}  # fmt: skip
_KINDS = (
    (("review", "bewertung", "rezension", "app store", "play store", "tripadvisor"), Kind.REVIEW),
    (("reply", "antwort"), Kind.REPLY),
    (("retweet", "share", "repost", "geteilt"), Kind.SHARE),
    (("comment", "kommentar", "forum", "message board"), Kind.COMMENT),
    (("news", "nachricht", "online", "print", "press", "presse", "article", "artikel", "blog", "web"), Kind.ARTICLE),
    (("video", "youtube", "tiktok"), Kind.VIDEO),
    (("direct message", "private", "dm"), Kind.DM),
    (("mail",), Kind.MAIL),
)  # fmt: skip
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read: our field -> column, the form of dates, what ids and sources are.

    ``zone`` is for times without an offset. ``ids``: fields to take an id from, in that order,
    before a hash of author, time and text. ``sources`` "" takes the ``source`` column's value.
    """

    columns: Mapping[str, int]
    form: DateForm
    order: Order
    zone: tzinfo
    ids: tuple[str, ...]
    source: str
    source_by_column: bool
    split_time: bool

    def cell(self, cells: Sequence[str], field: str) -> str:
        """Return a field's cell, stripped; "" where the row or the file has none."""
        column = self.columns.get(field)
        return cells[column].strip() if column is not None and column < len(cells) else ""

    def moment(self, cells: Sequence[str]) -> tuple[datetime, bool] | None:
        """Return (published, whether a time of day was given), None when it cannot be read."""
        value = self.cell(cells, "published")
        if self.form is DateForm.TEXT:
            parsed = parse(value, self.order) or parse(value, _other(self.order))
        else:
            parsed = parse_number(value, self.form)
        if parsed is None:
            return None
        if self.split_time and not parsed.has_time:
            clock = parse_clock(self.cell(cells, "time"))
            if clock is not None:
                parsed = Parsed(datetime.combine(parsed.at.date(), clock, parsed.at.tzinfo), True)
        at = parsed.at if parsed.at.tzinfo else parsed.at.replace(tzinfo=self.zone)
        return at.astimezone(UTC), parsed.has_time

    def mention(self, line: int, cells: Sequence[str]) -> Mention | Complaint:
        """Return the row's mention, or what is wrong with it."""
        moment = self.moment(cells)
        if moment is None:
            value = self.cell(cells, "published")
            return Complaint(line, "published_at", f"no date: {value[:60]!r}" if value else "empty")
        text = to_text(self.cell(cells, "text").replace("\r\n", "\n"))
        title = to_text(self.cell(cells, "title"))
        if not text and not title:
            return Complaint(line, "text", "empty, and no title either")
        try:
            return self._build(cells, moment, text, title)
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            return complaint(line, error)

    def _build(
        self, cells: Sequence[str], moment: tuple[datetime, bool], text: str, title: str
    ) -> Mention:
        at, has_time = moment
        url = self.cell(cells, "url")
        handle = self.cell(cells, "handle")[:512]
        tags = [t.strip(" #") for t in re.split(r"[,;|]", self.cell(cells, "tags"))]
        thread = self.cell(cells, "thread")[:512]
        return mention_from(
            {
                "source": self._source(cells),
                "source_id": self._id(cells, handle, at, text or title),
                "text": text or title,
                "title": title if text and title != text else "",
                "published_at": at,
                "url": url if len(url) <= 2048 else "",
                "lang": language(self.cell(cells, "lang")),
                "kind": kind_of(self.cell(cells, "kind"), self.cell(cells, "source")),
                "author": self._author(cells, handle),
                "thread_id": thread,
                "parent_id": self.cell(cells, "parent")[:512],
                "tags": (*(t for t in tags[:98] if t), *(() if has_time else (DATE_ONLY,))),
                "metrics": self._metrics(cells),
                "rating": rating(self.cell(cells, "rating")),
                "country": country(self.cell(cells, "country")),
            }
        )

    def _source(self, cells: Sequence[str]) -> str:
        found = slug(self.cell(cells, "source")) if self.source_by_column else ""
        return found or self.source

    def _id(self, cells: Sequence[str], handle: str, at: datetime, text: str) -> str:
        for field in self.ids:
            value = self.cell(cells, field)
            if value and len(value) <= 512 and not MANGLED.match(value):
                return value
        basis = f"{handle}\0{at.isoformat()}\0{text}"
        return hashlib.blake2b(basis.encode("utf-8", "replace"), digest_size=16).hexdigest()

    def _author(self, cells: Sequence[str], handle: str) -> dict[str, object] | None:
        name = self.cell(cells, "name")[:512]
        if not handle and not name:
            return None
        verified = self.cell(cells, "verified").lower()
        return {
            "handle": handle or name,
            "name": name,
            "followers": count(self.cell(cells, "followers")),
            "verified": verified in ("true", "1", "yes", "ja", "wahr") if verified else None,
        }

    def _metrics(self, cells: Sequence[str]) -> dict[str, int] | None:
        names = ("likes", "replies", "shares", "views", "reach")
        found = {name: count(self.cell(cells, name)) for name in names}
        return {name: value for name, value in found.items() if value is not None} or None


def count(value: str) -> int | None:
    """Return a count however it is grouped (``1.234``, ``1,234``, ``12.5K``); None: unreadable."""
    found = _COUNT.match(value.strip())
    if not found:
        return None
    digits = re.sub(r"[\s'’]", "", found[1]).rstrip(".,")
    scale = _SCALE.get((found[2] or "").lower().rstrip("."), 1)
    if scale == 1 and re.fullmatch(r"\d{1,3}([.,]\d{3})+", digits):
        return int(re.sub(r"[.,]", "", digits))
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+[.,]\d+", digits):
        whole, last = re.split(r"[.,](?=\d+$)", digits)
        return int(float(f"{re.sub('[.,]', '', whole)}.{last}") * scale)
    try:
        return int(float(digits.replace(",", ".")) * scale)
    except ValueError:
        return None


def rating(value: str) -> float | None:
    """Return a rating: ``4,5``, ``4.5``, ``4/5``, or stars; None: none or unreadable."""
    if value and set(value) <= {"★", "☆"}:
        return float(value.count("★"))
    found = re.match(
        r"^(\d+(?:[.,]\d+)?)\s*(?:/|von|of|\s*stars?|\s*sterne?|$)", value.strip(), re.I
    )
    return float(found[1].replace(",", ".")) if found else None


def language(value: str) -> str:
    """Return a language tag from a code or a name in German or English, "" when unknown."""
    text = value.strip().lower().translate(_FOLD)
    if re.fullmatch(r"[a-z]{2}([-_][a-z0-9]{2,8})?", text):
        return text.replace("_", "-")
    return _LANGS.get(text, "")


def country(value: str) -> str:
    """Return a two-letter country code, "" when unknown."""
    text = value.strip()
    if re.fullmatch(r"[A-Za-z]{2}", text):
        return text.upper()
    return _COUNTRIES.get(text.lower().translate(_FOLD), "")


def kind_of(*stated: str) -> Kind:
    """Return the kind that the first telling word stands for; a post otherwise."""
    for value in stated:
        text = value.strip().lower()
        if text in tuple(Kind):
            return Kind(text)
        for words, kind in _KINDS:
            if text and any(word in text for word in words):
                return kind
    return Kind.POST


def slug(value: str) -> str:
    """Return a source name made of small letters, digits and dashes, at most 64 characters."""
    text = value.strip().lower().translate(_FOLD)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:64]


def _other(order: Order) -> Order:
    return Order.MDY if order is Order.DMY else Order.DMY
