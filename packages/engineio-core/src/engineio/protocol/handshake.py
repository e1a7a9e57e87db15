"""What a request says about itself, and the packet that opens a session.

The query string is parsed once, into a record; every later decision reads the record. Checks that
need the table of sessions are the engine's.
"""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import unquote_plus

from ..config import ServerConfig
from ..errors import PacketError
from ..http.cookie import SessionCookie
from ..http.forwarded import Client
from ..http.response import Header
from ..types import Revision, Transport
from . import rejections
from .jsonp import index_of
from .packet import Packet, PacketType
from .rejections import Rejected, Rejection

__all__ = ["Query", "first_headers", "open_packet", "parse_query", "requested_revision"]

# More parameters than this are not looked at: 100 000 of them must cost no time (faults.md F-8).
_MAX_PARAMETERS = 64

# What a repeated parameter means: none of them has a value that could be chosen (faults.md F-1, 2).
_REPEATED: dict[str, Rejection] = {
    "transport": rejections.TRANSPORT_UNKNOWN,
    "sid": rejections.SESSION_UNKNOWN,
    "EIO": rejections.PROTOCOL_VERSION,
    "j": rejections.INVALID_QUERY,
    "b64": rejections.INVALID_QUERY,
}
_TRANSPORTS: dict[str, Transport] = {transport.value: transport for transport in Transport}
_REVISIONS: dict[str, Revision] = {"3": Revision.V3, "4": Revision.V4}


class Query(NamedTuple):
    """The protocol's parameters of one request.

    Attributes:
        transport: The transport asked for.
        sid: The session id, or None for a handshake.
        revision: The revision, None where it is missing or unknown.
        jsonp: The index of the JSONP callback, or None.
        base64: Whether the client cannot take binary payloads (EIO 3).
    """

    transport: Transport
    sid: str | None = None
    revision: Revision | None = None
    jsonp: str | None = None
    base64: bool = False


def parse_query(query: str, config: ServerConfig) -> Query:
    """Return the record of a query string.

    Raises:
        Rejected: A parameter is missing, repeated or has an impossible value.
    """
    values = _parameters(query)
    transport = _TRANSPORTS.get(values.get("transport", ""))
    if transport is None or transport.value not in config.transports:
        raise Rejected(rejections.TRANSPORT_UNKNOWN)
    return Query(
        transport,
        values.get("sid"),
        _REVISIONS.get(values.get("EIO", "")),
        _jsonp_index(values.get("j"), config),
        # "Node treats any non-empty value as true": so does every client that sends it.
        bool(values.get("b64")) or "j" in values,
    )


def _parameters(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    parts = query.split("&", _MAX_PARAMETERS)
    if len(parts) > _MAX_PARAMETERS:
        raise Rejected(rejections.INVALID_QUERY)
    for part in parts:
        name, _, value = part.partition("=")
        if name not in _REPEATED:
            continue
        if name in values:
            raise Rejected(_REPEATED[name])
        values[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return values


def _jsonp_index(value: str | None, config: ServerConfig) -> str | None:
    if value is None:
        return None
    if not config.allow_jsonp:
        raise Rejected(rejections.TRANSPORT_UNKNOWN)
    try:
        return index_of(value)
    except PacketError:
        raise Rejected(rejections.INVALID_QUERY) from None


def requested_revision(query: Query, config: ServerConfig) -> Revision:
    """Return the revision of a handshake.

    Raises:
        Rejected: It is missing, unknown, or 3 while ``allow_eio3`` is off.
    """
    revision = query.revision
    if revision is None or (revision is Revision.V3 and not config.allow_eio3):
        raise Rejected(rejections.PROTOCOL_VERSION)
    return revision


def open_packet(sid: str, transport: Transport, config: ServerConfig, *, upgrade: bool) -> Packet:
    """Return the OPEN packet of a session (protocol.md section 2).

    Args:
        sid: Its id.
        transport: The transport it starts on.
        config: The options; seconds become integer milliseconds here and nowhere else.
        upgrade: Whether the server that carries this session can serve WebSockets.
    """
    offered = (
        transport is Transport.POLLING
        and upgrade
        and config.allow_upgrades
        and Transport.WEBSOCKET.value in config.transports
    )
    fields = {
        "sid": sid,
        "upgrades": [Transport.WEBSOCKET.value] if offered else [],
        "pingInterval": round(config.ping_interval * 1000),
        "pingTimeout": round(config.ping_timeout * 1000),
        "maxPayload": config.max_payload,
    }
    return Packet(PacketType.OPEN, json.dumps(fields, separators=(",", ":")))


def first_headers(cookie: SessionCookie | None, sid: str, client: Client) -> tuple[Header, ...]:
    """Return the fields of the response that opens a session: its cookie, if there is to be one.

    Raises:
        Rejected: The application's own ``sid`` cannot be in a cookie.
    """
    if cookie is None:
        return ()
    try:
        return (cookie.header(sid, secure=client.scheme == "https"),)
    except ValueError as error:
        # No sid of ours holds what a cookie cannot; one of ``generate_id`` may.
        raise Rejected(rejections.ID_GENERATION) from error
