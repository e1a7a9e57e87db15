"""The public types, seen by mypy as an application sees them: the installed package, strict."""

from pathlib import Path

import pytest
from mypy import api

SNIPPETS = sorted((Path(__file__).parent / "snippets").glob("*.py"))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.stem)
def test_each_snippet_has_exactly_the_errors_it_names(snippet: Path, tmp_path: Path) -> None:
    options = ["--strict", "--config-file=", "--hide-error-context", f"--cache-dir={tmp_path}"]

    report, trouble, status = api.run([*options, str(snippet)])

    assert (report.splitlines(), trouble, status) == (
        ["Success: no issues found in 1 source file"],
        "",
        0,
    )
