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
    from .aio.tornado_handler import get_tornado_handler
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
    from .http.request import Request
    from .options import ServerOptions
    from .protocol.events import RequestRejected
    from .protocol.packet import Packet
    from .sync.server import Server
    from .types import Data, DisconnectInfo, Environ, Reason, Revision, SendData, Transport

__all__ = [
    "ASGIApp",
    "AsyncServer",
    "ConfigError",
    "ConnectionRefused",
    "Data",
    "DisconnectInfo",
    "EngineIOError",
    "Environ",
    "MessageTooLargeError",
    "Middleware",
    "Packet",
    "QueueFullError",
    "Reason",
    "Request",
    "RequestRejected",
    "Revision",
    "SendData",
    "Server",
    "ServerOptions",
    "SessionClosedError",
    "Transport",
    "UnknownSessionError",
    "WSGIApp",
    "__version__",
    "get_tornado_handler",
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
    "Environ": "types",
    "MessageTooLargeError": "errors",
    "Middleware": "gateway.wsgi",
    "Packet": "protocol.packet",
    "QueueFullError": "errors",
    "Reason": "types",
    "Request": "http.request",
    "RequestRejected": "protocol.events",
    "Revision": "types",
    "SendData": "types",
    "Server": "sync.server",
    "ServerOptions": "options",
    "SessionClosedError": "errors",
    "Transport": "types",
    "UnknownSessionError": "errors",
    "WSGIApp": "gateway.wsgi",
    "get_tornado_handler": "aio.tornado_handler",
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
