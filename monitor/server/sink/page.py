"""The sink's page: what each receiver would have shown, newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from alerts.render.slack import COLOURS
from monitor.server.sink.kept import Json, Kept, Received
from monitor.server.sink.slack import Message, Workspace

SHOWN = 20
"""Messages shown for each receiver; the count above the list tells of all."""
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
MAIL_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'self'"
)
_STATIC = Path(__file__).parent / "static"
_LEVELS = {colour: int(level) for level, colour in COLOURS.items()}

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Was die Empfänger bekommen hätten", "What the receivers would have got"),
    "banner": (
        "Nichts davon hat diesen Rechner verlassen.",
        "Nothing of this left this machine.",
    ),
    "explain": (
        "Empfänger auf diesem Rechner haben angenommen, was sonst an Slack, PagerDuty, Webhook und Mail ginge.",
        "Receivers on this machine took what would go to Slack, PagerDuty, a webhook and mail.",
    ),
    "empty": ("Noch nichts eingegangen.", "Nothing has arrived yet."),
    "messages": ("Nachrichten", "messages"),
    "phone": ("Sperrbildschirm", "lock screen"),
    "raw": ("wie empfangen", "as received"),
    "text": ("Textteil", "text part"),
    "repeat": (
        "wiederholt, gleicher Schlüssel: kein zweiter Alarm",
        "repeat, same key: no second page",
    ),
    "trigger": ("klingelt", "rings"),
    "acknowledge": ("bestätigt", "acknowledged"),
    "resolve": ("beendet", "resolved"),
    "signed": ("Signatur geprüft", "signature verified"),
    "thread": ("im Thread", "in the thread"),
    "edited": ("bearbeitet", "edited"),
    "more": ("nur die neuesten 20 gezeigt", "only the newest 20 shown"),
    "other": ("English", "Deutsch"),
}


def slack_html(text: str) -> Markup:
    """Return Slack's mrkdwn as HTML: bold, italic, line breaks; everything else stays text.

    Slack's escapes for &, < and > are HTML's, so they are undone before HTML escaping.
    """
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    safe = str(escape(plain))
    safe = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", safe)
    safe = re.sub(r"(?<![\w])_([^_\n]+)_(?![\w])", r"<i>\1</i>", safe)
    return Markup(safe.replace("\n", "<br>"))  # noqa: S704  # escaped two lines above


def _class_of(attachment: Mapping[str, object]) -> str:
    return f"l{_LEVELS.get(str(attachment.get('color')), 0)}"


def _pretty(kept: Received) -> str:
    """Return the body as received, indented; the routing key does not belong on a page."""
    shown = {**kept.parsed}
    if "routing_key" in shown:
        shown["routing_key"] = "***"
    return json.dumps(shown, ensure_ascii=False, indent=2)


_TEMPLATES = Environment(
    loader=PackageLoader("monitor.server.sink"),
    autoescape=True,
    undefined=ChainableUndefined,  # what arrives may have any shape; the page shows it all the same
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["slack"] = slack_html
_TEMPLATES.filters["attachment_class"] = _class_of
_TEMPLATES.filters["pretty"] = _pretty


def _by_bot(kept: Received) -> bool:
    """True for what a bot posted: it is shown as it stands, not as it came."""
    return kept.channel == "slack" and bool({"channel", "files"} & kept.parsed.keys())


@dataclass(frozen=True, slots=True)
class Shown:
    """A message at ``place`` (a channel, a conversation with a person) as it stands now, and what its thread says."""

    place: str
    body: Json
    edits: int
    thread: tuple[Json, ...]


def threads(messages: Sequence[Message]) -> list[Shown]:
    """Return the messages of a channel, the newest first, each with its thread."""
    roots = [m for m in reversed(messages) if not m.thread_ts]
    return [
        Shown(
            root.channel,
            root.body,
            root.edits,
            tuple(m.body for m in messages if m.thread_ts == root.ts),
        )
        for root in roots
    ]


def render(all_kept: list[Received], lang: str, messages: Sequence[Message] = ()) -> str:
    """Return the page in German, or in English for any ``lang`` but "de".

    ``messages``: what was posted by bots, which change it and reply to it.
    """
    german = lang == "de"
    lists = {
        channel: [k for k in reversed(all_kept) if k.channel == channel and not _by_bot(k)]
        for channel in ("slack", "pagerduty", "webhook", "mail")
    }
    return _TEMPLATES.get_template("page.html.j2").render(
        lang="de" if german else "en",
        other="en" if german else "de",
        t={key: pair[0] if german else pair[1] for key, pair in WORDS.items()},
        lists=lists,
        live=threads(messages),
        shown=SHOWN,
        version=len(all_kept),
    )


def routes(kept: Kept, slack: Workspace) -> list[Route]:
    """Return the page's routes."""

    async def index(request: Request) -> Response:
        lang = request.query_params.get("lang", "de")
        html = render(kept.all(), lang, slack.messages)
        return HTMLResponse(html, headers=_headers(CSP))

    async def mail(request: Request) -> Response:
        n = request.path_params["n"]
        found = next((k for k in kept.all() if k.n == n and k.channel == "mail"), None)
        if found is None:
            return Response("no such mail", 404)
        return HTMLResponse(str(found.parsed["html"]), headers=_headers(MAIL_CSP))

    async def picture(request: Request) -> Response:
        found = slack.files.find(request.path_params["id"])
        if found is None or not found.data:
            return Response("no such file", 404)
        return Response(found.data, media_type="image/png", headers=_headers(CSP))

    async def version(request: Request) -> Response:
        return JSONResponse({"version": len(kept.all())}, headers={"cache-control": "no-store"})

    def static(name: str, kind: str) -> Route:
        body = (_STATIC / name).read_bytes()

        async def file(request: Request) -> Response:
            return Response(body, media_type=kind, headers=_headers(CSP))

        return Route(f"/{name}", file)

    return [
        Route("/", index),
        Route("/mail/{n:int}", mail),
        Route("/slack/file/{id}", picture),
        Route("/version", version),
        static("sink.css", "text/css"),
        static("sink.js", "text/javascript"),
    ]


def _headers(csp: str) -> dict[str, str]:
    return {
        "content-security-policy": csp,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
