"""A test kit for applications: a client that needs no port, and a clock that needs no waiting."""

from .blocking import BlockingClient
from .client import Client
from .clock import FakeClock
from .errors import ConnectionClosed, ConnectionRejected
from .live import LiveNetwork
from .memory import ASGINetwork
from .network import Answer, Network

__all__ = [
    "ASGINetwork",
    "Answer",
    "BlockingClient",
    "Client",
    "ConnectionClosed",
    "ConnectionRejected",
    "FakeClock",
    "LiveNetwork",
    "Network",
]
