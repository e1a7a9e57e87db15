"""Which runs may be repeated: those in which nothing but measurements failed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.late import LATE

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.fixture
def broken():
    yield
    assert False

@pytest.mark.timing
def test_late(): assert False

def test_wrong(): assert False

def test_right(): pass

@pytest.mark.timing
def test_late_and_broken(broken): pass
"""


@pytest.mark.parametrize(
    ("names", "processes", "status"),
    [
        (["test_right"], 0, 0),
        (["test_late", "test_right"], 2, LATE),
        (["test_late", "test_wrong"], 2, 1),
        (["test_late_and_broken"], 0, 1),
    ],
)
def test_the_exit_status(tmp_path: Path, names: list[str], processes: int, status: int) -> None:
    module = tmp_path / "test_example.py"
    module.write_text(TESTS, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = timing: measures time\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.late", f"--rootdir={tmp_path}"]
    cases = [f"{module}::{name}" for name in names]

    run = subprocess.run(
        [*command, f"-n{processes}", *cases], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == status, run.stdout + run.stderr
