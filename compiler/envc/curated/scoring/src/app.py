"""Answers over HTTP: `POST /score` with what `score.py` says, and `GET /health`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import score
from fastapi import FastAPI, HTTPException


@asynccontextmanager
async def prepare(_: FastAPI) -> AsyncIterator[None]:
    """Load the model before the first request."""
    score.init()
    yield


app = FastAPI(title="scoring", lifespan=prepare)


@app.get("/health")
def health() -> dict[str, str]:
    """Answer, which is all that a health check asks for."""
    return {"status": "ok"}


@app.post("/score")
def answer(data: dict[str, Any]) -> dict[str, Any]:
    """Return the scores of what was sent."""
    try:
        return score.run(data)
    except (KeyError, TypeError, ValueError) as error:
        raise HTTPException(status_code=422, detail=f"{type(error).__name__}: {error}") from error
