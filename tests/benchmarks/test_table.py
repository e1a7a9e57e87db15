"""Result files and the tables that are made of them."""

from pathlib import Path

import pytest

from benchmarks.results import Measurement, Result
from benchmarks.table import render


@pytest.fixture
def result() -> Result:
    machine = {
        "cpu": "A CPU",
        "cpus": 2,
        "memory_gib": 4.0,
        "system": "Linux 6",
        "load_average": 0.25,
    }
    made = Result("2026-01-02T03:04:05+00:00", "abc+", machine)
    for name, kind in (("ours@uvicorn", "ours"), ("bare@uvicorn", "bare")):
        made.sides[name] = {"stack": "uvicorn", "kind": kind, "versions": {"uvicorn": "1.0"}}
    made.scenarios["echo"] = {}
    made.measurements = [
        Measurement("echo", "ours@uvicorn", 1, 1, {"cpu_us": 22.0, "rate": 1234.5}),
        Measurement("echo", "bare@uvicorn", 1, 1, {"cpu_us": 20.0, "rate": 2345.6}),
        Measurement("echo", "ours@uvicorn", 1, 2, {"cpu_us": 26.0, "rate": 1334.5}),
        Measurement("echo", "bare@uvicorn", 1, 2, {"cpu_us": 20.0, "rate": 2345.6}),
    ]
    return made


def test_a_scenario_is_a_table_with_a_row_for_each_side(result: Result) -> None:
    lines = render(result).splitlines()

    assert "### WebSocket echo, 100 sessions, 64 B" in lines
    assert (
        "| `ours@uvicorn` | 24.0 (23.0 to 25.0) | 1.20 (1.15 to 1.25) | - | 1,284 | - | - |"
    ) in lines
    assert "| `bare@uvicorn` | 20.0 | - | - | 2,346 | - | - |" in lines


def test_the_budget_names_what_was_exceeded(result: Result) -> None:
    assert (
        "| B1 | `ours@uvicorn` | echo: cpu_us | x `bare@uvicorn` | 1.20 (1.15 to 1.25) | 1.15"
        " | **exceeded** |"
    ) in render(result).splitlines()


def test_a_budget_whose_other_side_was_not_measured_is_left_out(result: Result) -> None:
    assert "B3" not in render(result)


def test_a_stack_without_a_peer_is_compared_with_the_peer_that_takes_its_place(
    result: Result,
) -> None:
    for name, kind in (("ours@uvicorn-engineio", "ours"), ("peer@uvicorn", "python-engineio")):
        result.sides[name] = {"stack": name.split("@")[1], "kind": kind, "versions": {}}
    result.measurements += [
        Measurement("echo", "ours@uvicorn-engineio", 1, 1, {"cpu_us": 10.0}),
        Measurement("echo", "peer@uvicorn", 1, 1, {"cpu_us": 40.0}),
    ]
    lines = render(result).splitlines()

    assert "| `ours@uvicorn-engineio` | 10.0 | - | 0.25 | - | - | - |" in lines
    assert (
        "| B3 | `ours@uvicorn-engineio` | echo: cpu_us | x `peer@uvicorn` | 0.25 | 0.2"
        " | **exceeded** |"
    ) in lines


def test_a_result_survives_its_file(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "results" / "a.json"

    result.write(path)

    assert Result.read(path) == result


def test_a_file_of_another_schema_is_refused(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    result.schema = 2
    result.write(path)

    with pytest.raises(ValueError, match="schema 2, not 1"):
        Result.read(path)
