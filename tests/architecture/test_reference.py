"""The reference pages say what the code says."""

import sys

import pytest

from tools import reference


def test_the_reference_pages_are_what_the_tool_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reference", "--check"])

    assert reference.main() == 0, "run python -m tools.reference"
