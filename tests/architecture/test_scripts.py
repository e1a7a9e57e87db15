"""The scripts can be run, stop at the first error and say what they are for."""

import os
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.conformance.deployments import DEPLOYMENTS
from tests.conformance.harness.deployment import Deployment

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


@pytest.mark.parametrize("venv", sorted({row.venv for row in DEPLOYMENTS if row.venv}))
def test_what_a_server_needs_of_its_own_is_pinned_and_installed(venv: str) -> None:
    for script in ("lock", "setup"):
        assert f"{venv}.lock" in (ROOT / "scripts" / script).read_text("utf-8")
    assert (ROOT / "3rdparty/python" / f"{venv}.lock").exists()


def test_a_server_whose_environment_is_missing_is_not_skipped() -> None:
    with pytest.raises(RuntimeError, match="is missing: run scripts/setup"):
        Deployment("any", ("module",), venv="nowhere").interpreter()
