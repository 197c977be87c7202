"""Feed: an RSS or Atom feed, polled politely.

Asks only for what is new (ETag, Last-Modified), heeds Retry-After, follows a permanent move and
remembers it, and reads what can be read of a malformed feed. Source of the rules: RFC 9110
sections 8.8, 10.2.3 and 13; feedparser's documentation on bozo detection.
"""

from __future__ import annotations

import hashlib
import io
import random
import threading
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import httpx
import msgspec

from detectors.mention import Kind, Mention
from monitor.clock import Clock
from monitor.settings import FeedSource
from monitor.sources.base import (
    BATCH,
    Intake,
    SourceError,
    insist,
    keep_running,
    mention_from,
    parse_instant,
    tell_failed,
)
from monitor.sources.html_text import to_text

SIZE_LIMIT = 5 * 1024 * 1024
"""Largest feed read, in bytes after unpacking: a zip bomb stops here."""
SEEN_LIMIT = 2_000
"""Ids remembered; beyond that the oldest are forgotten, and the store's own ids catch a repeat."""
MOVES = 5
TIMEOUT = httpx.Timeout(15.0, connect=10.0)
UNDATED = "undated"
"""Tag on an entry without a date: it counts when we saw it."""
Span = tuple[datetime, datetime]


class Feed:
    """Polls one feed every ``settings.every_s`` seconds (give or take 5 %) through ``client``.

    The client is injected so that one guard against private addresses stands before all our
    requests; it must not follow redirects itself. Cursor: etag, last_modified, url after a
    permanent move, ids seen, the newest entry's date, the most entries it ever showed. An entry's id
    is its guid, else its link, else a hash.

    A feed shows its newest entries only. One that shows as many as ever, none of them seen before and
    all newer than what was newest, has let some scroll out between two polls: that span is capped.
    """

    def __init__(
        self, name: str, settings: FeedSource, client: httpx.Client, clock: Clock, *, seed: int = 0
    ) -> None:
        self._name = name
        self._url = settings.url
        self._client = client
        self._clock = clock
        self._every_s = float(settings.every_s)
        self._kind = Kind(settings.kind)
        self._rng = random.Random(f"{seed}/{name}")

    @property
    def name(self) -> str:
        return self._name

    def run(self, intake: Intake, stop: threading.Event) -> None:
        # A request may be on its way when stop comes: it is left to its own thread, whose end
        # nobody waits for. Nothing is lost, because the cursor is saved last.
        worker = threading.Thread(
            target=self._poll, args=(intake, stop), name=f"feed-{self._name}", daemon=True
        )
        worker.start()
        stop.wait()
        worker.join(timeout=1.0)

    def _poll(self, intake: Intake, stop: threading.Event) -> None:
        keep_running(
            self._name,
            lambda: self._turn(intake, stop),
            intake,
            stop,
            self._rng,
            base_s=min(10.0, self._every_s),
            cap_s=max(self._every_s, 900.0),
        )

    def _turn(self, intake: Intake, stop: threading.Event) -> float:
        cursor = dict(intake.cursor(self._name))
        if cursor.get("configured") != self._url:
            cursor = {"configured": self._url}
        reply = self._fetch(str(cursor.get("url") or self._url), cursor)
        if stop.is_set():
            return 0.0
        complaints: list[str] = []
        if reply is not None:
            headers, url, body, moved = reply
            feed = _parse(url, headers, body)
            seen = [str(i) for i in cursor.get("seen", ())]
            fresh = self._fresh(feed, url, set(seen), complaints)
            span = _scrolled_out(fresh, len(feed.entries), cursor)
            if not self._hand_on(fresh, span, intake, stop):
                return 0.0
            dates = [m.published_utc for m in fresh]
            newest = max(
                [d for d in (parse_instant(cursor.get("newest")), *dates) if d], default=None
            )
            cursor = {
                "configured": self._url,
                "url": url if moved else cursor.get("url", ""),
                "etag": headers.get("etag", ""),
                "last_modified": headers.get("last-modified", ""),
                "seen": [*seen, *(m.source_id for m in fresh)][-SEEN_LIMIT:],
                "newest": newest.isoformat() if newest else "",
                "most": max(len(feed.entries), _most(cursor)),
            }
            intake.save_cursor(self._name, cursor)
        if complaints:
            more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
            intake.failed(self._name, complaints[0] + more)
        else:
            intake.ok(self._name)
        return self._every_s * self._rng.uniform(0.95, 1.05)

    def _hand_on(
        self, fresh: list[Mention], span: Span | None, intake: Intake, stop: threading.Event
    ) -> bool:
        if span is not None and not self._insist(
            lambda: intake.capped(self._name, *span), intake, stop
        ):
            return False
        for at in range(0, len(fresh), BATCH):
            part = fresh[at : at + BATCH]
            if not self._insist(partial(intake.put, self._name, part), intake, stop):
                return False
        return True

    def _insist(self, action: Callable[[], None], intake: Intake, stop: threading.Event) -> bool:
        return insist(
            action,
            stop,
            self._rng,
            on_wait=lambda error: tell_failed(intake, self._name, error),
        )

    # --- fetch ----------------------------------------------------------------------------

    def _fetch(
        self, url: str, cursor: Mapping[str, Any]
    ) -> tuple[httpx.Headers, str, bytes, bool] | None:
        """Return (headers, url, body, moved for good), or None when nothing changed."""
        headers = {
            "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
        }
        if cursor.get("etag"):
            headers["If-None-Match"] = str(cursor["etag"])
        if cursor.get("last_modified"):
            headers["If-Modified-Since"] = str(cursor["last_modified"])
        permanent = True
        moved = False
        for _ in range(MOVES + 1):
            with self._client.stream(
                "GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=False
            ) as reply:
                if reply.status_code == httpx.codes.NOT_MODIFIED:
                    return None
                if reply.status_code in (301, 302, 303, 307, 308) and "location" in reply.headers:
                    permanent = permanent and reply.status_code in (301, 308)
                    moved = moved or permanent
                    url = _next(url, reply.headers["location"])
                    continue
                self._check(url, reply)
                return reply.headers, url, _read(url, reply), moved and permanent
        raise SourceError(f"{_shown(url)}: more than {MOVES} redirects")

    def _check(self, url: str, reply: httpx.Response) -> None:
        code = reply.status_code
        if code == 200:
            return
        if code in (429, 503):
            asked = _retry_after(reply.headers.get("retry-after", ""), self._clock.now())
            raise SourceError(
                f"{_shown(url)}: HTTP {code}, asked to wait",
                retry_after_s=asked if asked is not None else self._every_s,
            )
        if code == 410:
            raise SourceError(
                f"{_shown(url)}: HTTP 410, gone for good; remove this source", retry_after_s=3600.0
            )
        raise SourceError(f"{_shown(url)}: HTTP {code}; expected 200 or 304")

    # --- entries --------------------------------------------------------------------------

    def _fresh(self, feed: Any, url: str, seen: set[str], complaints: list[str]) -> list[Mention]:
        """Return the entries not seen before, oldest first; an unusable one is complained of."""
        found: list[Mention] = []
        lang = str(feed.feed.get("language", ""))
        for number, entry in enumerate(feed.entries, 1):
            try:
                mention = self._mention(entry, url, lang)
            except (msgspec.ValidationError, ValueError, KeyError, TypeError) as error:
                complaints.append(f"{_shown(url)}: entry {number}: {error}")
                continue
            if mention.source_id not in seen:
                seen.add(mention.source_id)
                found.append(mention)
        return sorted(found, key=lambda m: m.published_at)

    def _mention(self, entry: Mapping[str, Any], url: str, lang: str) -> Mention:
        title = to_text(str(entry.get("title", "")))
        text = to_text(_content(entry))
        link = urljoin(url, str(entry.get("link", ""))) if entry.get("link") else ""
        published = _date(entry)
        tags = [str(t.get("term") or "")[:512] for t in entry.get("tags", ())[:90]]
        if published is None:
            tags.append(UNDATED)
        author = str(entry.get("author", ""))[:512]
        return mention_from(
            {
                "source": self._name,
                "source_id": _entry_id(entry, link, title, text),
                "text": text or title,
                "title": title if text else "",
                "published_at": published or self._clock.now(),
                "url": link if len(link) <= 2048 else "",
                "lang": lang if len(lang) <= 35 else "",
                "kind": self._kind,
                "author": {"handle": author} if author else None,
                "tags": tuple(tag for tag in tags if tag),
            }
        )


def _scrolled_out(fresh: list[Mention], shown: int, cursor: Mapping[str, Any]) -> Span | None:
    """Return the span of which entries were lost between the fetch before and this one, if any.

    ``fresh``: those of the ``shown`` entries that are new, oldest first.
    """
    newest = parse_instant(cursor.get("newest"))
    if newest is None or not fresh or len(fresh) < shown or shown < _most(cursor):
        return None
    oldest = fresh[0].published_utc
    return (newest, oldest) if oldest > newest else None


def _most(cursor: Mapping[str, Any]) -> int:
    most = cursor.get("most")
    return most if isinstance(most, int) else 0


def _parse(url: str, headers: httpx.Headers, body: bytes) -> Any:
    """Return the parsed feed; malformed ones with entries are kept, those without are an error."""
    # No base address is given: feedparser would make a guid "17" into a link and so into another
    # id whenever the feed moves. Relative links are joined in `_mention`.
    told = {"content-type": headers.get("content-type", "")}
    feed = feedparser.parse(
        io.BytesIO(body), response_headers=told, sanitize_html=False, resolve_relative_uris=False
    )
    if not feed.entries and (feed.bozo or not feed.get("version")):
        reason = " ".join(str(feed.get("bozo_exception", "no feed in it")).split())[:160]
        raise SourceError(f"{_shown(url)}: neither RSS nor Atom: {reason}")
    return feed


def _read(url: str, reply: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in reply.iter_bytes():
        body += chunk
        if len(body) > SIZE_LIMIT:
            raise SourceError(
                f"{_shown(url)}: larger than {SIZE_LIMIT // 2**20} MiB", retry_after_s=3600.0
            )
    return bytes(body)


def _next(url: str, location: str) -> str:
    target = urljoin(url, location)
    if urlsplit(target).scheme not in ("http", "https"):
        raise SourceError(f"{_shown(url)}: redirect to something that is not http")
    return target


def _shown(url: str) -> str:
    """Return a URL fit for errors and logs: no user, no password, no query (tokens live there)."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After asks for (number or date), None when there is none."""
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def _date(entry: Mapping[str, Any]) -> datetime | None:
    for key in ("published_parsed", "updated_parsed", "created_parsed"):
        parsed = entry.get(key)
        if parsed:
            try:
                return datetime.fromtimestamp(timegm(parsed), UTC)
            except (OverflowError, ValueError, OSError):
                continue
    return None


def _content(entry: Mapping[str, Any]) -> str:
    """Return the longest body that the entry has: content, else summary."""
    bodies: Iterable[str] = (
        *(str(part.get("value", "")) for part in entry.get("content", ())),
        str(entry.get("summary", "")),
    )
    return max(bodies, key=len)


def _entry_id(entry: Mapping[str, Any], link: str, title: str, text: str) -> str:
    stated = str(entry.get("id", "")) or link
    if stated and len(stated) <= 512:
        return stated
    if not stated and not title and not text:
        raise ValueError("entry without id, link, title and text")
    basis = stated or f"{title}\0{text}"
    return hashlib.blake2b(basis.encode("utf-8", "replace"), digest_size=16).hexdigest()
