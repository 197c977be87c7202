"""The naive service of the field, as a peer: what a competent day's work gives.

FastAPI's model of doing it: pydantic for the body, VADER for sentiment, py3langid for language,
substring search for keywords, SQLAlchemy's ORM with one session, get-then-add against duplicates,
a counter row per brand and minute, commit per 100. Same durability as ours (WAL, FULL).
Described in the field's tutorials and in docs/benchmarks.md; written for this comparison only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

MODELS = "VADER + py3langid"


class NaiveAuthor(BaseModel):
    handle: str = ""
    followers: int | None = None


class NaiveMention(BaseModel):
    source: str
    source_id: str
    text: str
    published_at: datetime
    url: str = ""
    kind: str = "post"
    author: NaiveAuthor | None = None
    thread_id: str = ""
    metrics: dict[str, int] | None = None


class Base(DeclarativeBase):
    """The ORM's base."""


class MentionRow(Base):
    __tablename__ = "mentions"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    source: Mapped[str]
    text: Mapped[str]
    published_at: Mapped[datetime]
    url: Mapped[str]
    author: Mapped[str]
    lang: Mapped[str]
    sentiment: Mapped[float]
    brand: Mapped[str | None]


class CountRow(Base):
    __tablename__ = "counts"

    brand: Mapped[str] = mapped_column(String, primary_key=True)
    minute: Mapped[str] = mapped_column(String, primary_key=True)
    mentions: Mapped[int] = mapped_column(default=0)
    negatives: Mapped[int] = mapped_column(default=0)


class NaiveService:
    """Takes bodies; everything happens inside the request, as it does in such services."""

    def __init__(self, path: Path, keywords: dict[str, list[str]], secret: bytes) -> None:
        import py3langid
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._langid = py3langid
        self._vader = SentimentIntensityAnalyzer()
        self._keywords = keywords
        self._secret = secret
        self._body = TypeAdapter(list[NaiveMention])
        self.engine = create_engine(f"sqlite:///{path}")
        event.listen(self.engine, "connect", _durable)
        Base.metadata.create_all(self.engine)

    def ingest(self, body: bytes, signature: str) -> int:
        """Verify, validate, score, store and count one body; return how many were new."""
        expected = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, expected):
            raise PermissionError("bad signature")
        return self.store(self._body.validate_json(body))

    def store(self, mentions: Sequence[NaiveMention]) -> int:
        """Score, store and count what one request brought; return how many were new."""
        new = 0
        with Session(self.engine) as session:
            for mention in mentions:
                new += self._one(session, mention)
            session.commit()
        return new

    def _one(self, session: Session, mention: NaiveMention) -> bool:
        id = f"{mention.source}:{mention.source_id}"
        if session.get(MentionRow, id) is not None:
            return False
        lang, _ = self._langid.classify(mention.text)
        compound: float = self._vader.polarity_scores(mention.text)["compound"]
        brand = self._brand(mention.text)
        row = MentionRow(
            id=id,
            source=mention.source,
            text=mention.text,
            published_at=mention.published_at,
            url=mention.url,
            author=mention.author.handle if mention.author else "",
            lang=lang,
            sentiment=compound,
            brand=brand,
        )
        session.add(row)
        if brand is not None:
            self._count(session, brand, mention.published_at, compound <= -0.05)
        return True

    def _brand(self, text: str) -> str | None:
        lowered = text.lower()
        for brand, words in self._keywords.items():
            if any(word in lowered for word in words):
                return brand
        return None

    def _count(self, session: Session, brand: str, at: datetime, negative: bool) -> None:
        key = (brand, at.strftime("%Y-%m-%dT%H:%M"))
        row = session.get(CountRow, key)
        if row is None:
            row = CountRow(brand=key[0], minute=key[1], mentions=0, negatives=0)
            session.add(row)
        row.mentions += 1
        row.negatives += int(negative)

    def rows(self) -> tuple[int, int]:
        """Return (rows, sum of counts)."""
        with Session(self.engine) as session:
            counted = sum(row.mentions for row in session.query(CountRow))
            return session.query(MentionRow).count(), counted

    def close(self) -> None:
        self.engine.dispose()


def _durable(connection: Any, _record: object) -> None:
    # Any: the driver's connection, as SQLAlchemy hands it to listeners.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def signatures(bodies: Sequence[bytes], secret: bytes) -> list[str]:
    """Return the hex HMAC-SHA256 of each body."""
    return [hmac.new(secret, body, hashlib.sha256).hexdigest() for body in bodies]
