"""Tells a run in which something was only late from one in which something is wrong.

A test marked ``timing`` compares wall-clock times, and so it can fail because other processes
share the machine. A run whose only failures are of such tests ends with an exit status of its own,
so that whoever started it may repeat those tests alone. Everything else that fails once has failed:
what is lost now and then is lost.
"""

from __future__ import annotations

import pytest

__all__ = ["LATE", "pytest_runtest_logreport", "pytest_sessionfinish"]

LATE = 10
"""The exit status of a run in which nothing but tests that measure time have failed."""

_failures: list[bool] = []
"""For each failure of this run, whether it is a measurement's."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take note of a failure. One of a fixture is no measurement, whatever the test is."""
    if report.failed:
        _failures.append(report.when == "call" and "timing" in report.keywords)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Change the exit status where all failures were measurements."""
    if exitstatus == pytest.ExitCode.TESTS_FAILED and _failures and all(_failures):
        session.exitstatus = LATE
