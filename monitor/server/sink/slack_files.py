"""Files of a workspace of Slack: an address to post to, the bytes, and that they are all there.

As files.getUploadURLExternal and files.completeUploadExternal do (docs.slack.dev/messaging/working-with-files).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from monitor.server.sink.kept import Json
from monitor.server.sink.receivers import Verdict
from monitor.server.sink.slack_words import answer, is_bot, no

SCOPE = "files:write"
ALT_LIMIT = 1000
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class File:
    """One file: what was said of it, and its bytes once they came."""

    id: str
    name: str
    length: int
    alt: str
    data: bytes = b""


@dataclass(slots=True)
class Files:
    """All files, by id. Safe between threads. ``allowed``: whether the app has the scope."""

    allowed: bool = True
    elsewhere: str = ""
    """An address that is handed out in place of ours, for a test; "" for ours."""
    _all: dict[str, File] = field(default_factory=dict)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, id: str) -> File | None:
        with self._lock:
            return self._all.get(id)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def begin(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like files.getUploadURLExternal, which is sent as a form."""
        if not is_bot(headers):
            return no("invalid_auth")
        if not self.allowed:
            return no("missing_scope", needed=SCOPE)
        said = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        length, alt = said.get("length", ""), said.get("alt_txt", "")
        if not said.get("filename") or not length.isdigit() or len(alt) > ALT_LIMIT:
            return no("invalid_arguments")
        with self._lock:
            self._count += 1
            id = f"F{self._count:06}"
            self._all[id] = File(id, said["filename"], int(length), alt)
        url = self.elsewhere or f"http://{headers['host']}/slack/upload/{id}"
        return answer({"upload_url": url, "file_id": id})

    def receive(self, id: str, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Answer like the address that was handed out; a token has no business there."""
        with self._lock:
            found = self._all.get(id)
            if found is None or "authorization" in headers:
                return Verdict(403, "forbidden")
            if len(raw) != found.length or not raw.startswith(PNG):
                return Verdict(400, "not what was announced")
            self._all[id] = replace(found, data=raw)
        return Verdict(200, f"OK - {len(raw)}")

    def complete(self, body: Json) -> list[Json] | str:
        """Return what is shown of the files of a call, or the word by which it is refused."""
        files = body.get("files")
        if not isinstance(files, list) or not files:
            return "invalid_arguments"
        shown: list[Json] = []
        for one in files:
            found = self.find(str(one.get("id", ""))) if isinstance(one, dict) else None
            if found is None or not found.data:
                return "file_not_found"
            shown.append({"id": found.id, "title": str(one.get("title", "")), "alt_txt": found.alt})
        return shown
