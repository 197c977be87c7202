"""Problem: every error this server answers, decided once, as an RFC 9457 problem document."""

from __future__ import annotations

import logging
import math
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Unavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
ANSWERED = "sturmglas.problem"
"""Key in the ASGI scope: an unexpected error was logged and answered already."""


@dataclass(eq=False)
class Problem(Exception):
    """What went wrong, for a program (``status``, ``code``, ``extra``) and for a person (``detail``).

    ``code`` is the last part of the problem's ``type``; ``retry_after_s`` becomes the header
    ``Retry-After``, rounded up; ``extra`` are extension members and must be JSON-ready. Not
    frozen: Python itself writes the traceback into an exception that passes a ``with``.
    """

    status: int
    code: str
    detail: str
    retry_after_s: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the document. Never raises: what cannot be UTF-8 is escaped."""
        record = {
            "type": f"urn:sturmglas:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail.encode("utf-8", "backslashreplace").decode(),
            **self.extra,
        }
        return msgspec.json.encode(record)

    def all_headers(self) -> list[tuple[str, str]]:
        """Return the headers that belong to this problem, its media type among them."""
        found = [("content-type", MEDIA_TYPE), ("cache-control", "no-store"), *self.headers]
        if self.retry_after_s is not None:
            found.append(("retry-after", str(max(1, math.ceil(self.retry_after_s)))))
        return found

    def response(self) -> Response:
        return Response(self.body(), self.status, dict(self.all_headers()))


def unavailable(error: Unavailable) -> Problem:
    """Return the 503 of a log or store that cannot accept now."""
    return Problem(503, "unavailable", str(error), retry_after_s=error.retry_after_s)


def unexpected(error: BaseException) -> Problem:
    """Log ``error`` under a new id and return a 500 that carries the id and nothing else."""
    id = secrets.token_hex(6)
    log.error("unexpected error %s", id, exc_info=error)
    detail = f"An unexpected error; it is in the log of the server under {id}."
    return Problem(500, "unexpected", detail, extra={"id": id})


def complaints(error: RequestValidationError) -> list[dict[str, str]]:
    """Return each complaint as field and reason; the value sent is left out, it may be secret."""
    found = []
    for item in error.errors():
        place = [str(part) for part in item["loc"]]
        found.append({"field": ".".join(place[1:]) or place[0], "error": str(item["msg"])})
    return found


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = str(error.detail)
    if error.status_code == 404 and detail == phrase:
        detail = f"There is nothing at {request.url.path}; /docs lists what there is."
    elif error.status_code == 405:
        detail = f"{request.method} is not possible at {request.url.path}."
    headers = tuple((error.headers or {}).items())
    code = phrase.lower().replace(" ", "-")
    return Problem(error.status_code, code, detail, headers=headers).response()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = complaints(error)
    detail = "; ".join(f"{item['field']}: {item['error']}" for item in found[:5])
    return Problem(422, "invalid", detail, extra={"errors": found}).response()


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _not_found(request: Request, error: Exception) -> Response:
    return Problem(404, "not-found", str(error)).response()


async def _conflict(request: Request, error: Exception) -> Response:
    extra: dict[str, Any] = {}
    if by := getattr(error, "by", ""):
        extra["by"] = by
    if (at := getattr(error, "at", None)) is not None:
        extra["at"] = at
    return Problem(409, "conflict", str(error), extra=extra).response()


async def _impossible(request: Request, error: Exception) -> Response:
    return Problem(422, "invalid", str(error)).response()


async def _unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unavailable)
    return unavailable(error).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    request.scope[ANSWERED] = True
    return unexpected(error).response()


def install(app: FastAPI) -> None:
    """Give ``app`` one answer for every error that can leave a route."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(Invalid, _impossible)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)
