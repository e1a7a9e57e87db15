"""Medians and comparisons of the benchmark results."""

from benchmarks.results import Measurement, Result
from benchmarks.summary import Spread, difference, ratio, spread


def result(*measurements: tuple[str, int, float]) -> Result:
    """A result of one round, with the CPU of a side in a slice."""
    made = Result("2026-01-02T03:04:05+00:00", "abc", {})
    made.measurements = [
        Measurement("echo", side, 1, number, {"cpu_us": value})
        for side, number, value in measurements
    ]
    return made


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    measured = result(("a", 1, 5.0), ("a", 2, 1.0), ("a", 3, 2.0), ("a", 4, 9.0), ("a", 5, 3.0))

    assert spread(measured, "echo", "a", "cpu_us") == Spread(2.0, 3.0, 5.0)


def test_one_value_is_its_own_spread() -> None:
    assert spread(result(("a", 1, 5.0)), "echo", "a", "cpu_us") == Spread(5.0, 5.0, 5.0)


def test_what_was_not_measured_has_no_spread() -> None:
    measured = result(("a", 1, 5.0))

    assert spread(measured, "idle", "a", "cpu_us") is None
    assert spread(measured, "echo", "b", "cpu_us") is None
    assert spread(measured, "echo", "a", "rate") is None


def test_a_ratio_is_made_inside_each_slice() -> None:
    # The machine is ten times slower in the last slice, for both sides.
    measured = result(
        ("a", 1, 2.0), ("b", 1, 1.0), ("a", 2, 3.0), ("b", 2, 1.0), ("a", 3, 20.0), ("b", 3, 10.0)
    )

    assert ratio(measured, "echo", "a", "b", "cpu_us") == Spread(2.0, 2.0, 2.5)


def test_slices_of_two_rounds_are_not_confused() -> None:
    measured = result(("a", 1, 2.0), ("b", 1, 1.0))
    measured.measurements += [
        Measurement("echo", "a", 2, 1, {"cpu_us": 40.0}),
        Measurement("echo", "b", 2, 1, {"cpu_us": 10.0}),
    ]

    assert ratio(measured, "echo", "a", "b", "cpu_us") == Spread(2.5, 3.0, 3.5)


def test_a_slice_that_only_one_side_finished_is_not_compared() -> None:
    measured = result(("a", 1, 5.0), ("b", 1, 3.0), ("a", 2, 100.0))

    assert difference(measured, "echo", "a", "b", "cpu_us") == Spread(2.0, 2.0, 2.0)
    assert difference(measured, "echo", "a", "c", "cpu_us") is None
