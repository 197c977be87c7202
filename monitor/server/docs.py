"""OpenAPI: the contract as JSON, with the door in it, and a page of it without foreign scripts."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from detectors.mention import Mention
from monitor.server.door import PATH

_REF = "#/components/schemas/{name}"
_METHODS = ("get", "post", "put", "patch", "delete")


def install(app: FastAPI) -> None:
    """Add the door and the problem document to what ``app.openapi()`` says, and ``/docs``."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:  # Any: an OpenAPI document
        if app.openapi_schema is None:
            schema = plain()
            schema["paths"][PATH] = {"post": _door()}
            components = schema.setdefault("components", {})
            _, wire = msgspec.json.schema_components([Mention], ref_template=_REF)
            components.setdefault("schemas", {}).update({**wire, **_own()})
            components["securitySchemes"] = _security()
            _problems(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    app.include_router(_page(app))


def _page(app: FastAPI) -> APIRouter:
    api = APIRouter()

    @api.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()))

    return api


def page(schema: dict[str, Any]) -> str:
    """Return the list of routes as plain HTML, without script and style."""
    rows = []
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            if method in _METHODS:
                words = operation.get("description") or operation.get("summary", "")
                rows.append(
                    f"<tr><th scope='row'><code>{method.upper()} {escape(path)}</code></th>"
                    f"<td>{escape(words)}</td></tr>"
                )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>Sturmglas API</title></head>"
        "<body><h1>Sturmglas API</h1><p>The contract for programs: "
        "<a href='/openapi.json'>openapi.json</a> (OpenAPI 3.1).</p>"
        f"<table><caption>Routes</caption>{''.join(rows)}</table></body></html>"
    )


def _door() -> dict[str, Any]:
    one = {"$ref": _REF.format(name="Mention")}
    answer = {"application/json": {"schema": {"$ref": _REF.format(name="Taken")}}}
    statuses = (400, 401, 405, 408, 413, 415, 421, 422, 500, 503)
    return {
        "tags": ["mentions"],
        "summary": "Take mentions",
        "description": "One mention, an array of them, NDJSON, or CloudEvents 1.0; at most 1,000. "
        "Answered when they are on disk.",
        "operationId": "take_mentions",
        "security": [{"token": []}, {"signature": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [one, {"type": "array", "items": one, "maxItems": 1000}]}
                }
            },
        },
        "responses": {
            "202": {"description": "On disk; bad ones listed.", "content": answer},
            **{str(status): _problem_response() for status in statuses},
        },
    }


def _problems(schema: dict[str, Any]) -> None:
    """State the problem document where FastAPI states its own validation error."""
    for methods in schema["paths"].values():
        for method, operation in methods.items():
            if method in _METHODS:
                responses = operation["responses"]
                statuses = {"401", "403", "404", "421", "422", "500", "503"}
                statuses |= {"409"} if method == "post" else set()
                for status in sorted(statuses - (set(responses) - {"422"})):
                    responses[status] = _problem_response()


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Problem")}
    content = {"application/problem+json": {"schema": schema}}
    return {"description": "A problem (RFC 9457).", "content": content}


def _own() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    rejection = {
        "type": "object",
        "required": ["index", "error"],
        "properties": {"index": number, "error": {"type": "string"}},
    }
    text = {"type": "string"}
    return {
        "Taken": {
            "type": "object",
            "required": ["accepted", "duplicates", "rejected"],
            "properties": {
                "accepted": number,
                "duplicates": number,
                "rejected": {"type": "array", "items": rejection},
            },
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {"type": text, "title": text, "status": number, "detail": text},
        },
    }


def _security() -> dict[str, Any]:
    signed = {"type": "apiKey", "in": "header", "name": "webhook-signature"}
    return {
        "token": {"type": "http", "scheme": "bearer"},
        "signature": {**signed, "description": "Standard Webhooks, see docs/api.md"},
    }
