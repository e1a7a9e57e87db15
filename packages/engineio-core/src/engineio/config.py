"""Every option, with its default, its unit and its check: the only place that knows them.

`ServerConfig.build` turns the keyword arguments of a server into a frozen value. Nothing here may
import a framework or read the environment.
"""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from .errors import ConfigError
from .types import JSONModule, OverflowPolicy, SyncHandlers, TransportName

__all__ = ["ALIASES", "ServerConfig"]

ALIASES: Mapping[str, str] = {"max_http_buffer_size": "max_payload"}
"""Other names that users know for an option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """All options of a server. Times are in seconds, sizes in bytes.

    Attributes:
        ping_interval: Time from a pong to the next ping (EIO 4), sent to clients in milliseconds.
        ping_timeout: Time a client has to answer a ping.
        max_payload: The largest POST body and WebSocket message taken, and the largest polling
            answer given. Alias: ``max_http_buffer_size``.
        transports: The transports offered, in order.
        allow_upgrades: Whether a polling session may turn into a WebSocket.
        allow_eio3: Whether clients of protocol revision 3 (JavaScript client 3.x) are served.
        allow_jsonp: Whether JSONP polling is served.
        cors_allowed_origins: None for same-origin only, one origin, several, ``"*"``, or a
            function ``(origin) -> bool``.
        cors_credentials: Whether cookies may accompany cross-origin requests.
        cookie: The name of a cookie that carries the sid to the load balancer, a dict of its
            attributes (``name``, ``path``, ``httponly``, ``samesite``, ``secure``, ``max_age``,
            ``domain``), or None for no cookie.
        http_compression: Whether polling answers may be compressed.
        compression_threshold: The smallest polling answer that is compressed.
        trusted_proxies: Addresses or networks whose ``X-Forwarded-*`` headers are believed.
        allow_request: ``(request) -> bool | str``, asked about every HTTP request and WebSocket
            before anything else happens; False or a text refuses with 403.
        generate_id: ``(request) -> str``, makes a sid in place of 128 random bits.
        json: Replacement for the ``json`` module, for ``send(dict)`` and ``decode_json``.
        decode_json: Whether incoming text that is a JSON object or array becomes dict or list.
        async_handlers: Whether the messages of one session may be handled concurrently.
        max_concurrent_handlers: The bound on that, a session.
        sync_handlers: Where the asyncio server runs plain functions: ``thread`` or ``inline``.
        send_queue_bytes: The most bytes a session's send queue holds.
        send_queue_packets: The most packets it holds.
        send_queue_policy: What happens to a message that finds the queue full.
        receive_queue_bytes: How many bytes of messages may wait for a handler before the server
            stops reading from the client.
        receive_queue_packets: The same in messages.
        max_packets_per_poll: The most packets in one polling answer; 0 for no limit.
        max_sessions: The most sessions of this server; more are answered 503. None for no limit.
        max_sessions_per_address: The same for one client address.
        connect_timeout: Time a ``connect`` handler has.
        first_request_timeout: Time a new polling session has for its first request.
        upgrade_timeout: Time an upgrade may take.
        body_timeout: Time a request body may take.
        write_timeout: Time a WebSocket may refuse to take a frame before the client is too slow.
        close_timeout: Time a peer has to take part in a close before the connection is dropped.
        shutdown_timeout: Time ``shutdown`` may take.
        logger: True for the package's logger at INFO, a logger, or False for warnings only.
    """

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    max_payload: int = 1_000_000
    transports: Sequence[TransportName] = ("polling", "websocket")
    allow_upgrades: bool = True
    allow_eio3: bool = False
    allow_jsonp: bool = False
    cors_allowed_origins: str | Iterable[str] | Callable[[str], bool] | None = None
    cors_credentials: bool = True
    cookie: str | Mapping[str, Any] | None = None
    http_compression: bool = True
    compression_threshold: int = 1024
    trusted_proxies: Sequence[str] = ()
    allow_request: Callable[[Any], bool | str] | None = None
    generate_id: Callable[[Any], str] | None = None
    json: JSONModule = field(default=json)
    decode_json: bool = False
    async_handlers: bool = False
    max_concurrent_handlers: int = 100
    sync_handlers: SyncHandlers = "thread"
    send_queue_bytes: int = 1_048_576
    send_queue_packets: int = 1_000
    send_queue_policy: OverflowPolicy = "wait"
    receive_queue_bytes: int = 1_048_576
    receive_queue_packets: int = 1_000
    max_packets_per_poll: int = 0
    max_sessions: int | None = None
    max_sessions_per_address: int | None = None
    connect_timeout: float = 10.0
    first_request_timeout: float = 10.0
    upgrade_timeout: float = 10.0
    body_timeout: float = 10.0
    write_timeout: float = 10.0
    close_timeout: float = 5.0
    shutdown_timeout: float = 5.0
    logger: bool | logging.Logger = False

    @classmethod
    def build(cls, options: Mapping[str, Any]) -> ServerConfig:
        """Return the configuration that ``options`` describe.

        Raises:
            ConfigError: An option is unknown (the message lists near matches), is given twice under
                two names, or its value is impossible.
        """
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in options.items():
            real = ALIASES.get(name, name)
            if real not in known:
                raise ConfigError(_unknown_option(name, known))
            if real in values:
                raise ConfigError(f"option {real!r} is given twice (as {name!r} too)")
            values[real] = value
        return cls(**values)

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            _check_number(name, getattr(self, name), minimum=0, exclusive=True)
        for name in _NOT_NEGATIVE:
            _check_number(name, getattr(self, name), minimum=0, exclusive=False)
        for name in _OPTIONAL_COUNTS:
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), minimum=0, exclusive=True)
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, not {getattr(self, name)!r}")
        _check_choice("send_queue_policy", self.send_queue_policy, get_args(OverflowPolicy))
        _check_choice("sync_handlers", self.sync_handlers, get_args(SyncHandlers))
        object.__setattr__(self, "transports", _transports(self.transports))
        for name in ("allow_request", "generate_id"):
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise ConfigError(f"{name} must be a function or None, not {value!r}")


_POSITIVE = (
    "ping_interval",
    "ping_timeout",
    "max_payload",
    "max_concurrent_handlers",
    "send_queue_bytes",
    "send_queue_packets",
    "receive_queue_bytes",
    "receive_queue_packets",
    "connect_timeout",
    "first_request_timeout",
    "upgrade_timeout",
    "body_timeout",
    "write_timeout",
    "close_timeout",
    "shutdown_timeout",
)
_NOT_NEGATIVE = ("compression_threshold", "max_packets_per_poll")
_OPTIONAL_COUNTS = ("max_sessions", "max_sessions_per_address")
_FLAGS = (
    "allow_upgrades",
    "allow_eio3",
    "allow_jsonp",
    "cors_credentials",
    "http_compression",
    "decode_json",
    "async_handlers",
)


def _unknown_option(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*known, *ALIASES], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"unknown option {name!r}{hint}"


def _check_number(name: str, value: object, *, minimum: float, exclusive: bool) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{name} must be a number, not {value!r}")
    # The comparison is written so that a NaN fails it.
    if not (value > minimum if exclusive else value >= minimum):
        raise ConfigError(f"{name} must be {'over' if exclusive else 'at least'} {minimum}")


def _check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _transports(value: object) -> tuple[TransportName, ...]:
    names: tuple[Literal["polling", "websocket"], ...] = get_args(TransportName)
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Iterable):
        raise ConfigError(f"transports must be a list of {' and '.join(names)}, not {value!r}")
    chosen = tuple(given)
    for name in chosen:
        _check_choice("transports", name, names)
    if not chosen:
        raise ConfigError("transports must name at least one transport")
    return tuple(name for name in names if name in chosen)
