"""Compressed polling answers, and request bodies that must not be (checklist; F-38)."""

import gzip
import zlib

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import assert_prompt
from tests.conformance.harness.server import Server

TEXT = "compress me, please! " * 200


async def _poll(
    server: Server, accept: str | None, text: str = TEXT, profile: str = "default"
) -> tuple[str | None, bytes, str]:
    session = await server.polling(profile)
    await session.send(f"4{text}")
    fields = [("Accept-Encoding", accept)] if accept is not None else []
    answer = await session.get(fields=fields)
    assert answer.status == 200
    return answer.header("content-encoding"), answer.body, answer.header("vary") or ""


async def test_gzip(server: Server) -> None:
    """gzip by Accept-Encoding; caches are told."""
    encoding, body, vary = await _poll(server, "gzip")
    assert encoding == "gzip"
    assert gzip.decompress(body).decode() == f"4{TEXT}"
    assert len(body) < len(TEXT)
    assert "accept-encoding" in vary.lower()


async def test_deflate(server: Server) -> None:
    """deflate by Accept-Encoding."""
    encoding, body, _ = await _poll(server, "deflate")
    assert encoding == "deflate"
    assert zlib.decompress(body).decode() == f"4{TEXT}"


@pytest.mark.parametrize("accept", ["gzip, deflate, br", "br, gzip;q=0.5", "GZIP", "*"])
async def test_a_list_of_encodings(server: Server, accept: str) -> None:
    """One of the accepted encodings is chosen."""
    encoding, body, _ = await _poll(server, accept)
    assert encoding in {"gzip", "deflate"}
    plain = gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body)
    assert plain.decode() == f"4{TEXT}"


@pytest.mark.parametrize(
    "accept", [None, "", "br", "identity", "gzip;q=0", "gzip;q=0, deflate;q=0"]
)
async def test_not_without_the_clients_consent(server: Server, accept: str | None) -> None:
    """No Accept-Encoding that we know: not compressed."""
    encoding, body, _ = await _poll(server, accept)
    assert encoding is None
    assert body.decode() == f"4{TEXT}"


async def test_not_below_the_threshold(server: Server) -> None:
    """An answer under 1 KiB is not compressed, however small that would make it."""
    for text in ("small", "x" * 1_022):
        encoding, body, _ = await _poll(server, "gzip", text)
        assert encoding is None
        assert body == f"4{text}".encode()
    encoding, _, _ = await _poll(server, "gzip", "x" * 1_023)
    assert encoding == "gzip"


async def test_sec53_not_together_with_the_sid(server: Server) -> None:
    """The answer that carries the sid is never compressed beside text of somebody else's."""
    fields = [("Accept-Encoding", "gzip")]
    session = await server.polling(connect="send:" + "x" * 2_000, fields=fields)
    assert session.response.header("content-encoding") is None
    assert await session.collect(1) == ["4" + "x" * 2_000]


async def test_it_can_be_switched_off(server: Server) -> None:
    """`http_compression=False`."""
    encoding, body, _ = await _poll(server, "gzip", profile="plain")
    assert encoding is None
    assert body.decode() == f"4{TEXT}"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-unknown"])
async def test_f38_a_compressed_request_body(server: Server, encoding: str) -> None:
    """A request body with a content coding: 415, nothing is inflated."""
    server.breaks_rules_below()
    session = await server.polling()
    bomb = gzip.compress(bytes(5_000_000))
    fields = [("Content-Type", "text/plain"), ("Content-Encoding", encoding)]

    answer = await session.post(bomb, fields=fields)

    assert answer.status in ({415} if server.can(Ability.CODED_BODY) else {400, 415})
    assert_prompt(server, answer)
    assert (await server.account(session.key)).messages == ()


async def test_f38_identity_is_no_coding(server: Server) -> None:
    """`Content-Encoding: identity` says that there is none."""
    session = await server.polling()
    fields = [("Content-Type", "text/plain"), ("Content-Encoding", "identity")]
    assert (await session.post(b"4hello", fields=fields)).body == b"ok"
