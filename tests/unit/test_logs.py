"""What may be written to a log: nothing that forges a line, and never a storm."""

import pytest

from engineio.logs import Throttle, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET", "GET"),
        ("", ""),
        ("a\r\nCRITICAL root: gotcha", r"a\r\nCRITICAL root: gotcha"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\0\x7f\x85", r"\x00\x7f\x85"),
        ("\u2028\u202e", r"\u2028\u202e"),
        ("ü€😀", r"\xfc\u20ac\U0001f600"),
        ("\ud800", r"\ud800"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_f94_sec43_control_characters_are_escaped(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\n" * 1_000_000, "😀" * 150])
def test_f94_a_line_has_an_end(text):
    assert len(printable(text)) == 200


class TestThrottle:
    def test_the_first_line_of_a_cause_comes_through(self):
        assert Throttle().admit("a", 5.0) == 0

    def test_sec43_ten_thousand_more_in_the_same_second_do_not(self):
        throttle = Throttle()
        throttle.admit("a", 5.0)

        assert {throttle.admit("a", 5.0 + number / 10_000) for number in range(10_000)} == {None}
        assert throttle.admit("a", 6.0) == 10_000

    def test_what_was_kept_back_is_told_once(self):
        throttle = Throttle()
        throttle.admit("a", 0.0)
        throttle.admit("a", 0.5)
        assert throttle.admit("a", 1.0) == 1
        assert throttle.admit("a", 2.0) == 0

    def test_causes_do_not_keep_each_other_back(self):
        throttle = Throttle()
        throttle.admit("a", 0.0)

        assert throttle.admit("b", 0.0) == 0

    def test_the_interval_is_an_argument(self):
        throttle = Throttle(10.0)
        throttle.admit("a", 0.0)

        assert throttle.admit("a", 9.9) is None
        assert throttle.admit("a", 10.0) == 1
