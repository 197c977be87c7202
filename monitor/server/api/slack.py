"""Slack's way back: presses of buttons, signed by Slack."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from alerts.channels.slack_settings import SlackSettings
from alerts.posted import Answer
from monitor.clock import Clock
from monitor.desk.errors import Invalid
from monitor.server.body import declared, too_large
from monitor.server.errors import Problem
from monitor.server.slack_presses import SlackPresses
from monitor.server.slack_signature import signers
from monitor.service import Service
from monitor.settings import Settings

PATH = "/slack/interactions"
LIMIT = 512 * 1024
"""Bytes of a request: Slack sends the whole message along."""
PATIENCE_S = 2.0
"""How long Slack waits for the desk's work; it gives up after three seconds."""

log = logging.getLogger("sturmglas.slack")


def router(service: Service, wall: Clock) -> APIRouter:
    """Return the route; ``wall`` dates signatures, never a time-lapse."""
    api = APIRouter()
    secrets, presses = secrets_of(service.settings), SlackPresses(service)
    running: set[asyncio.Task[None]] = set()

    async def work(payload: Mapping[str, Any], channels: tuple[str, ...]) -> None:
        for answer in await asyncio.to_thread(presses.take, payload, channels):
            await tell(service, answer)

    @api.post(PATH, include_in_schema=False)
    async def interactions(request: Request) -> Response:
        """Take a press; 200 within three seconds, whatever the store is doing."""
        if not secrets:
            raise Problem(404, "not-set", "no channel of the settings has a signing_secret")
        raw = await _read(request)
        channels = signers(secrets, request.headers, raw, wall.now().timestamp())
        if not channels:
            raise Problem(401, "unauthorised", "not signed by Slack for us within five minutes")
        task = asyncio.create_task(_kept(work(payload_of(raw), channels)))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.wait({task}, timeout=PATIENCE_S)
        return Response(status_code=200)

    return api


def secrets_of(settings: Settings) -> dict[str, str]:
    """Return the signing secrets, by channel."""
    return {
        name: given.signing_secret.get_secret_value()
        for name, given in settings.channels.items()
        if isinstance(given, SlackSettings) and given.signing_secret is not None
    }


def payload_of(raw: bytes) -> dict[str, Any]:
    """Return what a request of Slack's holds; raises `Problem` 400 where it is none."""
    try:
        [text] = parse_qs(raw.decode(), strict_parsing=True, max_num_fields=8)["payload"]
        payload = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise Problem(400, "bad-payload", "expected a form with one payload of JSON")
    return payload


async def tell(service: Service, answer: Answer) -> None:
    """Tell Slack what came of it, where this process can."""
    if service.answer is not None:
        await service.answer(answer)


async def _kept(work: Any) -> None:
    """Run to the end, also when the request is answered: its trouble is logged, and nobody else's."""
    try:
        await work
    except Invalid as error:
        log.warning("slack: a payload that is not understood: %s", error)
    except Exception as error:  # the outermost loop of a press
        log.error("slack: a press could not be answered (%s)", type(error).__name__)


async def _read(request: Request) -> bytes:
    declared(request.headers, LIMIT)
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > LIMIT:
            raise too_large(LIMIT)
    return raw
