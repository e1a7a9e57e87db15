"""What a result was measured with: the versions of a side, the machine, the commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from .sides import NODE, ROOT, Runtime, Side

_PYTHON_VERSIONS = """
import platform, sys
from importlib.metadata import version
print("python", platform.python_version())
for name in sys.argv[1:]:
    print(name, version(name))
"""


def versions(side: Side) -> dict[str, str]:
    """The versions of a side's interpreter and packages."""
    executable = str(side.runtime.executable)
    if side.runtime is Runtime.NODE:
        manifests = [NODE / "node_modules" / name / "package.json" for name in side.packages]
        packages = [json.loads(manifest.read_text()) for manifest in manifests]
        found = {"node": _output(executable, "--version").removeprefix("v")}
        return found | {package["name"]: package["version"] for package in packages}
    printed = _output(executable, "-c", _PYTHON_VERSIONS, *side.packages)
    return dict(line.split(" ", 1) for line in printed.splitlines())


def revision() -> str:
    """The commit, with ``+`` when the files differ from it."""
    commit = _output("git", "rev-parse", "--short=12", "HEAD")
    measured = ("packages", "benchmarks", ":!benchmarks/results")
    changed = _output("git", "status", "--porcelain", "--", *measured)
    return (commit or "unknown") + ("+" if changed else "")


def machine() -> dict[str, Any]:
    """What the run has to share with others, and how busy it is now."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_average": os.getloadavg()[0],
    }


def _output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
