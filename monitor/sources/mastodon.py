"""MastodonStream: a Mastodon server's live stream, with whatever was missed fetched after a break.

Events and heartbeats: docs.joinmastodon.org, methods/streaming. A stream that sends no heartbeat
is dead even if it stays open; one that sends only heartbeats is alive and merely idle.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import requests
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    StreamListener,
)

from detectors.mention import AccountType, Kind, Mention
from monitor.clock import stopwatch
from monitor.ports import EntryKind
from monitor.settings import MastodonSource
from monitor.sources.base import (
    Intake,
    SourceError,
    describe,
    full_jitter,
    insist,
    keep_running,
    mention_from,
    parse_instant,
    tell_failed,
)
from monitor.sources.html_text import to_text

STALL_S = 90.0
"""Without a byte for so long the stream counts as dead; heartbeats come every 15 seconds."""
PAGE = 40
PAGES = 50
"""At most 2,000 posts are fetched after a break; a longer hole is told, not hidden."""
OPEN_TO_ALL = ("public", "unlisted")
"""Only what everybody may read is taken; followers-only and direct posts are never stored."""
_REFUSED = "fetching what was missed was refused"


class MastodonStream:
    """Follows ``public``, ``public/local``, one ``hashtag`` or the ``user`` stream of one server.

    Connects first and then fetches what was missed, so that no post falls between the two. Cursor:
    the newest id handed on. Edits are handed on as UPDATED, deletions as deletions. A post that
    cannot be read is told and costs only itself.
    """

    def __init__(
        self,
        name: str,
        settings: MastodonSource,
        *,
        session: requests.Session | None = None,
        stall_s: float = STALL_S,
        seed: int = 0,
    ) -> None:
        self._name = name
        self._token = settings.token.get_secret_value() if settings.token else ""
        self._stream = settings.stream
        self._hashtag = settings.hashtag.strip("# ")
        if self._stream == "hashtag" and not self._hashtag:
            raise ValueError(f'source {name}: stream = "hashtag" needs a hashtag')
        if self._stream == "user" and not self._token:
            raise ValueError(f'source {name}: stream = "user" needs a token')
        self._url = settings.url.rstrip("/")
        self._session = session
        self._stall_s = stall_s
        self._rng = random.Random(f"{seed}/{name}")
        self._listener: _Listener | None = None

    @property
    def name(self) -> str:
        return self._name

    def run(self, intake: Intake, stop: threading.Event) -> None:
        # The client blocks in a read that only closing the connection ends; so it has a thread.
        worker = threading.Thread(
            target=self._follow, args=(intake, stop), name=f"mastodon-{self._name}", daemon=True
        )
        worker.start()
        stop.wait()
        if self._listener is not None:
            self._listener.close()
        worker.join(timeout=1.5)

    def _follow(self, intake: Intake, stop: threading.Event) -> None:
        keep_running(self._name, lambda: self._turn(intake, stop), intake, stop, self._rng)

    def _turn(self, intake: Intake, stop: threading.Event) -> float:
        api = Mastodon(
            access_token=self._token or None,
            api_base_url=self._url,
            ratelimit_method="throw",
            request_timeout=15,
            session=self._session or requests.Session(),
            user_agent="sturmglas",
        )
        listener = _Listener(self, api, intake, stop)
        self._listener = listener
        try:
            self._listen(api, listener)
            error: Exception = SourceError(f"{self._url}: the server ended the stream")
        except (MastodonError, requests.RequestException, OSError, AttributeError) as caught:
            error = caught if listener.worked else SourceError(self._reason(caught))
        finally:
            listener.close()
        if stop.is_set():
            return 0.0
        if not listener.worked:
            raise error
        # It had worked: a break, not a fault. Tell it, and come back soon.
        tell_failed(intake, self._name, SourceError(self._reason(error)))
        return full_jitter(0, self._rng)

    def _reason(self, error: BaseException) -> str:
        return f"{self._url}: {describe(error)}"

    def _listen(self, api: Mastodon, listener: _Listener) -> None:
        if self._stream == "hashtag":
            api.stream_hashtag(self._hashtag, listener, timeout=self._stall_s)
        elif self._stream == "user":
            api.stream_user(listener, timeout=self._stall_s)
        else:
            local = self._stream == "public/local"
            api.stream_public(listener, timeout=self._stall_s, local=local)

    def page(self, api: Mastodon, min_id: str) -> list[Mapping[str, Any]]:
        """Return one page of the timeline behind ``min_id``, newest first; "": the newest page."""
        behind = {"min_id": min_id} if min_id else {}
        if self._stream == "hashtag":
            found = api.timeline_hashtag(self._hashtag, limit=PAGE, **behind)
        elif self._stream == "user":
            found = api.timeline_home(limit=PAGE, **behind)
        else:
            local = self._stream == "public/local"
            found = api.timeline_public(limit=PAGE, local=local, **behind)
        return list(found)

    @property
    def rng(self) -> random.Random:
        return self._rng


class _Listener(StreamListener):
    """One connection: catches up as soon as it stands, then hands on what it is sent."""

    def __init__(
        self, source: MastodonStream, api: Mastodon, intake: Intake, stop: threading.Event
    ) -> None:
        self._source = source
        self._name = source.name
        self._api = api
        self._intake = intake
        self._stop = stop
        self._newest = str(intake.cursor(source.name).get("id", ""))
        self._saved = self._newest
        self._saved_at = stopwatch()
        self._response: requests.Response | None = None
        self.worked = False
        self._at: datetime | None = None

    def close(self) -> None:
        """End the connection from any thread; a read that is under way returns at once."""
        response = self._response
        if response is None:
            return
        with suppress(OSError, AttributeError, ValueError, RuntimeError):
            response.raw.shutdown()
        with suppress(OSError, AttributeError, ValueError, RuntimeError):
            response.close()

    def handle_stream(self, response: requests.Response) -> None:
        self._response = response
        self._catch_up()
        if self._stop.is_set():
            return
        self.worked = True
        super().handle_stream(response)  # type: ignore[no-untyped-call]  # Mastodon.py

    # --- events ---------------------------------------------------------------------------

    def on_update(self, status: Mapping[str, Any]) -> None:
        self._take([status], EntryKind.CREATED)

    def on_status_update(self, status: Mapping[str, Any]) -> None:
        self._take([status], EntryKind.UPDATED)

    def on_delete(self, status_id: object) -> None:
        ids = [str(status_id)]
        self._insist(lambda: self._intake.delete(self._name, ids))

    def handle_heartbeat(self) -> None:
        self._save(force=True)
        self._intake.ok(self._name)

    def on_unknown_event(self, name: str, unknown_event: object = None) -> None:
        """Newer servers send more kinds of events; those are none of ours."""

    # --- handing on -----------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Fetch what was published while nobody listened; at the first start the newest page."""
        since = self._newest
        try:
            for _ in range(PAGES):
                found = self._source.page(self._api, since)
                self._take(list(reversed(found)), EntryKind.CREATED)
                newest = max((str(s["id"]) for s in found), key=_id_order, default="")
                if not since or not newest or self._stop.is_set():
                    break
                since = newest
            else:
                self._tell_hole()
            self._intake.ok(self._name)
        except MastodonNetworkError:
            raise
        except (MastodonAPIError, SourceError) as error:
            # Some servers close their timelines and leave the stream open: say so, and listen.
            tell_failed(self._intake, self._name, SourceError(f"{_REFUSED}: {describe(error)}"))
        self._save(force=True)

    def _tell_hole(self) -> None:
        """Take the newest page too; what lies before it was cut off, and is told as such."""
        last = self._at
        found = self._source.page(self._api, "")
        dates = [at for at in map(_created, found) if at is not None]
        if last is not None and dates and min(dates) > last:
            span = (last, min(dates))
            self._insist(lambda: self._intake.capped(self._name, *span))
        self._take(list(reversed(found)), EntryKind.CREATED)
        raise SourceError(f"a hole: more than {PAGES * PAGE} posts were missed")

    def _take(self, statuses: Iterable[Mapping[str, Any]], kind: EntryKind) -> None:
        mentions: list[Mention] = []
        ids: list[str] = []
        dates: list[datetime | None] = []
        for status in statuses:
            dates.append(_created(status))
            try:
                ids.append(str(status["id"]))
                mention = to_mention(self._name, status)
            except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError) as e:
                tell_failed(
                    self._intake, self._name, SourceError(f"unreadable post: {describe(e)}")
                )
                continue
            if mention is not None:
                mentions.append(mention)
        if mentions and not self._insist(lambda: self._intake.put(self._name, mentions, kind)):
            return
        if kind is EntryKind.CREATED and ids:
            self._newest = max([self._newest, *ids], key=_id_order)
            self._at = max([d for d in (self._at, *dates) if d is not None], default=None)
        self._save()

    def _insist(self, action: Any) -> bool:
        done = insist(
            action,
            self._stop,
            self._source.rng,
            on_wait=lambda error: tell_failed(self._intake, self._name, error),
            cap_s=5.0,
        )
        if not done:
            self.close()
        return done

    def _save(self, *, force: bool = False) -> None:
        """Save the cursor at most about once a second: a repeat costs nothing, a write does."""
        now = stopwatch()
        if self._newest != self._saved and (force or now - self._saved_at > 1.0):
            self._intake.save_cursor(self._name, {"id": self._newest})
            self._saved, self._saved_at = self._newest, now


def to_mention(source: str, status: Mapping[str, Any]) -> Mention | None:
    """Return a status as a mention; None for one that is not open to everybody.

    Raises KeyError, TypeError, ValueError or `msgspec.ValidationError` for a malformed one.
    """
    visibility = status.get("visibility")
    if not visibility:
        raise ValueError("it does not say who may read it")
    if visibility not in OPEN_TO_ALL:
        return None
    shared = status.get("reblog")
    body = shared or status
    created = status["created_at"]
    if isinstance(created, str):  # Mastodon.py 2.3 leaves the dates of edited posts as they came
        created = datetime.fromisoformat(created)
    if not isinstance(created, datetime):
        raise TypeError(f"created_at: expected a date, got {str(created)[:40]!r}")
    parent = str(status.get("in_reply_to_id") or "")
    kind = Kind.SHARE if shared else Kind.REPLY if parent else Kind.POST
    card = body.get("card") or {}
    return mention_from(
        {
            "source": source,
            "source_id": str(status["id"]),
            "text": to_text(str(body.get("content") or "")),
            "title": to_text(str(body.get("spoiler_text") or "")),
            "published_at": created,
            "url": _short(status.get("url") or status.get("uri") or "", 2048),
            "lang": _short(body.get("language") or "", 35),
            "kind": kind,
            "author": _author(status.get("account") or {}),
            "thread_id": parent or str(status["id"]),
            "parent_id": parent,
            "tags": tuple(str(t["name"])[:512] for t in (body.get("tags") or ())[:100]),
            "links": (str(card["url"])[:2048],) if card.get("url") else (),
            "media": tuple(
                {"type": str(m.get("type") or ""), "url": _short(m.get("url") or "", 2048),
                 "alt": _short(m.get("description") or "", 4096)}
                for m in (body.get("media_attachments") or ())[:50]
            ),
            "metrics": {
                "likes": int(body.get("favourites_count") or 0),
                "replies": int(body.get("replies_count") or 0),
                "shares": int(body.get("reblogs_count") or 0),
            },
        }
    )  # fmt: skip


def _created(status: Mapping[str, Any]) -> datetime | None:
    """Return when a post was published; None where it does not say so readably."""
    created = status.get("created_at")
    return created if isinstance(created, datetime) else parse_instant(created)


def _author(account: Mapping[str, Any]) -> dict[str, object]:
    kind = AccountType.BOT if account.get("bot") else AccountType.PERSON
    followers = account.get("followers_count")
    return {
        "handle": _short(account.get("acct") or "", 512),
        "name": _short(account.get("display_name") or "", 512),
        "followers": max(0, int(followers)) if followers is not None else None,
        "account_type": AccountType.ORG if account.get("group") else kind,
    }


def _short(value: object, limit: int) -> str:
    return str(value)[:limit]


def _id_order(status_id: str) -> tuple[int, str]:
    """Order of ids: numbers as strings on Mastodon, sortable words of one length elsewhere."""
    return len(status_id), status_id
