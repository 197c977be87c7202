"""The naive service over HTTP, as FastAPI's tutorial would have it: pydantic bodies, JSON answers."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

from monitor.bench.naive import NaiveMention, NaiveService


def naive_app(path: Path, keywords: dict[str, list[str]], token: str) -> FastAPI:
    """Return the naive service; the answer is given after its rows are committed.

    The whole work is done in the event loop, one request at a time: its threads would only wait
    for SQLite's one writer and for the interpreter, and cost more.
    """
    service = NaiveService(path, keywords, b"")
    app = FastAPI()

    def check(authorization: str) -> None:
        if not secrets.compare_digest(authorization, f"Bearer {token}"):
            raise HTTPException(401)

    @app.post("/many", status_code=202)
    async def many(
        mentions: list[NaiveMention], authorization: Annotated[str, Header()] = ""
    ) -> dict[str, int]:
        check(authorization)
        return {"accepted": service.store(mentions)}

    @app.post("/one", status_code=202)
    async def one(
        mention: NaiveMention, authorization: Annotated[str, Header()] = ""
    ) -> dict[str, int]:
        check(authorization)
        return {"accepted": service.store([mention])}

    return app


def forgetful_app() -> FastAPI:
    """Return FastAPI with the same pydantic model, which validates and stores nothing."""
    app = FastAPI()

    @app.post("/many", status_code=202)
    async def many(mentions: list[NaiveMention]) -> dict[str, int]:
        return {"accepted": len(mentions)}

    return app
