"""fastapi-engineio with all its defaults, under uvicorn."""

from __future__ import annotations

from fastapi import FastAPI

from fastapi_engineio import EngineIO

from .counts import Application, with_counts


def _echo() -> Application:
    eio = EngineIO()

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return _application(eio)


def _broadcast() -> Application:
    eio = EngineIO()

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.broadcast(data)

    return _application(eio)


def _application(eio: EngineIO) -> Application:
    app = FastAPI()
    app.include_router(eio)
    return with_counts(app)


echo = _echo()
broadcast = _broadcast()
