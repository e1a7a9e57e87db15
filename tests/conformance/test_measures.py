"""The statistics to which the whole run is held, on values made up here."""

from tests.conformance.harness.measures import Measures


def test_waits_within_the_promises_are_no_problem() -> None:
    measures = Measures(refusals=[0.01] * 99 + [2.0], echoes=[0.01] * 100, clearances=[1.0] * 100)

    assert measures.problems() == []
    assert measures.summary().startswith("100 refusals (median 10.0 ms, slowest 2000.0 ms), ")


def test_a_slow_half_is_a_problem() -> None:
    for kind in ("refusals", "echoes"):
        (problem,) = Measures(**{kind: [0.01] * 49 + [0.11] * 51}).problems()
        assert kind in problem
    assert Measures(welcomes=[0.6] * 100).problems() != []
    assert Measures(clearances=[2.1] * 100).problems() != []


def test_a_slow_tail_is_a_problem() -> None:
    assert Measures(refusals=[0.01] * 90 + [1.5] * 10).problems() != []


def test_a_few_values_are_no_statistics() -> None:
    assert Measures(refusals=[3.0] * 19).problems() == []


def test_values_of_several_scenarios_add_up() -> None:
    measures = Measures()
    for _ in range(20):
        measures.add(Measures(refusals=[0.2]))
    assert measures.problems() != []
