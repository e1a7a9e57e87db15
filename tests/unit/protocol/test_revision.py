"""The two revisions as tables of functions."""

import pytest

from engineio.errors import PacketError
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.revision import BINARY, TEXT, V3, V3_BASE64, V4, codec_for
from engineio.types import Revision

TEXTUAL = Packet(PacketType.MESSAGE, "€")
BYTES = Packet(PacketType.MESSAGE, b"\1\2\3\4")


def test_a_session_gets_the_codec_of_its_revision():
    assert codec_for(Revision.V4, base64=False) is V4
    assert codec_for(Revision.V4, base64=True) is V4
    assert codec_for(Revision.V3, base64=False) is V3
    assert codec_for(Revision.V3, base64=True) is V3_BASE64


@pytest.mark.parametrize(
    ("codec", "revision"), [(V4, Revision.V4), (V3, Revision.V3), (V3_BASE64, Revision.V3)]
)
def test_a_codec_knows_its_revision(codec, revision):
    assert codec.revision is revision


@pytest.mark.parametrize(
    ("codec", "frame"), [(V4, b"\1\2\3\4"), (V3, b"\4\1\2\3\4"), (V3_BASE64, "b4AQIDBA==")]
)
def test_f69_one_binary_message_has_the_frame_of_each_revision(codec, frame):
    assert codec.encode_frame(BYTES) == frame
    assert codec.decode_frame(frame) == BYTES


@pytest.mark.parametrize("codec", [V4, V3, V3_BASE64])
def test_text_has_one_frame_everywhere(codec):
    assert codec.encode_frame(TEXTUAL) == "4€"
    assert codec.decode_frame("4€") == TEXTUAL


@pytest.mark.parametrize(
    ("codec", "packets", "body", "content_type"),
    [
        (V4, [TEXTUAL, BYTES], "4€\x1ebAQIDBA==".encode(), TEXT),
        (V3, [TEXTUAL], "2:4€".encode(), TEXT),
        # "Binary form (used when any packet is binary and the client did not send b64)."
        (
            V3,
            [TEXTUAL, BYTES],
            bytes.fromhex("0004ff34e282ac 0105ff0401020304"),
            BINARY,
        ),
        (V3_BASE64, [TEXTUAL, BYTES], "2:4€10:b4AQIDBA==".encode(), TEXT),
    ],
)
def test_packets_make_the_body_of_a_revision(codec, packets, body, content_type):
    assert codec.encode_body(packets) == (body, content_type)
    assert codec.decode_body(body, content_type == BINARY) == (packets, None)


@pytest.mark.parametrize("codec", [V4, V3, V3_BASE64])
def test_what_is_no_payload_is_an_error(codec):
    packets, error = codec.decode_body(b"?", False)

    assert packets == []
    assert isinstance(error, PacketError)


def test_f27_only_eio_3_takes_binary_bodies():
    """Rule: "A POST with application/octet-stream is refused" in EIO 4."""
    assert V4.body_types == {"", "text/plain"}
    assert V3.body_types == V3_BASE64.body_types == {"", "text/plain", BINARY}


@pytest.mark.parametrize("codec", [V4, V3, V3_BASE64])
@pytest.mark.parametrize("packet", [TEXTUAL, BYTES, Packet(PacketType.MESSAGE, "x" * 10)])
def test_the_size_of_a_packet_is_enough_for_its_body(codec, packet):
    body, _ = codec.encode_body([packet, packet])

    assert len(body) <= 2 * codec.payload_size(packet)
