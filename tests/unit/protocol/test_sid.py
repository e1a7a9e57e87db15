"""Session ids: bearer secrets, and what logs may show of them."""

import re

import pytest

from engineio.protocol.sid import generate_sid, hashed_sid


def test_f91_a_sid_is_128_random_bits_without_a_counter():
    sids = [generate_sid() for _ in range(1000)]

    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", sid) for sid in sids)
    assert len(set(sids)) == 1000
    for position in range(21):
        # A counter, a time or a process id would keep some position the same. The last of 22
        # characters holds two bits only.
        assert len({sid[position] for sid in sids}) > 30


def test_f91_a_log_shows_a_hash_of_a_sid():
    sid = generate_sid()

    assert re.fullmatch("[0-9a-f]{8}", hashed_sid(sid))
    assert hashed_sid(sid) == hashed_sid(sid)
    assert hashed_sid(sid) != hashed_sid(generate_sid())


@pytest.mark.parametrize("sid", ["", "\ud800", "\0\x1b[31m\n", "x" * 65_536])
def test_f94_whatever_the_sid_its_hash_can_be_logged(sid):
    assert re.fullmatch("[0-9a-f]{8}", hashed_sid(sid))
