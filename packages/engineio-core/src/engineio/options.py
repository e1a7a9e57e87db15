"""The options of a server as a type checker sees them: the keyword arguments of its constructor.

Names and types alone. What an option means, its default and its check stand in `ServerConfig`, and
a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from .types import JSONModule, OverflowPolicy, SyncHandlers, TransportName

if TYPE_CHECKING:
    from .http.request import Request

__all__ = ["ServerOptions"]


class ServerOptions(TypedDict, total=False):
    """The fields of `engineio.config.ServerConfig`, and their other names.

    For a function that passes options on: ``def server(**options: Unpack[ServerOptions])``.
    """

    ping_interval: float
    ping_timeout: float
    max_payload: int
    max_http_buffer_size: int
    transports: Sequence[TransportName]
    allow_upgrades: bool
    allow_eio3: bool
    allow_jsonp: bool
    cors_allowed_origins: str | Iterable[str] | Callable[[str], bool] | None
    cors_credentials: bool
    cookie: str | Mapping[str, Any] | None
    http_compression: bool
    compression_threshold: int
    trusted_proxies: Sequence[str]
    allow_request: Callable[[Request], bool | str] | None
    generate_id: Callable[[Request], str] | None
    json: JSONModule
    decode_json: bool
    async_handlers: bool
    max_concurrent_handlers: int
    sync_handlers: SyncHandlers
    send_queue_bytes: int
    send_queue_packets: int
    send_queue_policy: OverflowPolicy
    receive_queue_bytes: int
    receive_queue_packets: int
    max_packets_per_poll: int
    max_sessions: int | None
    max_sessions_per_address: int | None
    connect_timeout: float
    first_request_timeout: float
    upgrade_timeout: float
    body_timeout: float
    write_timeout: float
    close_timeout: float
    shutdown_timeout: float
