"""Every option, with its default, its unit and its check: the only place that knows them.

`ServerConfig.build` turns the keyword arguments of a server into a frozen value. Nothing here may
import a framework or read the environment.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, get_args

from .errors import ConfigError
from .functions import is_async
from .types import JSONModule, OverflowPolicy, SyncHandlers, TransportName

if TYPE_CHECKING:
    from .http.request import Request

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
        cors_allowed_origins: None for same-origin only, one origin, several (which must include
            the server's own), ``"*"``, or a function ``(origin) -> bool``.
        cors_credentials: Whether browsers are told that pages of the origins named may use cookies
            over long-polling; with ``"*"`` they never are. A WebSocket carries cookies anyway.
        cookie: The name of a cookie that carries the sid to the load balancer, a dict of its
            attributes (``name``, ``path``, ``httponly``, ``samesite``, ``secure``, ``max_age``,
            ``domain``), or None for no cookie.
        http_compression: Whether polling answers may be compressed.
        compression_threshold: The smallest polling answer that is compressed.
        trusted_proxies: Addresses or networks whose ``X-Forwarded-*`` headers are believed;
            ``unix`` stands for peers on a Unix socket.
        allow_request: ``(request) -> bool | str``, asked about every GET, POST and WebSocket, those
            of open sessions too, once its transport and its Origin have passed and before its
            session is looked for. Anything but True refuses with 403, a text is the message. A
            plain function; never asked about OPTIONS.
        generate_id: ``(request) -> str``, makes a sid in place of 128 random bits. A plain
            function; what it returns must be in use by no other session.
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
    allow_request: Callable[[Request], bool | str] | None = None
    generate_id: Callable[[Request], str] | None = None
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

    @classmethod
    def build(cls, options: Mapping[str, Any]) -> ServerConfig:
        """Return the configuration that ``options`` describe.

        Raises:
            ConfigError: An option is unknown (the message lists near matches), is given twice under
                two names, or its value is impossible.
        """
        return cls(**_values(options))

    def with_options(self, options: Mapping[str, Any]) -> ServerConfig:
        """Return this configuration with other values for ``options``.

        Raises:
            ConfigError: As for `build`.
        """
        return replace(self, **_values(options))

    def __post_init__(self) -> None:
        for name in _DURATIONS:
            _check_duration(name, getattr(self, name))
        for name, least in _COUNTS.items():
            _check_count(name, getattr(self, name), least)
        for name in _OPTIONAL_COUNTS:
            if getattr(self, name) is not None:
                _check_count(name, getattr(self, name), 1)
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, not {getattr(self, name)!r}")
        _check_heartbeat(self.ping_interval, self.ping_timeout)
        _check_choice("send_queue_policy", self.send_queue_policy, get_args(OverflowPolicy))
        _check_choice("sync_handlers", self.sync_handlers, get_args(SyncHandlers))
        object.__setattr__(self, "transports", _transports(self.transports))
        for name in ("allow_request", "generate_id"):
            _check_function(name, getattr(self, name))
        _check_functions("json", self.json, ("dumps", "loads"))


_DURATIONS = (
    "ping_interval",
    "ping_timeout",
    "connect_timeout",
    "first_request_timeout",
    "upgrade_timeout",
    "body_timeout",
    "write_timeout",
    "close_timeout",
    "shutdown_timeout",
)
# With the least value of each.
_COUNTS: Mapping[str, int] = {
    "max_payload": 1,
    "max_concurrent_handlers": 1,
    "send_queue_bytes": 1,
    "send_queue_packets": 1,
    "receive_queue_bytes": 1,
    "receive_queue_packets": 1,
    "compression_threshold": 0,
    "max_packets_per_poll": 0,
}
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
# JavaScript keeps a timeout as 31 bits of milliseconds, and a longer one ends at once.
_LONGEST_TIMER = (2**31 - 1) / 1000


def _values(options: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(ServerConfig)}
    values: dict[str, Any] = {}
    for name, value in options.items():
        real = ALIASES.get(name, name)
        if real not in known:
            raise ConfigError(_unknown_option(name, known))
        if real in values:
            raise ConfigError(f"option {real!r} is given twice (as {name!r} too)")
        values[real] = value
    return values


def _unknown_option(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*known, *ALIASES], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"unknown option {name!r}{hint}"


def _check_duration(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{name} must be a number of seconds, not {value!r}")
    if not (isfinite(value) and value > 0):
        raise ConfigError(f"{name} must be over 0 and have an end, not {value!r}")


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ConfigError(f"{name} must be at least {least}, not {value!r}")


def _check_heartbeat(interval: float, timeout: float) -> None:
    # Clients read both in whole milliseconds, and wait for the sum of the two.
    if min(interval, timeout) < 0.001:
        raise ConfigError("ping_interval and ping_timeout must be at least a millisecond (0.001)")
    if interval + timeout > _LONGEST_TIMER:
        raise ConfigError("ping_interval and ping_timeout are together over 24 days")


def _check_function(name: str, value: Any) -> None:
    if value is None:
        return
    if not callable(value):
        raise ConfigError(f"{name} must be a function or None, not {value!r}")
    if is_async(value):
        # Requests are decided at once, where nothing can be awaited.
        raise ConfigError(f"{name} must be a plain function, not a coroutine function: {value!r}")


def _check_functions(name: str, value: object, functions: Sequence[str]) -> None:
    missing = [each for each in functions if not callable(getattr(value, each, None))]
    if missing:
        raise ConfigError(f"{name} {value!r} has no {' and no '.join(missing)}")


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
