"""Engine.IO servers for Python: real-time messages between browsers and Python.

The public names are loaded when they are first used, so that a threaded server does not import
asyncio, and none of them imports a web framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._guard import refuse_other_distribution

if TYPE_CHECKING:
    from .aio.server import AsyncServer
    from .errors import (
        ConfigError,
        ConnectionRefused,
        EngineIOError,
        MessageTooLargeError,
        QueueFullError,
        SessionClosedError,
        UnknownSessionError,
    )
    from .gateway.asgi import ASGIApp
    from .gateway.wsgi import Middleware, WSGIApp
    from .sync.server import Server
    from .types import Data, DisconnectInfo, Reason, Revision, SendData, Transport

__all__ = [
    "ASGIApp",
    "AsyncServer",
    "ConfigError",
    "ConnectionRefused",
    "Data",
    "DisconnectInfo",
    "EngineIOError",
    "MessageTooLargeError",
    "Middleware",
    "QueueFullError",
    "Reason",
    "Revision",
    "SendData",
    "Server",
    "SessionClosedError",
    "Transport",
    "UnknownSessionError",
    "WSGIApp",
    "__version__",
]

__version__ = "0.1.0.dev0"

_MODULES = {
    "ASGIApp": "gateway.asgi",
    "AsyncServer": "aio.server",
    "ConfigError": "errors",
    "ConnectionRefused": "errors",
    "Data": "types",
    "DisconnectInfo": "types",
    "EngineIOError": "errors",
    "MessageTooLargeError": "errors",
    "Middleware": "gateway.wsgi",
    "QueueFullError": "errors",
    "Reason": "types",
    "Revision": "types",
    "SendData": "types",
    "Server": "sync.server",
    "SessionClosedError": "errors",
    "Transport": "types",
    "UnknownSessionError": "errors",
    "WSGIApp": "gateway.wsgi",
}

refuse_other_distribution()


if not TYPE_CHECKING:
    # A type checker that saw this would take every misspelt name for a public one.

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
