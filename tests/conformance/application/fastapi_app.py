"""The conformance application inside a FastAPI application.

``uvicorn tests.conformance.application.fastapi_app:app`` runs it as users run theirs.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_engineio import EngineIO
from tests.conformance.application.aio import build_servers, count_tasks
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of


def introduce(request: Request) -> Visitor:
    """Return what a request tells about a client."""
    assert request.client is not None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Visitor(dict(request.query_params), headers, request.client.host)


class Counted:
    """Counts the requests of each key on their way to the servers: a middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = None if scope["type"] == "lifespan" else HTTPConnection(scope).query_params.get("key")
        if key is None:
            await self._app(scope, receive, send)
            return
        ledger.request_started(key)
        try:
            await self._app(scope, receive, send)
        finally:
            ledger.request_ended(key)


ledger = Ledger()
applications = build_servers("asgi", ledger, introduce)
app = FastAPI(openapi_url=None)
app.add_middleware(Counted)


@app.get("/ledger")
async def state() -> Any:
    """Answer what must be back at its old values after every scenario."""
    sessions = sum(len(application.eio.sids) for application in applications.values())
    return ledger.state(sessions, count_tasks())


@app.get("/ledger/{key}")
async def account(key: str) -> Any:
    """Answer the events of one key."""
    return ledger.account(key)


@app.websocket("/bare")
async def bare(websocket: WebSocket) -> None:
    """Hold a WebSocket that costs no more than the server below takes."""
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


for profile, application in applications.items():
    app.include_router(EngineIO(application.eio, path=path_of(profile)))


@app.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def elsewhere(path: str) -> JSONResponse:
    """Answer everything that no Engine.IO server is responsible for."""
    return JSONResponse({"elsewhere": f"/{path}"}, status_code=404)
