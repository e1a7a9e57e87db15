"""Every message comes back as it was sent, whatever its kind, size and characters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.harness.deployment import Ability
from tests.interop.peer import POLLING, Peer, Transports
from tests.interop.runtimes import ChromiumRuntime, Runtime

pytestmark = pytest.mark.interop

SIZES = (0, 1, 2, 125, 126, 127, 65_534, 65_535, 65_536, 300_000, 900_000)
"""In bytes: around the steps of a WebSocket frame's length field, and up to 900 kB."""

TEXTS = (
    "é€",
    "😀",
    "a😀b€c" * 100,
    "\0",
    "line\u2028separator\u2029",
    "\ufeffbom",
    "\r\n\t\\n\\\\",
    "\"quotes' <script>&amp;%20+",
    "\x7f\x80\u00a0\ufffd\U0010ffff",
    '{"json": [1, null]}',
    "4",
    "bAQID",
    "2probe",
    "-1",
    "שלום مرحبا नमस्ते 你好 👩‍👩‍👧‍👦",
)


def smallest(peer: Peer, transports: Transports) -> int:
    """The size of the smallest binary message that comes back, in bytes.

    In EIO 4 an empty one is an empty WebSocket message, and some servers send none.
    """
    if peer.server.can(Ability.EMPTY_MESSAGES) or peer.client.revision == 3:
        return 0
    return int("websocket" in transports)


def largest(peer: Peer) -> int:
    """The size of the largest binary message that comes back, in bytes.

    In EIO 3 it may be sent as base64, which makes four characters of three bytes.
    """
    if peer.server.can(Ability.LARGE_MESSAGES) or peer.client.revision != 3:
        return SIZES[-1]
    # With "b4" before them.
    return 3 * 2**20 // 4 - 3


async def test_binary_of_any_size(peer: Peer, transports: Transports) -> None:
    least, most = smallest(peer, transports), largest(peer)
    messages = [{"binary": min(size, most)} for size in SIZES if size >= least]
    result = await peer.play("echo", transports, messages=messages)
    assert result == {"transport": transports[-1], "wrong": []}


async def test_binary_of_any_type(peer: Peer, runtime: Runtime, transports: Transports) -> None:
    types = ["ArrayBuffer", "Uint8Array"]
    if isinstance(runtime, ChromiumRuntime):
        types.append("Blob")
    messages = [{"binary": 1_000, "as": name} for name in types]
    result = await peer.play("echo", transports, messages=messages)
    assert result == {"transport": transports[-1], "wrong": []}


async def test_text_of_any_size(peer: Peer, transports: Transports) -> None:
    messages = [{"text": "x", "repeat": size} for size in SIZES]
    result = await peer.play("echo", transports, messages=messages)
    assert result == {"transport": transports[-1], "wrong": []}


async def test_text_of_any_characters(peer: Peer, transports: Transports) -> None:
    wide: list[dict[str, Any]] = [{"text": "€😀", "repeat": 128_000}]
    messages = [{"text": text} for text in TEXTS] + wide
    result = await peer.play("echo", transports, messages=messages)
    assert result == {"transport": transports[-1], "wrong": []}
    account = await peer.server.account(peer.key)
    assert account.messages[: len(TEXTS)] == tuple(text[:100] for text in TEXTS)


async def test_a_payload_of_many_packets(peer: Peer, transports: Transports) -> None:
    messages: list[dict[str, Any]] = []
    for number in range(150):
        size = max(number, smallest(peer, transports))
        messages += [{"text": f"{number} 😀€"}, {"binary": size}]
    result = await peer.play("burst", transports, messages=messages)
    assert result == {"count": len(messages), "wrong": []}


async def test_the_separator_of_a_payload_in_a_text(peer: Peer) -> None:
    """EIO 4 cannot escape it: over polling, such a text has to be sent as binary."""
    text = {"text": "a\x1e4b"}
    result = await peer.play("burst", POLLING, messages=[text])
    assert (result["wrong"] == []) == (peer.client.revision == 3)
