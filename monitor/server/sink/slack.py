"""A workspace of Slack: messages that can be changed, threads, and looking them up again.

It answers as the Web API does (docs.slack.dev/reference/methods), and refuses by the same words. Every
message that it took stands here, so that a test can ask what a reader of the channel would see.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from monitor.server.sink.kept import Json
from monitor.server.sink.receivers import Verdict, json_object, slack_complaint

FIRST_TS = 1_700_000_000
PAGE = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands. ``edits``: how often it was changed; ``body``: what it shows now."""

    ts: str
    channel: str
    body: Json
    thread_ts: str = ""
    edits: int = 0

    @property
    def text(self) -> str:
        return str(self.body.get("text", ""))

    @property
    def in_channel(self) -> bool:
        """True where it stands in the channel itself."""
        return not self.thread_ts or bool(self.body.get("reply_broadcast"))

    def listed(self) -> Json:
        shown: Json = {"ts": self.ts, "text": self.text, "metadata": self.body.get("metadata")}
        return {**shown, "thread_ts": self.thread_ts} if self.thread_ts else shown


@dataclass(slots=True)
class Workspace:
    """Everything posted, by ts. Safe between threads. ``whispers``: what single people were told.

    ``sockets``: the address that apps.connections.open hands out, "" for none. ``lacks``: the scope without
    which nothing can be looked up.
    """

    sockets: str = ""
    lacks: str = ""
    whispers: list[Json] = field(default_factory=list)
    _messages: dict[str, Message] = field(default_factory=dict)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def messages(self) -> list[Message]:
        """Everything that stands, oldest first."""
        with self._lock:
            return list(self._messages.values())

    def delete(self, ts: str) -> None:
        """Remove a message, as a person may."""
        with self._lock:
            del self._messages[ts]

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()
            self.whispers.clear()

    def post(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like chat.postMessage."""
        body, refused = self._checked(raw, headers)
        if body is None:
            return refused
        thread = str(body.get("thread_ts", ""))
        with self._lock:
            if thread and thread not in self._messages:
                return no("thread_not_found")
            self._count += 1
            ts = f"{FIRST_TS + self._count}.000100"
            channel = place_of(str(body["channel"]))
            self._messages[ts] = Message(ts, channel, body, thread)
        return yes({"ts": ts, "channel": channel}, body)

    def update(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like chat.update; metadata that is not given stays."""
        body, refused = self._checked(raw, headers)
        if body is None:
            return refused
        with self._lock:
            before = self._messages.get(str(body.get("ts", "")))
            if before is None or before.channel != body["channel"]:
                return no("message_not_found")
            changed = {**before.body, **body}
            self._messages[before.ts] = replace(before, body=changed, edits=before.edits + 1)
        return yes({"ts": before.ts, "channel": before.channel}, body)

    def whisper(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like chat.postEphemeral."""
        body, refused = self._checked(raw, headers)
        if body is None:
            return refused
        if not body.get("user"):
            return no("user_not_in_channel")
        with self._lock:
            self.whispers.append(body)
        return yes({"message_ts": f"{FIRST_TS}.000000"}, body)

    def open(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like conversations.open."""
        if not _is_bot(headers):
            return no("invalid_auth")
        body = json_object(raw) or {}
        return answer({"channel": {"id": place_of(str(body.get("users", "")))}})

    def connect(self, headers: Mapping[str, str]) -> Verdict:
        """Answer like apps.connections.open."""
        if not headers.get("authorization", "").startswith("Bearer xapp-"):
            return no("not_allowed_token_type")
        return answer({"url": self.sockets}) if self.sockets else no("internal_error")

    def history(self, query: Mapping[str, str]) -> Json:
        """Answer like conversations.history: newest first, a page at a time."""
        if self.lacks:
            return {"ok": False, "error": "missing_scope", "needed": self.lacks}
        found = [m for m in reversed(self.messages) if m.in_channel]
        return self._page([m for m in found if m.channel == query.get("channel")], query)

    def replies(self, query: Mapping[str, str]) -> Json:
        """Answer like conversations.replies: the message, then its thread, oldest first."""
        ts = query.get("ts", "")
        found = [m for m in self.messages if ts in (m.ts, m.thread_ts)]
        if not any(m.ts == ts and m.channel == query.get("channel") for m in found):
            return {"ok": False, "error": "thread_not_found"}
        return self._page(found, query)

    def _page(self, found: list[Message], query: Mapping[str, str]) -> Json:
        limit = min(int(query.get("limit", PAGE)), PAGE)
        start = int(query.get("cursor", "0") or 0)
        after = str(start + limit) if start + limit < len(found) else ""
        listed = [m.listed() for m in found[start : start + limit]]
        more = {"next_cursor": after}
        return {
            "ok": True,
            "messages": listed,
            "has_more": bool(after),
            "response_metadata": more,
        }

    def _checked(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Json | None, Verdict]:
        if not _is_bot(headers):
            return None, no("invalid_auth")
        body = json_object(raw)
        if body is None:
            return None, no("invalid_json")
        if not body.get("channel"):
            return None, no("channel_not_found")
        complaint = slack_complaint(body)
        return (None, no(complaint)) if complaint else (body, no(""))


def place_of(channel: str) -> str:
    """Return the conversation behind what a message was sent to: with a person it has an id of its own."""
    return f"D{channel[1:]}" if channel.startswith("U") else channel


def _is_bot(headers: Mapping[str, str]) -> bool:
    return headers.get("authorization", "").startswith("Bearer xoxb-")


def no(error: str) -> Verdict:
    return Verdict(200, json.dumps({"ok": False, "error": error}))


def yes(said: Json, taken: Json) -> Verdict:
    return Verdict(200, json.dumps({"ok": True, **said}), taken)


def answer(said: Json) -> Verdict:
    """Say yes to what is not kept."""
    return Verdict(200, json.dumps({"ok": True, **said}))
