"""Who the client is when proxies stand in between: ``X-Forwarded-*``, from trusted proxies only.

What lives here: reading those fields. What is done with the client's address or origin is decided
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple, TypeAlias

from ..errors import ConfigError
from .request import Request

__all__ = ["Client", "TrustedProxies"]

_Address: TypeAlias = IPv4Address | IPv6Address
_Network: TypeAlias = IPv4Network | IPv6Network

_UNIX = "unix"
# Longer chains of proxies are not followed to their end (SEC-45).
_MAX_HOPS = 16
# An address may come with a port, and a version 6 address with one comes in brackets.
_HOP = re.compile(
    r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?|([0-9A-Fa-f:.]+)"
)
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


class Client(NamedTuple):
    """The client of a request, as far as the server and the trusted proxies tell.

    Attributes:
        address: Its address, ``""`` where nobody tells.
        scheme: ``http`` or ``https``: what the client speaks to the outermost proxy.
        host: The host, and port if there is one, that the client asked for, or None.
        origin: The origin of the server as the client sees it, or None without a host.
    """

    address: str
    scheme: str
    host: str | None
    origin: str | None


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies whose word is taken.

    Attributes:
        networks: Their networks.
        unix: Whether whoever connects through a Unix socket is one.
    """

    networks: tuple[_Network, ...] = ()
    unix: bool = False

    @classmethod
    def build(cls, networks: Iterable[str]) -> TrustedProxies:
        """Return the proxies of the option ``trusted_proxies``.

        Args:
            networks: Addresses, networks in CIDR form, and ``unix`` for peers without an address.

        Raises:
            ConfigError: One of them is none of these.
        """
        if isinstance(networks, str) or not isinstance(networks, Iterable):
            raise ConfigError(f"trusted_proxies must be a list of networks, not {networks!r}")
        given = tuple(networks)
        return cls(tuple(_network(item) for item in given if item != _UNIX), _UNIX in given)

    def resolve(self, request: Request) -> Client:
        """Return the client of ``request``.

        ``X-Forwarded-*`` fields count only when the peer is trusted (faults.md F-88), and of
        ``X-Forwarded-For`` only the part that trusted proxies have written: from the right up to
        the first address that is not one of them. Malformed values count as absent.
        """
        headers = request.headers
        address, scheme = request.peer, request.scheme
        hosts = headers.all("host")
        host = _valid_host(hosts[0]) if len(hosts) == 1 else None
        if self._trusts(address):
            # Of several values only the last is known to come from the proxy in front of us.
            scheme = _SCHEMES.get(_last(headers.all("x-forwarded-proto")).lower(), scheme)
            host = _valid_host(_last(headers.all("x-forwarded-host"))) or host
            address = self._outermost(address, ",".join(headers.all("x-forwarded-for")))
        return Client(address, scheme, host, None if host is None else f"{scheme}://{host}")

    def _outermost(self, address: str, chain: str) -> str:
        # What is left of the last split is no address, so the walk ends there at the latest.
        for hop in reversed(chain.rsplit(",", _MAX_HOPS)):
            found = _HOP.fullmatch(hop.strip())
            parsed = _address(found[1] or found[2] or found[3]) if found else None
            if parsed is None:
                break
            address = str(parsed)
            if not self._contains(parsed):
                break
        return address

    def _trusts(self, peer: str) -> bool:
        if not peer:
            return self.unix
        address = _address(peer) if self.networks else None
        return address is not None and self._contains(address)

    def _contains(self, address: _Address) -> bool:
        return any(address in network for network in self.networks)


def _network(given: object) -> _Network:
    # ip_network() would take numbers and bytes too.
    if not isinstance(given, str):
        raise ConfigError(f"trusted_proxies must be a list of texts, with {given!r} in it")
    try:
        return ip_network(given)
    except ValueError as error:
        raise ConfigError(f"trusted_proxies: {error}") from error


def _address(text: str) -> _Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket for both versions reports version 4 peers as ::ffff:a.b.c.d.
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _last(values: list[str]) -> str:
    return ",".join(values).rpartition(",")[2].strip()


def _valid_host(host: str) -> str | None:
    return host if _HOST.fullmatch(host) else None
