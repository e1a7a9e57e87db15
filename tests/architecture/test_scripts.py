"""The scripts can be run, stop at the first error and say what they are for."""

import os
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SCRIPTS = [
    *(path for path in sorted((ROOT / "scripts").iterdir()) if not path.suffix),
    ROOT / ".ci/run",
    ROOT / "pants",
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_script_is_sound(script: Path) -> None:
    shebang, comment, *rest = script.read_text("utf-8").splitlines()

    assert os.access(script, os.X_OK)
    assert shebang == "#!/usr/bin/env bash"
    assert comment.startswith("# ")
    assert "set -euo pipefail" in rest


def test_every_promised_script_is_there() -> None:
    names = {script.name for script in SCRIPTS}

    assert names >= {"setup", "demo", "test", "check", "bench", "soak", "lock", "run", "pants"}
